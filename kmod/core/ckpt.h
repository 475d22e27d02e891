/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checkpoints: named, made of sections, the same on all nodes, changed by ordered
 * operations only. What stands here is the store of one node, as its surroundings see
 * it; Documentation/checkpoints.rst says what holds and why.
 *
 *	ckpt.h		this face
 *	store.h		what the rooms below share
 *	ckptmsg.c	operations as bytes
 *	ckptrec.c	records of synchronization as bytes
 *	data.c		what a section holds, in chunks
 *	section.c	checkpoints, their names, sections, and what expires when
 *	refs.c		open handles, by node and process
 *	digest.c	digests
 *	apply.c		what operations do
 *	lineage.c	what a store went through
 *	store.c		life, limits and questions
 *	temporary.c	the temporary store: records in, activate, abort
 *	want.c		what of it is wanted
 *	chunk.c		likewise, of sections of which there is another version
 *	send.c		records out
 *	verdict.c	which versions win when several sides become one
 *	conflict.c	and how they do
 *
 * The store knows no clock, message, ring protocol or lock. It allocates through the
 * table given at creation. One caller at a time.
 *
 * An operation is applied in two steps. pfsnl_ckpts_reserve() gets the memory and may
 * fail; then it is tried again. pfsnl_ckpts_apply(), with nothing between the two,
 * cannot fail for memory: so what it answers depends on the operations before it
 * alone, and is the same on all nodes.
 *
 * Where the design was not followed:
 *
 * - The counter of a checkpoint's number is the sender's own count of the message that
 *   created it, and not one that the store keeps and synchronization raises. Otherwise:
 *   A's message creates 5 on B only; A falls out and, alone, creates another 5.
 *   Hence there is no record that says the next number.
 * - Of a node's handles the side counts that has heard more of that node's own
 *   messages. With the largest count of any side, C opens, A and B learn it, C falls
 *   out and closes; they meet before A and B said that C is gone, and the handle stays.
 * - An unlink has the smallest key there is, so that a change on another side wins.
 *   Otherwise each unlink would have to be remembered for ever, or who wins depends on
 *   for how long.
 * - A checkpoint's digest leaves out its name, see digest.h; the store's has it.
 * - A digest is not a record of its own: what is said of a checkpoint or a section has
 *   it, so whoever has the same takes it over, and whoever has not knows what to ask for.
 * - Conflicts are told one by one while a ring is activated, not kept as a list: that
 *   would need memory where nothing may fail. Losers say by a flag what they are.
 * - The bound of memory is part of the store and changed by an operation. Otherwise
 *   nodes with other settings answer differently, and differ from then on.
 */
#ifndef PFSNL_CORE_CKPT_H
#define PFSNL_CORE_CKPT_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include "beacon.h"
#include "time.h"

struct pfsnl_ckpt_conflict;
struct pfsnl_ckptmsg;
struct pfsnl_ckptrec;
struct pfsnl_data;

/* bytes of the name of a checkpoint, and of the id of a section, at most */
#define PFSNL_CKPT_NAME_MAX	255
#define PFSNL_SECTION_ID_MAX	255
/* bytes of an id that the store makes */
#define PFSNL_SECTION_ID_MADE	16
/* longest section, whatever a checkpoint allows: 1 TiB */
#define PFSNL_SECTION_LEN_MAX	0x10000000000ULL
/* a section's data is kept in pieces of this size */
#ifndef PFSNL_CHUNK_SHIFT
#define PFSNL_CHUNK_SHIFT	16
#endif
#define PFSNL_CHUNK		(2U << (PFSNL_CHUNK_SHIFT - 1))
#define PFSNL_CKPT_DIGEST	16
/* rings of which a store remembers how far it went in them */
#define PFSNL_LINEAGE_MAX	64
/* most handles that a node may have open */
#define PFSNL_HANDLES_MAX	65536
/*
 * What counts against the bound of memory, beside names' and ids' and data's bytes; a
 * number that is agreed on, whatever is allocated for it.
 */
#define PFSNL_CKPT_COST		512
#define PFSNL_SECTION_COST	128
#define PFSNL_HANDLE_COST	128

