// SPDX-License-Identifier: GPL-2.0
/*
 * A host that runs the core: gives it datagrams, streams, time and memory, and
 * does what it asks for, as the rooms around it do in the kernel.
 */
#include <errno.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/unaligned.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broken.h"
#include "state.h"
#include "world.h"

static u64 now_of(const struct node *n)
{
	return node_clock(n);
}

/* When the clock of a node will show a time. */
static u64 when_of(const struct node *n, u64 time)
{
	u64 d;

	if (time == SIM_NEVER)
		return SIM_NEVER;
	if (time <= n->clock)
		return n->clock_at;
	d = time - n->clock;
	if (n->rate)
		d = (__uint128_t)d * 1000000 / (1000000 + n->rate) + 1;
	return n->clock_at + d;
}

/**
 * node_clock - what the clock of a node shows
 * @n: the node
 *
 * Return: nanoseconds; those of the world as long as its rate was always 0.
 */
u64 node_clock(const struct node *n)
{
	u64 d = n->world->sim.now - n->clock_at;

	return n->clock + d + (s64)d / 1000000 * n->rate +
	       (s64)d % 1000000 * n->rate / 1000000;
}

/* Every call of the core stands between these two. */
static void enter(struct node *n)
{
	if (n->inside)
		sim_fail("%08x: call within a call", n->host.addr);
	n->inside = true;
	n->calls++;
	keeper_call(true);
}

static void leave(struct node *n)
{
	n->inside = false;
	keeper_call(false);
	if (n->core && n->watch.fresh) {
		watch_compare(&n->watch, n->core, now_of(n));
		world_changed(n->world, n);
	}
	if (n->core)
		hearer_check(&n->hearer, n);
	if (n->core && n->world->tap)
		n->world->tap->done(n);
	if (n->keeper)
		keeper_pump(n->keeper);
}

/**
 * node_enter - a call of the core begins, that another file makes
 * @n: the node, running
 *
 * Return: the time for it.
 */
u64 node_enter(struct node *n)
{
	enter(n);
	return now_of(n);
}

/**
 * node_done - that call has ended
 * @n: the node
 */
void node_done(struct node *n)
{
	leave(n);
}

/* What the core asks for, it asks for while it is called. */
static struct node *node_of(void *ctx)
{
	struct node *n = ctx;

	if (!n->inside)
		sim_fail("%08x: operation outside of a call", n->host.addr);
	return n;
}

static struct node_tether *tether_find(const struct node *n, u32 id)
{
	struct rb_node *p = n->tethers.rb_node;

	while (p) {
		struct node_tether *t = rb_entry(p, struct node_tether, by_id);

		if (id == t->id)
			return t;
		p = id < t->id ? p->rb_left : p->rb_right;
	}
	return NULL;
}

static struct node_tether *tether_get(const struct node *n, u32 id)
{
	struct node_tether *t = tether_find(n, id);

	if (!t)
		sim_fail("%08x: no tether %u (any more)", n->host.addr, id);
	return t;
}

static struct node_tether *tether_new(struct node *n, struct stream_end *end)
{
	struct rb_node **link = &n->tethers.rb_node, *parent = NULL;
	struct node_tether *t = sim_alloc(sizeof(*t));

	t->id = ++n->last_id;
	t->end = end;
	stream_set_user(end, t);
	stream_room(end, pfsnl_core_tether_room(&n->cfg), NODE_BULK);
	while (*link) {
		parent = *link;
		link = &parent->rb_right;	/* numbers only grow */
	}
	rb_link_node(&t->by_id, parent, link);
	rb_insert_color(&t->by_id, &n->tethers);
	return t;
}

static void tether_free(struct node *n, struct node_tether *t)
{
	rb_erase(&t->by_id, &n->tethers);
	free(t);
}

static void *op_alloc(void *ctx, size_t size)
{
	return ledger_alloc(&node_of(ctx)->ledger, size);
}

static void *op_alloc_raw(void *ctx, size_t size)
{
	void *p = ledger_alloc(&node_of(ctx)->ledger, size);

	if (p)
		memset(p, 0xa5, size);
	return p;
}

