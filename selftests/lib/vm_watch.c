// SPDX-License-Identifier: GPL-2.0
/* The library on real nodes: requests, watches, monitors, loops. */
#define _GNU_SOURCE
#include "vm.h"

#include <poll.h>
#include <sys/wait.h>

static struct model model, second;
static struct rings rings;

static int model_setup(void **state)
{
	(void)state;
	model_init(&model);
	model_init(&second);
	rings_init(&rings, NULL);
	return 0;
}

/* ---- requests ------------------------------------------------------- */

static void test_down(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	struct pfsnl_settings settings;
	struct pfsnl_instance *instance;
	struct pfsnl_peers *peers;
	struct pfsnl_stats *stats;

	(void)state;
	assert_int_equal(pfsnl_instance_get(handle, &instance), -ENETDOWN);
	assert_has(pfsnl_errmsg(), "pfsnl up");
	assert_int_equal(pfsnl_peers_get(handle, &peers), -ENETDOWN);
	assert_has(pfsnl_errmsg(), "pfsnl up");
	assert_int_equal(pfsnl_stats_get(handle, &stats), -ENETDOWN);
	assert_int_equal(pfsnl_stop(handle, PFSNL_WAIT_DEFAULT), -ENETDOWN);
	pfsnl_settings_init(&settings);
	settings.present = PFSNL_HAS_PRIORITY;
	assert_int_equal(pfsnl_set(handle, &settings), -ENETDOWN);
}

static void test_refusals(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	struct pfsnl_settings settings;

	(void)state;
	pfsnl_settings_init(&settings);
	settings.present = PFSNL_HAS_IFINDEX;
	settings.ifindex = 0x7ffffff0;
	assert_int_equal(pfsnl_start(handle, &settings), -ENODEV);
	assert_has(pfsnl_errmsg(), "ip link");

	assert_done(pfsnl_ifindex(handle, "eth0", &settings.ifindex));
	settings.present = PFSNL_HAS_IFINDEX | PFSNL_HAS_ADDRESS;
	settings.address.s_addr = htonl(0x0a630101);
	assert_int_equal(pfsnl_start(handle, &settings), -EADDRNOTAVAIL);

	settings.present = PFSNL_HAS_IFINDEX | PFSNL_HAS_INTERVAL;
	settings.interval = 1;
	assert_int_equal(pfsnl_start(handle, &settings), -ERANGE);
	assert_has(pfsnl_errmsg(), "interval");
	assert_has(pfsnl_errmsg(), "10 to 10000");

	assert_done(node_start(&nodes[0]));
	assert_int_equal(node_start(&nodes[0]), -EALREADY);
	assert_has(pfsnl_errmsg(), "pfsnl down");
}