/**
 * struct pfsnl_ckpt_ops - what a store asks of its surroundings
 * @alloc: zeroed memory, at once up to 70 KiB, or 2 bytes for each 8 KiB of the longest
 *	section, or the longest operation; or NULL; may fail at any time
 * @alloc_raw: the same, with any content
 * @free: give it back; NULL is allowed
 * @hash_size: bytes of the state of the hash
 * @hash_init: begin
 * @hash_update: go on
 * @hash_final: write PFSNL_CKPT_DIGEST bytes, which must be hard to find twice and
 *	the same on all nodes
 * @sum: 64 bits made of some bytes, the same on all nodes, and fast: whether they came
 *	as they were sent
 * @conflict: what pfsnl_ckpts_activate() had to decide
 *
 * None calls back into the store.
 */
struct pfsnl_ckpt_ops {
	void *(*alloc)(void *ctx, size_t size);
	void *(*alloc_raw)(void *ctx, size_t size);
	void (*free)(void *ctx, void *p);
	size_t hash_size;
	void (*hash_init)(void *state);
	void (*hash_update)(void *state, const void *data, size_t len);
	void (*hash_final)(void *state, u8 *digest);
	u64 (*sum)(const void *data, size_t len);
	void (*conflict)(void *ctx, const struct pfsnl_ckpt_conflict *c);
};

/**
 * struct pfsnl_ckpt_number - which checkpoint, never used for another
 * @incarnation: which life of @creator
 * @counter: the creator's count of the message that made it
 * @creator: the node, host order; 0 for the losing version of a conflict, whose
 *	@incarnation and @counter are its digest
 */
struct pfsnl_ckpt_number {
	u64 incarnation;
	u64 counter;
	u32 creator;
};

/**
 * struct pfsnl_ckpt_attr - what a checkpoint is created with
 * @size: most bytes of data in all sections together
 * @retention: nanoseconds that it lives when nobody has it open; PFSNL_NEVER: for
 *	ever
 * @max_section: most bytes of data in a section
 * @max_sections: most sections, at least 1
 * @max_id: most bytes in the id of a section
 */
struct pfsnl_ckpt_attr {
	u64 size;
	u64 retention;
	u64 max_section;
	u32 max_sections;
	u32 max_id;
};

/**
 * struct pfsnl_ckpt_limits - how much a store holds
 * @bytes: of everything
 * @headroom: of that, what only synchronization may fill; operations are refused
 *	before
 */
struct pfsnl_ckpt_limits {
	u64 bytes;
	u64 headroom;
};

/**
 * struct pfsnl_ckpt_dot - a place in the history of stores
 * @ring: the ring that was activated last
 * @count: operations applied since; 0 for the activation itself
 */
struct pfsnl_ckpt_dot {
	struct pfsnl_ring_id ring;
	u64 count;
};

/**
 * struct pfsnl_lineage - what a store went through
 * @n: rings
 * @at: how far it went in each, rising; in the last one it is now
 *
 * Who activated a ring has the same store there as all others who did. So a store at
 * a place contains all that another had seen at that place, whatever it did since.
 * Older rings than fit are forgotten, and checkpoints that were changed in them count
 * as changed by the activation at which that happened.
 */
struct pfsnl_lineage {
	u32 n;
	struct pfsnl_ckpt_dot at[PFSNL_LINEAGE_MAX];
};

enum pfsnl_lineage_order {
	PFSNL_LINEAGE_SAME,	/* the same store */
	PFSNL_LINEAGE_BEHIND,	/* the first knows nothing that the second doesn't */
	PFSNL_LINEAGE_AHEAD,	/* the other way round */
	PFSNL_LINEAGE_FORK,	/* each may know something that the other doesn't */
};

/* what can be about a checkpoint */
#define PFSNL_CKPT_UNLINKED	0x01	/* it has no name any more, but is open */
#define PFSNL_CKPT_CONFLICT	0x02	/* it lost its name in a conflict */

/* what nodes want of a checkpoint, or of a section */
#define PFSNL_WANTED_OFFERS	1	/* its sections, without data */
#define PFSNL_WANTED_CHUNKS	1	/* some of its chunks */
#define PFSNL_WANTED_DATA	2	/* all of it */