static void op_free(void *ctx, void *p)
{
	ledger_free(&node_of(ctx)->ledger, p);
}

static void beacon_at(struct node *n, u64 next)
{
	n->beacon_next = next;
	sim_at(&n->world->sim, &n->beacon, when_of(n, next));
}

static void digest_bytes(struct node *n, const u8 *p, size_t len)
{
	u64 x = len;
	size_t i;

	for (i = 0; i < len; i++)
		x = x * 0x100000001b3ULL ^ p[i];
	world_digest(n->world, x);
}

static int op_beacon(void *ctx, const struct pfsnl_beacon_plan *plan)
{
	size_t size = struct_size(plan, to, plan->n_to);
	struct node *n = node_of(ctx);
	u64 next;

	if (!plan->interval_ms || (plan->burst && !plan->burst_ms))
		sim_fail("%08x: beacons without pause", n->host.addr);
	if (!ledger_grants(&n->ledger))
		return -ENOMEM;
	free(n->plan);
	n->plan = sim_alloc(size);
	memcpy(n->plan, plan, size);
	digest_bytes(n, plan->wire, sizeof(plan->wire));

	if (plan->burst) {
		n->burst = plan->burst;
		next = now_of(n);
	} else {
		/* a shorter interval counts from the last one */
		next = n->beacon_last + plan->interval_ms * SIM_MS;
		if (n->beacon.slot)
			next = min(next, n->beacon_next);
	}
	beacon_at(n, next);
	return 0;
}

static void op_lease(void *ctx, u64 until)
{
	node_of(ctx)->lease = until;
}

static void op_datagram(void *ctx, u32 addr, const void *data, size_t len)
{
	host_send(&node_of(ctx)->host, addr, data, len);
}

static int op_tether_open(void *ctx, u32 addr, u16 port, u32 *id)
{
	struct node *n = node_of(ctx);
	struct stream_end *end;

	if (!ledger_grants(&n->ledger))
		return -ENOMEM;
	end = stream_dial(&n->host, addr, port);
	if (!end)
		return -EHOSTUNREACH;
	*id = tether_new(n, end)->id;
	return 0;
}

/* what a frame is, for people who read a trace */
static const char *op_text(const void *frame)
{
	static const char * const ours[] = {
		"(0)", "CLAIM", "ACCEPT", "BUSY", "INSTALL", "LEAVE", "PING",
		"PONG", "RECORD_GET", "RECORD", "HANDOVER", "OFFER", "FOREIGN",
		"BEGIN", "SEND", "ORDER", "ACK", "STABLE", "WANT", "GRANT",
		"FETCH", "TAIL",
	};
	static char number[16];
	u32 op = get_unaligned_be32(frame);

	if (op == PFSNL_FRAME_ADD)
		return "add";
	if (op == PFSNL_FRAME_REMOVE)
		return "remove";
	if (PFSNL_FRAME_OURS(op) && (op & 0xffff) < ARRAY_SIZE(ours))
		return ours[op & 0xffff];
	snprintf(number, sizeof(number), "op %08x", op);
	return number;
}

static int op_tether_write(void *ctx, u32 id, const void *data, size_t len)
{
	struct node *n = node_of(ctx);
	struct node_tether *t = tether_get(n, id);
	int err = -ENOMEM;

	digest_bytes(n, data, len);
	if (n->world->trace)
		world_say(n->world, &n->host, "says %s to %08x", op_text(data),
			  stream_peer(t->end));
	/* judged before anybody can act upon it */
	if (n->world->tap)
		n->world->tap->says(n, t, data, len);
	if (ledger_grants(&n->ledger))
		err = stream_write(t->end, data, len);
	if (err == -EAGAIN) {
		t->blocked = get_unaligned_be32(data);
		n->blocked = true;
	}
	return err;
}

/* An answer to MUSTER becomes something that nobody knows. */
static void garble(u8 *p, const u8 *end)
{
	for (; p < end; p += PFSNL_FRAME_HEAD + get_unaligned_be32(p + 4)) {
		u8 *piece = p + PFSNL_FRAME_HEAD;

		if (get_unaligned_be32(p) == PFSNL_FRAME_SEND &&
		    get_unaligned_be16(piece + 24) == PFSNL_PORT_GROUP &&
		    piece[PFSNL_SEND_LEN] == PFSNL_GROUPMSG_HERE)
			piece[PFSNL_SEND_LEN] = 0xff;
	}
}

