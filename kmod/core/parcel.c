// SPDX-License-Identifier: GPL-2.0
/*
 * Parcels: codec. Touches nothing but its arguments.
 */
#include <linux/errno.h>
#include <linux/unaligned.h>

#include "parcel.h"

/**
 * pfsnl_parcel_is_whole - whether the lengths of its records fill a parcel
 * @p: the parcel
 *
 * Only who has all of it can tell, so what it says of its step counts in any case.
 */
bool pfsnl_parcel_is_whole(const struct pfsnl_parcel *p)
{
	u32 at = 0, len;

	while (p->len - at >= PFSNL_PARCEL_RECORD) {
		len = get_unaligned_be32(p->records + at);
		at += PFSNL_PARCEL_RECORD;
		if (len > p->len - at)
			return false;
		at += len;
	}
	return at == p->len;
}

/**
 * pfsnl_parcel_decode - read a parcel
 * @p: filled
 * @data: the parcel; what @p points to afterwards is in it
 * @len: its bytes
 *
 * Its records are not looked at.
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_parcel_decode(struct pfsnl_parcel *p, const u8 *data, u32 len)
{
	if (len < PFSNL_PARCEL_LEN)
		return -EBADMSG;
	*p = (struct pfsnl_parcel) {
		.step = data[0],
		.last = data[1] & PFSNL_PARCEL_LAST,
		.takes = data[1] & PFSNL_PARCEL_TAKES,
		.time = get_unaligned_be64(data + 4),
		.len = len - PFSNL_PARCEL_LEN,
		.records = data + PFSNL_PARCEL_LEN,
	};
	if (p->step <= PFSNL_CKPT_STEP_NONE || p->step >= PFSNL_CKPT_STEP_END ||
	    (data[1] & ~(PFSNL_PARCEL_LAST | PFSNL_PARCEL_TAKES)) ||
	    get_unaligned_be16(data + 2) ||
	    (p->time && !(p->last && p->step == PFSNL_CKPT_STEP_LINEAGE)) ||
	    (p->takes && !(p->last && (p->step == PFSNL_CKPT_STEP_WANT ||
				       p->step == PFSNL_CKPT_STEP_NEED))))
		return -EBADMSG;
	return 0;
}

/**
 * pfsnl_parcel_encode - write the head of a parcel
 * @p: its step, whether it is the last and what that says, and the time
 * @to: PFSNL_PARCEL_LEN bytes; the records follow
 */
void pfsnl_parcel_encode(const struct pfsnl_parcel *p, u8 *to)
{
	to[0] = p->step;
	to[1] = (p->last ? PFSNL_PARCEL_LAST : 0) |
		(p->takes ? PFSNL_PARCEL_TAKES : 0);
	put_unaligned_be16(0, to + 2);
	put_unaligned_be64(p->time, to + 4);
}

/**
 * pfsnl_parcel_next - the next record of a parcel
 * @p: the parcel, whole
 * @at: where that is in it, 0 to begin; moved on
 * @len: set to its bytes
 *
 * Return: the record, or NULL if there is none.
 */
const u8 *pfsnl_parcel_next(const struct pfsnl_parcel *p, u32 *at, u32 *len)
{
	const u8 *record = p->records + *at + PFSNL_PARCEL_RECORD;

	if (*at >= p->len)
		return NULL;
	*len = get_unaligned_be32(p->records + *at);
	*at += PFSNL_PARCEL_RECORD + *len;
	return record;
}
