/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timers of the core: an ordered set of points in time. Nothing ticks here;
 * whoever drives the core asks for the first one and calls back when it is due.
 */
#ifndef PFSNL_CORE_TIMER_H
#define PFSNL_CORE_TIMER_H

#include <linux/rbtree.h>
#include <linux/types.h>

#include "time.h"

struct pfsnl_core;

/**
 * struct pfsnl_timer - something to do at a time
 * @node: in the ordered set while @armed
 * @when: nanoseconds on the clock that the core is driven by
 * @fire: what to do; the timer is no longer armed when it is called
 * @armed: whether it is in the set
 */
struct pfsnl_timer {
	struct rb_node node;
	u64 when;
	void (*fire)(struct pfsnl_core *core, struct pfsnl_timer *t);
	bool armed;
};

struct pfsnl_timers {
	struct rb_root_cached tree;
};

void pfsnl_timers_init(struct pfsnl_timers *ts);
void pfsnl_timer_init(struct pfsnl_timer *t,
		      void (*fire)(struct pfsnl_core *, struct pfsnl_timer *));
void pfsnl_timer_set(struct pfsnl_timers *ts, struct pfsnl_timer *t, u64 when);
void pfsnl_timer_cancel(struct pfsnl_timers *ts, struct pfsnl_timer *t);
u64 pfsnl_timers_next(const struct pfsnl_timers *ts);
struct pfsnl_timer *pfsnl_timers_due(struct pfsnl_timers *ts, u64 now);

#endif /* PFSNL_CORE_TIMER_H */
