// SPDX-License-Identifier: GPL-2.0
/*
 * Envelopes: codec, and how much of a message a node gets. Touches nothing but its
 * arguments. What is decoded comes from a peer.
 */
#include <linux/errno.h>
#include <linux/unaligned.h>

#include "broken.h"
#include "envelope.h"
#include "ordermsg.h"

/**
 * pfsnl_envelope_len - bytes of an envelope
 * @n: how many nodes it names
 */
u32 pfsnl_envelope_len(u32 n)
{
	return PFSNL_ENVELOPE_LEN + 4 * n;
}

/**
 * pfsnl_envelope_decode - read an envelope
 * @env: filled
 * @data: the message; what @env points to afterwards is in it
 * @len: its bytes: the whole message or what all get of it
 *
 * All nodes find the same, whichever of the two they have.
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_envelope_decode(struct pfsnl_envelope *env, const u8 *data, u32 len)
{
	if (len < PFSNL_ENVELOPE_LEN)
		return -EBADMSG;
	*env = (struct pfsnl_envelope) {
		.whole = get_unaligned_be32(data),
		.kept = get_unaligned_be32(data + 4),
		.n = get_unaligned_be32(data + 8),
		.addrs = data + PFSNL_ENVELOPE_LEN,
	};
	if (env->n > PFSNL_ENVELOPE_MAX || env->kept > env->whole ||
	    env->kept < pfsnl_envelope_len(env->n))
		return -EBADMSG;
	return len == env->whole || len == env->kept ? 0 : -EBADMSG;
}

/**
 * pfsnl_envelope_encode - write an envelope
 * @to: where to, pfsnl_envelope_len() bytes
 * @whole: bytes of the message, the envelope included
 * @kept: bytes of it that all get
 * @addrs: nodes that get all of it, host order
 * @n: how many, PFSNL_ENVELOPE_MAX at most
 *
 * Return: behind it.
 */
u8 *pfsnl_envelope_encode(u8 *to, u32 whole, u32 kept, const u32 *addrs, u32 n)
{
	u32 i;

	put_unaligned_be32(whole, to);
	put_unaligned_be32(kept, to + 4);
	put_unaligned_be32(n, to + 8);
	for (i = 0; i < n; i++)
		put_unaligned_be32(addrs[i], to + PFSNL_ENVELOPE_LEN + 4 * i);
	return to + pfsnl_envelope_len(n);
}

/**
 * pfsnl_envelope_part - how much of a message a node is sent
 * @e: the message, with or without an envelope; perhaps of a node that makes no sense
 * @addr: the node, host order
 *
 * Return: bytes, from its beginning.
 */
u32 pfsnl_envelope_part(const struct pfsnl_entry *e, u32 addr)
{
	struct pfsnl_envelope env;
	u32 i;

	if (!(e->flags & PFSNL_MSG_ENVELOPE) ||
	    pfsnl_envelope_decode(&env, e->data, e->len))
		return e->len;
	for (i = 0; i < env.n && !PFSNL_BROKEN(ENVELOPE); i++)
		if (get_unaligned_be32(env.addrs + 4 * i) == addr)
			return e->len;
	return env.kept;
}
