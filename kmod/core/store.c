// SPDX-License-Identifier: GPL-2.0
/*
 * The store: its life, its limits, and questions that change nothing.
 */
#include <linux/limits.h>
#include <linux/string.h>

#include "store.h"

/* checkpoints, sections and handles that are freed at once */
#define SWEEP_PIECES	4096

/**
 * pfsnl_set_new - no checkpoints
 * @mem: whose
 *
 * Return: it, or NULL.
 */
struct pfsnl_ckpt_set *pfsnl_set_new(const struct pfsnl_ckpt_mem *mem)
{
	struct pfsnl_ckpt_set *set = pfsnl_mem_alloc(mem, sizeof(*set));

	if (!set)
		return NULL;
	set->by_number = RB_ROOT;
	set->by_name = RB_ROOT;
	set->due = RB_ROOT;
	set->handles = RB_ROOT;
	INIT_LIST_HEAD(&set->nodes);
	INIT_LIST_HEAD(&set->side);
	return set;
}

/* Free so many pieces. Return: whether it is empty. */
static bool set_empty(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt_set *set,
		      u32 *pieces)
{
	struct pfsnl_ckpt_node *node, *tmp;
	struct pfsnl_section *s;
	struct rb_node *p;
	struct pfsnl_ckpt *c;

	for (; *pieces && (p = rb_first(&set->handles)); --*pieces)
		pfsnl_handle_remove(mem, set,
				    rb_entry(p, struct pfsnl_ckpt_handle, by_key));
	if (!*pieces)
		return false;
	list_for_each_entry_safe(node, tmp, &set->nodes, in_set)
		pfsnl_refs_node_remove(mem, set, node);
	while (*pieces && (c = pfsnl_set_first(set))) {
		for (; *pieces && (s = pfsnl_section_first(c)); --*pieces)
			pfsnl_section_remove(mem, c, s);
		if (!*pieces)
			return false;
		rb_erase(&c->by_number, &set->by_number);
		pfsnl_mem_free(mem, c);
		--*pieces;
	}
	return RB_EMPTY_ROOT(&set->by_number);
}

/**
 * pfsnl_set_free - free checkpoints and all about them
 * @mem: whose
 * @set: which
 */
void pfsnl_set_free(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt_set *set)
{
	u32 pieces;

	do
		pieces = U32_MAX;
	while (!set_empty(mem, set, &pieces));
	pfsnl_mem_free(mem, set);
}

/**
 * pfsnl_ckpts_sweep - free some of what was thrown away
 * @store: the store
 *
 * Return: whether there is more.
 */
bool pfsnl_ckpts_sweep(struct pfsnl_ckpts *store)
{
	struct pfsnl_ckpt_set *set;
	u32 pieces = SWEEP_PIECES;

	while (!list_empty(&store->trash)) {
		set = list_first_entry(&store->trash, struct pfsnl_ckpt_set, side);
		if (!set_empty(&store->mem, set, &pieces))
			return true;
		list_del(&set->side);
		pfsnl_mem_free(&store->mem, set);
	}
	return false;
}

/**
 * pfsnl_set_discard - throw checkpoints away, and free what takes no time
 * @store: the store
 * @set: which, in no list
 */
void pfsnl_set_discard(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *set)
{
	list_add_tail(&set->side, &store->trash);
	pfsnl_ckpts_sweep(store);
}

/**
 * pfsnl_set_drop - a checkpoint ceases to exist
 * @store: the store
 * @c: the checkpoint, in the regular store; nobody has it open
 */
void pfsnl_set_drop(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c)
{
	struct pfsnl_ckpt_set *set = store->set;
	struct pfsnl_section *s;

	for (s = pfsnl_section_first(c); s; s = pfsnl_section_next(s))
		pfsnl_due_set(set, &s->due, PFSNL_NEVER);
	pfsnl_due_set(set, &c->due, PFSNL_NEVER);
	if (!(c->flags & PFSNL_CKPT_UNLINKED))
		pfsnl_set_unname(set, c);
	rb_erase(&c->by_number, &set->by_number);
	set->used -= pfsnl_ckpt_cost(c);
	pfsnl_ckpt_free(&store->mem, c);
}

/**
 * pfsnl_ckpts_create - a store that has nothing, and went through no ring
 * @ops: what it asks of its surroundings
 * @ctx: for @ops
 * @limits: until LIMITS or a ring says otherwise
 * @most: bytes that the temporary store may count on this node; if it would be more
 *	the node can't take part
 *
 * Return: the store, or NULL if there is no memory.
 */
struct pfsnl_ckpts *pfsnl_ckpts_create(const struct pfsnl_ckpt_ops *ops, void *ctx,
				       const struct pfsnl_ckpt_limits *limits, u64 most)
{
	struct pfsnl_ckpts *store = ops->alloc(ctx, sizeof(*store));

	if (!store)
		return NULL;
	store->mem.ops = ops;
	store->mem.ctx = ctx;
	INIT_LIST_HEAD(&store->mem.spares);
	INIT_LIST_HEAD(&store->sides);
	INIT_LIST_HEAD(&store->trash);
	store->hash = ops->alloc(ctx, ops->hash_size);
	store->set = pfsnl_set_new(&store->mem);
	if (!store->hash || !store->set) {
		ops->free(ctx, store->hash);
		ops->free(ctx, store->set);
		ops->free(ctx, store);
		return NULL;
	}
	store->set->limits = *limits;
	store->most = most;
	return store;
}

