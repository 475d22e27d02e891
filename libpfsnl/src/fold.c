// SPDX-License-Identifier: LGPL-2.1
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fold.h"

static int addr_cmp(const void *a, const void *b)
{
	uint32_t x = ntohl(((const struct in_addr *)a)->s_addr);
	uint32_t y = ntohl(((const struct in_addr *)b)->s_addr);

	return (x > y) - (x < y);
}

void pfsnl_addrset_free(struct pfsnl_addrset *set)
{
	free(set->addrs);
	memset(set, 0, sizeof(*set));
}

void pfsnl_addrset_move(struct pfsnl_addrset *to, struct pfsnl_addrset *from)
{
	free(to->addrs);
	*to = *from;
	memset(from, 0, sizeof(*from));
}

static int reserve(struct pfsnl_addrset *set, size_t room)
{
	struct in_addr *addrs;

	if (room <= set->room)
		return 0;
	addrs = reallocarray(set->addrs, room, sizeof(*addrs));
	if (!addrs)
		return -ENOMEM;
	set->addrs = addrs;
	set->room = room;
	return 0;
}

int pfsnl_addrset_append(struct pfsnl_addrset *set, struct in_addr addr)
{
	if (set->count == set->room &&
	    reserve(set, set->room ? 2 * set->room : 16))
		return -ENOMEM;
	set->addrs[set->count++] = addr;
	return 0;
}

void pfsnl_addrset_sort(struct pfsnl_addrset *set)
{
	size_t i, kept = 0;

	if (!set->count)
		return;
	qsort(set->addrs, set->count, sizeof(*set->addrs), addr_cmp);
	for (i = 1; i < set->count; i++)
		if (addr_cmp(&set->addrs[i], &set->addrs[kept]))
			set->addrs[++kept] = set->addrs[i];
	set->count = kept + 1;
}

size_t pfsnl_addrset_find(const struct pfsnl_addrset *set, struct in_addr addr)
{
	const struct in_addr *at = NULL;

	if (set->count)
		at = bsearch(&addr, set->addrs, set->count, sizeof(addr),
			     addr_cmp);
	return at ? (size_t)(at - set->addrs) : set->count;
}

bool pfsnl_addrset_has(const struct pfsnl_addrset *set, struct in_addr addr)
{
	return pfsnl_addrset_find(set, addr) < set->count;
}

int pfsnl_addrset_diff(const struct pfsnl_addrset *from,
		       const struct pfsnl_addrset *to,
		       struct pfsnl_addrset *removed,
		       struct pfsnl_addrset *added)
{
	size_t i = 0, j = 0;
	int order, err = 0;

	while (!err && (i < from->count || j < to->count)) {
		if (i == from->count)
			order = 1;
		else if (j == to->count)
			order = -1;
		else
			order = addr_cmp(&from->addrs[i], &to->addrs[j]);
		if (order < 0) {
			err = pfsnl_addrset_append(removed, from->addrs[i++]);
		} else if (order > 0) {
			err = pfsnl_addrset_append(added, to->addrs[j++]);
		} else {
			i++;
			j++;
		}
	}
	if (err) {
		pfsnl_addrset_free(removed);
		pfsnl_addrset_free(added);
	}
	return err;
}

/* Both are in order and have nothing in common; there is room for both. */
static void merge_in(struct pfsnl_addrset *set,
		     const struct pfsnl_addrset *more)
{
	size_t i = set->count, j = more->count, at = i + j;

	set->count = at;
	while (j) {
		if (i && addr_cmp(&set->addrs[i - 1], &more->addrs[j - 1]) > 0)
			set->addrs[--at] = set->addrs[--i];
		else
			set->addrs[--at] = more->addrs[--j];
	}
}

/* Both are in order and all of `less` is in the set. */
static void take_out(struct pfsnl_addrset *set,
		     const struct pfsnl_addrset *less)
{
	size_t i, j = 0, kept = 0;

	for (i = 0; i < set->count; i++) {
		if (j < less->count &&
		    !addr_cmp(&set->addrs[i], &less->addrs[j]))
			j++;
		else
			set->addrs[kept++] = set->addrs[i];
	}
	set->count = kept;
}

int pfsnl_addrset_apply(struct pfsnl_addrset *set, bool adding,
			const struct in_addr *addrs, size_t count,
			struct pfsnl_addrset *changed)
{
	size_t i;
	int err;

	if (!count)
		return -EILSEQ;
	err = reserve(changed, count);
	if (err)
		return err;
	memcpy(changed->addrs, addrs, count * sizeof(*addrs));
	changed->count = count;
	pfsnl_addrset_sort(changed);

	err = changed->count == count ? 0 : -EILSEQ;
	for (i = 0; !err && i < count; i++)
		if (pfsnl_addrset_has(set, changed->addrs[i]) == adding)
			err = -EILSEQ;
	if (!err && adding)
		err = reserve(set, set->count + count);
	if (err) {
		pfsnl_addrset_free(changed);
		return err;
	}

	if (adding)
		merge_in(set, changed);
	else
		take_out(set, changed);
	return 0;
}
