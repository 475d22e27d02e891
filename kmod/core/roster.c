// SPDX-License-Identifier: GPL-2.0
/*
 * The roster: an ordered map from address to node. It owns no memory and takes
 * no decision.
 */
#include "roster.h"

/**
 * pfsnl_roster_init - an empty roster
 * @r: the roster
 */
void pfsnl_roster_init(struct pfsnl_roster *r)
{
	r->tree = RB_ROOT;
	r->nodes = 0;
	r->members = 0;
	r->equals = 0;
}

/**
 * pfsnl_roster_find - the node of an address
 * @r: the roster
 * @addr: host order
 *
 * Return: the node or NULL.
 */
struct pfsnl_node *pfsnl_roster_find(const struct pfsnl_roster *r, u32 addr)
{
	struct rb_node *p = r->tree.rb_node;

	while (p) {
		struct pfsnl_node *n = rb_entry(p, struct pfsnl_node, by_addr);

		if (addr == n->addr)
			return n;
		p = addr < n->addr ? p->rb_left : p->rb_right;
	}
	return NULL;
}

/**
 * pfsnl_roster_after - the first node above an address
 * @r: the roster
 * @addr: host order
 *
 * Return: the node or NULL.
 */
struct pfsnl_node *pfsnl_roster_after(const struct pfsnl_roster *r, u32 addr)
{
	struct rb_node *p = r->tree.rb_node;
	struct pfsnl_node *best = NULL;

	while (p) {
		struct pfsnl_node *n = rb_entry(p, struct pfsnl_node, by_addr);

		if (n->addr > addr) {
			best = n;
			p = p->rb_left;
		} else {
			p = p->rb_right;
		}
	}
	return best;
}

/**
 * pfsnl_roster_first - the node of the lowest address
 * @r: the roster
 *
 * Return: the node or NULL.
 */
struct pfsnl_node *pfsnl_roster_first(const struct pfsnl_roster *r)
{
	struct rb_node *p = rb_first(&r->tree);

	return p ? rb_entry(p, struct pfsnl_node, by_addr) : NULL;
}

/**
 * pfsnl_roster_next - the node after one, by address
 * @n: a node of a roster
 *
 * Return: the node or NULL.
 */
struct pfsnl_node *pfsnl_roster_next(const struct pfsnl_node *n)
{
	struct rb_node *p = rb_next(&n->by_addr);

	return p ? rb_entry(p, struct pfsnl_node, by_addr) : NULL;
}

/**
 * pfsnl_roster_insert - take in a node
 * @r: the roster
 * @n: the node; its address must not be in the roster
 */
void pfsnl_roster_insert(struct pfsnl_roster *r, struct pfsnl_node *n)
{
	struct rb_node **link = &r->tree.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		if (n->addr < rb_entry(parent, struct pfsnl_node, by_addr)->addr)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&n->by_addr, parent, link);
	rb_insert_color(&n->by_addr, &r->tree);
	r->nodes++;
}

/**
 * pfsnl_roster_erase - take out a node
 * @r: the roster
 * @n: the node; not a member
 */
void pfsnl_roster_erase(struct pfsnl_roster *r, struct pfsnl_node *n)
{
	rb_erase(&n->by_addr, &r->tree);
	r->nodes--;
}

/**
 * pfsnl_member_same - whether two records name the same life of the same node
 * @a: a record
 * @b: another
 */
bool pfsnl_member_same(const struct pfsnl_member *a,
		       const struct pfsnl_member *b)
{
	return a->addr == b->addr && a->incarnation == b->incarnation &&
	       a->level == b->level;
}