/* how it is opened */
#define PFSNL_OPEN_CREATE	0x01
#define PFSNL_OPEN_READ		0x02
#define PFSNL_OPEN_WRITE	0x04

/**
 * struct pfsnl_due - when something expires
 * @by_time: among all that expires
 * @when: nanoseconds, as operations are stamped; PFSNL_NEVER: not in the tree
 * @section: it is a section, or a checkpoint
 */
struct pfsnl_due {
	struct rb_node by_time;
	u64 when;
	bool section;
};

/**
 * struct pfsnl_ckpt - a checkpoint
 * @by_number: among all
 * @by_name: among those that are linked
 * @due: when it expires, while nobody has it open
 * @sections: by id
 * @handles: that are open
 * @refs: how many
 * @n_sections: how many
 * @bytes: of data, in all sections
 * @id_bytes: of the ids of all sections
 * @number: which
 * @origin: of the losing version of a conflict: of what; else as @number
 * @lost: PFSNL_CKPT_CONFLICT: the ring whose activation decided that
 * @attr: what it was created with; the retention may have been changed
 * @flags: PFSNL_CKPT_*
 * @ops: operations that changed it
 * @born: when it was created
 * @changed: when it was changed last
 * @modified: the stamp of the operation that did
 * @idle: stamp of the last close, PFSNL_NEVER while it is open
 * @next_id: counts the ids that the store made
 * @hashed: @digest is current
 * @digest: of what it is and holds, see digest.h
 * @want: in a temporary store: its digest when it is complete
 * @want_sections: and how many sections
 * @n_whole: and how many are complete
 * @whole: it is complete
 * @twin: in a temporary store: the same in the regular store, whose sections it takes over
 *	when it is activated; until then it has none itself
 * @passed: when sides become one: nobody needs what it holds, see verdict.c
 * @beaten: another side has gone on from it
 * @goes: a side that knew it has thrown it away, and nobody has it open
 * @owed: it stays, or what takes its place does, and that is to be reported
 * @wanted: PFSNL_WANTED_*: while sides are transmitted, what somebody wants of it
 * @name_len: bytes of @name
 * @name: compared by all its bytes; kept after an unlink
 */
struct pfsnl_ckpt {
	struct rb_node by_number;
	struct rb_node by_name;
	struct pfsnl_due due;
	struct rb_root sections;
	struct list_head handles;
	u32 refs;
	u32 n_sections;
	u64 bytes;
	u64 id_bytes;
	struct pfsnl_ckpt_number number;
	struct pfsnl_ckpt_number origin;
	struct pfsnl_ring_id lost;
	struct pfsnl_ckpt_attr attr;
	u32 flags;
	u64 ops;
	struct pfsnl_ckpt_dot born;
	struct pfsnl_ckpt_dot changed;
	u64 modified;
	u64 idle;
	u64 next_id;
	bool hashed;
	u8 digest[PFSNL_CKPT_DIGEST];
	u8 want[PFSNL_CKPT_DIGEST];
	u32 want_sections;
	u32 n_whole;
	bool whole;
	struct pfsnl_ckpt *twin;
	bool passed;
	bool beaten;
	bool goes;
	bool owed;
	u8 wanted;
	u32 name_len;
	u8 name[PFSNL_CKPT_NAME_MAX];
};

/**
 * struct pfsnl_section - a section
 * @by_id: in its checkpoint
 * @due: when it expires
 * @ckpt: its checkpoint
 * @data: what it holds, perhaps shared with the temporary store; NULL: all zero
 * @len: bytes of that
 * @expires: nanoseconds; PFSNL_NEVER: it doesn't
 * @modified: stamp of the operation that changed it last
 * @hashed: @digest is current
 * @digest: of all this
 * @want: in a temporary store: its digest when it is complete
 * @got: and how far it is
 * @offered: and it was offered, so nothing but its id and @want are known
 * @wanted: PFSNL_WANTED_*: while sides are transmitted, what somebody wants of it; in a
 *	temporary store: that all of it comes that this node lacks
 * @id_len: bytes of @id
 * @id: which, any bytes, or none
 */
