/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is counted. Everything that is dropped or refused has a counter of its
 * own; the texts stand in Documentation/netlink/specs/pfsnl.yaml, whose
 * attribute set "stats" has the same names in the same order.
 */
#ifndef PFSNL_CORE_COUNTER_H
#define PFSNL_CORE_COUNTER_H

#include <linux/types.h>

#define PFSNL_COUNTERS(X)	\
	X(BEACON_RX)		\
	X(BEACON_RX_LEVEL0)	\
	X(BEACON_TX)		\
	X(BEACON_TX_FAILED)	\
	X(BEACON_TX_LATE)	\
	X(BEACON_HUNG)		\
	X(BEACON_MALFORMED)	\
	X(BEACON_FOREIGN)	\
	X(BEACON_SPOOFED)	\
	X(BEACON_OWN)		\
	X(BEACON_DUPLICATE)	\
	X(BEACON_NO_ROOM)	\
	X(BEACON_LEVEL0_REFUSED) \
	X(BEACON_OVERRUN)	\
	X(NOT_MEMBER_TX)	\
	X(NOT_MEMBER_RX)	\
	X(TETHER_DIAL)		\
	X(TETHER_DIAL_FAILED)	\
	X(TETHER_BUSY)		\
	X(TETHER_UP)		\
	X(TETHER_IN)		\
	X(TETHER_REFUSED)	\
	X(CLAIM_REFUSED)	\
	X(FRAME_RX)		\
	X(FRAME_TX)		\
	X(FRAME_UNKNOWN)	\
	X(FRAME_MALFORMED)	\
	X(FRAME_UNEXPECTED)	\
	X(LEVEL0_BYTES)		\
	X(DROP_CLOSED)		\
	X(DROP_BLOCKED)		\
	X(DROP_SILENT)		\
	X(DROP_LEFT)		\
	X(DROP_RESTARTED)	\
	X(DROP_MALFORMED)	\
	X(DROP_LOCAL)		\
	X(DROP_SLOW)		\
	X(LEADER_LOST)		\
	X(LEADS)		\
	X(STEP_DOWNS)		\
	X(OFFERS)		\
	X(MERGES)		\
	X(RECORDS)		\
	X(SUPERSEDED)		\
	X(FOREIGN_TX)		\
	X(FOREIGN_RX)		\
	X(SUSPECTS_SELF)	\
	X(PAUSES)		\
	X(INSTALLS)		\
	X(UPDATE_ADD)		\
	X(UPDATE_REMOVE)	\
	X(MESSAGES)		\
	X(MESSAGE_TWICE)	\
	X(TRANSITIONAL)		\
	X(FETCHES)		\
	X(SEND_REFUSED)		\
	X(SEND_UNKNOWN)		\
	X(WRITE_SHORT)		\
	X(NO_MEMORY)		\
	X(EVENT_FAILED)

#define PFSNL_COUNTER_ENUM(name) PFSNL_COUNT_##name,
enum pfsnl_counter {
	PFSNL_COUNTERS(PFSNL_COUNTER_ENUM)
	PFSNL_COUNTER_N
};

#endif /* PFSNL_CORE_COUNTER_H */