static void test_settings(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	struct pfsnl_settings settings;
	const struct pfsnl_settings *got;
	struct pfsnl_instance *instance;

	(void)state;
	pfsnl_settings_init(&settings);
	assert_done(pfsnl_ifindex(handle, "eth0", &settings.ifindex));
	settings.port = 7000;
	settings.tether_port = 7001;
	settings.priority = 9;
	settings.interval = 123;
	settings.dead = 7;
	settings.beacon_to = PFSNL_BEACON_TO_STATIC;
	settings.num_static_peers = 2;
	settings.static_peers[0].s_addr = htonl(0x0a4d0002);
	settings.static_peers[1].s_addr = htonl(0x0a4d0003);
	settings.max_nodes = 99;
	settings.level0 = PFSNL_LEVEL0_OFF;
	settings.level0_dead = 4321;
	settings.votes = 3;
	settings.expected_votes = 65535;
	settings.preempt = 1;
	strcpy(settings.cluster, "night shift");
	settings.present = PFSNL_HAS_IFINDEX | PFSNL_HAS_PORT |
			   PFSNL_HAS_TETHER_PORT | PFSNL_HAS_PRIORITY |
			   PFSNL_HAS_INTERVAL | PFSNL_HAS_DEAD |
			   PFSNL_HAS_BEACON_TO | PFSNL_HAS_STATIC_PEERS |
			   PFSNL_HAS_MAX_NODES | PFSNL_HAS_LEVEL0 |
			   PFSNL_HAS_LEVEL0_DEAD | PFSNL_HAS_CLUSTER |
			   PFSNL_HAS_VOTES | PFSNL_HAS_EXPECTED_VOTES |
			   PFSNL_HAS_PREEMPT;
	assert_done(pfsnl_start(handle, &settings));
	assert_done(pfsnl_instance_get(handle, &instance));
	got = instance->settings;
	assert_int_equal(got->present & settings.present, settings.present);
	assert_int_equal(got->ifindex, settings.ifindex);
	assert_int_equal(got->port, 7000);
	assert_int_equal(got->tether_port, 7001);
	assert_int_equal(got->priority, 9);
	assert_int_equal(got->interval, 123);
	assert_int_equal(got->dead, 7);
	assert_int_equal(got->beacon_to, PFSNL_BEACON_TO_STATIC);
	assert_int_equal(got->num_static_peers, 2);
	assert_int_equal(got->static_peers[1].s_addr, htonl(0x0a4d0003));
	assert_int_equal(got->max_nodes, 99);
	assert_int_equal(got->level0, PFSNL_LEVEL0_OFF);
	assert_int_equal(got->level0_dead, 4321);
	assert_int_equal(got->votes, 3);
	assert_int_equal(got->expected_votes, 65535);
	assert_int_equal(got->preempt, 1);
	assert_string_equal(got->cluster, "night shift");
	/* What was left out is told all the same. */
	assert_true(got->present & PFSNL_HAS_ADDRESS);
	assert_int_equal(got->address.s_addr, htonl(0x0a4d0001));
	assert_int_equal(instance->broadcast.s_addr, htonl(0x0a4d00ff));
	assert_true(instance->incarnation);
	pfsnl_instance_free(instance);

	pfsnl_settings_init(&settings);
	settings.present = PFSNL_HAS_PRIORITY | PFSNL_HAS_INTERVAL |
			   PFSNL_HAS_VOTES | PFSNL_HAS_EXPECTED_VOTES |
			   PFSNL_HAS_PREEMPT;
	settings.priority = 0;
	settings.interval = 456;
	settings.votes = 0;
	settings.expected_votes = 9;
	settings.preempt = 0;
	assert_done(pfsnl_set(handle, &settings));
	assert_done(pfsnl_instance_get(handle, &instance));
	assert_int_equal(instance->settings->priority, 0);
	assert_int_equal(instance->settings->interval, 456);
	assert_int_equal(instance->settings->dead, 7);
	assert_int_equal(instance->settings->votes, 0);
	assert_int_equal(instance->settings->expected_votes, 9);
	assert_int_equal(instance->settings->preempt, 0);
	pfsnl_instance_free(instance);

	pfsnl_settings_init(&settings);
	settings.present = PFSNL_HAS_EXPECTED_VOTES;
	settings.expected_votes = 65536;
	assert_int_equal(pfsnl_set(handle, &settings), -EINVAL);
	assert_has(pfsnl_errmsg(), "expected-votes must be 0 to 65535");
	settings.present = PFSNL_HAS_PREEMPT;
	settings.preempt = 2;
	assert_int_equal(pfsnl_set(handle, &settings), -ERANGE);
	assert_has(pfsnl_errmsg(), "preempt");
}

