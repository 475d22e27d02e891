/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A view: the nodes that take part in the ordered messages, as the sequence of
 * messages itself says. It follows the rings, but a ring is installed at once
 * and enters the view when its turn among the messages comes.
 *
 * A sorted array that is replaced as a whole, so that a change is made or not.
 */
#ifndef PFSNL_CORE_VIEW_H
#define PFSNL_CORE_VIEW_H

#include <linux/types.h>

struct pfsnl_mark;

/**
 * struct pfsnl_viewed - a node of a view
 * @incarnation: which life of it
 * @sent: largest count of its messages that have a number
 * @addr: the node, host order
 */
struct pfsnl_viewed {
	u64 incarnation;
	u64 sent;
	u32 addr;
};

/**
 * struct pfsnl_view - who takes part
 * @at: the nodes, rising by address
 * @n: how many
 */
struct pfsnl_view {
	struct pfsnl_viewed *at;
	u32 n;
};

struct pfsnl_viewed *pfsnl_view_find(const struct pfsnl_view *v, u32 addr,
				     u64 incarnation);
int pfsnl_view_after(const struct pfsnl_view *v, const struct pfsnl_mark *m,
		     struct pfsnl_viewed *at);

#endif /* PFSNL_CORE_VIEW_H */
