// SPDX-License-Identifier: GPL-2.0
/*
 * Services: what is read of them, and what a listener hears. They are those of a
 * module for tests (kmod/ledger.c), which is loaded here.
 */
#define _GNU_SOURCE
#include "vm.h"

#include <poll.h>
#include <stdarg.h>

#include <pfsnl_sync.h>

static bool loaded;

static bool run(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Whether a command of the shell succeeds. */
static bool run(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	return !system(line);
}

/* Says something to the service of a node. */
static bool tell(const struct node *node, const char *words)
{
	return run("ip netns exec %s sh -c 'echo %s >/proc/net/pfsnl_ledger'",
		   node->netns, words);
}

static int setup(void **state)
{
	const char *module = getenv("PFSNL_KO");
	const char *end = module ? strstr(module, "/kmod/pfsnl.ko") : NULL;

	if (end)
		loaded = run("f=%.*s-breakable/kmod/pfsnl_ledger.ko; [ ! -r $f ] || insmod $f; [ -r $f ]",
			     (int)(end - module), module);
	if (!loaded)
		fprintf(stderr, "# no pfsnl_ledger.ko: tools/build-module --breakable\n");
	return nodes_open(state);
}

static int teardown(void **state)
{
	if (loaded)
		run("rmmod pfsnl_ledger");
	return nodes_close(state);
}

/* The service of the test module; checkpoints are there in any case. */
static const struct pfsnl_service *ledger_in(const struct pfsnl_sync *sync)
{
	size_t i;

	for (i = 0; i < pfsnl_sync_count(sync); i++)
		if (pfsnl_sync_at(sync, i)->id == 20)
			return pfsnl_sync_at(sync, i);
	return NULL;
}

/* The first service of a node, in a list that is to be freed; or NULL. */
static const struct pfsnl_service *ask(const struct node *node,
				       struct pfsnl_sync **sync)
{
	pfsnl_sync_free(*sync);
	*sync = NULL;
	if (pfsnl_sync_get(node->handle, sync))
		return NULL;
	return ledger_in(*sync);
}

static bool is_at(const struct node *node, uint32_t phase)
{
	struct pfsnl_sync *sync = NULL;
	const struct pfsnl_service *s = ask(node, &sync);
	bool is = s && s->phase == phase;

	pfsnl_sync_free(sync);
	return is;
}

static void together(unsigned int n)
{
	struct in_addr *addrs;
	size_t count = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		assert_done(node_start(&nodes[i]));
	assert_true(wait_for(!pfsnl_peer_addrs(nodes[0].handle, &addrs,
					       &count) &&
			     (free(addrs), count == n)));
}

static void test_read(void **state)
{
	struct pfsnl_sync *sync = NULL;
	const struct pfsnl_service *s;

	(void)state;
	assert_int_equal(pfsnl_sync_get(nodes[0].handle, &sync), -ENETDOWN);
	assert_has(pfsnl_errmsg(), "pfsnl up");
	assert_null(sync);
	together(3);
	assert_done(pfsnl_sync_get(nodes[0].handle, &sync));
	assert_int_equal(pfsnl_sync_count(sync), 1);
	assert_int_equal(pfsnl_sync_at(sync, 0)->id, 1);
	assert_null(pfsnl_sync_at(sync, 1));
	if (!loaded) {
		pfsnl_sync_free(sync);
		skip();
	}
	assert_true(tell(&nodes[0], "register"));
	assert_true(wait_for(is_at(&nodes[0], PFSNL_SYNC_PHASE_ACTIVE)));
	assert_true(tell(&nodes[0], "fill 10 x"));
	assert_true(wait_for((s = ask(&nodes[0], &sync)) && s->ops == 10));
	assert_true(tell(&nodes[1], "stuck 1"));
	assert_true(tell(&nodes[1], "register"));
	assert_true(tell(&nodes[2], "register"));
	assert_true(wait_for(is_at(&nodes[2], PFSNL_SYNC_PHASE_BARRIER) &&
			     (s = ask(&nodes[0], &sync)) &&
			     s->members == 3 && s->waits == 1));
	assert_int_equal(pfsnl_sync_count(sync), 2);
	assert_null(pfsnl_sync_at(sync, 2));
	assert_string_equal(s->name, "ledger");
	assert_int_equal(s->phase, PFSNL_SYNC_PHASE_BARRIER);
	assert_true(s->transmits);
	assert_int_equal(s->items, 10);
	assert_int_equal(s->turn, 20);
	assert_int_equal(s->num_waits_for, 1);
	assert_string_equal(inet_ntoa(s->waits_for[0]), "10.77.0.2");
	assert_true(s->activated);
	assert_true(s->active_ring.seq && s->active_ring.seq < s->ring.seq);
	assert_true(tell(&nodes[1], "stuck 0"));
	assert_true(wait_for(is_at(&nodes[0], PFSNL_SYNC_PHASE_ACTIVE)));
	s = ask(&nodes[0], &sync);
	assert_non_null(s);
	assert_int_equal(s->waits, 0);
	assert_int_equal(s->num_waits_for, 0);
	assert_int_equal(s->turn, 0);
	assert_true(s->active_ring.seq == s->ring.seq);
	pfsnl_sync_free(sync);
}

/* The next thing that is heard, in a list that is to be freed. */
static const struct pfsnl_service *hear(struct pfsnl_sync_listener *listener,
					struct pfsnl_sync **sync)
{
	struct pollfd fd = {
		.fd = pfsnl_sync_listener_fd(listener),
		.events = POLLIN,
	};

	do {
		pfsnl_sync_free(*sync);
		*sync = NULL;
		if (poll(&fd, 1, PATIENCE_MS) != 1)
			return NULL;
		if (pfsnl_sync_listener_next(listener, sync))
			return NULL;
	} while (!ledger_in(*sync));
	return ledger_in(*sync);
}

static void test_listen(void **state)
{
	struct pfsnl_sync_listener *listener;
	struct pfsnl_sync *sync = NULL;
	const struct pfsnl_service *s;
	struct pfsnl *handle;
	uint64_t activated;

	(void)state;
	if (!loaded)
		skip();
	assert_done(pfsnl_open_netns(&handle, nodes[0].netns));
	assert_done(pfsnl_sync_listen(handle, &listener));
	/* it needs the handle no more */
	pfsnl_close(handle);
	assert_int_equal(pfsnl_sync_listener_next(listener, &sync), -EAGAIN);
	assert_null(sync);
	together(3);
	assert_true(tell(&nodes[0], "register"));
	do {
		s = hear(listener, &sync);
		assert_non_null(s);
		assert_int_equal(s->id, 20);
	} while (s->phase != PFSNL_SYNC_PHASE_ACTIVE);
	assert_int_equal(pfsnl_sync_count(sync), 1);
	activated = s->activated;
	assert_true(activated > 0);
	/* that states are transmitted is not heard, however much it is */
	assert_true(tell(&nodes[0], "fill 300 x"));
	assert_true(wait_for((s = ask(&nodes[0], &sync)) && s->ops == 300));
	pfsnl_sync_free(sync);
	assert_int_equal(pfsnl_sync_listener_next(listener, &sync), -EAGAIN);
	assert_true(tell(&nodes[1], "register"));
	do {
		s = hear(listener, &sync);
		assert_non_null(s);
	} while (s->members != 2 || s->phase != PFSNL_SYNC_PHASE_ACTIVE);
	assert_int_equal(s->items, 300);
	assert_true(s->activated > activated && s->activated < activated + 5);
	assert_true(tell(&nodes[0], "unregister"));
	do {
		s = hear(listener, &sync);
		assert_non_null(s);
	} while (s->phase != PFSNL_SYNC_PHASE_GONE);
	assert_int_equal(s->waits, 0);
	assert_true(tell(&nodes[1], "unregister"));
	pfsnl_sync_free(sync);
	pfsnl_sync_listener_close(listener);
	pfsnl_sync_listener_close(NULL);
}

/* Whoever has a service when its node is stopped gives it back afterwards. */
static int give_back(void **state)
{
	unsigned int i;
	int err = nodes_stop(state);

	for (i = 0; loaded && i < num_nodes; i++)
		run("ip netns exec %s sh -c 'echo unregister >/proc/net/pfsnl_ledger' 2>/dev/null",
		    nodes[i].netns);
	return err;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_read, give_back),
		cmocka_unit_test_teardown(test_listen, give_back),
	};

	return cm_main(tests, setup, teardown);
}
