// SPDX-License-Identifier: GPL-2.0
/*
 * The world that the other tests trust: time, datagrams, streams.
 */
#include "test_world.h"

#include <errno.h>

/* a host whose program writes down what happens to it */
struct recorder {
	struct host host;
	struct stream_end *end;
	u8 got[65536];
	size_t n;
	u32 datagrams;
	u32 last_src;
	u32 pieces;
	u32 accepts;
	u32 opens;
	int error;
	u32 closes;
	bool deaf;
	bool refuse;
	u64 when;
};

static struct sim sim;
static struct net net;
static struct recorder a, b, c;

static bool rec_hears(struct host *host, u32 dst)
{
	return dst == WORLD_BROADCAST;
}

static void rec_datagram(struct host *host, u32 src, const void *data,
			 size_t len)
{
	struct recorder *r = container_of(host, struct recorder, host);

	r->datagrams++;
	r->last_src = src;
	r->when = sim.now;
	memcpy(r->got, data, len);
	r->n = len;
}

static bool rec_listens(struct host *host, u16 port)
{
	return !container_of(host, struct recorder, host)->deaf && port == 7;
}

static int rec_accept(struct host *host, struct stream_end *end, u32 from)
{
	struct recorder *r = container_of(host, struct recorder, host);

	r->accepts++;
	if (r->refuse)
		return -EBUSY;
	r->end = end;
	assert_int_equal(from, stream_peer(end));
	return 0;
}

static void rec_opened(struct host *host, struct stream_end *end, int err)
{
	struct recorder *r = container_of(host, struct recorder, host);

	r->opens++;
	r->error = err;
	r->when = sim.now;
}

static void rec_bytes(struct host *host, struct stream_end *end,
		      const void *data, size_t len)
{
	struct recorder *r = container_of(host, struct recorder, host);

	assert_true(r->n + len <= sizeof(r->got));
	memcpy(r->got + r->n, data, len);
	r->n += len;
	r->pieces++;
	r->when = sim.now;
}

static void rec_closed(struct host *host, struct stream_end *end)
{
	struct recorder *r = container_of(host, struct recorder, host);

	r->closes++;
	r->when = sim.now;
	stream_close(end);
	r->end = NULL;
}

static const struct host_ops rec_ops = {
	.hears = rec_hears,
	.datagram = rec_datagram,
	.listens = rec_listens,
	.accept = rec_accept,
	.opened = rec_opened,
	.bytes = rec_bytes,
	.closed = rec_closed,
};

static void run(u64 time)
{
	u64 end = sim.now + time;

	while (sim_next(&sim) <= end)
		sim_step(&sim);
	sim.now = end;
}

static int setup(void **state)
{
	struct recorder *r[] = { &a, &b, &c };
	int i;

	sim_init(&sim, 1);
	net_init(&net, &sim);
	for (i = 0; i < 3; i++) {
		memset(r[i], 0, sizeof(*r[i]));
		host_add(&r[i]->host, &net, WORLD_ADDR(i), &rec_ops);
		host_set(&r[i]->host, HOST_ON);
	}
	return 0;
}

static int teardown(void **state)
{
	host_set(&a.host, HOST_OFF);
	host_set(&b.host, HOST_OFF);
	host_set(&c.host, HOST_OFF);
	while (net.packets)
		sim_step(&sim);
	net_exit(&net);
	sim_exit(&sim);
	return 0;
}

/* a stream from a to b, with both ends open */
static void connect_ab(void)
{
	a.end = stream_dial(&a.host, b.host.addr, 7);
	assert_non_null(a.end);
	run(2 * SIM_MS);
	assert_int_equal(a.opens, 1);
	assert_int_equal(a.error, 0);
	assert_int_equal(b.accepts, 1);
	assert_non_null(b.end);
}

struct tick {
	struct sim_event ev;
	int number;
};

static int ticks[64], n_ticks;

static void tick_run(struct sim_event *ev)
{
	ticks[n_ticks++] = container_of(ev, struct tick, ev)->number;
}

static void events_happen_in_order_of_time_then_of_planning(void **state)
{
	struct tick t[32];
	int i;

	n_ticks = 0;
	for (i = 0; i < 32; i++) {
		t[i] = (struct tick) { .ev.run = tick_run, .number = i };
		sim_at(&sim, &t[i].ev, 100 + i % 4);
	}
	sim_at(&sim, &t[0].ev, 200);	/* moved */
	sim_cancel(&sim, &t[1].ev);
	sim_cancel(&sim, &t[1].ev);
	run(1000);
	assert_int_equal(n_ticks, 31);
	for (i = 0; i < 30; i++)
		if (ticks[i] % 4 == ticks[i + 1] % 4 && ticks[i + 1])
			assert_true(ticks[i] < ticks[i + 1]);
		else if (ticks[i + 1])
			assert_true(ticks[i] % 4 < ticks[i + 1] % 4);
	assert_int_equal(ticks[30], 0);
}

