/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests that drive whole nodes include.
 */
#ifndef CORE_TEST_WORLD_H
#define CORE_TEST_WORLD_H

#include "test.h"

#include <unistd.h>

#include "level0.h"
#include "world.h"

static inline void world_failed(const char *text)
{
	fail_msg("%s", text);
}

static inline void print_keeper(const struct keeper *k)
{
	struct pfsnl_ckptsvc_state st = keeper_state(k);

	print_error("    checkpoints: %s%s, step %u, error %d, %u wait, %u queued\n",
		    st.joined ? "joined" : "not joined", st.active ? ", active" : "",
		    st.step, st.error, st.waiting, st.queued);
}

static inline void print_world(struct world *w)
{
	u32 i;

	print_error("seed %llu, %.3f ms:\n", (unsigned long long)w->seed,
		    (double)(w->sim.now - 1000 * SIM_S) / SIM_MS);
	for (i = 0; i < w->n; i++) {
		struct pfsnl_state st = node_state(w->nodes[i]);

		print_error("  %08x %s, ring %llu of %08x, %u nodes, %u tethers%s\n",
			    w->nodes[i]->host.addr, pfsnl_role_text(st.role),
			    (unsigned long long)st.ring.seq, st.ring.leader,
			    st.peers, node_tethers(w->nodes[i]),
			    w->nodes[i]->host.state == HOST_ON ? "" :
			    " (not on)");
		if (w->nodes[i]->keeper)
			print_keeper(w->nodes[i]->keeper);
	}
}

/* until all that run are one ring; limit in milliseconds */
#define assert_agree(w, ms)						\
	assert_until(w, world_agrees, NULL, ms)

#define assert_until(w, done, arg, ms)					\
	expect_until(w, done, arg, ms, #done, __FILE__, __LINE__)

static inline void expect_until(struct world *w,
				bool (*done)(struct world *w, void *arg),
				void *arg, u64 ms, const char *what,
				const char *file, int line)
{
	if (world_until(w, done, arg, ms * SIM_MS))
		return;
	print_world(w);
	print_error("not within %llu ms: %s\n", (unsigned long long)ms, what);
	_fail(file, line);
}

/* one update: what it did, and to whom */
static inline void assert_update(const struct update *up, u32 op, u32 addr)
{
	assert_int_equal(up->op, op);
	assert_int_equal(up->n, 1);
	assert_int_equal(up->addrs[0], addr);
}

/* a running cluster of @n nodes, whose listeners' logs are empty */
static inline struct world *world_of(u64 seed, u32 n)
{
	struct world *w = world_new(seed);
	u32 i;

	world_nodes(w, n);
	world_start(w);
	assert_agree(w, 1000);
	/* let what is under way arrive */
	world_run(w, 400 * SIM_MS);
	for (i = 0; i < n; i++)
		watch_forget(&w->nodes[i]->watch);
	return w;
}

static inline u32 runs(struct world *w)
{
	u32 i, n = 0;

	for (i = 0; i < w->n; i++)
		n += node_runs(w->nodes[i]);
	return n;
}

/* the world's mistakes are those of the test that runs */
static inline int world_tests(const struct CMUnitTest *tests, size_t n)
{
	int failed;

	sim_on_failure = world_failed;
	if (getenv("PFSNL_TEST"))
		cmocka_set_test_filter(getenv("PFSNL_TEST"));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = _cmocka_run_group_tests("world", tests, n, NULL, NULL);
	/* a test that fails leaves its world behind, which is no news */
	if (failed) {
		fflush(NULL);
		_exit(1);
	}
	return 0;
}

#define RUN_WORLD_TESTS(tests)	world_tests(tests, ARRAY_SIZE(tests))

#endif /* CORE_TEST_WORLD_H */
