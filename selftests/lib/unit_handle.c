// SPDX-License-Identifier: GPL-2.0
/*
 * What the library does by itself: texts, namespaces, fork, what it refuses
 * before the kernel is asked; and what it says where there is no module.
 */
#define _GNU_SOURCE
#include "cm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pfsnl.h>
#include <pfsnl_sync.h>

#define assert_has(text, part) \
	do { \
		if (!strstr(text, part)) \
			fail_msg("\"%s\" lacks \"%s\"", text, part); \
	} while (0)

static bool module_loaded(void)
{
	return !access("/sys/module/pfsnl", F_OK);
}

static void nothing(void *arg, const struct pfsnl_update *update)
{
	(void)arg;
	(void)update;
}

static void no_ring(void *arg, const struct pfsnl_ring_update *update)
{
	(void)arg;
	(void)update;
}

static int open_handle(void **state)
{
	return pfsnl_open((struct pfsnl **)state);
}

static int close_handle(void **state)
{
	pfsnl_close(*state);
	return 0;
}

static void test_strerror(void **state)
{
	static const struct {
		int error;
		const char *part;
	} cases[] = {
		{ EPROTONOSUPPORT, "modprobe pfsnl" },
		{ EPERM, "CAP_NET_ADMIN" },
		{ ENETDOWN, "pfsnl up" },
		{ EALREADY, "pfsnl down" },
		{ EOPNOTSUPP, "older" },
		{ ECHILD, "fork" },
		{ ECONNABORTED, "nobody knows" },
		{ ESTALE, "open it again" },
		{ ENOMEM, "memory" },
		{ 99999, "unknown" },
		{ 0, "no error" },
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_has(pfsnl_strerror(cases[i].error), cases[i].part);
		assert_string_equal(pfsnl_strerror(cases[i].error),
				    pfsnl_strerror(-cases[i].error));
		for (j = 0; j < i; j++)
			assert_string_not_equal(pfsnl_strerror(cases[i].error),
						pfsnl_strerror(cases[j].error));
	}
	assert_non_null(pfsnl_strerror(INT32_MIN));
	assert_non_null(pfsnl_strerror(INT32_MAX));
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(pfsnl_role_name(PFSNL_ROLE_DOWN), "down");
	assert_string_equal(pfsnl_role_name(PFSNL_ROLE_LEADER), "leader");
	assert_string_equal(pfsnl_role_name(PFSNL_ROLE_LEAVING), "leaving");
	assert_null(pfsnl_role_name(PFSNL_ROLE_LEAVING + 1));
	assert_string_equal(pfsnl_beacon_to_name(PFSNL_BEACON_TO_STATIC),
			    "static");
	assert_null(pfsnl_beacon_to_name(PFSNL_BEACON_TO_STATIC + 1));
	assert_string_equal(pfsnl_level0_name(PFSNL_LEVEL0_OFF), "off");
	assert_null(pfsnl_level0_name(UINT32_MAX));
	assert_string_equal(pfsnl_why_name(PFSNL_WHY_JOINED), "joined");
	assert_string_equal(pfsnl_why_name(PFSNL_WHY_ALONE), "alone");
	assert_null(pfsnl_why_name(PFSNL_WHY_ALONE + 1));
	assert_null(pfsnl_why_name(PFSNL_WHY_UNKNOWN));
	assert_string_equal(pfsnl_sync_phase_name(PFSNL_SYNC_PHASE_NEW), "new");
	assert_string_equal(pfsnl_sync_phase_name(PFSNL_SYNC_PHASE_GONE), "gone");
	assert_null(pfsnl_sync_phase_name(PFSNL_SYNC_PHASE_GONE + 1));
}

