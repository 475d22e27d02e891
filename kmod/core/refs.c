// SPDX-License-Identifier: GPL-2.0
/*
 * Who has which checkpoints open: handles, by node and process. A checkpoint's count of
 * references is how many there are of it.
 *
 * Of each node it is kept which of its messages about handles was the last, as nobody
 * but a node itself opens and closes for its processes: of two stores that one is right
 * which has heard more of it.
 */
#include "broken.h"
#include "store.h"

static int u64_cmp(u64 a, u64 b)
{
	return a < b ? -1 : a > b;
}

#define to_handle(p)	rb_entry(p, struct pfsnl_ckpt_handle, by_key)

/**
 * pfsnl_handle_key_cmp - order of handles: by node, life, process and number
 * @a: the one
 * @b: the other
 *
 * Return: below, equal to or above 0.
 */
int pfsnl_handle_key_cmp(const struct pfsnl_handle_key *a,
			 const struct pfsnl_handle_key *b)
{
	int order = u64_cmp(a->addr, b->addr);

	if (!order)
		order = u64_cmp(a->incarnation, b->incarnation);
	if (!order)
		order = u64_cmp(a->process, b->process);
	return order ? order : u64_cmp(a->handle, b->handle);
}

/**
 * pfsnl_handle_from - the first handle from a key on
 * @set: where
 * @key: that or above
 */
struct pfsnl_ckpt_handle *pfsnl_handle_from(const struct pfsnl_ckpt_set *set,
					    const struct pfsnl_handle_key *key)
{
	struct rb_node *p = set->handles.rb_node;
	struct pfsnl_ckpt_handle *best = NULL;

	while (p) {
		if (pfsnl_handle_key_cmp(key, &to_handle(p)->key) <= 0) {
			best = to_handle(p);
			p = p->rb_left;
		} else {
			p = p->rb_right;
		}
	}
	return best;
}

/**
 * pfsnl_handle_find - a handle
 * @set: where
 * @key: which
 */
struct pfsnl_ckpt_handle *pfsnl_handle_find(const struct pfsnl_ckpt_set *set,
					    const struct pfsnl_handle_key *key)
{
	struct pfsnl_ckpt_handle *h = pfsnl_handle_from(set, key);

	return h && !pfsnl_handle_key_cmp(key, &h->key) ? h : NULL;
}

/**
 * pfsnl_handle_next - the handle after a handle
 * @h: this one
 */
struct pfsnl_ckpt_handle *pfsnl_handle_next(const struct pfsnl_ckpt_handle *h)
{
	struct rb_node *p = rb_next(&h->by_key);

	return p ? to_handle(p) : NULL;
}

/**
 * pfsnl_handle_bind - a handle keeps a checkpoint open
 * @h: the handle
 * @c: the checkpoint
 */
void pfsnl_handle_bind(struct pfsnl_ckpt_handle *h, struct pfsnl_ckpt *c)
{
	h->ckpt = c;
	list_add_tail(&h->in_ckpt, &c->handles);
	c->refs++;
	c->idle = PFSNL_NEVER;
}

/**
 * pfsnl_handle_insert - put a handle among the others
 * @set: where
 * @node: whose
 * @h: the handle, its key and number set; it is not there yet
 */
void pfsnl_handle_insert(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt_node *node,
			 struct pfsnl_ckpt_handle *h)
{
	struct rb_node **link = &set->handles.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = pfsnl_handle_key_cmp(&h->key, &to_handle(parent)->key) < 0 ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&h->by_key, parent, link);
	rb_insert_color(&h->by_key, &set->handles);
	node->handles++;
	set->used += PFSNL_HANDLE_COST;
}

/**
 * pfsnl_handle_remove - take a handle away, and free it
 * @mem: whose
 * @set: where it is
 * @h: the handle
 *
 * Return: the checkpoint that it kept open, or NULL.
 */
struct pfsnl_ckpt *pfsnl_handle_remove(const struct pfsnl_ckpt_mem *mem,
				       struct pfsnl_ckpt_set *set,
				       struct pfsnl_ckpt_handle *h)
{
	struct pfsnl_ckpt_node *node = pfsnl_refs_node(set, h->key.addr,
						       h->key.incarnation);
	struct pfsnl_ckpt *c = h->ckpt;

	if (c) {
		list_del(&h->in_ckpt);
		c->refs--;
	}
	rb_erase(&h->by_key, &set->handles);
	node->handles--;
	set->used -= PFSNL_HANDLE_COST;
	pfsnl_mem_free(mem, h);
	return c;
}

/**
 * pfsnl_refs_node - a node that had something open
 * @set: where
 * @addr: the node, host order
 * @incarnation: which life of it
 */
struct pfsnl_ckpt_node *pfsnl_refs_node(const struct pfsnl_ckpt_set *set, u32 addr,
					u64 incarnation)
{
	struct pfsnl_ckpt_node *node;

	list_for_each_entry(node, &set->nodes, in_set)
		if (node->addr == addr && node->incarnation == incarnation)
			return node;
	return NULL;
}

static bool node_before(const struct pfsnl_ckpt_node *a, const struct pfsnl_ckpt_node *b)
{
	return a->addr != b->addr ? a->addr < b->addr : a->incarnation < b->incarnation;
}