static int op_tether_bulk(void *ctx, u32 id, const void *data, size_t len)
{
	struct node *n = node_of(ctx);
	struct node_tether *t = tether_get(n, id);
	const u8 *p, *end = (const u8 *)data + len;

	digest_bytes(n, data, len);
	for (p = data; p < end;
	     p += PFSNL_FRAME_HEAD + get_unaligned_be32(p + 4)) {
		if (n->world->trace)
			world_say(n->world, &n->host, "says %s to %08x",
				  op_text(p), stream_peer(t->end));
		if (n->world->tap)
			n->world->tap->says(n, t, p, PFSNL_FRAME_HEAD +
					    get_unaligned_be32(p + 4));
	}
	if (p != end)
		sim_fail("%08x: %zu bytes are no whole frames", n->host.addr,
			 len);
	if (n->garbles)
		garble((u8 *)data, end);
	return ledger_grants(&n->ledger) ?
	       stream_write_bulk(t->end, data, len) : -ENOMEM;
}

static void op_order(void *ctx, const struct pfsnl_order_event *ev)
{
	struct node *n = node_of(ctx);

	world_digest(n->world, ev->kind ^ ev->n << 8);
	hearer_hear(&n->hearer, n, ev);
	if (n->keeper && ev->kind == PFSNL_ORDER_ROOM)
		keeper_room(n->keeper);
}

static void op_group(void *ctx, const struct pfsnl_group_event *ev)
{
	struct node *n = node_of(ctx);

	world_digest(n->world, ev->kind ^ ev->number << 8 ^ ev->place << 16);
	process_told(n, ev);
}

static int op_sync(void *ctx, const struct pfsnl_sync_event *ev)
{
	struct node *n = node_of(ctx);

	world_digest(n->world, ev->kind ^ ev->service << 8 ^ ev->place << 24);
	return n->keeper && ev->who == n->keeper ? keeper_told(n->keeper, ev) :
						   replica_told(n, ev);
}

static void op_tether_close(void *ctx, u32 id)
{
	struct node *n = node_of(ctx);
	struct node_tether *t = tether_get(n, id);

	stream_close(t->end);
	tether_free(n, t);
}

static void op_event(void *ctx, const struct pfsnl_event *ev)
{
	struct node *n = node_of(ctx);
	u32 i;

	world_digest(n->world, ev->kind ^ ev->generation << 8 ^ ev->ring.seq << 32);
	if (ev->kind == PFSNL_EVENT_UPDATE && n->world->trace)
		for (i = 0; i < ev->n; i++)
			world_say(n->world, &n->host, "%s %u of %u: %08x",
				  ev->op ? "add" : "remove", i + 1, ev->n,
				  be32_to_cpu(ev->addrs[i]));
	watch_hear(&n->watch, n->world->sim.now, ev);
}

static void op_deadline(void *ctx, u64 when)
{
	struct node *n = node_of(ctx);

	n->alarm_when = when;
	sim_at(&n->world->sim, &n->alarm, when_of(n, when));
}

static void op_note(void *ctx, enum pfsnl_note note, u32 addr, u32 reason,
		    u64 number)
{
	struct node *n = node_of(ctx);

	world_digest(n->world, note ^ (u64)addr << 8 ^ reason << 4 ^ number);
	if (n->world->trace)
		world_say(n->world, &n->host, "%s %08x, %s, %llu",
			  pfsnl_note_text(note), addr,
			  pfsnl_reason_text(reason),
			  (unsigned long long)number);
	if (n->on_note)
		n->on_note(n, note, addr, reason, number);
	if (n->world->tap)
		n->world->tap->note(n, note, addr, reason, number);
}

static void op_left(void *ctx)
{
	struct node *n = node_of(ctx);

	if (n->left)
		sim_fail("%08x: left twice", n->host.addr);
	n->left = true;
	sim_at(&n->world->sim, &n->gone, n->world->sim.now);
}