static void test_no_module(void **state)
{
	struct pfsnl_settings settings;
	struct pfsnl_instance *instance;
	struct pfsnl_peers *peers;
	struct pfsnl_sync_listener *listener;
	struct pfsnl_stats *stats;
	struct pfsnl_sync *sync;
	struct in_addr *addrs;
	size_t count;

	if (module_loaded())
		skip();
	pfsnl_settings_init(&settings);
	assert_int_equal(pfsnl_instance_get(*state, &instance),
			 -EPROTONOSUPPORT);
	assert_has(pfsnl_errmsg(), "modprobe pfsnl");
	assert_null(instance);
	assert_int_equal(pfsnl_peers_get(*state, &peers), -EPROTONOSUPPORT);
	assert_null(peers);
	assert_int_equal(pfsnl_peer_addrs(*state, &addrs, &count),
			 -EPROTONOSUPPORT);
	assert_int_equal(pfsnl_stats_get(*state, &stats), -EPROTONOSUPPORT);
	assert_null(stats);
	assert_int_equal(pfsnl_sync_get(*state, &sync), -EPROTONOSUPPORT);
	assert_null(sync);
	assert_int_equal(pfsnl_sync_listen(*state, &listener), -EPROTONOSUPPORT);
	assert_has(pfsnl_errmsg(), "modprobe pfsnl");
	assert_null(listener);
	assert_int_equal(pfsnl_start(*state, NULL), -EPROTONOSUPPORT);
	assert_int_equal(pfsnl_set(*state, &settings), -EPROTONOSUPPORT);
	assert_int_equal(pfsnl_stop(*state, PFSNL_WAIT_DEFAULT),
			 -EPROTONOSUPPORT);
	assert_int_equal(pfsnl_watch_add(*state, nothing, NULL),
			 -EPROTONOSUPPORT);
	assert_has(pfsnl_errmsg(), "modprobe pfsnl");
	assert_int_equal(pfsnl_watch_remove(*state, nothing, NULL), -ENOENT);
	assert_int_equal(pfsnl_ring_watch_add(*state, no_ring, NULL),
			 -EPROTONOSUPPORT);
	assert_has(pfsnl_errmsg(), "modprobe pfsnl");
	assert_int_equal(pfsnl_ring_watch_remove(*state, no_ring, NULL),
			 -ENOENT);
}

