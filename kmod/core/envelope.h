/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Envelopes: a message of which only some nodes need all. Whoever says it knows who they
 * are; to the others the leader sends its beginning. It has its number everywhere, so
 * what all have is in the same order as ever.
 *
 * A node that was not given the rest can't hand it on. So this is for what means nothing
 * once there is another ring: who succeeds a leader may have the beginning alone, and
 * nodes that need the rest then get no more than that; but the ring of the successor
 * follows. Services transmit like this (sync.h), nobody else.
 *
 * Network byte order, at the beginning of a message with PFSNL_MSG_ENVELOPE:
 *	 0  4  bytes of the whole message, this included
 *	 4  4  bytes that all get, this included
 *	 8  4  how many nodes it is for
 *	12     their addresses, four bytes each
 *	       what the message says
 */
#ifndef PFSNL_CORE_ENVELOPE_H
#define PFSNL_CORE_ENVELOPE_H

#include <linux/types.h>

#include "log.h"

/* most nodes that an envelope names */
#define PFSNL_ENVELOPE_MAX	64
#define PFSNL_ENVELOPE_LEN	12

/**
 * struct pfsnl_envelope - an envelope, decoded
 * @whole: bytes of the message
 * @kept: bytes of it that all get
 * @n: how many nodes it is for
 * @addrs: their addresses on the wire
 */
struct pfsnl_envelope {
	u32 whole;
	u32 kept;
	u32 n;
	const u8 *addrs;
};

u32 pfsnl_envelope_len(u32 n);
int pfsnl_envelope_decode(struct pfsnl_envelope *env, const u8 *data, u32 len);
u8 *pfsnl_envelope_encode(u8 *to, u32 whole, u32 kept, const u32 *addrs, u32 n);
u32 pfsnl_envelope_part(const struct pfsnl_entry *e, u32 addr);

#endif /* PFSNL_CORE_ENVELOPE_H */