static const struct pfsnl_core_ops core_ops = {
	.alloc = op_alloc,
	.alloc_raw = op_alloc_raw,
	.free = op_free,
	.beacon = op_beacon,
	.lease = op_lease,
	.datagram = op_datagram,
	.tether_open = op_tether_open,
	.tether_write = op_tether_write,
	.tether_bulk = op_tether_bulk,
	.tether_close = op_tether_close,
	.event = op_event,
	.order = op_order,
	.group = op_group,
	.sync = op_sync,
	.deadline = op_deadline,
	.note = op_note,
	.left = op_left,
};

static bool hears(struct host *host, u32 dst)
{
	struct node *n = container_of(host, struct node, host);

	return n->core && (dst == n->cfg.broadcast ||
			   (n->cfg.beacon_to == PFSNL_BEACON_TO_MULTICAST &&
			    dst == n->cfg.group));
}

static void datagram(struct host *host, u32 src, const void *data, size_t len)
{
	struct node *n = container_of(host, struct node, host);
	u64 age;

	if (!n->core)
		return;
	if (n->world->tap)
		n->world->tap->hears(n, src, data, len);
	enter(n);
	/* clocks may run fast or slow */
	age = n->world->sim.now - host->came;
	pfsnl_core_datagram(n->core, now_of(n), now_of(n) - age - age / 16, src,
			    data, len);
	leave(n);
}

static bool listens(struct host *host, u16 port)
{
	struct node *n = container_of(host, struct node, host);

	return n->core && port == n->cfg.tether_port;
}

static int accepted(struct host *host, struct stream_end *end, u32 from)
{
	struct node *n = container_of(host, struct node, host);
	struct node_tether *t;
	int err;

	if (!n->core)
		return -ECONNREFUSED;
	t = tether_new(n, end);
	enter(n);
	err = pfsnl_core_tether_in(n->core, now_of(n), t->id, from);
	leave(n);
	if (err)
		tether_free(n, t);
	return err;
}

static void opened(struct host *host, struct stream_end *end, int err)
{
	struct node *n = container_of(host, struct node, host);
	struct node_tether *t = stream_user(end);

	enter(n);
	pfsnl_core_tether_opened(n->core, now_of(n), t->id, err);
	leave(n);
}

static void bytes(struct host *host, struct stream_end *end, const void *data,
		  size_t len)
{
	struct node *n = container_of(host, struct node, host);
	struct node_tether *t = stream_user(end);

	enter(n);
	pfsnl_core_tether_bytes(n->core, now_of(n), t->id, data, len);
	leave(n);
}

static void writable(struct host *host, struct stream_end *end)
{
	struct node *n = container_of(host, struct node, host);
	struct node_tether *t = stream_user(end);

	enter(n);
	pfsnl_core_tether_writable(n->core, now_of(n), t->id);
	leave(n);
}

static void closed(struct host *host, struct stream_end *end)
{
	struct node *n = container_of(host, struct node, host);
	struct node_tether *t = stream_user(end);
	u32 id = t->id;

	enter(n);
	pfsnl_core_tether_closed(n->core, now_of(n), id);
	leave(n);
	if (n->core && tether_find(n, id))
		sim_fail("%08x: tether %u is over but kept", host->addr, id);
}

static void alarm_run(struct sim_event *ev)
{
	struct node *n = container_of(ev, struct node, alarm);

	if (n->host.state != HOST_ON) {
		n->late = true;
		return;
	}
	enter(n);
	pfsnl_core_tick(n->core, now_of(n));
	leave(n);
	if (PFSNL_BROKEN(ENDLESS) && n->rate)
		sim_at(&n->world->sim, ev, n->world->sim.now);
}