static void test_loop_without_watch(void **state)
{
	struct pollfd pfd = { .events = POLLIN };

	pfd.fd = pfsnl_watch_fd(*state);
	assert_true(pfd.fd >= 0);
	assert_int_equal(pfsnl_watch_fd(*state), pfd.fd);
	assert_true(fcntl(pfd.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_int_equal(pfsnl_dispatch(*state), 0);
}

static void test_dispatch_needs_fd(void **state)
{
	assert_int_equal(pfsnl_dispatch(*state), -EBUSY);
	assert_has(pfsnl_errmsg(), "pfsnl_watch_fd");
}

static void test_settings(void **state)
{
	struct pfsnl_settings settings;

	pfsnl_settings_init(&settings);
	settings.present = PFSNL_HAS_STATIC_PEERS;
	settings.num_static_peers = PFSNL_STATIC_PEERS_MAX + 1;
	assert_int_equal(pfsnl_start(*state, &settings), -EINVAL);
	assert_has(pfsnl_errmsg(), "static-peers");

	pfsnl_settings_init(&settings);
	settings.present = PFSNL_HAS_CLUSTER;
	memset(settings.cluster, 'x', sizeof(settings.cluster));
	assert_int_equal(pfsnl_start(*state, &settings), -EINVAL);
	assert_has(pfsnl_errmsg(), "cluster");

	pfsnl_settings_init(&settings);
	settings.present = PFSNL_HAS_PORT;
	settings.port = 1;
	assert_int_equal(pfsnl_set(*state, &settings), -EINVAL);
	assert_has(pfsnl_errmsg(), "port");
	assert_has(pfsnl_errmsg(), "pfsnl down");

	pfsnl_settings_init(&settings);
	settings.present = PFSNL_HAS(63);
	assert_int_equal(pfsnl_start(*state, &settings), -EOPNOTSUPP);
	pfsnl_settings_init(&settings);
	settings.present = PFSNL_HAS(PFSNL_A_INSTANCE_UPTIME);
	assert_int_equal(pfsnl_start(*state, &settings), -EOPNOTSUPP);

	memset(&settings, 0, sizeof(settings));
	assert_int_equal(pfsnl_start(*state, &settings), -EINVAL);
	assert_has(pfsnl_errmsg(), "pfsnl_settings_init");

	assert_int_equal(pfsnl_stop(*state, -2), -EINVAL);
	assert_int_equal(pfsnl_set_event_buffer(*state, 0), -EINVAL);
	assert_int_equal(pfsnl_set_event_buffer(*state, (size_t)1 << 31),
			 -EINVAL);
	assert_int_equal(pfsnl_set_event_buffer(*state, 1), 0);
}

/* A program of yesterday: its structure ends before the last members. */
static void test_short_settings(void **state)
{
	static const struct {
		size_t size;
		uint64_t bit;
		const char *name;
	} cases[] = {
		{ offsetof(struct pfsnl_settings, level0_dead),
		  PFSNL_HAS_LEVEL0_DEAD, "level0-dead" },
		{ offsetof(struct pfsnl_settings, expected_votes),
		  PFSNL_HAS_EXPECTED_VOTES, "expected-votes" },
		{ offsetof(struct pfsnl_settings, votes),
		  PFSNL_HAS_VOTES, "votes" },
		{ offsetof(struct pfsnl_settings, preempt),
		  PFSNL_HAS_PREEMPT, "preempt" },
		{ offsetof(struct pfsnl_settings, retain),
		  PFSNL_HAS_RETAIN, "retain" },
		{ offsetof(struct pfsnl_settings, drain),
		  PFSNL_HAS_DRAIN, "drain" },
		{ offsetof(struct pfsnl_settings, sync_deadline),
		  PFSNL_HAS_SYNC_DEADLINE, "sync-deadline" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pfsnl_settings *settings = malloc(cases[i].size);

		assert_non_null(settings);
		pfsnl_settings_init_size(settings, cases[i].size);
		settings->present = cases[i].bit;
		assert_int_equal(pfsnl_start(*state, settings), -EINVAL);
		assert_has(pfsnl_errmsg(), cases[i].name);
		free(settings);
	}
}

static void test_interfaces(void **state)
{
	uint32_t ifindex = 0;
	char name[16];

	assert_int_equal(pfsnl_ifindex(*state, "lo", &ifindex), 0);
	assert_int_equal(pfsnl_ifname(*state, ifindex, name), 0);
	assert_string_equal(name, "lo");
	assert_int_equal(pfsnl_ifindex(*state, "no-such", &ifindex), -ENODEV);
	assert_has(pfsnl_errmsg(), "no-such");
	assert_int_equal(pfsnl_ifindex(*state, "much-too-long-a-name",
				       &ifindex), -ENODEV);
	assert_int_equal(pfsnl_ifname(*state, 0x7ffffffe, name), -ENODEV);
}

static void test_bad_netns(void **state)
{
	char name[5000];
	struct pfsnl *handle;

	(void)state;
	assert_int_equal(pfsnl_open_netns(&handle, "no-such-ns"), -ENOENT);
	assert_has(pfsnl_errmsg(), "no-such-ns");
	assert_null(handle);
	assert_int_equal(pfsnl_open_netns(&handle, ""), -EINVAL);
	assert_int_equal(pfsnl_open_netns(&handle, ".."), -EINVAL);
	assert_int_equal(pfsnl_open_netns(&handle, "/proc/self/status"),
			 -EINVAL);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_int_equal(pfsnl_open_netns(&handle, name), -ENAMETOOLONG);
}

static ino_t my_netns(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/thread-self/ns/net", &st), 0);
	return st.st_ino;
}

static void *new_netns(void *arg)
{
	int *ready = arg;

	if (unshare(CLONE_NEWNET)) {
		ready[0] = -1;
		return NULL;
	}
	ready[0] = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return NULL;
}

/*
 * A fresh namespace has nothing but "lo", so the interfaces tell which one a
 * handle is in.
 */
static void test_netns(void **state)
{
	struct pfsnl *handle = NULL;
	char path[64], name[16];
	pthread_t thread;
	ino_t before;
	int fd = -1;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(pthread_create(&thread, NULL, new_netns, &fd), 0);
	pthread_join(thread, NULL);
	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	before = my_netns();
	assert_int_equal(pfsnl_open_netns(&handle, path), 0);
	assert_int_equal(my_netns(), before);
	close(fd);
	assert_int_equal(pfsnl_ifname(handle, 1, name), 0);
	assert_string_equal(name, "lo");
	assert_int_equal(pfsnl_ifname(handle, 2, name), -ENODEV);
	pfsnl_close(handle);
}

static void test_netns_permission(void **state)
{
	struct pfsnl *handle;
	pid_t child;
	int status;

	(void)state;
	if (geteuid())
		skip();
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		if (setgid(65534) || setuid(65534))
			_exit(2);
		if (pfsnl_open_netns(&handle, "/proc/self/ns/net") != -EPERM ||
		    !strstr(pfsnl_errmsg(), "CAP_SYS_ADMIN"))
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_fork(void **state)
{
	struct pfsnl_sync_listener *listener;
	struct pfsnl_peers *peers;
	struct pfsnl_sync *sync;
	uint32_t ifindex;
	pid_t child;
	int status;

	assert_true(pfsnl_watch_fd(*state) >= 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		if (pfsnl_peers_get(*state, &peers) != -ECHILD ||
		    pfsnl_watch_add(*state, nothing, NULL) != -ECHILD ||
		    pfsnl_ring_watch_add(*state, no_ring, NULL) != -ECHILD ||
		    pfsnl_sync_get(*state, &sync) != -ECHILD ||
		    pfsnl_sync_listen(*state, &listener) != -ECHILD ||
		    pfsnl_dispatch(*state) != -ECHILD)
			_exit(1);
		pfsnl_close(*state);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(pfsnl_ifindex(*state, "lo", &ifindex), 0);
	assert_int_equal(pfsnl_dispatch(*state), 0);
}

static unsigned int open_fds(bool *all_cloexec)
{
	unsigned int count = 0;
	int fd, flags;

	for (fd = 0; fd < 256; fd++) {
		flags = fcntl(fd, F_GETFD);
		if (flags < 0)
			continue;
		count++;
		if (fd > 2 && !(flags & FD_CLOEXEC))
			*all_cloexec = false;
	}
	return count;
}

static void test_descriptors(void **state)
{
	bool cloexec = true, all = true;
	struct pfsnl *handle;
	unsigned int before;

	(void)state;
	before = open_fds(&cloexec);
	assert_int_equal(pfsnl_open(&handle), 0);
	assert_true(pfsnl_watch_fd(handle) >= 0);
	assert_true(open_fds(&all) > before);
	assert_int_equal(all, cloexec);
	pfsnl_close(handle);
	assert_int_equal(open_fds(&all), before);
	pfsnl_close(NULL);
}

static void *fail_here(void *arg)
{
	(void)arg;
	if (*pfsnl_errmsg())
		return "not empty at first";
	pfsnl_set_event_buffer(arg, 0);
	return strstr(pfsnl_errmsg(), "event buffer") ? NULL : "no text";
}

static void test_errmsg_is_per_thread(void **state)
{
	struct pfsnl *handle;
	pthread_t thread;
	void *complaint;

	assert_int_equal(pfsnl_open_netns(&handle, "no-such-ns"), -ENOENT);
	assert_int_equal(pthread_create(&thread, NULL, fail_here, *state), 0);
	pthread_join(thread, &complaint);
	assert_null(complaint);
	assert_has(pfsnl_errmsg(), "no-such-ns");
}

#define with_handle(test) \
	cmocka_unit_test_setup_teardown(test, open_handle, close_handle)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strerror),
		cmocka_unit_test(test_names),
		with_handle(test_no_module),
		with_handle(test_loop_without_watch),
		with_handle(test_dispatch_needs_fd),
		with_handle(test_settings),
		with_handle(test_short_settings),
		with_handle(test_interfaces),
		cmocka_unit_test(test_bad_netns),
		cmocka_unit_test(test_netns),
		cmocka_unit_test(test_netns_permission),
		with_handle(test_fork),
		cmocka_unit_test(test_descriptors),
		with_handle(test_errmsg_is_per_thread),
	};

	return cm_main(tests, NULL, NULL);
}