/**
 * pfsnl_refs_node_insert - put a node among the others
 * @set: where
 * @node: the node; it is not there yet
 */
void pfsnl_refs_node_insert(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt_node *node)
{
	struct pfsnl_ckpt_node *at;

	list_for_each_entry(at, &set->nodes, in_set)
		if (node_before(node, at))
			break;
	list_add_tail(&node->in_set, &at->in_set);
}

/**
 * pfsnl_refs_node_remove - forget a node
 * @mem: whose
 * @set: where it is
 * @node: the node; it has nothing open
 */
void pfsnl_refs_node_remove(const struct pfsnl_ckpt_mem *mem,
			    struct pfsnl_ckpt_set *set, struct pfsnl_ckpt_node *node)
{
	list_del(&node->in_set);
	pfsnl_mem_free(mem, node);
}

static void drop_handles(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt_set *set,
			 const struct pfsnl_ckpt_node *node)
{
	struct pfsnl_handle_key key = {
		.addr = node->addr,
		.incarnation = node->incarnation,
	};
	struct pfsnl_ckpt_handle *h;

	while (node->handles && (h = pfsnl_handle_from(set, &key)))
		pfsnl_handle_remove(mem, set, h);
}

static bool is_member(const struct pfsnl_ckpt_node *node,
		      const struct pfsnl_ckpt_member *members, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (members[i].addr == node->addr &&
		    members[i].incarnation == node->incarnation)
			return true;
	return false;
}

/**
 * pfsnl_refs_keep - of a side, forget nodes that are not in the ring
 * @mem: whose
 * @set: the side
 * @members: those that are
 * @n: how many
 */
void pfsnl_refs_keep(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt_set *set,
		     const struct pfsnl_ckpt_member *members, u32 n)
{
	struct pfsnl_ckpt_node *node, *tmp;

	list_for_each_entry_safe(node, tmp, &set->nodes, in_set) {
		if (is_member(node, members, n) || PFSNL_BROKEN(CKPT_GONE))
			continue;
		drop_handles(mem, set, node);
		pfsnl_refs_node_remove(mem, set, node);
	}
}

/* All handles of a node go from one side to another. */
static void move_handles(struct pfsnl_ckpt_set *into, struct pfsnl_ckpt_set *from,
			 struct pfsnl_ckpt_node *node)
{
	struct pfsnl_handle_key key = {
		.addr = node->addr,
		.incarnation = node->incarnation,
	};
	u32 n = node->handles;
	struct pfsnl_ckpt_handle *h;

	node->handles = 0;
	while (n-- && (h = pfsnl_handle_from(from, &key))) {
		rb_erase(&h->by_key, &from->handles);
		from->used -= PFSNL_HANDLE_COST;
		pfsnl_handle_insert(into, node, h);
	}
}

/* Whether one side has heard at least as much of a node as another. */
static bool heard_more(const struct pfsnl_ckpt_node *a, const struct pfsnl_ckpt_node *b)
{
	if (PFSNL_BROKEN(CKPT_SEEN))
		return a->seen <= b->seen;
	return a->seen >= b->seen;
}

/**
 * pfsnl_refs_join - two sides become one: of each node the one counts that heard more
 * @mem: whose
 * @into: what it becomes
 * @from: emptied of handles and nodes
 */
void pfsnl_refs_join(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt_set *into,
		     struct pfsnl_ckpt_set *from)
{
	struct pfsnl_ckpt_node *node, *tmp, *ours;

	list_for_each_entry_safe(node, tmp, &from->nodes, in_set) {
		ours = pfsnl_refs_node(into, node->addr, node->incarnation);
		if ((ours && heard_more(ours, node)) ||
		    PFSNL_BROKEN(CKPT_REFS)) {
			drop_handles(mem, from, node);
			pfsnl_refs_node_remove(mem, from, node);
			continue;
		}
		if (ours) {
			drop_handles(mem, into, ours);
			pfsnl_refs_node_remove(mem, into, ours);
		}
		list_del(&node->in_set);
		pfsnl_refs_node_insert(into, node);
		move_handles(into, from, node);
	}
}

/**
 * pfsnl_ckpt_refs - how often a node has a checkpoint open
 * @c: the checkpoint
 * @addr: the node, host order
 * @incarnation: which life of it
 */
u32 pfsnl_ckpt_refs(const struct pfsnl_ckpt *c, u32 addr, u64 incarnation)
{
	struct pfsnl_ckpt_handle *h;
	u32 n = 0;

	list_for_each_entry(h, &c->handles, in_ckpt)
		n += h->key.addr == addr && h->key.incarnation == incarnation;
	return n;
}

/**
 * pfsnl_ckpt_process_refs - how often a process has a checkpoint open
 * @c: the checkpoint
 * @addr: its node, host order
 * @incarnation: which life of it
 * @process: the process
 */
u32 pfsnl_ckpt_process_refs(const struct pfsnl_ckpt *c, u32 addr, u64 incarnation,
			    u32 process)
{
	struct pfsnl_ckpt_handle *h;
	u32 n = 0;

	list_for_each_entry(h, &c->handles, in_ckpt)
		n += h->key.addr == addr && h->key.incarnation == incarnation &&
		     h->key.process == process;
	return n;
}