static void beacon_run(struct sim_event *ev)
{
	struct node *n = container_of(ev, struct node, beacon);
	struct pfsnl_beacon_plan *plan = n->plan;
	u64 now = now_of(n), pause;
	u32 i;

	if (n->host.state == HOST_FROZEN) {
		n->late = true;
		return;
	}
	/* whoever prepares beacons must do so again in time */
	if (now <= plan->valid_until && !n->muted) {
		if (n->world->tap)
			n->world->tap->beacon(n);
		pfsnl_beacon_stamp(plan->wire, ++n->beacon_counter,
				   pfsnl_lease_ms(n->lease, now));
		for (i = 0; i < plan->n_to; i++)
			host_send(&n->host, plan->to[i], plan->wire,
				  sizeof(plan->wire));
	}
	n->beacon_last = now;
	if (n->burst)
		n->burst--;
	pause = n->burst ? plan->burst_ms : plan->interval_ms;
	beacon_at(n, now + pause * SIM_MS);
}

/* as the instance does before it brings the core anything */
static void woken(struct host *host)
{
	struct node *n = container_of(host, struct node, host);
	u64 gap = now_of(n) - n->beacon_last;

	if (!n->core || !n->plan || !n->beacon_last || PFSNL_BROKEN(PAUSE) ||
	    gap <= pfsnl_core_pause_limit(&n->cfg))
		return;
	enter(n);
	pfsnl_core_paused(n->core, now_of(n), gap);
	leave(n);
}

static void resumed(struct host *host)
{
	struct node *n = container_of(host, struct node, host);

	if (!n->late || !n->core)
		return;
	n->late = false;
	if (!n->beacon.slot && n->plan)
		beacon_at(n, now_of(n));
	if (!n->alarm.slot)
		sim_at(&n->world->sim, &n->alarm, n->world->sim.now);
}

static const struct host_ops host_ops = {
	.hears = hears,
	.datagram = datagram,
	.listens = listens,
	.accept = accepted,
	.opened = opened,
	.bytes = bytes,
	.writable = writable,
	.closed = closed,
	.woken = woken,
	.resumed = resumed,
};

/* Forget all that is around the core. */
static void clear(struct node *n)
{
	struct sim *sim = &n->world->sim;

	sim_cancel(sim, &n->alarm);
	sim_cancel(sim, &n->beacon);
	sim_cancel(sim, &n->gone);
	free(n->plan);
	n->plan = NULL;
	n->burst = 0;
	n->late = false;
	n->left = false;
}

/**
 * node_stop - end the core, in whatever state it is
 * @n: the node; its host stays as it is
 *
 * The core must give back all memory and close all tethers.
 */
void node_stop(struct node *n)
{
	struct pfsnl_core *core = n->core;

	if (!core)
		return;
	enter(n);
	pfsnl_core_destroy(core);
	n->core = NULL;
	leave(n);
	if (n->processes)
		sim_fail("%08x: processes were not told the end", n->host.addr);
	if (n->replicas)
		sim_fail("%08x: services were not told the end", n->host.addr);
	if (n->keeper)
		keeper_stop(n->keeper);
	if (n->ledger.live)
		sim_fail("%08x: %llu pieces of memory remain", n->host.addr,
			 (unsigned long long)n->ledger.live);
	if (!RB_EMPTY_ROOT(&n->tethers))
		sim_fail("%08x: tethers remain", n->host.addr);
	clear(n);
	world_changed(n->world, n);
}

static void gone_run(struct sim_event *ev)
{
	struct node *n = container_of(ev, struct node, gone);

	world_say(n->world, &n->host, "has left");
	node_stop(n);
}

/**
 * node_init - a host that will run a core, switched off
 * @n: overwritten
 * @w: the world
 * @addr: its address
 */
void node_init(struct node *n, struct world *w, u32 addr)
{
	*n = (struct node) {
		.world = w,
		.alarm.run = alarm_run,
		.beacon.run = beacon_run,
		.gone.run = gone_run,
		.watch.keep = true,
		.tethers = RB_ROOT,
		.clock = w->sim.now,
		.clock_at = w->sim.now,
	};
	host_add(&n->host, &w->net, addr, &host_ops);
	pfsnl_config_defaults(&n->cfg);
	n->cfg.addr = addr;
	n->cfg.broadcast = WORLD_BROADCAST;
}

/**
 * node_exit - end a host that runs a core
 * @n: the node
 */
void node_exit(struct node *n)
{
	node_stop(n);
	host_set(&n->host, HOST_OFF);
	watch_reset(&n->watch);
	hearer_reset(&n->hearer);
	keeper_free(n->keeper);
	n->keeper = NULL;
}

