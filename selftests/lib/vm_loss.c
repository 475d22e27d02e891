// SPDX-License-Identifier: GPL-2.0
/*
 * Lost events: the smallest receive buffer and a program that doesn't read it
 * while much happens. Afterwards it must know exactly the list, and must never
 * have been told anything that contradicts what it was told before.
 */
#define _GNU_SOURCE
#include "vm.h"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#define ROUNDS 5
#define CHANGES 24

static struct model model;
static struct rings rings;

struct losses {
	pthread_mutex_t lock;
	unsigned int count;
};

static void count_losses(void *arg, const struct pfsnl_event *event)
{
	struct losses *losses = arg;

	if (event->type != PFSNL_EVENT_LOST)
		return;
	pthread_mutex_lock(&losses->lock);
	losses->count++;
	pthread_mutex_unlock(&losses->lock);
}

static unsigned int losses_count(struct losses *losses)
{
	unsigned int count;

	pthread_mutex_lock(&losses->lock);
	count = losses->count;
	pthread_mutex_unlock(&losses->lock);
	return count;
}

/* Changes the list of node 0 so many times; ends with a random part of it. */
static void churn(unsigned int changes)
{
	uint64_t until = node_generation(&nodes[0]) + changes;
	struct timespec limit = deadline_in(2 * PATIENCE_MS);
	size_t want = 1;
	unsigned int i;

	while (node_generation(&nodes[0]) < until) {
		if (past(&limit))
			fail_msg("%u changes don't come about", changes);
		for (i = 1; i < num_nodes; i++)
			assert_done(node_stop(&nodes[i]));
		for (i = 1; i < num_nodes; i++)
			assert_done(node_start(&nodes[i]));
		assert_true(wait_for(node_peers(&nodes[0]) == num_nodes));
	}
	for (i = 1; i < num_nodes; i++) {
		if (rand() & 1) {
			want++;
			continue;
		}
		assert_done(node_stop(&nodes[i]));
	}
	assert_true(wait_for(node_peers(&nodes[0]) == want));
}

static void restart_all(void)
{
	unsigned int i;

	for (i = 1; i < num_nodes; i++) {
		int err = node_start(&nodes[i]);

		if (err != -EALREADY)
			assert_done(err);
	}
	assert_true(wait_for(node_peers(&nodes[0]) == num_nodes));
}

/* Reads events until the model is the list and nothing more comes. */
static void catch_up(struct pfsnl *handle)
{
	struct pollfd pfd = { .fd = pfsnl_watch_fd(handle), .events = POLLIN };
	struct timespec limit = deadline_in(PATIENCE_MS);

	while (poll(&pfd, 1, 0) > 0 || !model_is_list(&model, handle) ||
	       !rings_current(&rings, handle)) {
		assert_done(pfsnl_dispatch(handle));
		if (past(&limit))
			fail_msg("the watch never gets to know the list");
	}
	if (model.complaint)
		fail_msg("the watch got %s", model.complaint);
}

static void test_loop(void **state)
{
	struct losses losses = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct pfsnl *handle;
	int round;

	(void)state;
	model_init(&model);
	rings_init(&rings, &model);
	cluster_up(num_nodes);
	assert_done(pfsnl_open_netns(&handle, nodes[0].netns));
	assert_true(pfsnl_watch_fd(handle) >= 0);
	assert_done(pfsnl_set_event_buffer(handle, 1));
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	assert_done(pfsnl_ring_watch_add(handle, rings_watch, &rings));
	assert_done(pfsnl_monitor_add(handle, count_losses, &losses));
	catch_up(handle);
	for (round = 0; round < ROUNDS; round++) {
		churn(CHANGES);
		catch_up(handle);
		assert_true(losses.count > (unsigned int)round);
		restart_all();
		catch_up(handle);
	}
	assert_true(model.refreshes > 0);
	assert_true(rings.refreshes > 0);
	pfsnl_close(handle);
}

