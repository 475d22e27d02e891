/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules left out one at a time, so that the simulator can show that it would
 * notice. Only its build (-DPFSNL_BREAKABLE) has that; everywhere else
 * PFSNL_BROKEN() is the constant 0 and nothing remains of it.
 *
 * To add one: a name here, PFSNL_BROKEN(name) where the rule is, and a line in
 * selftests/sim/broken.c that says which assertion must fire.
 */
#ifndef PFSNL_CORE_BROKEN_H
#define PFSNL_CORE_BROKEN_H

#ifdef PFSNL_BREAKABLE

#define PFSNL_BROKENS(X)	\
	X(DRAIN)		\
	X(PING)			\
	X(SLOWER_CLOCK)		\
	X(INCARNATION)		\
	X(STRAGGLER)		\
	X(NOT_MEMBER)		\
	X(ORPHAN_LIMIT)		\
	X(ANY_LEADER)		\
	X(OLD_TETHER)		\
	X(BUSY_WAITS)		\
	X(EXPECTED_WAIT)	\
	X(LINE)			\
	X(DIFFERENCE)		\
	X(SEQ_SEEN)		\
	X(SEQ_GROWS)		\
	X(NOTICED)		\
	X(EXPIRY)		\
	X(BACK_OFF)		\
	X(LISTEN)		\
	X(LARGER)		\
	X(STICKY)		\
	X(GOODBYE)		\
	X(GATHER)		\
	X(BLOCKED)		\
	X(DEPARTED)		\
	X(ROOM)			\
	X(SAME_RING)		\
	X(NAME)			\
	X(PAUSE)		\
	X(LEVEL0_HOLD)		\
	X(MEET)			\
	X(RENEW)		\
	X(LISTED)		\
	X(CONTACT)		\
	X(LEASE)		\
	X(LEADER_LEASE)		\
	X(OVERTAKEN)		\
	X(CAME)			\
	X(HOLD)			\
	X(YOUNG)		\
	X(MERGE_WAIT)		\
	X(RECORD)		\
	X(SAFE)			\
	X(ACKS)			\
	X(CAP)			\
	X(SURVIVORS)		\
	X(LONGEST)		\
	X(UNKNOWN)		\
	X(LOST)			\
	X(GHOST)		\
	X(ABORT)		\
	X(BARRIER)		\
	X(RETRY)		\
	X(OWN)			\
	X(OLD_RING)		\
	X(NO_ABORT)		\
	X(FOREIGN)		\
	X(ENVELOPE)		\
	X(DEADLINE)		\
	X(YIELD)		\
	X(SPARED)		\
	X(CKPT_REFS)		\
	X(CKPT_GONE)		\
	X(CKPT_TIMERS)		\
	X(CKPT_STALE)		\
	X(CKPT_NUMBER)		\
	X(CKPT_HASTE)		\
	X(CKPT_RETRY)		\
	X(CKPT_SIDE)		\
	X(CKPT_KEPT)		\
	X(CKPT_COUNT)		\
	X(CKPT_LOSER)		\
	X(CKPT_CLOSE)		\
	X(CKPT_SEEN)		\
	X(CKPT_ROOM)		\
	X(CKPT_LIMITS)		\
	X(CKPT_NAME)		\
	X(CKPT_TAKES)		\
	X(CKPT_GAP)		\
	X(LEAK)			\
	X(CRASH)		\
	X(ENDLESS)

#define PFSNL_BROKEN_ENUM(name) PFSNL_BROKEN_##name,
enum pfsnl_broken {
	PFSNL_BROKEN_NOTHING,
	PFSNL_BROKENS(PFSNL_BROKEN_ENUM)
	PFSNL_BROKEN_N
};

extern enum pfsnl_broken pfsnl_broken;
#define PFSNL_BROKEN(name)	(pfsnl_broken == PFSNL_BROKEN_##name)

#else
#define PFSNL_BROKEN(name)	0
#endif

#endif /* PFSNL_CORE_BROKEN_H */