/**
 * node_start - switch on if need be, and start a new life
 * @n: the node, not running
 *
 * Return: 0, or -ENOMEM when its ledger said so.
 */
int node_start(struct node *n)
{
	const char *why;

	if (n->core)
		sim_fail("%08x runs already", n->host.addr);
	if (pfsnl_config_check(&n->cfg, &why))
		sim_fail("%08x: %s", n->host.addr, why);
	host_set(&n->host, HOST_ON);
	watch_reset(&n->watch);
	hearer_reset(&n->hearer);
	n->incarnation = sim_random(&n->world->sim) | 1;
	n->started = n->world->sim.now;
	n->beacon_counter = 0;
	n->beacon_last = 0;
	n->lease = 0;
	world_say(n->world, &n->host, "starts");
	enter(n);
	n->core = pfsnl_core_create(&core_ops, n, &n->cfg, n->incarnation);
	if (n->core && (n->serves || n->keeper)) {
		leave(n);
		replicas_start(n);
		if (n->keeper)
			keeper_start(n->keeper);
		enter(n);
	}
	if (n->core)
		pfsnl_core_start(n->core, now_of(n));
	leave(n);
	world_changed(n->world, n);
	return n->core ? 0 : -ENOMEM;
}

/**
 * node_leave - begin to say goodbye
 * @n: the node; stops by itself
 * @wait: longest time to wait for answers, nanoseconds
 */
void node_leave(struct node *n, u64 wait)
{
	world_say(n->world, &n->host, "leaves");
	if (PFSNL_BROKEN(CRASH))
		abort();
	enter(n);
	pfsnl_core_leave(n->core, now_of(n), wait);
	leave(n);
}

/**
 * node_kill - cut the power: nobody is told
 * @n: the node
 */
void node_kill(struct node *n)
{
	u32 side = n->host.side;

	world_say(n->world, &n->host, "loses power");
	/* what the core closes at its end must not be heard */
	n->host.side = ~0U;
	node_stop(n);
	n->host.side = side;
	host_set(&n->host, HOST_OFF);
}

/**
 * node_abort - the program dies, its kernel resets all connections
 * @n: the node; the host stays on and refuses connections
 */
void node_abort(struct node *n)
{
	world_say(n->world, &n->host, "dies");
	node_stop(n);
	stream_host_reset(&n->host);
}

/**
 * node_freeze - let everything stand still, as a paused virtual machine
 * @n: the node
 */
void node_freeze(struct node *n)
{
	world_say(n->world, &n->host, "freezes");
	n->paused = n->world->sim.now;
	host_set(&n->host, HOST_FROZEN);
}

/**
 * node_hang - let the core stand still; its kernel and its beacons go on
 * @n: the node
 */
void node_hang(struct node *n)
{
	world_say(n->world, &n->host, "hangs");
	n->paused = n->world->sim.now;
	host_set(&n->host, HOST_HUNG);
}

/**
 * node_resume - go on after node_freeze() or node_hang()
 * @n: the node
 */
void node_resume(struct node *n)
{
	world_say(n->world, &n->host, "goes on");
	n->woken = n->world->sim.now;
	if (PFSNL_BROKEN(DRAIN) && n->core && n->late) {
		/* time is up before what waits is heard */
		enter(n);
		pfsnl_core_tick(n->core, now_of(n));
		leave(n);
	}
	host_set(&n->host, HOST_ON);
}

/**
 * node_skew - let the clock of a node run at another rate from now on
 * @n: the node
 * @rate: of a million nanoseconds it shows so many too many
 */
void node_skew(struct node *n, s32 rate)
{
	u64 clock = node_clock(n);

	n->clock = clock;
	n->clock_at = n->world->sim.now;
	n->rate = rate;
	if (n->beacon.slot)
		beacon_at(n, n->beacon_next);
	if (n->alarm.slot)
		sim_at(&n->world->sim, &n->alarm, when_of(n, n->alarm_when));
}

/**
 * node_end - one of the streams of a node
 * @n: the node
 * @nth: which of its tethers, counted around
 *
 * Return: its end of the stream, NULL when it has none.
 */
