// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation of the library (and of libnl, which is linked in for this)
 * fails once: requests must say so and work the next time, and watches must
 * get to know the list all the same. The linker leads allocations here.
 */
#define _GNU_SOURCE
#include "vm.h"

#include <poll.h>

static __thread unsigned long countdown;	/* to the one that fails */
static __thread bool failed;
static unsigned long failures;

static bool fails(void)
{
	if (!countdown || --countdown)
		return false;
	failed = true;
	failures++;
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

static void arm(unsigned long n)
{
	failed = false;
	countdown = n;
}

/* Whether it was hit. */
static bool disarm(void)
{
	countdown = 0;
	return failed;
}

static int do_open(struct pfsnl *handle)
{
	struct pfsnl *other;
	int err = pfsnl_open(&other);

	(void)handle;
	if (!err)
		pfsnl_close(other);
	return err;
}

static int do_instance(struct pfsnl *handle)
{
	struct pfsnl_instance *instance;
	int err = pfsnl_instance_get(handle, &instance);

	if (!err)
		pfsnl_instance_free(instance);
	return err;
}

static int do_peers(struct pfsnl *handle)
{
	struct pfsnl_peers *peers;
	int err = pfsnl_peers_get(handle, &peers);

	if (err)
		return err;
	err = pfsnl_peers_count(peers) == num_nodes ? 0 : -EPROTO;
	pfsnl_peers_free(peers);
	return err;
}

static int do_addrs(struct pfsnl *handle)
{
	struct in_addr *addrs;
	size_t count;
	int err = pfsnl_peer_addrs(handle, &addrs, &count);

	if (err)
		return err;
	free(addrs);
	return count == num_nodes ? 0 : -EPROTO;
}

static int do_stats(struct pfsnl *handle)
{
	struct pfsnl_stats *stats;
	int err = pfsnl_stats_get(handle, &stats);

	if (!err)
		pfsnl_stats_free(stats);
	return err;
}

static int do_set(struct pfsnl *handle)
{
	struct pfsnl_settings settings;

	pfsnl_settings_init(&settings);
	settings.present = PFSNL_HAS_PRIORITY;
	settings.priority = 5;
	return pfsnl_set(handle, &settings);
}

static int do_watch(struct pfsnl *handle)
{
	static struct model model;
	struct pfsnl *own;
	int err;

	(void)handle;
	model_init(&model);
	err = pfsnl_open(&own);
	if (err)
		return err;
	err = pfsnl_watch_fd(own);
	if (err >= 0)
		err = pfsnl_watch_add(own, model_watch, &model);
	pfsnl_close(own);
	return err;
}

static int do_rings(struct pfsnl *handle)
{
	static struct rings rings;
	struct pfsnl *own;
	int err;

	(void)handle;
	rings_init(&rings, NULL);
	err = pfsnl_open(&own);
	if (err)
		return err;
	err = pfsnl_watch_fd(own);
	if (err >= 0)
		err = pfsnl_ring_watch_add(own, rings_watch, &rings);
	pfsnl_close(own);
	return err;
}

static int do_groups(struct pfsnl *handle)
{
	struct pfsnl_groups *groups;
	int err = pfsnl_groups_get(handle, &groups);

	if (err)
		return err;
	err = pfsnl_groups_count(groups) == 1 ? 0 : -EPROTO;
	pfsnl_groups_free(groups);
	return err;
}

static int do_members(struct pfsnl *handle)
{
	struct pfsnl_group_members *members;
	int err = pfsnl_group_members_get(handle, "nomem", &members);

	if (err)
		return err;
	err = pfsnl_group_members_count(members) ? 0 : -EPROTO;
	pfsnl_group_members_free(members);
	return err;
}

/* What a membership was told. */
struct told {
	size_t members;
	size_t bytes;
	uint32_t why;
	bool over;
};

static void on_changed(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_update *update)
{
	struct told *told = arg;

	(void)group;
	told->members = update->count;
}

static void on_message(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_message *message)
{
	struct told *told = arg;

	(void)group;
	told->bytes = message->len;
}

static void on_over(void *arg, struct pfsnl_group *group, uint32_t why)
{
	struct told *told = arg;

	(void)group;
	told->over = true;
	told->why = why;
}

static const struct pfsnl_group_calls calls = {
	.size = sizeof(calls),
	.changed = on_changed,
	.message = on_message,
	.over = on_over,
};

static int do_join(struct pfsnl *handle)
{
	static struct told told;
	struct pfsnl_group *group;
	int err = pfsnl_group_join(handle, "other", &calls, &told, NULL,
				   &group);

	if (!err)
		pfsnl_group_close(group);
	return err;
}

/* Every allocation of it fails, one in each round. */
static void each(struct pfsnl *handle, int (*doit)(struct pfsnl *handle),
		 const char *name)
{
	unsigned long n;
	bool hit;
	int err;

	for (n = 1; ; n++) {
		arm(n);
		err = doit(handle);
		hit = disarm();
		if (!hit && err)
			fail_msg("%s: %s", name, pfsnl_errmsg());
		if (!hit)
			break;
		if (err && err != -ENOMEM)
			fail_msg("%s, allocation %lu: %d, %s", name, n, err,
				 pfsnl_errmsg());
		err = doit(handle);
		if (err)
			fail_msg("%s after allocation %lu had failed: %d, %s",
				 name, n, err, pfsnl_errmsg());
	}
	print_message("# %s: %lu allocations\n", name, n - 1);
	assert_true(n > 1);
}

static void test_requests(void **state)
{
	struct pfsnl *handle = nodes[0].handle;

	(void)state;
	cluster_up(num_nodes);
	each(handle, do_open, "pfsnl_open");
	each(handle, do_instance, "pfsnl_instance_get");
	each(handle, do_peers, "pfsnl_peers_get");
	each(handle, do_addrs, "pfsnl_peer_addrs");
	each(handle, do_stats, "pfsnl_stats_get");
	each(handle, do_set, "pfsnl_set");
	each(handle, do_watch, "pfsnl_watch_add");
	each(handle, do_rings, "pfsnl_ring_watch_add");
	assert_true(failures > 20);
}

/*
 * In each round a node goes and comes, and allocation n of what takes the
 * events in fails.
 */
static void test_events(void **state)
{
	struct pollfd pfd = { .events = POLLIN };
	static struct model model;
	static struct rings rings;
	struct pfsnl *handle;
	unsigned long n;
	bool hit = true;

	(void)state;
	model_init(&model);
	rings_init(&rings, &model);
	cluster_up(num_nodes);
	assert_done(pfsnl_open_netns(&handle, nodes[0].netns));
	pfd.fd = pfsnl_watch_fd(handle);
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	assert_done(pfsnl_ring_watch_add(handle, rings_watch, &rings));
	assert_true(wait_for(!pfsnl_dispatch(handle) &&
			     model_is_list(&model, handle)));
	for (n = 1; hit; n++) {
		assert_done(node_stop(&nodes[1]));
		assert_true(wait_for(node_peers(&nodes[0]) == num_nodes - 1));
		assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
		arm(n);
		pfsnl_dispatch(handle);
		hit = disarm();
		assert_null(model.complaint);
		/* Without further events: what is missing is tried again. */
		assert_true(wait_for(poll(&pfd, 1, 0) >= 0 &&
				     !pfsnl_dispatch(handle) &&
				     model_is_list(&model, handle) &&
				     rings_current(&rings, handle)));
		assert_done(node_start(&nodes[1]));
		assert_true(wait_for(node_peers(&nodes[0]) == num_nodes));
		assert_true(wait_for(!pfsnl_dispatch(handle) &&
				     model_is_list(&model, handle)));
		assert_null(model.complaint);
	}
	print_message("# events: %lu allocations\n", n - 2);
	assert_true(n > 3);
	assert_true(model.refreshes > 0);
	pfsnl_close(handle);
}

static void test_group_requests(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	struct pfsnl_group *group;
	struct told told = { 0 };

	(void)state;
	cluster_up(num_nodes);
	each(handle, do_join, "pfsnl_group_join");
	assert_done(pfsnl_group_join(handle, "nomem", &calls, &told, NULL,
				     &group));
	assert_true(wait_for(pfsnl_group_dispatch(group, 0) >= 0 &&
			     told.members == 1));
	assert_true(wait_for(!do_groups(handle)));
	each(handle, do_groups, "pfsnl_groups_get");
	each(handle, do_members, "pfsnl_group_members_get");
	assert_done(pfsnl_group_leave(group, PATIENCE_MS));
	assert_int_equal(told.why, PFSNL_GROUP_WHY_LEFT);
}

/*
 * In each round allocation n of what a membership needs for its events fails.
 * It may not leave one out: either it is told all, or that it is over.
 */
static void test_group_events(void **state)
{
	static char data[100000];
	struct pfsnl_group *group;
	unsigned long n;
	bool hit = true;

	(void)state;
	cluster_up(num_nodes);
	for (n = 1; hit; n++) {
		struct told told = { 0 };

		assert_done(pfsnl_group_join(nodes[0].handle, "nomem", &calls,
					     &told, NULL, &group));
		arm(n);
		assert_done(pfsnl_group_send(group, data, sizeof(data), 0,
					     NULL));
		/* What comes meanwhile is kept. */
		assert_done(pfsnl_group_alive(group));
		assert_true(wait_for(pfsnl_group_dispatch(group, 0) < 0 ||
				     told.bytes || told.over));
		hit = disarm();
		if (told.over) {
			assert_true(hit);
			assert_int_equal(told.why, PFSNL_GROUP_WHY_NO_MEMORY);
			assert_int_equal(told.bytes, 0);
			assert_int_equal(pfsnl_group_send(group, "x", 1, 0,
							  NULL), -ENOTCONN);
			pfsnl_group_close(group);
		} else {
			assert_int_equal(told.bytes, sizeof(data));
			assert_int_equal(told.members, 1);
			assert_done(pfsnl_group_leave(group, PATIENCE_MS));
			assert_true(told.over);
		}
		assert_true(wait_for(!do_join(nodes[0].handle)));
	}
	print_message("# events of a group: %lu allocations\n", n - 2);
	assert_true(n > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_requests, nodes_stop),
		cmocka_unit_test_teardown(test_events, nodes_stop),
		cmocka_unit_test_teardown(test_group_requests, nodes_stop),
		cmocka_unit_test_teardown(test_group_events, nodes_stop),
	};

	return cm_main(tests, nodes_open, nodes_close);
}
