/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages about services: what stands in the ordered messages of PFSNL_PORT_SYNC.
 * Network byte order. All begin alike:
 *	 0  1  kind, enum pfsnl_syncmsg_kind
 *	 1  1  zero
 *	 2  2  DATA, DONE, SAY: the service, not 0; REPORT: how many records; else zero
 *	 4  4  ring: leader
 *	 8  8  ring: sequence number
 *	16  8  ring: incarnation of the leader
 * The ring is that whose mark the message follows; for SAY that in which the sender
 * activated the service; for SERVE nothing. The phase that a message belongs to is
 * said by its kind. And they go on:
 *
 * ROUND (leader): services are synchronized; these nodes say first what they have
 *	24     addresses of the nodes, rising, four bytes each
 * REPORT: the services that the sender has
 *	24     records, by rising id, forty bytes each: id 2, zero 2, and the ring in
 *	       which it was activated last: leader 4, sequence number 8, incarnation 8;
 *	       how often it was activated 8, operations since the last time 8. All but
 *	       the id is zero if it never was
 * DATA: what a service transmits; may be in an envelope (envelope.h)
 *	24     that
 * DONE: the service has nothing more to transmit; nothing more
 * SERVE: the services of the sender are not what they were; nothing more
 * SAY: an operation of a service
 *	24     what it says
 */
#ifndef PFSNL_CORE_SYNCMSG_H
#define PFSNL_CORE_SYNCMSG_H

#include <linux/types.h>

#include "beacon.h"
#include "log.h"

/* most services that one node may have */
#define PFSNL_SERVICES_MAX	8

#define PFSNL_SYNCMSG_LEN	24
#define PFSNL_SERVED_LEN	40

enum pfsnl_syncmsg_kind {
	PFSNL_SYNCMSG_ROUND	= 1,
	PFSNL_SYNCMSG_REPORT	= 2,
	PFSNL_SYNCMSG_DATA	= 3,
	PFSNL_SYNCMSG_DONE	= 4,
	PFSNL_SYNCMSG_SERVE	= 5,
	PFSNL_SYNCMSG_SAY	= 6,
};

/**
 * struct pfsnl_syncmsg - a message about services, decoded
 * @kind: which; only what it has is set
 * @service: DATA, DONE, SAY: its id
 * @ring: see above
 * @n: ROUND: nodes; REPORT: records
 * @rest: what follows the head
 * @len: bytes of that
 * @whole: DATA: how many it was when it was said, @len or more
 * @kept: DATA: so many of them all nodes have, @len or less
 */
struct pfsnl_syncmsg {
	u8 kind;
	u16 service;
	struct pfsnl_ring_id ring;
	u32 n;
	const u8 *rest;
	u32 len;
	u32 whole;
	u32 kept;
};

/**
 * struct pfsnl_served - a service of a node, as REPORT has it
 * @id: which
 * @ring: in which it was activated last; zero if it never was
 * @times: how often it was activated
 * @ops: operations that were applied since the last time
 */
struct pfsnl_served {
	u16 id;
	struct pfsnl_ring_id ring;
	u64 times;
	u64 ops;
};

int pfsnl_syncmsg_decode(struct pfsnl_syncmsg *m, const u8 *data, u32 len);
int pfsnl_syncmsg_open(struct pfsnl_syncmsg *m, const struct pfsnl_entry *e);
bool pfsnl_syncmsg_asked(const struct pfsnl_syncmsg *m, u32 addr);
void pfsnl_served_read(const struct pfsnl_syncmsg *m, u32 i,
		       struct pfsnl_served *s);
u8 *pfsnl_syncmsg_head(u8 *p, u8 kind, u16 service,
		       const struct pfsnl_ring_id *ring);
u8 *pfsnl_served_encode(u8 *p, const struct pfsnl_served *s);

#endif /* PFSNL_CORE_SYNCMSG_H */