struct stream_end *node_end(const struct node *n, u32 nth)
{
	struct rb_node *p = rb_first(&n->tethers);

	if (!p)
		return NULL;
	for (nth %= node_tethers(n); nth; nth--)
		p = rb_next(p);
	return rb_entry(p, struct node_tether, by_id)->end;
}

/**
 * node_set - change settings
 * @n: the node, running
 * @cfg: all settings
 *
 * Return: as pfsnl_core_set().
 */
int node_set(struct node *n, const struct pfsnl_config *cfg)
{
	const char *why;
	int err;

	if (pfsnl_config_check(cfg, &why))
		sim_fail("%08x: %s", n->host.addr, why);
	enter(n);
	err = pfsnl_core_set(n->core, now_of(n), cfg);
	leave(n);
	if (!err)
		n->cfg = *cfg;
	return err;
}

/**
 * node_send - send a message to all
 * @n: the node, running
 * @flags: PFSNL_MSG_*
 * @len: its length in bytes
 *
 * Return: as pfsnl_core_send().
 */
int node_send(struct node *n, u16 flags, u32 len)
{
	u8 *data = sim_alloc(len + 1);
	u64 number;
	u32 i;
	int err;

	for (i = 0; i < len; i++)
		data[i] = n->hearer.sent + i * 7;
	n->hearer.sent++;
	enter(n);
	err = pfsnl_core_send(n->core, now_of(n), PFSNL_PORT_FIRST, flags, data,
			      len, &number);
	if (err)
		n->hearer.sent--;
	else if (number <= n->hearer.last)
		sim_fail("%08x: number %llu after %llu", n->host.addr,
			 (unsigned long long)number,
			 (unsigned long long)n->hearer.last);
	else
		n->hearer.last = number;
	if (err == -EAGAIN)
		n->hearer.refused = true;
	leave(n);
	free(data);
	return err;
}

/**
 * node_join - a process wants to be a member of a group
 * @n: its node, running
 * @name: of the group
 * @who: handed back with what it is told
 * @number: set to the number of the membership
 *
 * Return: as pfsnl_core_group_join().
 */
int node_join(struct node *n, const char *name, void *who, u32 *number)
{
	int err;

	enter(n);
	err = pfsnl_core_group_join(n->core, now_of(n), name, 1000 + n->cfg.addr,
				    who, number);
	leave(n);
	return err;
}

/**
 * node_part - a process ceases to be a member
 * @n: its node, running
 * @number: of the membership
 * @why: enum pfsnl_group_why
 *
 * Return: as pfsnl_core_group_leave().
 */
int node_part(struct node *n, u32 number, u8 why)
{
	int err;

	enter(n);
	err = pfsnl_core_group_leave(n->core, now_of(n), number, why);
	leave(n);
	return err;
}

/**
 * node_tell - a process says something to its group
 * @n: its node, running
 * @number: of the membership
 * @flags: PFSNL_MSG_*
 * @len: how many bytes
 *
 * Return: as pfsnl_core_group_send().
 */
int node_tell(struct node *n, u32 number, u16 flags, u32 len)
{
	u8 *data = sim_alloc(len + 1);
	u64 count;
	u32 i;
	int err;

	for (i = 0; i < len; i++)
		data[i] = number + i * 5;
	enter(n);
	err = pfsnl_core_group_send(n->core, now_of(n), number, flags, data, len,
				    &count);
	leave(n);
	free(data);
	return err;
}

/**
 * node_serve - a node has a service from now on
 * @n: the node, running
 * @id: of the service
 * @who: handed back with what it is told
 *
 * Return: as pfsnl_core_service_add().
 */
int node_serve(struct node *n, u16 id, void *who)
{
	int err;

	enter(n);
	err = pfsnl_core_service_add(n->core, now_of(n), id, who);
	leave(n);
	return err;
}

/**
 * node_unserve - a node has a service no more
 * @n: the node, running
 * @id: of the service
 *
 * Return: as pfsnl_core_service_remove().
 */
int node_unserve(struct node *n, u16 id)
{
	int err;

	enter(n);
	err = pfsnl_core_service_remove(n->core, now_of(n), id);
	leave(n);
	return err;
}