/**
 * pfsnl_ckpts_destroy - free a store
 * @store: the store
 */
void pfsnl_ckpts_destroy(struct pfsnl_ckpts *store)
{
	const struct pfsnl_ckpt_mem mem = store->mem;

	pfsnl_ckpts_abort(store);
	while (pfsnl_ckpts_sweep(store))
		;
	pfsnl_mem_trim(&store->mem);
	pfsnl_set_free(&mem, store->set);
	pfsnl_mem_free(&mem, store->hash);
	pfsnl_mem_free(&mem, store);
}

/**
 * pfsnl_ckpts_used - what counts against the bound
 * @store: the store
 *
 * Return: bytes.
 */
u64 pfsnl_ckpts_used(const struct pfsnl_ckpts *store)
{
	return store->set->used;
}

/**
 * pfsnl_ckpts_limits - how much it may hold
 * @store: the store
 */
const struct pfsnl_ckpt_limits *pfsnl_ckpts_limits(const struct pfsnl_ckpts *store)
{
	return &store->set->limits;
}

/**
 * pfsnl_ckpts_lineage - what it went through
 * @store: the store
 */
const struct pfsnl_lineage *pfsnl_ckpts_lineage(const struct pfsnl_ckpts *store)
{
	return &store->set->lineage;
}

/**
 * pfsnl_ckpts_digest - the digest of everything in the regular store
 * @store: the store
 * @digest: written, PFSNL_CKPT_DIGEST bytes
 */
void pfsnl_ckpts_digest(struct pfsnl_ckpts *store, u8 *digest)
{
	pfsnl_digest_set(store, store->set, digest);
}

/**
 * pfsnl_ckpts_find - a checkpoint by its number
 * @store: the store
 * @number: which
 */
struct pfsnl_ckpt *pfsnl_ckpts_find(const struct pfsnl_ckpts *store,
				    const struct pfsnl_ckpt_number *number)
{
	return pfsnl_set_find(store->set, number);
}

/**
 * pfsnl_ckpts_named - a checkpoint by its name
 * @store: the store
 * @name: its name
 * @len: bytes of that
 */
struct pfsnl_ckpt *pfsnl_ckpts_named(const struct pfsnl_ckpts *store, const void *name,
				     u32 len)
{
	return pfsnl_set_named(store->set, name, len);
}

/**
 * pfsnl_ckpts_after - the next checkpoint
 * @store: the store
 * @number: its number is above this, which need not exist; NULL: the first
 */
struct pfsnl_ckpt *pfsnl_ckpts_after(const struct pfsnl_ckpts *store,
				     const struct pfsnl_ckpt_number *number)
{
	return number ? pfsnl_set_after(store->set, number) :
			pfsnl_set_first(store->set);
}

/**
 * pfsnl_ckpts_handle - an open handle
 * @store: the store
 * @key: which
 */
const struct pfsnl_ckpt_handle *pfsnl_ckpts_handle(const struct pfsnl_ckpts *store,
						   const struct pfsnl_handle_key *key)
{
	return pfsnl_handle_find(store->set, key);
}

/**
 * pfsnl_ckpts_handle_after - the next open handle
 * @store: the store
 * @key: its key is above this, which need not exist; NULL: the first
 *
 * After a ring a node compares its own with this: what it was not told of is to be
 * closed, what is not there any more is gone.
 */
const struct pfsnl_ckpt_handle *
pfsnl_ckpts_handle_after(const struct pfsnl_ckpts *store,
			 const struct pfsnl_handle_key *key)
{
	static const struct pfsnl_handle_key least;
	struct pfsnl_ckpt_handle *h = pfsnl_handle_from(store->set, key ? key : &least);

	if (key && h && !pfsnl_handle_key_cmp(key, &h->key))
		h = pfsnl_handle_next(h);
	return h;
}

static bool due_at(struct rb_node *p, struct pfsnl_ckpt_expiry *e)
{
	struct pfsnl_due *due;

	if (!p)
		return false;
	due = rb_entry(p, struct pfsnl_due, by_time);
	*e = (struct pfsnl_ckpt_expiry) { .when = due->when };
	if (due->section) {
		e->section = container_of(due, struct pfsnl_section, due);
		e->number = e->section->ckpt->number;
	} else {
		e->number = container_of(due, struct pfsnl_ckpt, due)->number;
	}
	return true;
}

/**
 * pfsnl_ckpts_due - what expires next
 * @store: the store
 * @e: filled
 *
 * Whoever is to, sends EXPIRE with this when that time has come.
 *
 * Return: whether anything does.
 */
bool pfsnl_ckpts_due(const struct pfsnl_ckpts *store, struct pfsnl_ckpt_expiry *e)
{
	return due_at(rb_first(&store->set->due), e);
}

/**
 * pfsnl_ckpts_due_next - what expires after that
 * @store: the store, not changed since
 * @e: as it was filled before; filled with the next
 *
 * Return: whether anything does.
 */
bool pfsnl_ckpts_due_next(const struct pfsnl_ckpts *store, struct pfsnl_ckpt_expiry *e)
{
	const struct pfsnl_due *due = e->section ? &e->section->due :
				      &pfsnl_set_find(store->set, &e->number)->due;

	return due_at(rb_next(&due->by_time), e);
}
