/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The beacon room: a UDP socket and a thread of its own that sends on time.
 *
 * The core says what to send by a plan. The beacon thread owns the plan it
 * sends from; a new one is left in @next, from where the thread takes it with
 * one exchange. So it never waits for the node thread or a lock of ours, and
 * bulk work or a busy machine can't fake our death.
 */
#ifndef PFSNL_BEACON_H
#define PFSNL_BEACON_H

#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/types.h>

#include "core/core.h"

/* more datagrams than a receive buffer of the usual size holds */
#define PFSNL_BEACON_DRAIN	1024

struct socket;
struct netlink_ext_ack;
struct pfsnl_instance;
struct sock;

/**
 * struct pfsnl_beacon_io - UDP of an instance
 * @inst: whose
 * @sock: bound to the beacon port on the interface
 * @data_ready: the callback that the socket came with
 * @receive: node thread: datagrams wait
 * @first: when the first datagram came since the node thread began to read, 0 if
 *	none did
 * @since: node thread: when the oldest came of those that it goes on to read
 * @empty_at: node thread: when it knew last that none waited
 * @worker: the beacon thread
 * @send: beacon thread: send, or look at a new plan
 * @clock: fires when the next beacon is due
 * @port: where beacons go to, host order
 * @source: address they come from
 * @group: multicast group that was joined, 0 if none
 * @next: plan that the beacon thread has not taken yet
 * @plan: beacon thread: the plan it sends from
 * @lease: until when our ring is quorate, as beacons are to say
 * @last: beacon thread: when the last beacon was sent, 0 before the first
 * @gap: longest time between two beacons that the node thread has not been told
 *	of, nanoseconds
 * @told: node thread: when it was told last of a beacon that was long due
 * @due: beacon thread: when the next beacon is due, nanoseconds
 * @burst: beacon thread: quick beacons still to send
 * @counter: beacon thread: number of the last beacon
 * @sent: beacon thread: datagrams sent
 * @failed: beacon thread: datagrams that the network refused
 * @late: beacon thread: beacons more than half an interval late
 * @hung: beacon thread: beacons held back because the plan had expired
 */
struct pfsnl_beacon_io {
	struct pfsnl_instance *inst;
	struct socket *sock;
	void (*data_ready)(struct sock *sk);
	struct kthread_work receive;
	atomic64_t first;
	u64 since;
	u64 empty_at;
	struct kthread_worker *worker;
	struct kthread_work send;
	struct hrtimer clock;
	u16 port;
	__be32 source;
	__be32 group;
	struct pfsnl_beacon_plan *next;
	struct pfsnl_beacon_plan *plan;
	atomic64_t lease;
	u64 last;
	atomic64_t gap;
	u64 told;
	u64 due;
	u32 burst;
	u32 counter;
	u64 sent;
	u64 failed;
	u64 late;
	u64 hung;
};

int pfsnl_beacon_open(struct pfsnl_instance *inst,
		      const struct pfsnl_config *cfg,
		      struct netlink_ext_ack *extack);
void pfsnl_beacon_listen(struct pfsnl_beacon_io *b);
int pfsnl_beacon_join(struct pfsnl_beacon_io *b, u32 group);
void pfsnl_beacon_drain(struct pfsnl_beacon_io *b, u32 budget);
int pfsnl_beacon_plan(struct pfsnl_beacon_io *b,
		      const struct pfsnl_beacon_plan *plan);
void pfsnl_beacon_lease(struct pfsnl_beacon_io *b, u64 until);
void pfsnl_beacon_datagram(struct pfsnl_beacon_io *b, u32 addr,
			   const void *data, size_t len);
u64 pfsnl_beacon_gap(struct pfsnl_beacon_io *b, u64 now, u64 limit);
void pfsnl_beacon_deafen(struct pfsnl_beacon_io *b);
void pfsnl_beacon_close(struct pfsnl_beacon_io *b);

#endif /* PFSNL_BEACON_H */
