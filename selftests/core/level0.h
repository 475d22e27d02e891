/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer that knows the protocol of 1998 and nothing more: it sends nine bytes,
 * accepts a tether and believes the updates that come along it.
 */
#ifndef CORE_LEVEL0_H
#define CORE_LEVEL0_H

#include "world.h"

/**
 * struct level0 - such a peer
 * @host: the host
 * @world: where it is
 * @interval: time between its beacons, nanoseconds
 * @beacon: event of the next
 * @tether: from a leader, NULL when there is none
 * @from: which leader
 * @accepted: tethers ever accepted
 * @bytes: all that came along the present tether, or the last one
 * @n_bytes: how many
 * @done: how many of them were understood
 * @addrs: its list, host order, in the order in which it grew
 * @n: nodes in it
 * @on_frame: called for each update, if set
 */
struct level0 {
	struct host host;
	struct world *world;
	u64 interval;
	struct sim_event beacon;
	struct stream_end *tether;
	u32 from;
	u32 accepted;
	u8 *bytes;
	size_t n_bytes;
	size_t done;
	u32 *addrs;
	u32 n;
	void (*on_frame)(struct level0 *p, u32 op, const u32 *addrs, u32 n);
};

struct level0 *level0_new(struct world *w, u32 addr);
void level0_start(struct level0 *p);
void level0_kill(struct level0 *p);
void level0_close(struct level0 *p);
void level0_stop_reading(struct level0 *p, u32 window);
bool level0_has(const struct level0 *p, u32 addr);
void level0_free(struct level0 *p);

#endif /* CORE_LEVEL0_H */