static void test_peers(void **state)
{
	const struct pfsnl_peer *peer;
	struct pfsnl_instance *instance;
	struct pfsnl_peers *peers;
	unsigned int selves, leaders;
	size_t i, n;

	(void)state;
	cluster_up(3);
	for (n = 0; n < 3; n++) {
		assert_done(pfsnl_instance_get(nodes[n].handle, &instance));
		assert_done(pfsnl_peers_get(nodes[n].handle, &peers));
		assert_int_equal(instance->peers, 3);
		assert_true(instance->ring.seq > 0);
		assert_int_equal(pfsnl_peers_count(peers), 3);
		assert_true(pfsnl_peers_generation(peers) > 0);
		assert_null(pfsnl_peers_at(peers, 3));
		selves = 0;
		leaders = 0;
		for (i = 0; i < 3; i++) {
			peer = pfsnl_peers_at(peers, i);
			assert_int_equal(ntohl(peer->addr.s_addr),
					 0x0a4d0001 + i);
			assert_int_equal(peer->level, 1);
			assert_int_equal(peer->port, 7319);
			assert_true(peer->incarnation);
			assert_int_equal(peer->self, i == n);
			if (peer->self)
				assert_true(peer->incarnation ==
					    instance->incarnation);
			if (peer->leader)
				assert_int_equal(peer->addr.s_addr,
						 instance->ring.leader.s_addr);
			selves += peer->self;
			leaders += peer->leader;
		}
		assert_int_equal(selves, 1);
		assert_int_equal(leaders, 1);
		pfsnl_peers_free(peers);
		pfsnl_instance_free(instance);
	}
}

static void test_stats(void **state)
{
	struct pfsnl_stats *stats;
	const struct pfsnl_stat *stat;
	bool sent = false;
	size_t i, j;

	(void)state;
	cluster_up(2);
	assert_done(pfsnl_stats_get(nodes[0].handle, &stats));
	assert_int_equal(pfsnl_stats_count(stats), PFSNL_A_STATS_MAX - 1);
	assert_null(pfsnl_stats_at(stats, pfsnl_stats_count(stats)));
	for (i = 0; (stat = pfsnl_stats_at(stats, i)); i++) {
		assert_null(strstr(stat->name, "stat-"));
		assert_null(strstr(stat->name, "pad"));
		for (j = 0; j < i; j++)
			assert_string_not_equal(stat->name,
						pfsnl_stats_at(stats, j)->name);
		if (!strcmp(stat->name, "beacon-tx"))
			sent = stat->value > 0;
	}
	assert_true(sent);
	pfsnl_stats_free(stats);
}