struct pfsnl_section {
	struct rb_node by_id;
	struct pfsnl_due due;
	struct pfsnl_ckpt *ckpt;
	struct pfsnl_data *data;
	u64 len;
	u64 expires;
	u64 modified;
	bool hashed;
	u8 digest[PFSNL_CKPT_DIGEST];
	u8 want[PFSNL_CKPT_DIGEST];
	u64 got;
	bool offered;
	u8 wanted;
	u32 id_len;
	u8 id[];
};

/**
 * struct pfsnl_handle_key - a handle in the cluster
 * @incarnation: which life of @addr
 * @addr: the node, host order
 * @process: as that node numbers it
 * @handle: as that node numbers it
 */
struct pfsnl_handle_key {
	u64 incarnation;
	u32 addr;
	u32 process;
	u32 handle;
};

/**
 * struct pfsnl_ckpt_handle - an open checkpoint
 * @by_key: among all
 * @in_ckpt: among those of its checkpoint
 * @ckpt: which; NULL in a temporary store
 * @number: its number
 * @key: whose
 * @flags: PFSNL_OPEN_READ, PFSNL_OPEN_WRITE
 */
struct pfsnl_ckpt_handle {
	struct rb_node by_key;
	struct list_head in_ckpt;
	struct pfsnl_ckpt *ckpt;
	struct pfsnl_ckpt_number number;
	struct pfsnl_handle_key key;
	u8 flags;
};

/**
 * struct pfsnl_ckpt_from - whose message an operation came in
 * @incarnation: which life of @addr
 * @n: its count of the message, never used twice
 * @addr: the node, host order
 */
struct pfsnl_ckpt_from {
	u64 incarnation;
	u64 n;
	u32 addr;
};

/**
 * struct pfsnl_ckpt_result - the answer to an operation
 * @err: 0 or -errno, the same on all nodes
 * @number: the checkpoint that it was about, if there is one
 * @created: OPEN made it
 * @freed: it is gone
 * @id_len: SECTION_CREATE: bytes of @id
 * @id: the id, made or not
 */
struct pfsnl_ckpt_result {
	int err;
	struct pfsnl_ckpt_number number;
	bool created;
	bool freed;
	u32 id_len;
	u8 id[PFSNL_SECTION_ID_MAX];
};

enum pfsnl_conflict_why {
	PFSNL_CONFLICT_CONTENT,	/* the same checkpoint was changed on two sides */
	PFSNL_CONFLICT_NAME,	/* two checkpoints had the same name */
	PFSNL_CONFLICT_UNLINKED, /* one side changed, or uses, what another unlinked */
	/* likewise, but who had it open there went on with it, of which nothing is kept */
	PFSNL_CONFLICT_UNLINKED_OPEN,
};

/**
 * struct pfsnl_ckpt_conflict - what was decided when sides became one
 * @why: what it was about
 * @earlier: in a ring before, by others; of the winner is said what it is now, if it is
 *	still there, or else its number and digest are 0
 * @ring: and in which
 * @winner: who goes on as it was
 * @winner_digest: its digest then
 * @winner_ring: the side: the ring in which it was changed last
 * @loser: CONTENT, NAME: who has another name now; 0 if nothing of it is kept
 * @loser_digest: CONTENT, NAME, UNLINKED_OPEN: the digest of the loser then
 * @loser_ring: and its side, as above
 * @name_len: bytes of @name
 * @loser_name_len: of @loser_name
 * @name: of the winner, or, if that is not there, the one which was lost
 * @loser_name: CONTENT, NAME: the name that the loser has now
 */
struct pfsnl_ckpt_conflict {
	enum pfsnl_conflict_why why;
	bool earlier;
	struct pfsnl_ring_id ring;
	struct pfsnl_ckpt_number winner;
	u8 winner_digest[PFSNL_CKPT_DIGEST];
	struct pfsnl_ring_id winner_ring;
	struct pfsnl_ckpt_number loser;
	u8 loser_digest[PFSNL_CKPT_DIGEST];
	struct pfsnl_ring_id loser_ring;
	u32 name_len;
	u32 loser_name_len;
	const u8 *name;
	const u8 *loser_name;
};

