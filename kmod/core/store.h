/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The store of checkpoints, as its rooms share it; see ckpt.h.
 */
#ifndef PFSNL_CORE_STORE_H
#define PFSNL_CORE_STORE_H

#include <linux/list.h>
#include <linux/rbtree.h>

#include "ckpt.h"
#include "ckptmsg.h"
#include "ckptrec.h"

/**
 * struct pfsnl_ckpt_mem - memory of a store
 * @ops: where it comes from
 * @ctx: for @ops
 * @spares: got before, in the order in which they will be taken
 */
struct pfsnl_ckpt_mem {
	const struct pfsnl_ckpt_ops *ops;
	void *ctx;
	struct list_head spares;
};

/**
 * struct pfsnl_chunk - a piece of a section's data
 * @refs: data of sections, of both stores, that it is part of
 * @cap: bytes of @bytes; what is beyond is zero
 * @wanted: in a section that is transmitted: the round in which somebody wanted it
 * @hashed: @digest is current
 * @n: then: bytes of it without the zeros at the end
 * @digest: of these
 * @bytes: what it holds; by itself, as its size is a power of two
 *
 * It is changed only while it is part of one.
 */
struct pfsnl_chunk {
	u32 refs;
	u32 cap;
	u32 wanted;
	bool hashed;
	u32 n;
	u8 digest[PFSNL_CKPT_DIGEST];
	u8 *bytes;
};

/**
 * struct pfsnl_data - what a section holds
 * @refs: sections, of both stores, that hold it
 * @slots: size of @at
 * @at: pieces; where there is none it is zero
 */
struct pfsnl_data {
	u32 refs;
	u32 slots;
	struct pfsnl_chunk *at[];
};

/**
 * struct pfsnl_vecs - bytes at places, rising, none over another, none empty
 * @n: how many places
 * @whole: there is more to come, up to this byte; 0: nobody knows
 * @first: the first
 * @more: the others, as SECTION_WRITE has them
 */
struct pfsnl_vecs {
	u32 n;
	u64 whole;
	struct pfsnl_vec first;
	const u8 *more;
};

/**
 * struct pfsnl_ckpt_node - a node that had something open
 * @in_set: among all
 * @incarnation: which life of it
 * @addr: host order
 * @handles: that it has open
 * @seen: its count of its last message that opened or closed something
 */
struct pfsnl_ckpt_node {
	struct list_head in_set;
	u64 incarnation;
	u32 addr;
	u32 handles;
	u64 seen;
};

/**
 * struct pfsnl_ckpt_set - checkpoints: those there are, or those of a side
 * @by_number: all
 * @by_name: those that have a name; not kept for a side
 * @due: what expires, by time; not kept for a side
 * @handles: all that are open
 * @nodes: that had something open
 * @lineage: what it went through
 * @limits: how much it may hold
 * @used: of that, the handles too
 * @side: of a temporary store: its place among the sides
 * @addr: and who transmits it
 * @behind: another has all that it has
 */
struct pfsnl_ckpt_set {
	struct rb_root by_number;
	struct rb_root by_name;
	struct rb_root due;
	struct rb_root handles;
	struct list_head nodes;
	struct pfsnl_lineage lineage;
	struct pfsnl_ckpt_limits limits;
	u64 used;
	struct list_head side;
	u32 addr;
	bool behind;
};

/**
 * struct pfsnl_ckpts - a store
 * @mem: where its memory comes from
 * @hash: state of the hash
 * @set: the regular store
 * @sides: the temporary store, by address of who transmits
 * @n_sides: how many
 * @trash: what was thrown away and is not freed yet
 * @most: bytes that all sides together may count, a setting of this node
 * @syncing: there is a temporary store
 * @round: counts those there were
 * @keeps: all have what is in the regular store, which stays
 * @hash_at: the checkpoint that is to be hashed next
 */
struct pfsnl_ckpts {
	struct pfsnl_ckpt_mem mem;
	void *hash;
	struct pfsnl_ckpt_set *set;
	struct list_head sides;
	u32 n_sides;
	struct list_head trash;
	u64 most;
	bool syncing;
	u32 round;
	bool keeps;
	struct pfsnl_ckpt_number hash_at;
};