/* A watch that keeps its thread busy for as long as the gate is shut. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool shut;
	bool inside;
};

static void wait_at_gate(void *arg, const struct pfsnl_update *update)
{
	struct gate *gate = arg;

	(void)update;
	pthread_mutex_lock(&gate->lock);
	while (gate->shut) {
		gate->inside = true;
		pthread_cond_wait(&gate->cond, &gate->lock);
	}
	gate->inside = false;
	pthread_mutex_unlock(&gate->lock);
}

static bool gate_inside(struct gate *gate)
{
	bool inside;

	pthread_mutex_lock(&gate->lock);
	inside = gate->inside;
	pthread_mutex_unlock(&gate->lock);
	return inside;
}

static void gate_set(struct gate *gate, bool shut)
{
	pthread_mutex_lock(&gate->lock);
	gate->shut = shut;
	pthread_cond_broadcast(&gate->cond);
	pthread_mutex_unlock(&gate->lock);
}

static void test_thread(void **state)
{
	struct losses losses = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct gate gate = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.cond = PTHREAD_COND_INITIALIZER,
	};
	struct pfsnl *handle;
	int round;

	(void)state;
	model_init(&model);
	cluster_up(num_nodes);
	assert_done(pfsnl_open_netns(&handle, nodes[0].netns));
	assert_done(pfsnl_set_event_buffer(handle, 1));
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	assert_done(pfsnl_watch_add(handle, wait_at_gate, &gate));
	assert_done(pfsnl_monitor_add(handle, count_losses, &losses));
	assert_true(wait_for(model_is_list(&model, handle)));
	for (round = 0; round < ROUNDS; round++) {
		unsigned int before = losses_count(&losses);

		gate_set(&gate, true);
		assert_done(node_stop(&nodes[1]));
		assert_true(wait_for(gate_inside(&gate)));
		assert_done(node_start(&nodes[1]));
		churn(CHANGES);
		gate_set(&gate, false);
		assert_true(wait_for(model_is_list(&model, handle)));
		assert_null(model.complaint);
		assert_true(wait_for(losses_count(&losses) > before));
		restart_all();
		assert_true(wait_for(model_is_list(&model, handle)));
	}
	pfsnl_close(handle);
	if (model.complaint)
		fail_msg("the watch got %s", model.complaint);
	assert_true(model.refreshes > 0);
}

/* The only netlink socket of ours that is in a multicast group. */
static int event_socket(void)
{
	uint32_t groups[64];
	socklen_t len;
	size_t i;
	int fd;

	for (fd = 3; fd < 256; fd++) {
		len = sizeof(groups);
		memset(groups, 0, sizeof(groups));
		if (getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS,
			       groups, &len))
			continue;
		for (i = 0; i < sizeof(groups) / sizeof(*groups); i++)
			if (groups[i])
				return fd;
	}
	fail_msg("no socket is in a group");
	return -1;
}

/*
 * Events that vanish without any error, as if they had never been sent: only
 * the gap in the generations tells.
 */
static void test_gap(void **state)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog drop_all = { .len = 1, .filter = &nothing };
	struct losses losses = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct pfsnl *handle;
	int round, fd, zero = 0;

	(void)state;
	model_init(&model);
	rings_init(&rings, &model);
	cluster_up(num_nodes);
	assert_done(pfsnl_open_netns(&handle, nodes[0].netns));
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	assert_done(pfsnl_ring_watch_add(handle, rings_watch, &rings));
	assert_done(pfsnl_monitor_add(handle, count_losses, &losses));
	model_await(&model, num_nodes);
	fd = event_socket();
	for (round = 0; round < ROUNDS; round++) {
		unsigned int refreshes = model.refreshes;

		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER,
					    &drop_all, sizeof(drop_all)), 0);
		assert_done(node_stop(&nodes[1]));
		assert_true(wait_for(node_peers(&nodes[0]) == num_nodes - 1));
		assert_int_equal(model_count(&model), num_nodes);
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER,
					    &zero, sizeof(zero)), 0);
		assert_done(node_stop(&nodes[2]));
		model_await(&model, num_nodes - 2);
		assert_true(model_is_list(&model, handle));
		assert_true(model.refreshes > refreshes);
		assert_true(wait_for(rings_current(&rings, handle)));
		restart_all();
		model_await(&model, num_nodes);
		assert_true(wait_for(rings_current(&rings, handle)));
	}
	assert_int_equal(losses_count(&losses), 0);
	pfsnl_close(handle);
	if (model.complaint)
		fail_msg("the watch got %s", model.complaint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_gap, nodes_stop),
		cmocka_unit_test_teardown(test_loop, nodes_stop),
		cmocka_unit_test_teardown(test_thread, nodes_stop),
	};

	srand(7319);
	return cm_main(tests, nodes_open, nodes_close);
}