/**
 * node_operate - a service says an operation
 * @n: its node, running
 * @id: of the service
 * @flags: PFSNL_MSG_*
 * @data: what it says
 * @len: how many bytes
 *
 * Return: as pfsnl_core_service_say().
 */
int node_operate(struct node *n, u16 id, u16 flags, const void *data, u32 len)
{
	u64 count;
	int err;

	enter(n);
	err = pfsnl_core_service_say(n->core, now_of(n), id, flags, data, len,
				     &count);
	leave(n);
	return err;
}

/**
 * node_forge - let a node say what it never would
 * @n: the node, running
 * @port: who it is for, PFSNL_PORT_*
 * @data: what it says
 * @len: how many bytes
 */
void node_forge(struct node *n, u16 port, const u8 *data, u32 len)
{
	struct pfsnl_entry *e;

	if (!n->core)
		return;
	enter(n);
	pfsnl_core_enter(n->core, now_of(n));
	e = pfsnl_entry_new(n->core, len);
	if (e) {
		memcpy(e->data, data, len);
		pfsnl_outbox_put(n->core, e, port, 0);
	}
	pfsnl_core_done(n->core);
	leave(n);
}

/**
 * node_runs - whether a node takes part: on, running, not about to leave
 * @n: the node
 */
bool node_runs(const struct node *n)
{
	return n->core && n->host.state == HOST_ON &&
	       node_role(n) != PFSNL_ROLE_LEAVING;
}

/**
 * node_count - how often something happened at a node
 * @n: the node, running
 * @c: what
 */
u64 node_count(const struct node *n, enum pfsnl_counter c)
{
	return pfsnl_core_counter(n->core, c);
}

/**
 * node_state - what a node says of itself
 * @n: the node
 */
struct pfsnl_state node_state(const struct node *n)
{
	struct pfsnl_state st = {};

	if (n->core)
		pfsnl_core_state(n->core, now_of(n), &st);
	return st;
}

/**
 * node_role - what a node is
 * @n: the node
 */
enum pfsnl_role node_role(const struct node *n)
{
	return node_state(n).role;
}

/**
 * node_tethers - how many tethers a node has, whoever opened them
 * @n: the node
 */
u32 node_tethers(const struct node *n)
{
	struct rb_node *p;
	u32 count = 0;

	for (p = rb_first(&n->tethers); p; p = rb_next(p))
		count++;
	return count;
}

/**
 * node_pending - what a node wrote to another that this has not got
 * @n: the node
 * @addr: the other
 *
 * Return: bytes.
 */
size_t node_pending(const struct node *n, u32 addr)
{
	size_t bytes = 0;
	struct rb_node *p;

	for (p = rb_first(&n->tethers); p; p = rb_next(p)) {
		struct stream_end *end =
			rb_entry(p, struct node_tether, by_id)->end;

		if (stream_peer(end) == addr)
			bytes += stream_pending(end);
	}
	return bytes;
}

/**
 * node_link - the carrier of its interface comes or goes, and it is told
 * @n: the node
 * @up: whether there is one
 */
void node_link(struct node *n, bool up)
{
	struct world *w = n->world;
	u32 i;

	world_say(w, &n->host, up ? "has a link" : "has no link");
	for (i = 0; i < w->n; i++) {
		if (w->nodes[i] == n)
			continue;
		if (!up) {
			world_cut(w, n, w->nodes[i], NET_ALL);
		} else {
			net_mend(&w->net, n->host.addr, w->nodes[i]->host.addr);
			net_mend(&w->net, w->nodes[i]->host.addr, n->host.addr);
		}
	}
	if (!n->core)
		return;
	enter(n);
	pfsnl_core_link(n->core, now_of(n), up);
	leave(n);
}

/**
 * node_window - size of the receive buffers of a node's tethers
 * @n: the node
 * @window: bytes
 */
void node_window(struct node *n, u32 window)
{
	struct rb_node *p;

	for (p = rb_first(&n->tethers); p; p = rb_next(p))
		stream_window(rb_entry(p, struct node_tether, by_id)->end, window);
}
