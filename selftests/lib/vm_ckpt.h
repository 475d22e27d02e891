/* SPDX-License-Identifier: GPL-2.0 */
/* For the programs about checkpoints: three nodes on which they can be changed. */
#ifndef PFSNL_TEST_VM_CKPT_H
#define PFSNL_TEST_VM_CKPT_H

#include "vm.h"

#include <stdlib.h>

#include <pfsnl_ckpt.h>

#define RW	(PFSNL_CKPT_READ | PFSNL_CKPT_WRITE)
#define CREATE	(PFSNL_CKPT_CREATE | RW)

#define assert_err(expr, wanted) \
	do { \
		int got_ = (expr); \
		if (got_ != (wanted)) \
			fail_msg("%s gave %d, not %d: %s", #expr, got_, \
				 wanted, got_ < 0 ? pfsnl_errmsg() : ""); \
	} while (0)

static inline struct pfsnl_ckpt *open_on(unsigned int node, const char *name,
					 unsigned int flags)
{
	struct pfsnl_ckpt *ckpt;

	assert_done(pfsnl_ckpt_open(nodes[node].handle, name, flags, NULL,
				    &ckpt));
	return ckpt;
}

/* Of the checkpoint of this name on a node; false if there is none. */
static inline bool digest_on(unsigned int node, const char *name,
			     unsigned char digest[PFSNL_CKPT_DIGEST])
{
	struct pfsnl_ckpt_info *info;

	if (pfsnl_ckpt_info_get(nodes[node].handle, name, &info))
		return false;
	memcpy(digest, info->digest, PFSNL_CKPT_DIGEST);
	pfsnl_ckpt_info_free(info);
	return true;
}

static inline bool same_on(unsigned int a, unsigned int b, const char *name)
{
	unsigned char x[PFSNL_CKPT_DIGEST], y[PFSNL_CKPT_DIGEST];

	return digest_on(a, name, x) && digest_on(b, name, y) &&
	       !memcmp(x, y, sizeof(x));
}

/* Waits until all nodes have the same of it. */
static inline void await_same(const char *name)
{
	assert_true(wait_for(same_on(0, 1, name) && same_on(0, 2, name)));
}

static inline uint32_t refs_on(unsigned int node, const char *name)
{
	struct pfsnl_ckpt_info *info;
	uint32_t refs;

	if (pfsnl_ckpt_info_get(nodes[node].handle, name, &info))
		return UINT32_MAX;
	refs = info->refs;
	pfsnl_ckpt_info_free(info);
	return refs;
}

/* Three nodes, on which checkpoints can be changed. */
static inline int begin(void **state)
{
	struct pfsnl_ckpt_state *all;
	bool active = false;
	unsigned int i;

	(void)state;
	cluster_up(3);
	for (i = 0; i < 3; i++) {
		struct timespec limit = deadline_in(PATIENCE_MS);

		do {
			if (pfsnl_ckpt_state_get(nodes[i].handle, &all))
				return -1;
			active = all->active;
			pfsnl_ckpt_state_free(all);
			usleep(1000);
		} while (!active && !past(&limit));
	}
	return active ? 0 : -1;
}

static inline int end(void **state)
{
	unsigned int i;

	/* What is open goes with the handle, as sockets do. */
	for (i = 0; i < num_nodes; i++) {
		pfsnl_close(nodes[i].handle);
		if (pfsnl_open_netns(&nodes[i].handle, nodes[i].netns))
			return -1;
	}
	return nodes_stop(state);
}

#define ckpt_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

#endif
