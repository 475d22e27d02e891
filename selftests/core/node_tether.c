// SPDX-License-Identifier: GPL-2.0
/*
 * The tethers of a node: streams that its core knows by numbers.
 */
#include <stdlib.h>

#include "node.h"

/**
 * node_tether_find - a tether by its number
 * @n: the node
 * @id: the number
 *
 * Return: the tether, or NULL.
 */
struct node_tether *node_tether_find(const struct node *n, u32 id)
{
	struct rb_node *p = n->tethers.rb_node;

	while (p) {
		struct node_tether *t = rb_entry(p, struct node_tether, by_id);

		if (id == t->id)
			return t;
		p = id < t->id ? p->rb_left : p->rb_right;
	}
	return NULL;
}

/**
 * node_tether_get - a tether that must be there
 * @n: the node
 * @id: its number
 *
 * Return: the tether.
 */
struct node_tether *node_tether_get(const struct node *n, u32 id)
{
	struct node_tether *t = node_tether_find(n, id);

	if (!t)
		sim_fail("%08x: no tether %u (any more)", n->host.addr, id);
	return t;
}

/**
 * node_tether_new - give a stream a number
 * @n: its node
 * @end: this end of it
 *
 * Return: the tether.
 */
struct node_tether *node_tether_new(struct node *n, struct stream_end *end)
{
	struct rb_node **link = &n->tethers.rb_node, *parent = NULL;
	struct node_tether *t = sim_alloc(sizeof(*t));

	t->id = ++n->last_id;
	t->end = end;
	stream_set_user(end, t);
	stream_room(end, pfsnl_core_tether_room(&n->cfg), NODE_BULK);
	while (*link) {
		parent = *link;
		link = &parent->rb_right;	/* numbers only grow */
	}
	rb_link_node(&t->by_id, parent, link);
	rb_insert_color(&t->by_id, &n->tethers);
	return t;
}

/**
 * node_tether_free - forget a tether
 * @n: its node
 * @t: the tether; its stream is the caller's to close
 */
void node_tether_free(struct node *n, struct node_tether *t)
{
	rb_erase(&t->by_id, &n->tethers);
	free(t);
}

/**
 * node_end - one of the streams of a node
 * @n: the node
 * @nth: which of its tethers, counted around
 *
 * Return: its end of the stream, NULL when it has none.
 */
struct stream_end *node_end(const struct node *n, u32 nth)
{
	struct rb_node *p = rb_first(&n->tethers);

	if (!p)
		return NULL;
	for (nth %= node_tethers(n); nth; nth--)
		p = rb_next(p);
	return rb_entry(p, struct node_tether, by_id)->end;
}

/**
 * node_tethers - how many tethers a node has, whoever opened them
 * @n: the node
 */
u32 node_tethers(const struct node *n)
{
	struct rb_node *p;
	u32 count = 0;

	for (p = rb_first(&n->tethers); p; p = rb_next(p))
		count++;
	return count;
}

/**
 * node_pending - what a node wrote to another that this has not got
 * @n: the node
 * @addr: the other
 *
 * Return: bytes.
 */
size_t node_pending(const struct node *n, u32 addr)
{
	size_t bytes = 0;
	struct rb_node *p;

	for (p = rb_first(&n->tethers); p; p = rb_next(p)) {
		struct stream_end *end =
			rb_entry(p, struct node_tether, by_id)->end;

		if (stream_peer(end) == addr)
			bytes += stream_pending(end);
	}
	return bytes;
}

/**
 * node_window - size of the receive buffers of a node's tethers
 * @n: the node
 * @window: bytes
 */
void node_window(struct node *n, u32 window)
{
	struct rb_node *p;

	for (p = rb_first(&n->tethers); p; p = rb_next(p))
		stream_window(rb_entry(p, struct node_tether, by_id)->end, window);
}
