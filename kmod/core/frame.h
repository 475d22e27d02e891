/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames: what goes along a tether, a TCP stream.
 *
 * Every frame begins with two words in network byte order:
 *
 *	 0  4  op
 *	 4  4  update: number of addresses; other ops: bytes of payload
 *	 8     update: addresses, four bytes each; other ops: payload
 *
 * The two updates, op 0xffffffff "add" and 0x00000000 "remove", are all that
 * level-0 peers know. Ops 0x50460000 to 0x5046ffff are ours: one that is not
 * known is skipped by its length. Any other op is malformed.
 */
#ifndef PFSNL_CORE_FRAME_H
#define PFSNL_CORE_FRAME_H

#include <linux/types.h>

#define PFSNL_FRAME_HEAD	8

#define PFSNL_FRAME_ADD		0xffffffffU
#define PFSNL_FRAME_REMOVE	0x00000000U
#define PFSNL_FRAME_CLAIM	0x50460001U
#define PFSNL_FRAME_ACCEPT	0x50460002U
#define PFSNL_FRAME_BUSY	0x50460003U
#define PFSNL_FRAME_INSTALL	0x50460004U
#define PFSNL_FRAME_LEAVE	0x50460005U
#define PFSNL_FRAME_PING	0x50460006U
#define PFSNL_FRAME_PONG	0x50460007U
#define PFSNL_FRAME_RECORD_GET	0x50460008U
#define PFSNL_FRAME_RECORD	0x50460009U
#define PFSNL_FRAME_HANDOVER	0x5046000aU
#define PFSNL_FRAME_OFFER	0x5046000bU
#define PFSNL_FRAME_FOREIGN	0x5046000cU
/* ordered messages, see ordermsg.h */
#define PFSNL_FRAME_BEGIN	0x5046000dU
#define PFSNL_FRAME_SEND	0x5046000eU
#define PFSNL_FRAME_ORDER	0x5046000fU
#define PFSNL_FRAME_ACK		0x50460010U
#define PFSNL_FRAME_STABLE	0x50460011U
#define PFSNL_FRAME_WANT	0x50460012U
#define PFSNL_FRAME_GRANT	0x50460013U
#define PFSNL_FRAME_FETCH	0x50460014U
#define PFSNL_FRAME_TAIL	0x50460015U

#define PFSNL_FRAME_OURS(op)	((op) >> 16 == 0x5046)

/* longest payload of all ops that carry no list, and of what is skipped */
#define PFSNL_FRAME_SMALL_MAX	256
#define PFSNL_FRAME_SKIP_MAX	(16U << 20)

/**
 * struct pfsnl_stream - frames being put together from a byte stream
 * @alloc: gives zeroed memory or NULL
 * @free: takes it back
 * @ctx: handed to both
 * @list_max: longest payload of updates, INSTALL, RECORD and BEGIN that is taken
 * @piece_max: longest payload of SEND and ORDER that is taken
 * @op: of the frame; valid once pfsnl_stream_feed() returned 1
 * @len: its payload in bytes
 * @body: its payload; NULL when @len is 0
 * @head: the first two words as far as they came
 * @have: bytes of @head and then of the payload that came
 * @skip: the payload is being thrown away
 * @borrowed: @body is where the bytes came, which is so if all of it came at once
 * @small: @body is this, so that small frames need no allocation
 * @skipped: frames of unknown ops skipped so far
 */
struct pfsnl_stream {
	void *(*alloc)(void *ctx, size_t size);
	void (*free)(void *ctx, void *p);
	void *ctx;
	u32 list_max;
	u32 piece_max;
	u32 op;
	u32 len;
	u8 *body;
	u8 head[PFSNL_FRAME_HEAD];
	u32 have;
	bool skip;
	bool borrowed;
	u8 small[PFSNL_FRAME_SMALL_MAX];
	u32 skipped;
};

void pfsnl_stream_reset(struct pfsnl_stream *s);
int pfsnl_stream_feed(struct pfsnl_stream *s, const u8 **data, size_t *len);
u8 *pfsnl_frame_head(u8 *wire, u32 op, u32 count_or_len);
u8 *pfsnl_frame_addr(u8 *p, u32 addr);

#endif /* PFSNL_CORE_FRAME_H */
