/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * Sets of addresses, and what one change does to them. Pure: no sockets, no
 * locks, no clock. Everything watches are promised about adds and removes
 * rests on this file.
 */
#ifndef PFSNL_FOLD_H
#define PFSNL_FOLD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* Addresses in ascending host order, none twice. All zero is the empty set. */
struct pfsnl_addrset {
	struct in_addr *addrs;
	size_t count;
	size_t room;
};

/* Frees what the set holds; it is empty then. */
void pfsnl_addrset_free(struct pfsnl_addrset *set);

/* Moves `from` to `to`, whose former content is freed; `from` is empty then. */
void pfsnl_addrset_move(struct pfsnl_addrset *to, struct pfsnl_addrset *from);

/* Adds one in any order and perhaps twice; pfsnl_addrset_sort() must follow. */
int pfsnl_addrset_append(struct pfsnl_addrset *set, struct in_addr addr);

/* Brings appended addresses into order and drops double ones. */
void pfsnl_addrset_sort(struct pfsnl_addrset *set);

/* Where it is in the set, counted from 0; the count if it isn't. */
size_t pfsnl_addrset_find(const struct pfsnl_addrset *set, struct in_addr addr);

bool pfsnl_addrset_has(const struct pfsnl_addrset *set, struct in_addr addr);

/*
 * What leads from one set to another: `removed` is in `from` only, `added` in
 * `to` only. Both must be empty before. -ENOMEM leaves them empty.
 */
int pfsnl_addrset_diff(const struct pfsnl_addrset *from,
		       const struct pfsnl_addrset *to,
		       struct pfsnl_addrset *removed,
		       struct pfsnl_addrset *added);

/*
 * Carries out an update on the set and gives the same nodes, in order, in
 * `changed` (empty before). An update that contradicts the set (adds what is
 * there, removes what is not, names a node twice or nobody at all) changes
 * nothing and is refused with -EILSEQ; -ENOMEM changes nothing either.
 */
int pfsnl_addrset_apply(struct pfsnl_addrset *set, bool adding,
			const struct in_addr *addrs, size_t count,
			struct pfsnl_addrset *changed);

#endif
