/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Digests, that tell whether two stores hold the same without moving it. Each is over
 * the digests of the parts, which are kept with them until they change:
 *
 *	a chunk		its bytes, without zeros at the end; so what was never written
 *			and what was written as zeros are the same
 *	a section	id, length, expiration, stamp, and its chunks that aren't all zero
 *	a checkpoint	number, attributes, and its sections
 *	the store	all checkpoints, their names, what is known about them, and the
 *			lineage
 *
 * A checkpoint's own digest leaves out its name, which the number stands for: who wins
 * a conflict by it must not depend on whether the loser of an earlier one has been
 * given another name already.
 * Who has something open is in none of them.
 */
#ifndef PFSNL_CORE_DIGEST_H
#define PFSNL_CORE_DIGEST_H

#include "store.h"

void pfsnl_digest_said(const struct pfsnl_data *d, u64 offset, u8 *digest);
void pfsnl_digest_take(struct pfsnl_data *d, u64 offset, const u8 *digest);
const u8 *pfsnl_digest_section(struct pfsnl_ckpts *store, struct pfsnl_section *s);
const u8 *pfsnl_digest_ckpt(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c);
void pfsnl_digest_set(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *set,
		      u8 *digest);

#endif /* PFSNL_CORE_DIGEST_H */
