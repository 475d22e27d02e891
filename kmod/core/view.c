// SPDX-License-Identifier: GPL-2.0
/*
 * Views. Touches nothing but its arguments.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "ordermsg.h"
#include "view.h"

/* where an address stands, or would stand */
static u32 place(const struct pfsnl_viewed *at, u32 n, u32 addr)
{
	u32 low = 0, high = n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (at[mid].addr < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/**
 * pfsnl_view_find - a node of a view
 * @v: the view
 * @addr: the node, host order
 * @incarnation: which life of it
 *
 * Return: the node, or NULL if this life of it is not in the view.
 */
struct pfsnl_viewed *pfsnl_view_find(const struct pfsnl_view *v, u32 addr,
				     u64 incarnation)
{
	u32 i = place(v->at, v->n, addr);

	if (i == v->n || v->at[i].addr != addr ||
	    v->at[i].incarnation != incarnation)
		return NULL;
	return &v->at[i];
}

/**
 * pfsnl_view_after - the view that follows by a mark
 * @v: the view
 * @m: the mark
 * @at: room for @v->n + @m->added nodes; filled
 *
 * Return: how many nodes the new view has, or -EBADMSG if the mark takes away
 * who isn't there, or adds who is.
 */
int pfsnl_view_after(const struct pfsnl_view *v, const struct pfsnl_mark *m,
		     struct pfsnl_viewed *at)
{
	u32 i, k, n = v->n, addr, why;
	u64 incarnation;

	if (n)
		memcpy(at, v->at, n * sizeof(*at));
	for (i = 0; i < m->removed + m->added; i++) {
		pfsnl_mark_read(m, i, &addr, &why, &incarnation);
		k = place(at, n, addr);
		if (i < m->removed) {
			if (k == n || at[k].addr != addr ||
			    at[k].incarnation != incarnation)
				return -EBADMSG;
			memmove(at + k, at + k + 1, (n - k - 1) * sizeof(*at));
			n--;
			continue;
		}
		if (k < n && at[k].addr == addr)
			return -EBADMSG;
		memmove(at + k + 1, at + k, (n - k) * sizeof(*at));
		at[k] = (struct pfsnl_viewed) {
			.incarnation = incarnation,
			.addr = addr,
		};
		n++;
	}
	return n;
}