/* data.c */
int pfsnl_mem_want(struct pfsnl_ckpt_mem *mem, size_t size);
void *pfsnl_mem_take(struct pfsnl_ckpt_mem *mem, size_t size);
void pfsnl_mem_trim(struct pfsnl_ckpt_mem *mem);
void *pfsnl_mem_alloc(const struct pfsnl_ckpt_mem *mem, size_t size);
void pfsnl_mem_free(const struct pfsnl_ckpt_mem *mem, void *p);
u64 pfsnl_vecs_end(const struct pfsnl_vecs *vecs);
int pfsnl_data_want(struct pfsnl_ckpt_mem *mem, const struct pfsnl_data *d,
		    const struct pfsnl_vecs *vecs);
struct pfsnl_data *pfsnl_data_write(struct pfsnl_ckpt_mem *mem, struct pfsnl_data *d,
				    const struct pfsnl_vecs *vecs);
struct pfsnl_data *pfsnl_data_get(struct pfsnl_data *d);
void pfsnl_data_put(const struct pfsnl_ckpt_mem *mem, struct pfsnl_data *d);
int pfsnl_data_share(const struct pfsnl_ckpt_mem *mem, struct pfsnl_data **d,
		     const struct pfsnl_data *from, u64 first, u64 end);
u64 pfsnl_data_next(const struct pfsnl_data *d, u64 offset, u64 len, u64 *end);

/* section.c */
int pfsnl_ckpt_number_cmp(const struct pfsnl_ckpt_number *a,
			  const struct pfsnl_ckpt_number *b);
struct pfsnl_ckpt *pfsnl_set_find(const struct pfsnl_ckpt_set *set,
				  const struct pfsnl_ckpt_number *number);
struct pfsnl_ckpt *pfsnl_set_after(const struct pfsnl_ckpt_set *set,
				   const struct pfsnl_ckpt_number *number);
struct pfsnl_ckpt *pfsnl_set_first(const struct pfsnl_ckpt_set *set);
struct pfsnl_ckpt *pfsnl_set_named(const struct pfsnl_ckpt_set *set, const void *name,
				   u32 len);
struct pfsnl_ckpt *pfsnl_set_insert(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt *c);
struct pfsnl_ckpt *pfsnl_set_name(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt *c);
void pfsnl_set_unname(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt *c);
void pfsnl_ckpt_init(struct pfsnl_ckpt *c);
u64 pfsnl_ckpt_cost(const struct pfsnl_ckpt *c);
void pfsnl_ckpt_free(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt *c);
void pfsnl_due_set(struct pfsnl_ckpt_set *set, struct pfsnl_due *due, u64 when);
void pfsnl_ckpt_due(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt *c);
size_t pfsnl_section_size(u32 id_len);
void pfsnl_section_init(struct pfsnl_section *s, const void *id, u32 len);
void pfsnl_section_insert(struct pfsnl_ckpt *c, struct pfsnl_section *s);
void pfsnl_section_remove(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt *c,
			  struct pfsnl_section *s);
u64 pfsnl_section_cost(const struct pfsnl_section *s);
struct pfsnl_section *pfsnl_section_first(const struct pfsnl_ckpt *c);
struct pfsnl_section *pfsnl_section_next(const struct pfsnl_section *s);

/* refs.c */
int pfsnl_handle_key_cmp(const struct pfsnl_handle_key *a,
			 const struct pfsnl_handle_key *b);
struct pfsnl_ckpt_handle *pfsnl_handle_find(const struct pfsnl_ckpt_set *set,
					    const struct pfsnl_handle_key *key);
struct pfsnl_ckpt_handle *pfsnl_handle_from(const struct pfsnl_ckpt_set *set,
					    const struct pfsnl_handle_key *key);
struct pfsnl_ckpt_handle *pfsnl_handle_next(const struct pfsnl_ckpt_handle *h);
void pfsnl_handle_insert(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt_node *node,
			 struct pfsnl_ckpt_handle *h);
