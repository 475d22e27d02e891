/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rites: the rings in which stores of checkpoints are made one. Of each it is kept what
 * the stores were that went into its round, and which places of which rings they had
 * been at; so it is known what must come of it.
 */
#ifndef SIM_RITE_H
#define SIM_RITE_H

#include "world.h"

/**
 * struct went - which places a store went through
 * @n: rings
 * @count: of each, by its index, how many operations and 1; 0: it was not there
 */
struct went {
	u32 n;
	u32 *count;
};

void rites_begin(void);
void rites_end(void);
u32 rite_of(const struct pfsnl_ring_id *ring);
void rite_take(u32 rite, struct keeper *k, const struct went *went);
bool rite_open(u32 rite, struct keeper *k, u64 *merged);
bool rite_passed(u32 rite, const struct went *went);
void rite_close(u32 rite, struct keeper *k, bool conflict);
const struct went *rite_went(u32 rite);
void went_to(struct went *w, u32 rite, u64 count);
void went_both(struct went *into, const struct went *from);
u64 rite_mix_bytes(u64 sum, const void *data, size_t len);
u64 rite_mix_number(const struct pfsnl_ckpt_number *n);
u64 rite_mix(const struct pfsnl_ring_id *ring);
u64 rite_mix_store(struct pfsnl_ckpts *store);

#endif /* SIM_RITE_H */
