/* SPDX-License-Identifier: GPL-2.0 */
/* Who has a checkpoint open on a node, and changes it. */
#ifndef PFSNL_BENCH_KEEPER_H
#define PFSNL_BENCH_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include <pfsnl_ckpt.h>

/* The checkpoint of the benchmark. */
#define KEPT "kept"

/* Changes that one has under way at most, and bytes of them. */
#define UNDER_WAY 64
#define UNDER_WAY_BYTES (3 << 20)

/* For all that is under way to come to its end. */
#define KEEPER_MS 60000

/**
 * struct keeper - a handle with the checkpoint open
 * @number: of the node
 * @handle: NULL: it is not open
 * @ckpt: the checkpoint
 * @under_way: changes
 * @bytes: of those
 * @done: operations that are done: see keeper_submit()
 * @last: when the last change was
 * @error: why it failed, "" if it did not
 */
struct keeper {
	int number;
	struct pfsnl *handle;
	struct pfsnl_ckpt *ckpt;
	unsigned int under_way;
	uint32_t bytes;
	uint64_t done;
	uint64_t last;
	char error[160];
};

/*
 * Opens a handle in the namespace, and the checkpoint, created if need be; closes
 * them, also if opening failed.
 */
bool keeper_open(struct keeper *k, int number,
		 const struct pfsnl_ckpt_attr *attr);
void keeper_close(struct keeper *k);

/*
 * Asks for a change, after there is room for it. `whole`: an operation is done with
 * it; else others follow. keeper_finish() waits until all are done.
 */
bool keeper_submit(struct keeper *k, const struct pfsnl_ckpt_op *op, bool whole);
bool keeper_finish(struct keeper *k);

/* Says why it failed, unless that was said already; gives false. */
bool keeper_failed(struct keeper *k, const char *text);

/* Digest of what the checkpoint holds on a node; false: there is none. */
bool kept_digest(struct pfsnl *handle, unsigned char *digest);

#endif /* PFSNL_BENCH_KEEPER_H */