static void test_permission(void **state)
{
	pid_t child;
	int status;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct pfsnl_peers *peers;
		struct pfsnl *handle;
		int step = 1;

		if (!setgid(65534) && !setuid(65534) && !pfsnl_open(&handle)) {
			step = 2;
			if (pfsnl_start(handle, NULL) == -EPERM &&
			    strstr(pfsnl_errmsg(), "CAP_NET_ADMIN") &&
			    pfsnl_stop(handle, -1) == -EPERM)
				step = 3;
			if (step == 3 &&
			    pfsnl_peers_get(handle, &peers) == -ENETDOWN)
				step = 0;
			pfsnl_close(handle);
		}
		_exit(step);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* ---- watches -------------------------------------------------------- */

static void test_life(void **state)
{
	struct pfsnl *handle = nodes[0].handle;

	(void)state;
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	model_await(&model, 0);
	assert_int_equal(model.updates, 1);
	cluster_up(3);
	model_await(&model, 3);
	assert_true(model_is_list(&model, handle));

	assert_done(node_stop(&nodes[2]));
	model_await(&model, 2);
	assert_done(node_start(&nodes[2]));
	model_await(&model, 3);

	/* The own instance stops: everybody is gone, and comes again. */
	assert_done(node_stop(&nodes[0]));
	model_await(&model, 0);
	assert_done(node_start(&nodes[0]));
	model_await(&model, 3);
	assert_true(model_is_list(&model, handle));
	assert_done(pfsnl_watch_remove(handle, model_watch, &model));
}

static void test_why(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	unsigned int before;

	(void)state;
	cluster_up(2);
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	model_await(&model, 2);
	assert_done(node_start(&nodes[2]));
	model_await(&model, 3);
	assert_int_equal(model.why, PFSNL_WHY_JOINED);
	assert_done(node_stop(&nodes[2]));
	model_await(&model, 2);
	assert_int_equal(model.why, PFSNL_WHY_LEFT);

	/* What is made up tells none; the model would complain. */
	before = model.refreshes;
	assert_done(node_stop(&nodes[0]));
	model_await(&model, 0);
	assert_true(model.refreshes > before);
	assert_done(pfsnl_watch_remove(handle, model_watch, &model));
}

/* ---- ring watches --------------------------------------------------- */

static void test_rings(void **state)
{
	struct pfsnl *handle = nodes[1].handle;
	struct pfsnl_ring_update ring;

	(void)state;
	rings.list = &model;
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	assert_done(pfsnl_ring_watch_add(handle, rings_watch, &rings));
	assert_int_equal(pfsnl_ring_watch_add(handle, rings_watch, &rings),
			 -EEXIST);
	assert_true(wait_for(rings_current(&rings, handle)));
	assert_int_equal(rings_last(&rings).instance, 0);

	cluster_up(3);
	model_await(&model, 3);
	assert_true(wait_for(rings_current(&rings, handle)));
	ring = rings_last(&rings);
	assert_int_equal(ring.count, 3);
	assert_int_equal(ring.expected_votes, 0);
	assert_false(ring.quorate);

	/* The leader goes: another one, and a larger number. */
	assert_done(node_stop(&nodes[0]));
	assert_true(wait_for(rings_last(&rings).count == 2 &&
			     rings_current(&rings, handle)));
	assert_true(rings_last(&rings).ring.seq > ring.ring.seq);
	assert_int_not_equal(rings_last(&rings).ring.leader.s_addr,
			     htonl(0x0a4d0001));

	assert_done(node_stop(&nodes[1]));
	model_await(&model, 0);
	assert_true(wait_for(!rings_last(&rings).instance));
	assert_done(pfsnl_ring_watch_remove(handle, rings_watch, &rings));
	assert_int_equal(pfsnl_ring_watch_remove(handle, rings_watch, &rings),
			 -ENOENT);
	assert_done(pfsnl_watch_remove(handle, model_watch, &model));
	assert_null(model.complaint);
}

/* One that is added later begins with the ring as it is. */
static void test_rings_late(void **state)
{
	struct pfsnl *handle;
	unsigned int i;

	(void)state;
	rings.list = &model;
	assert_done(pfsnl_open_netns(&handle, nodes[0].netns));
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	cluster_up(3);
	for (i = 0; i < 10; i++) {
		assert_done(node_stop(&nodes[2]));
		assert_done(pfsnl_ring_watch_add(handle, rings_watch, &rings));
		assert_true(wait_for(node_peers(&nodes[0]) == 2));
		assert_true(wait_for(rings_current(&rings, handle)));
		assert_done(node_start(&nodes[2]));
		assert_true(wait_for(node_peers(&nodes[0]) == 3));
		assert_true(wait_for(rings_current(&rings, handle)));
		assert_done(pfsnl_ring_watch_remove(handle, rings_watch,
						    &rings));
		rings_init(&rings, &model);
	}
	assert_null(model.complaint);
	pfsnl_close(handle);
}

static void start_voter(struct node *node)
{
	struct pfsnl_settings settings;

	pfsnl_settings_init(&settings);
	assert_done(pfsnl_ifindex(node->handle, "eth0", &settings.ifindex));
	settings.expected_votes = 3;
	settings.present = PFSNL_HAS_IFINDEX | PFSNL_HAS_EXPECTED_VOTES;
	assert_done(pfsnl_start(node->handle, &settings));
}

static void test_quorum(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	struct pfsnl_ring_update ring;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		start_voter(&nodes[i]);
	assert_done(pfsnl_ring_watch_add(handle, rings_watch, &rings));
	assert_true(wait_for(rings_last(&rings).quorate &&
			     rings_last(&rings).count == 3));
	assert_true(wait_for(rings_current(&rings, handle)));
	ring = rings_last(&rings);
	assert_int_equal(ring.votes, 3);
	assert_int_equal(ring.expected_votes, 3);

	assert_done(node_stop(&nodes[2]));
	assert_true(wait_for(rings_last(&rings).count == 2 &&
			     rings_last(&rings).quorate));
	assert_int_equal(rings_last(&rings).votes, 2);
	assert_done(node_stop(&nodes[1]));
	assert_true(wait_for(rings_last(&rings).count == 1));
	assert_true(wait_for(rings_current(&rings, handle)));
	assert_false(rings_last(&rings).quorate);
	assert_int_equal(rings_last(&rings).votes, 1);
	assert_done(pfsnl_ring_watch_remove(handle, rings_watch, &rings));
}

static void test_restart(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	unsigned int i;

	(void)state;
	cluster_up(3);
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	model_await(&model, 3);
	for (i = 0; i < 5; i++) {
		assert_done(node_stop(&nodes[0]));
		assert_done(node_start(&nodes[0]));
	}
	assert_true(wait_for(node_peers(&nodes[0]) == 3));
	assert_true(wait_for(model_is_list(&model, handle)));
	assert_null(model.complaint);
	assert_done(pfsnl_watch_remove(handle, model_watch, &model));
}

static void test_two_watches(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	unsigned int updates;

	(void)state;
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	assert_int_equal(pfsnl_watch_add(handle, model_watch, &model), -EEXIST);
	cluster_up(2);
	model_await(&model, 2);
	assert_done(pfsnl_watch_add(handle, model_watch, &second));
	model_await(&second, 2);
	assert_int_equal(second.updates, 1);
	assert_done(pfsnl_watch_remove(handle, model_watch, &model));
	assert_int_equal(pfsnl_watch_remove(handle, model_watch, &model),
			 -ENOENT);
	updates = model.updates;
	assert_done(node_start(&nodes[2]));
	model_await(&second, 3);
	assert_int_equal(model.updates, updates);
	assert_done(pfsnl_watch_remove(handle, model_watch, &second));
}

/* What a watch does to watches, once. */
struct doing {
	struct pfsnl *handle;
	pthread_t thread;
	unsigned int calls;
	int err;
	bool done;
};

static void add_inside(void *arg, const struct pfsnl_update *update)
{
	struct doing *doing = arg;

	(void)update;
	if (doing->calls++)
		return;
	doing->err = pfsnl_watch_add(doing->handle, model_watch, &model);
	__atomic_store_n(&doing->done, true, __ATOMIC_RELEASE);
}

static void remove_self(void *arg, const struct pfsnl_update *update)
{
	struct doing *doing = arg;

	(void)update;
	doing->calls++;
	doing->err = pfsnl_watch_remove(doing->handle, remove_self, doing);
	__atomic_store_n(&doing->done, true, __ATOMIC_RELEASE);
}

static void remove_model(void *arg, const struct pfsnl_update *update)
{
	struct doing *doing = arg;

	(void)update;
	if (doing->calls++)
		return;
	doing->err = pfsnl_watch_remove(doing->handle, model_watch, &model);
	__atomic_store_n(&doing->done, true, __ATOMIC_RELEASE);
}

static bool is_done(struct doing *doing)
{
	return __atomic_load_n(&doing->done, __ATOMIC_ACQUIRE);
}

static void test_from_within(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	struct doing adder = { .handle = handle };
	struct doing selfish = { .handle = handle };
	struct doing remover = { .handle = handle };

	(void)state;
	cluster_up(2);
	assert_done(pfsnl_watch_add(handle, add_inside, &adder));
	assert_true(wait_for(is_done(&adder)));
	assert_int_equal(adder.err, 0);
	model_await(&model, 2);
	assert_int_equal(model.updates, 1);

	assert_done(pfsnl_watch_add(handle, remove_self, &selfish));
	assert_true(wait_for(is_done(&selfish)));
	assert_int_equal(selfish.err, 0);
	assert_int_equal(pfsnl_watch_remove(handle, remove_self, &selfish),
			 -ENOENT);

	assert_done(pfsnl_watch_add(handle, remove_model, &remover));
	assert_true(wait_for(is_done(&remover)));
	assert_int_equal(remover.err, 0);
	assert_int_equal(pfsnl_watch_remove(handle, model_watch, &model),
			 -ENOENT);
	assert_done(node_start(&nodes[2]));
	assert_done(pfsnl_watch_add(handle, model_watch, &second));
	model_await(&second, 3);
	assert_int_equal(selfish.calls, 1);
	assert_int_equal(model.updates, 1);

	assert_done(pfsnl_watch_remove(handle, model_watch, &second));
	assert_done(pfsnl_watch_remove(handle, remove_model, &remover));
	assert_done(pfsnl_watch_remove(handle, add_inside, &adder));
}

/* All watches of a handle run on one thread, which isn't the caller's. */
static void note_thread(void *arg, const struct pfsnl_update *update)
{
	struct doing *doing = arg;

	(void)update;
	doing->thread = pthread_self();
	__atomic_store_n(&doing->done, true, __ATOMIC_RELEASE);
}

static void test_one_thread(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	struct doing a = { .handle = handle }, b = { .handle = handle };

	(void)state;
	assert_done(pfsnl_watch_add(handle, note_thread, &a));
	assert_done(pfsnl_watch_add(handle, note_thread, &b));
	assert_true(wait_for(is_done(&a) && is_done(&b)));
	assert_true(pthread_equal(a.thread, b.thread));
	assert_false(pthread_equal(a.thread, pthread_self()));
	assert_done(pfsnl_watch_remove(handle, note_thread, &a));
	assert_done(pfsnl_watch_remove(handle, note_thread, &b));
	assert_int_equal(pfsnl_watch_fd(handle), -EBUSY);
	assert_int_equal(pfsnl_dispatch(handle), -EBUSY);
}

static void close_inside(void *arg, const struct pfsnl_update *update)
{
	struct doing *doing = arg;

	(void)update;
	pfsnl_close(doing->handle);
	doing->calls++;
	__atomic_store_n(&doing->done, true, __ATOMIC_RELEASE);
}

static void test_close_from_within(void **state)
{
	struct doing doing = { 0 };
	struct pollfd pfd = { .events = POLLIN };

	(void)state;
	assert_done(pfsnl_open_netns(&doing.handle, nodes[0].netns));
	assert_done(pfsnl_watch_add(doing.handle, close_inside, &doing));
	assert_true(wait_for(is_done(&doing)));
	assert_int_equal(doing.calls, 1);

	doing.done = false;
	assert_done(pfsnl_open_netns(&doing.handle, nodes[0].netns));
	pfd.fd = pfsnl_watch_fd(doing.handle);
	assert_done(pfsnl_watch_add(doing.handle, close_inside, &doing));
	assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
	assert_done(pfsnl_dispatch(doing.handle));
	assert_true(is_done(&doing));
	assert_int_equal(doing.calls, 2);
}

/* ---- loops and monitors --------------------------------------------- */

struct nested {
	struct pfsnl *handle;
	int err;
};

static void dispatch_inside(void *arg, const struct pfsnl_update *update)
{
	struct nested *nested = arg;

	(void)update;
	nested->err = pfsnl_dispatch(nested->handle);
}

/* Runs the loop until the model has so many nodes. */
static void loop_until(struct pfsnl *handle, size_t count)
{
	struct pollfd pfd = { .fd = pfsnl_watch_fd(handle), .events = POLLIN };
	struct timespec limit = deadline_in(PATIENCE_MS);

	while (model_count(&model) != count && !past(&limit)) {
		poll(&pfd, 1, 1000);
		assert_done(pfsnl_dispatch(handle));
	}
	assert_null(model.complaint);
	assert_int_equal(model_count(&model), count);
}

static void test_loop(void **state)
{
	struct nested nested = { 0 };
	struct pollfd pfd = { .events = POLLIN };

	(void)state;
	assert_done(pfsnl_open_netns(&nested.handle, nodes[0].netns));
	pfd.fd = pfsnl_watch_fd(nested.handle);
	assert_true(pfd.fd >= 0);
	assert_done(pfsnl_watch_add(nested.handle, model_watch, &model));
	assert_done(pfsnl_watch_add(nested.handle, dispatch_inside, &nested));
	/* Nothing happens but in the loop, which is asked for. */
	assert_int_equal(model.updates, 0);
	assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
	assert_done(pfsnl_dispatch(nested.handle));
	assert_int_equal(model.updates, 1);
	assert_int_equal(nested.err, -EBUSY);
	cluster_up(3);
	loop_until(nested.handle, 3);
	assert_done(node_stop(&nodes[1]));
	loop_until(nested.handle, 2);
	assert_done(node_stop(&nodes[0]));
	loop_until(nested.handle, 0);
	pfsnl_close(nested.handle);
}

struct log {
	pthread_mutex_t lock;
	unsigned int updates, states, downs, rings, others;
	uint64_t generation, instance;
	uint64_t ring;		/* that the last update made */
	bool gap, odd;
	bool untold;		/* that ring is yet to come */
};

static void log_event(void *arg, const struct pfsnl_event *event)
{
	struct log *log = arg;

	pthread_mutex_lock(&log->lock);
	switch (event->type) {
	case PFSNL_EVENT_UPDATE:
		if (!event->update || event->state || event->ring ||
		    !event->update->count || !event->update->why ||
		    !pfsnl_why_name(event->update->why[0]))
			log->odd = true;
		if (event->update->instance != log->instance)
			log->generation = 0;
		if (event->update->generation != log->generation + 1)
			log->gap = true;
		/* A remove and an add can make one ring. */
		if (log->untold && event->update->ring.seq != log->ring)
			log->odd = true;
		log->ring = event->update->ring.seq;
		log->untold = true;
		log->generation = event->update->generation;
		log->instance = event->update->instance;
		log->updates++;
		break;
	case PFSNL_EVENT_RING:
		/* It follows the updates that led to it. */
		if (!event->ring || event->state || event->update ||
		    !event->ring->count || !event->ring->ring.seq ||
		    event->ring->generation != log->generation ||
		    event->ring->ring.seq < log->ring)
			log->odd = true;
		log->untold = false;
		log->rings++;
		break;
	case PFSNL_EVENT_STATE:
		if (!event->state || event->update || event->ring)
			log->odd = true;
		if (event->state->role == PFSNL_ROLE_DOWN)
			log->downs++;
		log->states++;
		break;
	default:
		log->others++;
		break;
	}
	pthread_mutex_unlock(&log->lock);
}

static unsigned int log_downs(struct log *log)
{
	unsigned int downs;

	pthread_mutex_lock(&log->lock);
	downs = log->downs;
	pthread_mutex_unlock(&log->lock);
	return downs;
}

static void test_monitor(void **state)
{
	struct log log = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct pfsnl *handle;
	uint64_t generation;

	(void)state;
	/* A fresh one, which has no events of the tests before to tell. */
	assert_done(pfsnl_open_netns(&handle, nodes[0].netns));
	assert_done(pfsnl_monitor_add(handle, log_event, &log));
	assert_int_equal(pfsnl_monitor_add(handle, log_event, &log), -EEXIST);
	cluster_up(3);
	assert_done(node_stop(&nodes[2]));
	assert_true(wait_for(node_peers(&nodes[0]) == 2));
	generation = node_generation(&nodes[0]);
	assert_done(node_stop(&nodes[0]));
	assert_true(wait_for(log_downs(&log) == 1));
	assert_done(pfsnl_monitor_remove(handle, log_event, &log));
	assert_int_equal(pfsnl_monitor_remove(handle, log_event, &log),
			 -ENOENT);
	assert_false(log.odd);
	assert_false(log.gap);
	assert_int_equal(log.others, 0);
	assert_true(log.updates >= generation);
	assert_true(log.states >= 3);
	/* One with all, and one without the third. */
	assert_true(log.rings >= 2);
	assert_false(log.untold);
	pfsnl_close(handle);
}

#define on_nodes(test) \
	cmocka_unit_test_setup_teardown(test, model_setup, nodes_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_nodes(test_down),
		on_nodes(test_refusals),
		on_nodes(test_settings),
		on_nodes(test_peers),
		on_nodes(test_stats),
		on_nodes(test_permission),
		on_nodes(test_life),
		on_nodes(test_why),
		on_nodes(test_rings),
		on_nodes(test_rings_late),
		on_nodes(test_quorum),
		on_nodes(test_restart),
		on_nodes(test_two_watches),
		on_nodes(test_from_within),
		on_nodes(test_one_thread),
		on_nodes(test_close_from_within),
		on_nodes(test_loop),
		on_nodes(test_monitor),
	};

	return cm_main(tests, nodes_open, nodes_close);
}
