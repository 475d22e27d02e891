/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations on checkpoints: what stands in the ordered messages about them. Network
 * byte order. All begin alike:
 *	 0  1  kind, enum pfsnl_ckptmsg_kind
 *	 1  1  flags: OPEN: PFSNL_OPEN_*; SECTION_CREATE: 1 make an id; EXPIRE: 1 a section
 *	 2  2  bytes of the name or id
 *	 4  4  process, as the sender numbers it
 *	 8  4  handle, likewise
 *	12  4  WRITE: how many vectors, else 0
 *	16  8  time, nanoseconds, as the sender stamps it
 * and go on with what the kind has, then the name or id, then the rest:
 *
 * OPEN: name; opens a checkpoint with this handle, and perhaps creates it
 *	24  8  most bytes in all sections
 *	32  8  retention
 *	40  8  most bytes in a section
 *	48  4  most sections
 *	52  4  most bytes in an id
 * CLOSE: the handle; nothing more
 * UNLINK: name
 * RETENTION: of what the handle is of
 *	24  8  retention
 * SECTION_CREATE: id, rest: what it holds at first
 *	24  8  when it expires
 * SECTION_DELETE: id
 * SECTION_WRITE: id, rest: vectors {offset 8, length 4, bytes}, rising, none over
 *	another, none empty
 * SECTION_OVERWRITE: id, rest: what it holds from now on
 * SECTION_EXPIRATION: id
 *	24  8  when it expires
 * EXPIRE: id, if it is a section; its time, or that of the checkpoint, has come
 *	24  8  when it expires; if that is not so any more it doesn't
 *	32  8  number of the checkpoint: incarnation
 *	40  8  number: counter
 *	48  4  number: creator
 *	52  4  0
 * GONE: a node is gone; its handles go
 *	24  8  incarnation
 *	32  4  node
 *	36  4  0
 * PROCESS_GONE: the process of the sender is gone; nothing more
 * LIMITS: how much a store holds
 *	24  8  bytes
 *	32  8  of that, for synchronization only
 */
#ifndef PFSNL_CORE_CKPTMSG_H
#define PFSNL_CORE_CKPTMSG_H

#include <linux/types.h>

#include "ckpt.h"

#define PFSNL_CKPTMSG_LEN	24
#define PFSNL_CKPTMSG_VEC_LEN	12

enum pfsnl_ckptmsg_kind {
	PFSNL_CKPTMSG_OPEN		= 1,
	PFSNL_CKPTMSG_CLOSE		= 2,
	PFSNL_CKPTMSG_UNLINK		= 3,
	PFSNL_CKPTMSG_RETENTION		= 4,
	PFSNL_CKPTMSG_SECTION_CREATE	= 5,
	PFSNL_CKPTMSG_SECTION_DELETE	= 6,
	PFSNL_CKPTMSG_SECTION_WRITE	= 7,
	PFSNL_CKPTMSG_SECTION_OVERWRITE	= 8,
	PFSNL_CKPTMSG_SECTION_EXPIRATION = 9,
	PFSNL_CKPTMSG_EXPIRE		= 10,
	PFSNL_CKPTMSG_GONE		= 11,
	PFSNL_CKPTMSG_PROCESS_GONE	= 12,
	PFSNL_CKPTMSG_LIMITS		= 13,
};

/* SECTION_CREATE: the store makes the id */
#define PFSNL_CREATE_ID		0x01
/* EXPIRE: a section */
#define PFSNL_EXPIRE_SECTION	0x01

/**
 * struct pfsnl_ckptmsg - an operation, decoded
 * @kind: which; only what it has is set
 * @flags: as above
 * @process: OPEN to SECTION_EXPIRATION, PROCESS_GONE
 * @handle: OPEN to SECTION_EXPIRATION, but not UNLINK
 * @time: the sender's stamp
 * @attr: OPEN; RETENTION: the retention only
 * @expires: SECTION_CREATE, SECTION_EXPIRATION, EXPIRE
 * @number: EXPIRE
 * @incarnation: GONE
 * @addr: GONE
 * @limits: LIMITS
 * @vectors: SECTION_WRITE: how many
 * @name_len: bytes of @name
 * @name: name or id
 * @len: bytes of @rest
 * @rest: SECTION_CREATE, SECTION_OVERWRITE: data; SECTION_WRITE: vectors
 */
struct pfsnl_ckptmsg {
	u8 kind;
	u8 flags;
	u32 process;
	u32 handle;
	u64 time;
	struct pfsnl_ckpt_attr attr;
	u64 expires;
	struct pfsnl_ckpt_number number;
	u64 incarnation;
	u32 addr;
	struct pfsnl_ckpt_limits limits;
	u32 vectors;
	u32 name_len;
	const u8 *name;
	u32 len;
	const u8 *rest;
};

/**
 * struct pfsnl_vec - bytes at a place in a section
 * @offset: the place
 * @len: how many
 * @bytes: what
 */
struct pfsnl_vec {
	u64 offset;
	u32 len;
	const u8 *bytes;
};

bool pfsnl_ckpt_name_ok(const void *name, u32 len);
bool pfsnl_ckpt_attr_ok(const struct pfsnl_ckpt_attr *attr);
int pfsnl_ckptmsg_decode(struct pfsnl_ckptmsg *m, const u8 *data, u32 len);
u32 pfsnl_ckptmsg_size(const struct pfsnl_ckptmsg *m);
void pfsnl_ckptmsg_encode(const struct pfsnl_ckptmsg *m, u8 *to);
u8 *pfsnl_vec_encode(u8 *to, const struct pfsnl_vec *v);
const u8 *pfsnl_vec_next(const u8 *p, struct pfsnl_vec *v);
u8 *pfsnl_ckpt_number_encode(u8 *to, const struct pfsnl_ckpt_number *n);
void pfsnl_ckpt_number_decode(const u8 *p, struct pfsnl_ckpt_number *n);

#endif /* PFSNL_CORE_CKPTMSG_H */
