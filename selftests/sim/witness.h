/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The witness: sees what all keepers (selftests/core/keeper.h) are told and do, and ends
 * the run with the name of an assertion that does not hold:
 *
 *	ckpt-same	who activated the same ring and applied the same operations has
 *			the same store
 *	ckpt-keeps	what a store went through that takes part in a round is in the one
 *			that it makes: as it was, or as somebody who had it went on from
 *			it, or, if several did, at least under another name. A round that
 *			comes to nothing changes nothing
 *	ckpt-refs	what is open is what living processes have open
 *	ckpt-number	a number is that of one checkpoint
 *	ckpt-once	a request has the outcome that is said, and those of one node are
 *			done in their order
 *	ckpt-merge	what sides become does not depend on their order
 *	ckpt-memory	memory stays within its bound, and is given back
 *	ckpt-goes-on	nobody is left out whom there is room for
 *	ckpt-expires	what is due expires, neither early nor late
 *
 * It knows what no node can know: everything that each ever was told.
 */
#ifndef SIM_WITNESS_H
#define SIM_WITNESS_H

#include "world.h"

/* whose keeper takes that much, or more, of what others have always has room */
#define WITNESS_MOST	(1ULL << 42)

void witness_begin(struct world *w, u64 skew);
void witness_end(void);
void witness_look(struct keeper *k);
void witness_rest(u64 since);

#endif /* SIM_WITNESS_H */
