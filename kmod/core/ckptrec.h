/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records of synchronization: what nodes tell each other of their checkpoints when a
 * ring brings them together. Network byte order. In which messages they go is not said
 * here. All begin alike:
 *	 0  1  kind, enum pfsnl_ckptrec_kind
 *	 1  1  flags: CHECKPOINT: PFSNL_CKPT_*; SECTION: PFSNL_PIECE_ENDS; WANT: PFSNL_WANT_*
 *	 2  2  bytes of the name or id
 *	 4  4  STORE: rings; CHECKPOINT, OFFER: sections; REFCOUNT: handles; WANT: the node
 *	       that said so; else 0
 *
 * STORE: the first record of a side
 *	 8  8  limits: bytes
 *	16  8  limits: headroom
 *	24     of each ring, rising: sequence number 8, incarnation 8, leader 4, count 8
 * CHECKPOINT
 *	 8  20 number: incarnation, counter, creator
 *	28  4  most sections
 *	32  20 origin, as the number
 *	52  4  most bytes in an id
 *	56  8  most bytes in all sections
 *	64  8  retention
 *	72  8  most bytes in a section
 *	80  8  operations that changed it
 *	88  8  stamp of the last
 *	96  8  stamp of the last close
 *	104 8  ids made
 *	112 28 created: ring and count, as in STORE
 *	140 28 changed last, likewise
 *	168 16 digest
 *	184 20 if it lost a conflict, in which ring that was decided, as in STORE; else 0
 *	204    name
 * SECTION: a piece of it
 *	 8  20 number of the checkpoint
 *	28  4  how many chunks right before the piece, or the end, are zero
 *	32  8  bytes in it
 *	40  8  when it expires
 *	48  8  stamp of the last change
 *	56  8  where the piece begins; chunks left out before, but for those that are zero,
 *	       are as in the version of who gets it. Without a piece 0, or bytes in it
 *	64  16 digest of the section
 *	80  16 digest of the chunk that the piece is the last of, else 0
 *	96  8  sum of the piece: XXH64 of it, seed 0; without one 0
 *	104    id, piece. No piece at 0 of a section that is not empty: it is offered.
 * OFFER: sections of a checkpoint
 *	 8  20 number of the checkpoint
 *	28     of each section: digest 16, bytes of the id 1, id
 * REFCOUNT: what a node has open
 *	 8  8  incarnation
 *	16  8  its count of its last message that was applied
 *	24  4  node
 *	28  4  0
 *	32     of each handle: number 20, process 4, handle 4, PFSNL_OPEN_* 4
 * WANT: the answer of a node that has not got what a digest stands for
 *	 8  20 number of the checkpoint
 *	28  8  PFSNL_WANT_CHUNKS: where in a section it begins, else 0
 *	36  8  and ends; from 0 to 1 TiB in one or more records
 *	44  16 digest of the section as the node has it, else 0
 *	60     id, then of each chunk from there on: digest 16. Those behind are zero, as is
 *	       what is beyond its end
 */
#ifndef PFSNL_CORE_CKPTREC_H
#define PFSNL_CORE_CKPTREC_H

#include <linux/types.h>

#include "ckpt.h"

#define PFSNL_CKPTREC_STORE_LEN		24
#define PFSNL_CKPTREC_RING_LEN		28
#define PFSNL_CKPTREC_CHECKPOINT_LEN	204
#define PFSNL_CKPTREC_SECTION_LEN	104
#define PFSNL_CKPTREC_REFCOUNT_LEN	32
#define PFSNL_CKPTREC_HANDLE_LEN	32
#define PFSNL_CKPTREC_WANT_LEN		60
#define PFSNL_CKPTREC_OFFER_LEN		28

enum pfsnl_ckptrec_kind {
	PFSNL_CKPTREC_STORE		= 1,
	PFSNL_CKPTREC_CHECKPOINT	= 2,
	PFSNL_CKPTREC_SECTION		= 3,
	PFSNL_CKPTREC_REFCOUNT		= 4,
	PFSNL_CKPTREC_WANT		= 5,
	PFSNL_CKPTREC_OFFER		= 6,
};

/* SECTION: the piece is the last of its chunk */
#define PFSNL_PIECE_ENDS	0x01
/* WANT: a section, and not all of a checkpoint */
#define PFSNL_WANT_SECTION	0x01
/* WANT: nothing of the checkpoint is known, so its data at once and no offers */
#define PFSNL_WANT_DATA		0x02
/* WANT: of a section, chunks that are not as its digests say */
#define PFSNL_WANT_CHUNKS	0x04

