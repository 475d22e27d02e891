// SPDX-License-Identifier: GPL-2.0
/*
 * Timers of the core.
 */
#include "timer.h"

/**
 * pfsnl_timers_init - an empty set
 * @ts: the set
 */
void pfsnl_timers_init(struct pfsnl_timers *ts)
{
	ts->tree = RB_ROOT_CACHED;
}

/**
 * pfsnl_timer_init - a timer that is not armed
 * @t: the timer
 * @fire: what to do when it is due
 */
void pfsnl_timer_init(struct pfsnl_timer *t,
		      void (*fire)(struct pfsnl_core *, struct pfsnl_timer *))
{
	t->fire = fire;
	t->armed = false;
	t->when = PFSNL_NEVER;
}

/**
 * pfsnl_timer_cancel - take a timer out of the set
 * @ts: the set
 * @t: the timer, armed or not
 */
void pfsnl_timer_cancel(struct pfsnl_timers *ts, struct pfsnl_timer *t)
{
	if (!t->armed)
		return;
	rb_erase_cached(&t->node, &ts->tree);
	t->armed = false;
	t->when = PFSNL_NEVER;
}

/**
 * pfsnl_timer_set - let a timer be due at a time
 * @ts: the set
 * @t: the timer; if it is armed already it moves
 * @when: nanoseconds; PFSNL_NEVER cancels it
 *
 * Timers of the same time are due in the order in which they were set.
 */
void pfsnl_timer_set(struct pfsnl_timers *ts, struct pfsnl_timer *t, u64 when)
{
	struct rb_node **link, *parent = NULL;
	bool first = true;

	if (t->armed && t->when == when)
		return;
	pfsnl_timer_cancel(ts, t);
	if (when == PFSNL_NEVER)
		return;

	link = &ts->tree.rb_root.rb_node;
	while (*link) {
		parent = *link;
		if (when < rb_entry(parent, struct pfsnl_timer, node)->when) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			first = false;
		}
	}
	t->when = when;
	t->armed = true;
	rb_link_node(&t->node, parent, link);
	rb_insert_color_cached(&t->node, &ts->tree, first);
}

/**
 * pfsnl_timers_next - when the first timer is due
 * @ts: the set
 *
 * Return: nanoseconds, PFSNL_NEVER when none is armed.
 */
u64 pfsnl_timers_next(const struct pfsnl_timers *ts)
{
	struct rb_node *first = rb_first_cached(&ts->tree);

	return first ? rb_entry(first, struct pfsnl_timer, node)->when :
		       PFSNL_NEVER;
}

/**
 * pfsnl_timers_due - take the next timer that is due out of the set
 * @ts: the set
 * @now: nanoseconds
 *
 * Return: a timer, no longer armed, or NULL when none is due.
 */
struct pfsnl_timer *pfsnl_timers_due(struct pfsnl_timers *ts, u64 now)
{
	struct rb_node *first = rb_first_cached(&ts->tree);
	struct pfsnl_timer *t;

	if (!first)
		return NULL;
	t = rb_entry(first, struct pfsnl_timer, node);
	if (t->when > now)
		return NULL;
	pfsnl_timer_cancel(ts, t);
	return t;
}
