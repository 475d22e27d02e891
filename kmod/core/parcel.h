/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parcels: what stands in the DATA of the checkpoint service, some records (ckptrec.h)
 * of one step of a round. Network byte order.
 *	 0  1  step, enum pfsnl_ckpt_step
 *	 1  1  flags: 1 the sender has no more to say in this step; 2 with it, WANT and NEED:
 *	       it lacks something of what follows
 *	 2  2  zero
 *	 4  8  LINEAGE, with flag 1: the time, as operations are stamped; else zero
 *	12     records, each after its length in four bytes
 * Of OFFER and DATA whoever lacks nothing gets the head alone (envelope.h).
 */
#ifndef PFSNL_CORE_PARCEL_H
#define PFSNL_CORE_PARCEL_H

#include <linux/types.h>

#define PFSNL_PARCEL_LEN	12
/* bytes before each record */
#define PFSNL_PARCEL_RECORD	4
/* with all that is put around it on its way it has 64 KiB at most, see checkpoints.rst */
#ifndef PFSNL_PARCEL_MAX
#define PFSNL_PARCEL_MAX	(63U << 10)
#endif
#define PFSNL_PARCEL_LAST	0x01
#define PFSNL_PARCEL_TAKES	0x02

/* the steps of a round, see ckptsvc.h; END is said by nobody */
enum pfsnl_ckpt_step {
	PFSNL_CKPT_STEP_NONE,
	PFSNL_CKPT_STEP_LINEAGE,
	PFSNL_CKPT_STEP_HEADS,
	PFSNL_CKPT_STEP_WANT,
	PFSNL_CKPT_STEP_OFFER,
	PFSNL_CKPT_STEP_NEED,
	PFSNL_CKPT_STEP_DATA,
	PFSNL_CKPT_STEP_END,
};

/**
 * struct pfsnl_parcel - a parcel, decoded
 * @step: enum pfsnl_ckpt_step
 * @last: the sender has no more to say in this step
 * @takes: WANT, NEED, @last: the sender needs what is transmitted in the next step
 * @time: LINEAGE, @last: nanoseconds
 * @len: bytes of @records
 * @records: each after its length
 */
struct pfsnl_parcel {
	u8 step;
	bool last;
	bool takes;
	u64 time;
	u32 len;
	const u8 *records;
};

int pfsnl_parcel_decode(struct pfsnl_parcel *p, const u8 *data, u32 len);
void pfsnl_parcel_encode(const struct pfsnl_parcel *p, u8 *to);
bool pfsnl_parcel_is_whole(const struct pfsnl_parcel *p);
const u8 *pfsnl_parcel_next(const struct pfsnl_parcel *p, u32 *at, u32 *len);

#endif /* PFSNL_CORE_PARCEL_H */
