// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is used again, see pool.h. What is kept is always as large as its size
 * says, and not only as large as somebody asked for, so that the next one may use all of
 * it. No memory is wasted by that: pages come in powers of two.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "instance.h"
#include "pool.h"

#define SIZE_MIN	SZ_32K
/* what was not needed for so long is given back */
#define IDLE_MS		1000

static size_t size_of(u32 i)
{
	return (size_t)SIZE_MIN << i;
}

/* Which of the sizes it takes, or PFSNL_POOL_SIZES: none. */
static u32 class_of(size_t size)
{
	u32 i;

	if (size <= SIZE_MIN / 2)
		return PFSNL_POOL_SIZES;
	for (i = 0; i < PFSNL_POOL_SIZES; i++)
		if (size <= size_of(i))
			break;
	return i;
}

static void arm(struct pfsnl_pool *pool)
{
	struct pfsnl_instance *inst = container_of(pool, struct pfsnl_instance, pool);

	kthread_queue_delayed_work(inst->worker, &pool->idle, msecs_to_jiffies(IDLE_MS));
}

/* Give back all but so many. */
static void shrink(struct pfsnl_pool *pool, u32 i, u32 left)
{
	while (pool->kept[i].n > left)
		kvfree(pool->kept[i].at[--pool->kept[i].n]);
	pool->kept[i].least = pool->kept[i].n;
}

static void idle_work(struct kthread_work *work)
{
	struct pfsnl_pool *pool = container_of(work, struct pfsnl_pool, idle.work);
	struct pfsnl_instance *inst = container_of(pool, struct pfsnl_instance, pool);
	bool more = false;
	u32 i;

	mutex_lock(&inst->lock);
	for (i = 0; i < PFSNL_POOL_SIZES; i++) {
		shrink(pool, i, pool->kept[i].n - pool->kept[i].least);
		more |= pool->kept[i].n;
	}
	if (more && pool->open)
		arm(pool);
	mutex_unlock(&inst->lock);
}

/**
 * pfsnl_pool_open - begin to keep something
 * @pool: an instance's, zeroed; its node thread exists
 */
void pfsnl_pool_open(struct pfsnl_pool *pool)
{
	kthread_init_delayed_work(&pool->idle, idle_work);
	pool->open = true;
}

/**
 * pfsnl_pool_close - give back all, and keep nothing any more
 * @pool: the pool; if it is not open, nothing happens
 *
 * May sleep. The lock of the instance is not held, its node thread still exists. What is
 * freed afterwards is freed at once.
 */
void pfsnl_pool_close(struct pfsnl_pool *pool)
{
	struct pfsnl_instance *inst = container_of(pool, struct pfsnl_instance, pool);
	u32 i;

	if (!pool->open)
		return;
	mutex_lock(&inst->lock);
	pool->open = false;
	for (i = 0; i < PFSNL_POOL_SIZES; i++)
		shrink(pool, i, 0);
	mutex_unlock(&inst->lock);
	kthread_cancel_delayed_work_sync(&pool->idle);
}

/**
 * pfsnl_pool_alloc - memory with any content
 * @pool: the pool
 * @size: bytes
 *
 * May sleep.
 *
 * Return: memory for pfsnl_pool_free(), or NULL.
 */
void *pfsnl_pool_alloc(struct pfsnl_pool *pool, size_t size)
{
	u32 i = class_of(size);

	if (i == PFSNL_POOL_SIZES)
		return kvmalloc(size, GFP_KERNEL);
	if (!pool->kept[i].n)
		return kvmalloc(size_of(i), GFP_KERNEL);
	pool->kept[i].n--;
	pool->kept[i].least = min(pool->kept[i].least, pool->kept[i].n);
	return pool->kept[i].at[pool->kept[i].n];
}

/**
 * pfsnl_pool_zalloc - memory that is zero
 * @pool: the pool
 * @size: bytes
 *
 * May sleep. It is none of what is kept: this is for what stays.
 *
 * Return: memory for pfsnl_pool_free(), or NULL.
 */
void *pfsnl_pool_zalloc(struct pfsnl_pool *pool, size_t size)
{
	u32 i = class_of(size);

	return kvzalloc(i < PFSNL_POOL_SIZES ? size_of(i) : size, GFP_KERNEL);
}

/**
 * pfsnl_pool_free - it is not needed any more
 * @pool: the pool
 * @p: from one of the two above; NULL is allowed
 */
void pfsnl_pool_free(struct pfsnl_pool *pool, void *p)
{
	size_t size = p && pool->open && !is_vmalloc_addr(p) ? ksize(p) : 0;
	u32 i = class_of(size);

	/* what checks how memory is used must see when that ends */
	if (IS_ENABLED(CONFIG_KASAN) || i == PFSNL_POOL_SIZES || size != size_of(i) ||
	    pool->kept[i].n == PFSNL_POOL_MAX) {
		kvfree(p);
		return;
	}
	pool->kept[i].at[pool->kept[i].n++] = p;
	arm(pool);
}