/**
 * struct pfsnl_ckpt_expiry - what expires next
 * @when: at which time, to be given back in EXPIRE
 * @number: the checkpoint
 * @section: of which a section expires; NULL: it expires itself
 */
struct pfsnl_ckpt_expiry {
	u64 when;
	struct pfsnl_ckpt_number number;
	const struct pfsnl_section *section;
};

/**
 * struct pfsnl_ckpt_member - a node of the ring that is activated
 * @incarnation: which life of it
 * @addr: host order
 */
struct pfsnl_ckpt_member {
	u64 incarnation;
	u32 addr;
};

/**
 * struct pfsnl_ckpt_iter - how far records were made
 * @phase: what comes next
 * @depth: PFSNL_SEND_*
 * @begun: @number was begun: its own record was made
 * @in_section: @id was begun: @offset counts
 * @alone: it is about this section only
 * @takes: of wants: something is lacking, also if another node said so before
 * @number: the checkpoint that was reached
 * @key: the handle that was reached
 * @offset: in the section
 * @id_len: bytes of @id
 * @id: the section that was reached
 *
 * It holds no pointer, so it stays valid whatever happens to the store. To make a
 * record again that could not be queued, copy it before.
 */
struct pfsnl_ckpt_iter {
	u8 phase;
	u8 depth;
	bool begun;
	bool in_section;
	bool alone;
	bool takes;
	struct pfsnl_ckpt_number number;
	struct pfsnl_handle_key key;
	u64 offset;
	u32 id_len;
	u8 id[PFSNL_SECTION_ID_MAX];
};

/* how much records say */
#define PFSNL_SEND_HEADS	0	/* checkpoints and handles, no sections */
#define PFSNL_SEND_SECTIONS	1	/* sections of a checkpoint, without data */
#define PFSNL_SEND_DATA		2	/* with data */
#define PFSNL_SEND_ALL		3	/* everything, for who has nothing */
#define PFSNL_SEND_OFFERS	4	/* sections of what is wanted, as it is wanted */
#define PFSNL_SEND_WANTED	5	/* data of the sections that are wanted */
/* bytes that a record may need at least, so that it can be made at all */
#define PFSNL_SEND_ROOM		2048

struct pfsnl_ckpts;

/* store.c: life, limits and questions */
struct pfsnl_ckpts *pfsnl_ckpts_create(const struct pfsnl_ckpt_ops *ops, void *ctx,
				       const struct pfsnl_ckpt_limits *limits, u64 most);
void pfsnl_ckpts_destroy(struct pfsnl_ckpts *store);
bool pfsnl_ckpts_sweep(struct pfsnl_ckpts *store);
u64 pfsnl_ckpts_used(const struct pfsnl_ckpts *store);
const struct pfsnl_ckpt_limits *pfsnl_ckpts_limits(const struct pfsnl_ckpts *store);
const struct pfsnl_lineage *pfsnl_ckpts_lineage(const struct pfsnl_ckpts *store);
void pfsnl_ckpts_digest(struct pfsnl_ckpts *store, u8 *digest);
struct pfsnl_ckpt *pfsnl_ckpts_find(const struct pfsnl_ckpts *store,
				    const struct pfsnl_ckpt_number *number);
struct pfsnl_ckpt *pfsnl_ckpts_named(const struct pfsnl_ckpts *store,
				     const void *name, u32 len);
struct pfsnl_ckpt *pfsnl_ckpts_after(const struct pfsnl_ckpts *store,
				     const struct pfsnl_ckpt_number *number);
const struct pfsnl_ckpt_handle *
pfsnl_ckpts_handle(const struct pfsnl_ckpts *store,
		   const struct pfsnl_handle_key *key);
const struct pfsnl_ckpt_handle *
pfsnl_ckpts_handle_after(const struct pfsnl_ckpts *store,
			 const struct pfsnl_handle_key *key);
bool pfsnl_ckpts_due(const struct pfsnl_ckpts *store, struct pfsnl_ckpt_expiry *e);
bool pfsnl_ckpts_due_next(const struct pfsnl_ckpts *store, struct pfsnl_ckpt_expiry *e);
struct pfsnl_section *pfsnl_section_due_after(const struct pfsnl_ckpts *store,
					      const struct pfsnl_ckpt *c, u64 when,
					      const void *id, u32 len);

