/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that is used again: while much is transmitted, messages and pieces of them come
 * and go by thousands. Each is as large as some pages, and many kernels clear pages
 * whenever they are allocated (init_on_alloc), which takes longer than all else that is
 * done with them.
 *
 * Who may touch what: all of it is under pfsnl_instance.lock.
 */
#ifndef PFSNL_POOL_H
#define PFSNL_POOL_H

#include <linux/kthread.h>
#include <linux/types.h>

/* sizes that are kept, 32 and 64 KiB; others are allocated and freed as they are */
#define PFSNL_POOL_SIZES	2
/* and how many of each, 3 MiB together */
#define PFSNL_POOL_MAX		32

/**
 * struct pfsnl_pool - what was freed and is not given back yet
 * @open: something is kept
 * @idle: node thread: what nobody needed for a while is given back
 * @kept: of each size what there is, how much, and the least it was since then
 */
struct pfsnl_pool {
	bool open;
	struct kthread_delayed_work idle;
	struct {
		void *at[PFSNL_POOL_MAX];
		u32 n;
		u32 least;
	} kept[PFSNL_POOL_SIZES];
};

void pfsnl_pool_open(struct pfsnl_pool *pool);
void pfsnl_pool_close(struct pfsnl_pool *pool);
void *pfsnl_pool_alloc(struct pfsnl_pool *pool, size_t size);
void *pfsnl_pool_zalloc(struct pfsnl_pool *pool, size_t size);
void pfsnl_pool_free(struct pfsnl_pool *pool, void *p);

#endif /* PFSNL_POOL_H */