/**
 * struct pfsnl_ckptrec - a record, decoded
 * @kind: which; only what it has is set
 * @flags: as above
 * @n: STORE: rings; CHECKPOINT, OFFER: sections; REFCOUNT: handles
 * @limits: STORE
 * @number: CHECKPOINT, SECTION, WANT, OFFER
 * @origin: CHECKPOINT
 * @attr: CHECKPOINT
 * @ops: CHECKPOINT
 * @modified: CHECKPOINT, SECTION
 * @idle: CHECKPOINT
 * @next_id: CHECKPOINT
 * @born: CHECKPOINT
 * @changed: CHECKPOINT
 * @lost: CHECKPOINT
 * @digest: CHECKPOINT, SECTION; WANT: of what the node has
 * @bytes: SECTION: in all of it; WANT: where what it says of chunks ends
 * @expires: SECTION
 * @offset: SECTION: where the piece begins; WANT: where that begins
 * @zeros: SECTION: chunks before the piece, or the end, that are zero
 * @chunk: SECTION: digest of the chunk, with PFSNL_PIECE_ENDS
 * @sum: SECTION: of the piece, see struct pfsnl_ckpt_ops
 * @incarnation: REFCOUNT
 * @seen: REFCOUNT
 * @addr: REFCOUNT; WANT: whose version it is about
 * @name_len: bytes of @name
 * @name: CHECKPOINT: name; SECTION, WANT: id
 * @len: bytes of @rest
 * @rest: STORE: rings; SECTION: the piece; REFCOUNT: handles; OFFER: sections; WANT:
 *	digests of chunks
 */
struct pfsnl_ckptrec {
	u8 kind;
	u8 flags;
	u32 n;
	struct pfsnl_ckpt_limits limits;
	struct pfsnl_ckpt_number number;
	struct pfsnl_ckpt_number origin;
	struct pfsnl_ckpt_attr attr;
	u64 ops;
	u64 modified;
	u64 idle;
	u64 next_id;
	struct pfsnl_ckpt_dot born;
	struct pfsnl_ckpt_dot changed;
	struct pfsnl_ring_id lost;
	u8 digest[PFSNL_CKPT_DIGEST];
	u64 bytes;
	u64 expires;
	u64 offset;
	u32 zeros;
	u8 chunk[PFSNL_CKPT_DIGEST];
	u64 sum;
	u64 incarnation;
	u64 seen;
	u32 addr;
	u32 name_len;
	const u8 *name;
	u32 len;
	const u8 *rest;
};

/**
 * struct pfsnl_handle_rec - a handle of REFCOUNT
 * @number: the checkpoint
 * @process: whose
 * @handle: which
 * @flags: PFSNL_OPEN_READ, PFSNL_OPEN_WRITE
 */
struct pfsnl_handle_rec {
	struct pfsnl_ckpt_number number;
	u32 process;
	u32 handle;
	u32 flags;
};

/**
 * struct pfsnl_offer - a section of OFFER
 * @digest: of it, PFSNL_CKPT_DIGEST bytes
 * @id_len: bytes of @id
 * @id: which
 */
struct pfsnl_offer {
	const u8 *digest;
	u32 id_len;
	const u8 *id;
};

int pfsnl_ckptrec_decode(struct pfsnl_ckptrec *r, const u8 *data, u32 len);
u32 pfsnl_ckptrec_size(const struct pfsnl_ckptrec *r);
void pfsnl_ckptrec_encode(const struct pfsnl_ckptrec *r, u8 *to);
u8 *pfsnl_dot_encode(u8 *to, const struct pfsnl_ckpt_dot *dot);
const u8 *pfsnl_dot_decode(const u8 *p, struct pfsnl_ckpt_dot *dot);
u8 *pfsnl_handle_encode(u8 *to, const struct pfsnl_handle_rec *h);
const u8 *pfsnl_handle_decode(const u8 *p, struct pfsnl_handle_rec *h);
u32 pfsnl_offer_size(u32 id_len);
u8 *pfsnl_offer_encode(u8 *to, const struct pfsnl_offer *o);
const u8 *pfsnl_offer_decode(const u8 *p, struct pfsnl_offer *o);

#endif /* PFSNL_CORE_CKPTREC_H */