static void random_planning_keeps_the_order(void **state)
{
	struct tick t[256];
	u64 last = 0;
	int i, round;

	for (i = 0; i < 256; i++)
		t[i] = (struct tick) { .ev.run = tick_run, .number = i };
	for (round = 0; round < 20000; round++) {
		i = sim_below(&sim, 256);
		if (sim_below(&sim, 3))
			sim_at(&sim, &t[i].ev, sim.now + sim_below(&sim, 1000));
		else
			sim_cancel(&sim, &t[i].ev);
		if (!sim_below(&sim, 4) && sim.n) {
			n_ticks = 0;
			sim_step(&sim);
			assert_int_equal(n_ticks, 1);
			assert_true(sim.now >= last);
			last = sim.now;
		}
	}
	for (i = 0; i < 256; i++)
		sim_cancel(&sim, &t[i].ev);
	assert_int_equal(sim_next(&sim), SIM_NEVER);
}

static void datagrams_take_their_time(void **state)
{
	int i;

	for (i = 0; i < 100; i++) {
		u64 sent = sim.now;

		host_send(&a.host, b.host.addr, "x", 1);
		run(SIM_MS);
		assert_int_equal(b.datagrams, i + 1);
		assert_in_range(b.when - sent, net.latency,
				net.latency + net.jitter);
	}
	assert_int_equal(b.last_src, a.host.addr);
	assert_int_equal(c.datagrams, 0);
}

static void broadcasts_reach_all_and_the_sender(void **state)
{
	int round;

	for (round = 1; round <= 2; round++) {
		host_send(&a.host, WORLD_BROADCAST, "x", 1);
		run(SIM_MS);
		assert_int_equal(a.datagrams, round);
		assert_int_equal(b.datagrams, round);
		assert_int_equal(c.datagrams, round);
		/* once at times of their own, once all together */
		net.spread = 0;
	}
	assert_true(a.when == b.when && b.when == c.when);
}

static void cut_links_carry_nothing_in_their_direction(void **state)
{
	net_cut(&net, a.host.addr, b.host.addr, NET_ALL);
	host_send(&a.host, b.host.addr, "x", 1);
	host_send(&a.host, WORLD_BROADCAST, "x", 1);
	host_send(&b.host, a.host.addr, "x", 1);
	run(SIM_MS);
	assert_int_equal(b.datagrams, 0);
	assert_int_equal(c.datagrams, 1);
	assert_int_equal(a.datagrams, 2);
	net_mend(&net, a.host.addr, b.host.addr);
	net_cut(&net, a.host.addr, b.host.addr, NET_STREAMS);
	host_send(&a.host, b.host.addr, "x", 1);
	run(SIM_MS);
	assert_int_equal(b.datagrams, 1);
	b.host.side = 1;
	host_send(&a.host, b.host.addr, "x", 1);
	host_send(&b.host, c.host.addr, "x", 1);
	run(SIM_MS);
	assert_int_equal(b.datagrams, 1);
	assert_int_equal(c.datagrams, 1);
	net_mend_all(&net);
	host_send(&a.host, b.host.addr, "x", 1);
	run(SIM_MS);
	assert_int_equal(b.datagrams, 2);
}

static void loss_is_as_frequent_as_asked_for(void **state)
{
	int i;

	net.loss = 50000;
	for (i = 0; i < 20000; i++)
		host_send(&a.host, b.host.addr, "x", 1);
	run(SIM_MS);
	assert_in_range(b.datagrams, 18800, 19200);
}

static void streams_keep_the_order_in_any_pieces(void **state)
{
	static u8 sent[60000];
	size_t i;

	net.chop = 100;
	connect_ab();
	for (i = 0; i < sizeof(sent); i++)
		sent[i] = sim_random(&sim);
	for (i = 0; i < sizeof(sent); i += 1000) {
		assert_int_equal(stream_write(a.end, sent + i, 1000), 0);
		run(100 * SIM_US);
	}
	run(10 * SIM_MS);
	assert_int_equal(b.n, sizeof(sent));
	assert_memory_equal(b.got, sent, sizeof(sent));
	assert_true(b.pieces > 600);
}

static void streams_keep_the_order_when_much_is_lost(void **state)
{
	static u8 sent[20000];
	size_t i;

	connect_ab();
	net.loss = 200000;
	net.chop = 1000;
	for (i = 0; i < sizeof(sent); i++)
		sent[i] = sim_random(&sim);
	for (i = 0; i < sizeof(sent); i += 1000)
		assert_int_equal(stream_write(a.end, sent + i, 1000), 0);
	run(3600 * SIM_S);
	assert_int_equal(b.n, sizeof(sent));
	assert_memory_equal(b.got, sent, sizeof(sent));
}