void pfsnl_handle_bind(struct pfsnl_ckpt_handle *h, struct pfsnl_ckpt *c);
struct pfsnl_ckpt *pfsnl_handle_remove(const struct pfsnl_ckpt_mem *mem,
				       struct pfsnl_ckpt_set *set,
				       struct pfsnl_ckpt_handle *h);
struct pfsnl_ckpt_node *pfsnl_refs_node(const struct pfsnl_ckpt_set *set, u32 addr,
					u64 incarnation);
void pfsnl_refs_node_insert(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt_node *node);
void pfsnl_refs_node_remove(const struct pfsnl_ckpt_mem *mem,
			    struct pfsnl_ckpt_set *set, struct pfsnl_ckpt_node *node);
void pfsnl_refs_keep(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt_set *set,
		     const struct pfsnl_ckpt_member *members, u32 n);
void pfsnl_refs_join(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt_set *into,
		     struct pfsnl_ckpt_set *from);

/* lineage.c */
int pfsnl_ring_order(const struct pfsnl_ring_id *a, const struct pfsnl_ring_id *b);
bool pfsnl_dot_same(const struct pfsnl_ckpt_dot *a, const struct pfsnl_ckpt_dot *b);
bool pfsnl_lineage_has(const struct pfsnl_lineage *l, const struct pfsnl_ckpt_dot *dot);
bool pfsnl_lineage_ring(const struct pfsnl_lineage *l, const struct pfsnl_ring_id *ring);
bool pfsnl_lineage_ok(const struct pfsnl_lineage *l);
void pfsnl_lineage_join(struct pfsnl_lineage *into, const struct pfsnl_lineage *from);
bool pfsnl_lineage_enter(struct pfsnl_lineage *l, const struct pfsnl_ring_id *ring);

/* want.c */
void pfsnl_want_nothing(struct pfsnl_ckpt_set *set);

/* chunk.c */
struct pfsnl_section *pfsnl_chunks_own(const struct pfsnl_ckpts *store,
				       const struct pfsnl_ckpt_number *number,
				       const u8 *id, u32 len);
void pfsnl_chunks_say(struct pfsnl_ckpts *store, struct pfsnl_section *own,
		      struct pfsnl_ckpt_iter *it, struct pfsnl_ckptrec *r, u8 *to,
		      u32 room);
void pfsnl_chunks_want(struct pfsnl_ckpts *store, struct pfsnl_section *s,
		       const struct pfsnl_ckptrec *r);
u64 pfsnl_chunks_next(const struct pfsnl_ckpts *store, const struct pfsnl_section *s,
		      u64 offset, u64 *end);
u32 pfsnl_chunks_zeros(const struct pfsnl_section *s, u64 from, u64 at);
int pfsnl_chunks_fill(struct pfsnl_ckpts *store, struct pfsnl_section *s,
		      const struct pfsnl_ckptrec *r);

/* store.c */
struct pfsnl_ckpt_set *pfsnl_set_new(const struct pfsnl_ckpt_mem *mem);
void pfsnl_set_discard(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *set);
void pfsnl_set_free(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt_set *set);
void pfsnl_set_drop(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c);
struct pfsnl_ckpt_set *pfsnl_side_find(const struct pfsnl_ckpts *store, u32 addr);

/* whether it can be found by its name */
static inline bool pfsnl_ckpt_linked(const struct pfsnl_ckpt *c)
{
	return !(c->flags & PFSNL_CKPT_UNLINKED);
}

/* verdict.c */
bool pfsnl_side_passed(const struct pfsnl_ckpts *store,
		       const struct pfsnl_ckpt_set *side, const struct pfsnl_ckpt *c);
void pfsnl_sides_judge(struct pfsnl_ckpts *store);

/* conflict.c */
void pfsnl_sides_join(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *into,
		      struct pfsnl_ckpt_set *from);
void pfsnl_sides_settle(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *set);
void pfsnl_names_settle(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *set);
void pfsnl_losers_date(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *set,
		       const struct pfsnl_ring_id *ring);

#include "digest.h"

#endif /* PFSNL_CORE_STORE_H */
