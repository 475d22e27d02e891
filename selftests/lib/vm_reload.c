// SPDX-License-Identifier: GPL-2.0
/*
 * The module is unloaded under a watch and loaded again. PFSNL_KO is the path
 * of the module. A watch must not be the reason why it is loaded.
 */
#define _GNU_SOURCE
#include "vm.h"

#include <fcntl.h>
#include <sys/syscall.h>

static struct model model;
static struct rings rings;
static unsigned int loaded, unloaded;

static void count_news(void *arg, const struct pfsnl_event *event)
{
	(void)arg;
	if (event->type == PFSNL_EVENT_LOADED)
		__atomic_fetch_add(&loaded, 1, __ATOMIC_RELEASE);
	if (event->type == PFSNL_EVENT_UNLOADED)
		__atomic_fetch_add(&unloaded, 1, __ATOMIC_RELEASE);
}

static bool saw(unsigned int *counter, unsigned int count)
{
	return __atomic_load_n(counter, __ATOMIC_ACQUIRE) == count;
}

static void remove_module(void)
{
	if (syscall(SYS_delete_module, "pfsnl", O_NONBLOCK))
		fail_msg("can't unload the module: %s", strerror(errno));
}

static void insert_module(void)
{
	const char *path = getenv("PFSNL_KO");
	int fd;

	assert_non_null(path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	if (syscall(SYS_finit_module, fd, "", 0))
		fail_msg("can't load %s: %s", path, strerror(errno));
	close(fd);
}

/* Whether asking for the module loads it by itself. */
static bool loads_itself(void)
{
	return !system("modprobe -qn pfsnl");
}

static void test_reload(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	struct model late;
	int i;

	(void)state;
	model_init(&model);
	rings_init(&rings, &model);
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	assert_done(pfsnl_ring_watch_add(handle, rings_watch, &rings));
	assert_done(pfsnl_monitor_add(handle, count_news, NULL));
	for (i = 1; i <= 3; i++) {
		cluster_up(3);
		model_await(&model, 3);
		remove_module();
		model_await(&model, 0);
		assert_true(wait_for(!rings_last(&rings).instance));
		assert_true(wait_for(saw(&unloaded, i)));
		model_init(&late);
		if (!loads_itself()) {
			assert_int_equal(pfsnl_watch_add(handle, model_watch,
							 &late),
					 -EPROTONOSUPPORT);
			assert_has(pfsnl_errmsg(), "modprobe");
			assert_int_equal(node_start(&nodes[0]),
					 -EPROTONOSUPPORT);
		}
		/* The watch has known for a while, and left it unloaded. */
		assert_true(access("/sys/module/pfsnl", F_OK));
		insert_module();
		assert_true(wait_for(saw(&loaded, i)));
		assert_done(pfsnl_watch_add(handle, model_watch, &late));
		model_await(&late, 0);
		assert_done(node_start(&nodes[1]));
		assert_done(node_start(&nodes[0]));
		model_await(&model, 2);
		model_await(&late, 2);
		assert_true(model_is_list(&model, handle));
		assert_true(wait_for(rings_current(&rings, handle)));
		assert_done(pfsnl_watch_remove(handle, model_watch, &late));
		nodes_stop(NULL);
		model_await(&model, 0);
	}
	assert_null(model.complaint);
	assert_true(saw(&loaded, 3) && saw(&unloaded, 3));
	assert_done(pfsnl_watch_remove(handle, model_watch, &model));
	assert_done(pfsnl_ring_watch_remove(handle, rings_watch, &rings));
	assert_done(pfsnl_monitor_remove(handle, count_news, NULL));
}

/* The program lost the events that told of it, too. */
static void test_reload_unseen(void **state)
{
	struct pfsnl *handle;
	unsigned int i;

	(void)state;
	model_init(&model);
	assert_done(pfsnl_open_netns(&handle, nodes[0].netns));
	assert_true(pfsnl_watch_fd(handle) >= 0);
	assert_done(pfsnl_set_event_buffer(handle, 1));
	assert_done(pfsnl_watch_add(handle, model_watch, &model));
	cluster_up(3);
	while (model_count(&model) != 3)
		assert_done(pfsnl_dispatch(handle));
	for (i = 0; i < 8; i++) {
		remove_module();
		insert_module();
	}
	cluster_up(2);
	while (!model_is_list(&model, handle) && !model.complaint)
		assert_done(pfsnl_dispatch(handle));
	assert_null(model.complaint);
	/* It follows the new module, and not just by chance. */
	assert_done(node_start(&nodes[2]));
	assert_true(wait_for(!pfsnl_dispatch(handle) &&
			     model_count(&model) == 3));
	pfsnl_close(handle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_reload, nodes_stop),
		cmocka_unit_test_teardown(test_reload_unseen, nodes_stop),
	};

	return cm_main(tests, nodes_open, nodes_close);
}