static void write_is_all_or_nothing_and_room_comes_back(void **state)
{
	u8 data[1000] = { 0 };

	connect_ab();
	stream_room(a.end, 1500, 0);
	assert_int_equal(stream_write(a.end, data, 1000), 0);
	assert_int_equal(stream_write(a.end, data, 501), -EAGAIN);
	assert_int_equal(stream_write(a.end, data, 500), 0);
	assert_int_equal(stream_write(a.end, data, 1), -EAGAIN);
	run(SIM_MS);
	assert_int_equal(b.n, 1500);
	assert_int_equal(stream_write(a.end, data, 1000), 0);
}

static void who_does_not_read_fills_first_its_window_then_the_room(void **state)
{
	u8 data[100] = { 0 };
	size_t written = 0;

	connect_ab();
	stream_window(b.end, 1000);
	stream_reading(b.end, false);
	stream_room(a.end, 2000, 0);
	while (!stream_write(a.end, data, 100)) {
		written += 100;
		run(SIM_MS);
	}
	assert_int_equal(written, 3000);
	assert_int_equal(stream_unread(b.end), 1000);
	assert_int_equal(b.n, 0);
	/* and when it goes on to read, all arrives */
	stream_reading(b.end, true);
	run(SIM_S);
	assert_int_equal(b.n, 3000);
	assert_int_equal(stream_write(a.end, data, 100), 0);
}

static void bytes_wait_for_a_cut_link(void **state)
{
	connect_ab();
	net_cut(&net, a.host.addr, b.host.addr, NET_ALL);
	assert_int_equal(stream_write(a.end, "late", 4), 0);
	run(SIM_S);
	assert_int_equal(b.n, 0);
	net_mend_all(&net);
	run(2 * SIM_S);
	assert_int_equal(b.n, 4);
}

static void room_does_not_come_back_over_a_cut_link(void **state)
{
	connect_ab();
	stream_room(a.end, 4, 0);
	net_cut(&net, b.host.addr, a.host.addr, NET_ALL);
	assert_int_equal(stream_write(a.end, "fine", 4), 0);
	run(SIM_S);
	assert_int_equal(b.n, 4);
	assert_int_equal(stream_write(a.end, "x", 1), -EAGAIN);
	net_mend_all(&net);
	run(10 * SIM_S);
	assert_int_equal(b.n, 4);
	assert_int_equal(stream_write(a.end, "x", 1), 0);
}

static void close_is_a_reset_after_what_is_under_way(void **state)
{
	connect_ab();
	stream_write(a.end, "last", 4);
	stream_close(a.end);
	run(SIM_MS);
	assert_memory_equal(b.got, "last", 4);
	assert_int_equal(b.closes, 1);
}

static void lost_reset_is_made_up_for_when_data_comes(void **state)
{
	connect_ab();
	net_cut(&net, a.host.addr, b.host.addr, NET_ALL);
	stream_close(a.end);
	run(SIM_S);
	net_mend_all(&net);
	run(SIM_S);
	assert_int_equal(b.closes, 0);
	assert_int_equal(stream_write(b.end, "?", 1), 0);
	run(SIM_MS);
	assert_int_equal(b.closes, 1);
}

static void finish_delivers_everything_first(void **state)
{
	u8 data[5000] = { 0 };

	net.chop = 100;
	connect_ab();
	stream_write(a.end, data, sizeof(data));
	stream_finish(a.end);
	run(SIM_S);
	assert_int_equal(b.n, sizeof(data));
	assert_int_equal(b.closes, 1);
	assert_int_equal(net.streams, 0);
}

static void dialling_a_port_where_nobody_listens_is_refused(void **state)
{
	b.deaf = true;
	a.end = stream_dial(&a.host, b.host.addr, 7);
	run(SIM_MS);
	assert_int_equal(a.opens, 1);
	assert_int_equal(a.error, -ECONNREFUSED);
	stream_close(a.end);
	assert_int_equal(net.streams, 0);
}

static void dialling_a_host_that_is_off_takes_long_and_fails(void **state)
{
	u64 began = sim.now;

	host_set(&b.host, HOST_OFF);
	a.end = stream_dial(&a.host, b.host.addr, 7);
	run(20 * SIM_S);
	assert_int_equal(a.opens, 1);
	assert_int_equal(a.error, -EHOSTUNREACH);
	assert_in_range(a.when - began, 3 * SIM_S, 10 * SIM_S);
	assert_null(stream_dial(&a.host, 0x01020304, 7));
	stream_close(a.end);
}