/* apply.c: operations */
int pfsnl_ckpts_reserve(struct pfsnl_ckpts *store, const struct pfsnl_ckpt_from *from,
			const struct pfsnl_ckptmsg *m);
void pfsnl_ckpts_apply(struct pfsnl_ckpts *store, const struct pfsnl_ckpt_from *from,
		       const struct pfsnl_ckptmsg *m, struct pfsnl_ckpt_result *result);

/* section.c, data.c, refs.c: what a checkpoint has */
struct pfsnl_section *pfsnl_section_find(const struct pfsnl_ckpt *c, const void *id,
					 u32 len);
struct pfsnl_section *pfsnl_section_after(const struct pfsnl_ckpt *c, const void *id,
					  u32 len);
u64 pfsnl_section_read(const struct pfsnl_section *s, u64 offset, void *to, u64 len);
u64 pfsnl_ckpt_expires(const struct pfsnl_ckpt *c);
u32 pfsnl_ckpt_refs(const struct pfsnl_ckpt *c, u32 addr, u64 incarnation);
u32 pfsnl_ckpt_process_refs(const struct pfsnl_ckpt *c, u32 addr, u64 incarnation,
			    u32 process);

/* temporary.c: synchronization */
void pfsnl_ckpts_begin(struct pfsnl_ckpts *store);
int pfsnl_ckpts_record(struct pfsnl_ckpts *store, u32 addr,
		       const struct pfsnl_ckptrec *r);
int pfsnl_ckpts_ready(struct pfsnl_ckpts *store, const struct pfsnl_ring_id *ring);
int pfsnl_ckpts_activate(struct pfsnl_ckpts *store, const struct pfsnl_ring_id *ring,
			 u64 time, const struct pfsnl_ckpt_member *members, u32 n);
void pfsnl_ckpts_abort(struct pfsnl_ckpts *store);
void pfsnl_ckpts_keep(struct pfsnl_ckpts *store);
u32 pfsnl_ckpts_weigh(struct pfsnl_ckpts *store);
bool pfsnl_ckpts_side(const struct pfsnl_ckpts *store, u32 addr);
bool pfsnl_ckpts_empty(const struct pfsnl_ckpts *store);

/* digest.c */
bool pfsnl_ckpt_hash(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c, u64 budget);
bool pfsnl_ckpts_hash(struct pfsnl_ckpts *store, u64 budget);

/* want.c */
int pfsnl_ckpts_want(struct pfsnl_ckpts *store, u32 self, const struct pfsnl_ckptrec *r);
void pfsnl_ckpt_iter_wants(struct pfsnl_ckpt_iter *it, bool sections);
u32 pfsnl_ckpts_wants(struct pfsnl_ckpts *store, struct pfsnl_ckpt_iter *it, u8 *to,
		      u32 room);

/* send.c: records */
void pfsnl_ckpt_iter_all(struct pfsnl_ckpt_iter *it, u8 depth);
void pfsnl_ckpt_iter_ckpt(struct pfsnl_ckpt_iter *it, u8 depth,
			  const struct pfsnl_ckpt_number *number);
void pfsnl_ckpt_iter_section(struct pfsnl_ckpt_iter *it,
			     const struct pfsnl_ckpt_number *number, const void *id,
			     u32 len);
void pfsnl_ckpt_iter_wanted(struct pfsnl_ckpt_iter *it, u8 depth);
u32 pfsnl_ckpts_send(struct pfsnl_ckpts *store, struct pfsnl_ckpt_iter *it, u8 *to,
		     u32 room);

/* conflict.c */
u32 pfsnl_ckpt_lost_name(const struct pfsnl_ckpt *c);
struct pfsnl_ckpt *pfsnl_ckpt_winner(const struct pfsnl_ckpts *store,
				     const struct pfsnl_ckpt *c);

/* lineage.c */
enum pfsnl_lineage_order pfsnl_lineage_compare(const struct pfsnl_lineage *a,
					       const struct pfsnl_lineage *b);

#endif /* PFSNL_CORE_CKPT_H */
