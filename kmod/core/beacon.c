// SPDX-License-Identifier: GPL-2.0
/*
 * Beacon codec. Any context, touches nothing but its arguments.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "beacon.h"
#include "config.h"
#include "time.h"

/**
 * pfsnl_beacon_decode - read a datagram
 * @b: what it says; undefined after an error
 * @data: the datagram, from anybody
 * @len: its length in bytes
 *
 * Checks the format and that every number is one a real node can have; whether
 * the sender is who it says it is, is the caller's to compare.
 *
 * Return: 0, or -EBADMSG when this is no beacon.
 */
int pfsnl_beacon_decode(struct pfsnl_beacon *b, const void *data, size_t len)
{
	const u8 *p = data;

	if (len < PFSNL_BEACON_TEXT_LEN ||
	    memcmp(p, PFSNL_BEACON_TEXT, PFSNL_BEACON_TEXT_LEN))
		return -EBADMSG;

	memset(b, 0, sizeof(*b));
	if (len == PFSNL_BEACON_TEXT_LEN)
		return 0;

	if (len < PFSNL_BEACON_LEN || p[9] < PFSNL_BEACON_VERSION ||
	    get_unaligned_be16(p + 10) != len)
		return -EBADMSG;

	b->level = 1;
	b->flags = get_unaligned_be16(p + 12);
	b->tether_port = get_unaligned_be16(p + 14);
	b->addr = get_unaligned_be32(p + 16);
	b->counter = get_unaligned_be32(p + 20);
	b->incarnation = get_unaligned_be64(p + 24);
	b->cluster_id = get_unaligned_be64(p + 32);
	b->interval_ms = get_unaligned_be32(p + 40);
	b->priority = p[44];
	b->dead = p[45];
	b->lease_ms = get_unaligned_be16(p + 46);
	b->ring.seq = get_unaligned_be64(p + 48);
	b->ring.incarnation = get_unaligned_be64(p + 56);
	b->ring.leader = get_unaligned_be32(p + 64);
	b->members = get_unaligned_be32(p + 68);
	b->subject = get_unaligned_be64(p + 72);

	/* an interval of hours would keep a dead node in the list for hours */
	if (!b->addr || !b->incarnation || !b->tether_port ||
	    b->interval_ms < PFSNL_INTERVAL_MS_MIN ||
	    b->interval_ms > PFSNL_INTERVAL_MS_MAX ||
	    b->ring.seq > PFSNL_RING_SEQ_MAX ||
	    ((b->flags & PFSNL_BEACON_LEADER) &&
	     (b->flags & PFSNL_BEACON_TETHERED)))
		return -EBADMSG;
	return 0;
}

/**
 * pfsnl_beacon_encode - write a level-1 beacon
 * @b: what to say; @level is taken to be 1
 * @wire: where to
 */
void pfsnl_beacon_encode(const struct pfsnl_beacon *b, u8 wire[PFSNL_BEACON_LEN])
{
	memset(wire, 0, PFSNL_BEACON_LEN);
	memcpy(wire, PFSNL_BEACON_TEXT, PFSNL_BEACON_TEXT_LEN);
	wire[9] = PFSNL_BEACON_VERSION;
	put_unaligned_be16(PFSNL_BEACON_LEN, wire + 10);
	put_unaligned_be16(b->flags, wire + 12);
	put_unaligned_be16(b->tether_port, wire + 14);
	put_unaligned_be32(b->addr, wire + 16);
	put_unaligned_be32(b->counter, wire + 20);
	put_unaligned_be64(b->incarnation, wire + 24);
	put_unaligned_be64(b->cluster_id, wire + 32);
	put_unaligned_be32(b->interval_ms, wire + 40);
	wire[44] = b->priority;
	wire[45] = b->dead;
	put_unaligned_be16(b->lease_ms, wire + 46);
	put_unaligned_be64(b->ring.seq, wire + 48);
	put_unaligned_be64(b->ring.incarnation, wire + 56);
	put_unaligned_be32(b->ring.leader, wire + 64);
	put_unaligned_be32(b->members, wire + 68);
	put_unaligned_be64(b->subject, wire + 72);
}

/**
 * pfsnl_lease_ms - what a beacon says of a time
 * @until: the time, nanoseconds
 * @now: nanoseconds
 *
 * Return: how long it is till then, milliseconds, rounded down; 0 if it is past.
 */
u16 pfsnl_lease_ms(u64 until, u64 now)
{
	if (until <= now)
		return 0;
	return min_t(u64, div_u64(until - now, PFSNL_MS), U16_MAX);
}

/**
 * pfsnl_beacon_stamp - set what changes in a beacon prepared before
 * @wire: written by pfsnl_beacon_encode()
 * @counter: number of this beacon
 * @lease_ms: as pfsnl_lease_ms() says at this moment
 */
void pfsnl_beacon_stamp(u8 wire[PFSNL_BEACON_LEN], u32 counter, u16 lease_ms)
{
	put_unaligned_be32(counter, wire + 20);
	put_unaligned_be16(lease_ms, wire + 46);
}