static void lost_connection_request_is_repeated_after_a_second(void **state)
{
	u64 began = sim.now;

	net_cut(&net, a.host.addr, b.host.addr, NET_ALL);
	a.end = stream_dial(&a.host, b.host.addr, 7);
	run(500 * SIM_MS);
	net_mend_all(&net);
	run(SIM_S);
	assert_int_equal(a.error, 0);
	assert_in_range(a.when - began, SIM_S, SIM_S + SIM_MS);
	assert_int_equal(b.accepts, 1);
}

static void refused_by_the_program_is_reset(void **state)
{
	b.refuse = true;
	a.end = stream_dial(&a.host, b.host.addr, 7);
	run(SIM_MS);
	assert_int_equal(a.opens, 1);
	assert_int_equal(a.error, 0);
	assert_int_equal(a.closes, 1);
	assert_int_equal(net.streams, 0);
}

static void dialler_that_closes_at_once_leaves_nothing(void **state)
{
	u64 step;

	for (step = 0; step < 600 * SIM_US; step += 50 * SIM_US) {
		a.end = stream_dial(&a.host, b.host.addr, 7);
		run(step);
		stream_close(a.end);
		run(SIM_S);
		assert_int_equal(net.streams, 0);
		assert_null(b.end);
	}
	assert_int_equal(b.accepts, b.closes);
}

static void power_loss_is_silent(void **state)
{
	connect_ab();
	host_set(&a.host, HOST_OFF);
	run(SIM_S);
	assert_int_equal(b.closes, 0);
	/* back on, it knows nothing of the stream */
	host_set(&a.host, HOST_ON);
	stream_write(b.end, "?", 1);
	run(SIM_MS);
	assert_int_equal(b.closes, 1);
}

static void hung_program_gets_everything_when_it_goes_on(void **state)
{
	connect_ab();
	host_set(&b.host, HOST_HUNG);
	stream_write(a.end, "one", 3);
	host_send(&a.host, b.host.addr, "two", 3);
	run(SIM_S);
	assert_int_equal(b.n, 0);
	stream_close(a.end);
	a.end = stream_dial(&a.host, b.host.addr, 7);
	run(SIM_S);
	assert_int_equal(a.opens, 2);
	assert_int_equal(b.accepts, 1);
	host_set(&b.host, HOST_ON);
	assert_int_equal(b.datagrams, 1);
	assert_int_equal(b.n, 6);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.accepts, 2);
}

static void frozen_host_misses_datagrams_and_is_behind_with_streams(void **state)
{
	connect_ab();
	host_set(&b.host, HOST_FROZEN);
	stream_write(a.end, "one", 3);
	host_send(&a.host, b.host.addr, "two", 3);
	run(SIM_S);
	host_set(&b.host, HOST_ON);
	assert_int_equal(b.n, 0);
	run(2 * SIM_S);
	assert_int_equal(b.datagrams, 0);
	assert_int_equal(b.n, 3);
}

static u64 digest_of(u64 seed)
{
	struct world *w = world_new(seed);
	u64 digest;

	w->net.loss = 20000;
	w->net.chop = 50;
	world_nodes(w, 6);
	world_start(w);
	world_run(w, SIM_S);
	node_kill(w->nodes[0]);
	world_run(w, 2 * SIM_S);
	digest = w->digest ^ w->sim.steps;
	world_free(w);
	return digest;
}

static void one_seed_is_one_run(void **state)
{
	u64 first = digest_of(7);

	assert_true(first == digest_of(7));
	assert_false(first == digest_of(8));
}

int main(void)
{
	static const TEST_CASE tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(events_happen_in_order_of_time_then_of_planning),
		T(random_planning_keeps_the_order),
		T(datagrams_take_their_time),
		T(broadcasts_reach_all_and_the_sender),
		T(cut_links_carry_nothing_in_their_direction),
		T(loss_is_as_frequent_as_asked_for),
		T(streams_keep_the_order_in_any_pieces),
		T(streams_keep_the_order_when_much_is_lost),
		T(write_is_all_or_nothing_and_room_comes_back),
		T(who_does_not_read_fills_first_its_window_then_the_room),
		T(bytes_wait_for_a_cut_link),
		T(room_does_not_come_back_over_a_cut_link),
		T(close_is_a_reset_after_what_is_under_way),
		T(lost_reset_is_made_up_for_when_data_comes),
		T(finish_delivers_everything_first),
		T(dialling_a_port_where_nobody_listens_is_refused),
		T(dialling_a_host_that_is_off_takes_long_and_fails),
		T(lost_connection_request_is_repeated_after_a_second),
		T(refused_by_the_program_is_reset),
		T(dialler_that_closes_at_once_leaves_nothing),
		T(power_loss_is_silent),
		T(hung_program_gets_everything_when_it_goes_on),
		T(frozen_host_misses_datagrams_and_is_behind_with_streams),
		cmocka_unit_test(one_seed_is_one_run),
	};

	return RUN_WORLD_TESTS(tests);
}
