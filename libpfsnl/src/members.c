// SPDX-License-Identifier: LGPL-2.1
/* Sets of members of a group, and what a change makes of one. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"

static int order(const struct pfsnl_group_member *a,
		 const struct pfsnl_group_member *b)
{
	uint32_t x = ntohl(a->addr.s_addr), y = ntohl(b->addr.s_addr);

	if (x != y)
		return x < y ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return 0;
}

static int order_named(const void *a, const void *b)
{
	const struct pfsnl_named *x = a, *y = b;

	return order(&x->member, &y->member);
}

static int reserve(struct pfsnl_group_members *set, size_t room)
{
	struct pfsnl_group_member *members;

	if (room <= set->room)
		return 0;
	members = reallocarray(set->members, room, sizeof(*members));
	if (!members)
		return -ENOMEM;
	set->members = members;
	set->room = room;
	return 0;
}

int pfsnl_members_append(struct pfsnl_group_members *set,
			 const struct pfsnl_group_member *member)
{
	if (set->count == set->room &&
	    reserve(set, set->room ? 2 * set->room : 16))
		return -ENOMEM;
	set->members[set->count++] = *member;
	return 0;
}

int pfsnl_members_copy(struct pfsnl_group_members *to,
		       const struct pfsnl_group_members *from)
{
	if (!from->count)
		return 0;
	if (reserve(to, from->count))
		return -ENOMEM;
	memcpy(to->members, from->members,
	       from->count * sizeof(*from->members));
	to->count = from->count;
	return 0;
}

void pfsnl_members_clear(struct pfsnl_group_members *set)
{
	free(set->members);
	memset(set, 0, sizeof(*set));
}

void pfsnl_outcome_free(struct pfsnl_outcome *out)
{
	pfsnl_members_clear(&out->now);
	pfsnl_members_clear(&out->gone);
	free(out->all);
	memset(out, 0, sizeof(*out));
}

/*
 * One that was there before (`old`), is named (`by`), or both. There is room
 * for it wherever it belongs. Who came is marked by its reason for now.
 */
static void change_one(const struct pfsnl_group_member *old,
		       const struct pfsnl_named *by, bool whole,
		       struct pfsnl_outcome *out)
{
	struct pfsnl_group_member one = by ? by->member : *old;
	bool gone = by ? by->change == PFSNL_GROUP_CHANGE_GONE : whole;

	if (gone) {
		/* Who was never there can't go. */
		if (old)
			out->gone.members[out->gone.count++] = one;
		return;
	}
	if (old || by->change != PFSNL_GROUP_CHANGE_CAME) {
		one.why = PFSNL_GROUP_WHY_NONE;
	} else {
		if (one.why == PFSNL_GROUP_WHY_NONE)
			one.why = PFSNL_GROUP_WHY_JOINED;
		out->num_came++;
	}
	out->now.members[out->now.count++] = one;
}

static int point(struct pfsnl_outcome *out)
{
	const struct pfsnl_group_member **at;
	size_t i;

	/* One more, as malloc(0) may give NULL. */
	at = calloc(out->now.count + out->num_came + out->gone.count + 1,
		    sizeof(*at));
	if (!at)
		return -ENOMEM;
	out->all = at;
	for (i = 0; i < out->now.count; i++)
		*at++ = &out->now.members[i];
	for (i = 0; i < out->now.count; i++)
		if (out->now.members[i].why != PFSNL_GROUP_WHY_NONE)
			*at++ = &out->now.members[i];
	for (i = 0; i < out->gone.count; i++)
		*at++ = &out->gone.members[i];
	out->num_gone = out->gone.count;
	return 0;
}

int pfsnl_members_change(const struct pfsnl_group_members *from,
			 struct pfsnl_named *named, size_t count, bool whole,
			 struct pfsnl_outcome *out)
{
	size_t i = 0, j;
	int way;

	memset(out, 0, sizeof(*out));
	if (count)
		qsort(named, count, sizeof(*named), order_named);
	for (j = 1; j < count; j++)
		if (!order_named(&named[j - 1], &named[j]))
			return -EBADMSG;
	if (reserve(&out->now, from->count + count) ||
	    reserve(&out->gone, from->count))
		goto no_memory;
	for (j = 0; i < from->count || j < count;) {
		if (i == from->count)
			way = 1;
		else if (j == count)
			way = -1;
		else
			way = order(&from->members[i], &named[j].member);
		change_one(way <= 0 ? &from->members[i] : NULL,
			   way >= 0 ? &named[j] : NULL, whole, out);
		i += way <= 0;
		j += way >= 0;
	}
	if (!point(out))
		return 0;
no_memory:
	pfsnl_outcome_free(out);
	return -ENOMEM;
}

PFSNL_EXPORT size_t
pfsnl_group_members_count(const struct pfsnl_group_members *members)
{
	return members->count;
}

PFSNL_EXPORT const struct pfsnl_group_member *
pfsnl_group_members_at(const struct pfsnl_group_members *members, size_t i)
{
	return i < members->count ? &members->members[i] : NULL;
}

PFSNL_EXPORT void pfsnl_group_members_free(struct pfsnl_group_members *members)
{
	if (!members)
		return;
	free(members->members);
	free(members);
}
