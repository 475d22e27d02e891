/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ordered messages on the wire: the payloads of the frames that carry them and
 * what belongs to them. Network byte order; a payload longer than what is
 * described here comes from a later version and its rest is skipped, except
 * where a message or a list follows.
 *
 * SEND (client to leader): a message, or a piece of one, to be given a number
 *	 0  8  ACK: the client has all up to this number
 *	 8  8  the client's own count of its messages
 *	16  4  bytes of the whole message
 *	20  4  where this piece belongs in it
 *	24  2  port
 *	26  2  flags, PFSNL_MSG_*
 *	28     the piece
 * ORDER (leader to client; a client to one that succeeds the leader of both): a
 * message that has its number, or a piece of it
 *	 0  8  number
 *	 8  8  all members have all up to this number
 *	16  8  incarnation of the sender
 *	24  8  the sender's own count of its messages
 *	32  4  sender
 *	36  4  bytes of the message, or of what the client gets of it (envelope.h)
 *	40  4  where this piece belongs in it
 *	44  2  port
 *	46  2  flags
 *	48     the piece
 * The pieces of a message follow each other; other frames may come between.
 *
 * BEGIN (leader to client, after the ring): messages begin to flow
 *	 0  4  flags, PFSNL_BEGIN_*
 *	 4  4  bytes of its messages that may be under way without being asked for
 *	 8  8  the client has, or is to take it that it has, all up to this number
 *	16  8  in which ring that was given
 *	24  8  the ring that is installed: sequence number
 *	32  8  largest count among the messages of this client that have a number
 *	40  8  ALONG: the sequence it comes from ends at this number
 *	48  8  ALONG: all members of it had all up to this number
 *	56  4  limit of the log, bytes
 *	60  4  ALONG: how many of its ring did not come along
 *	64     their addresses, four bytes each
 *
 * ACK (client to leader), STABLE (leader to client), 8 bytes: the number.
 * WANT (client to leader), GRANT (leader to client), 16 bytes: the count of a
 * message that is too large to be sent unasked; its bytes; four zero bytes.
 * FETCH (successor of a leader to a member), 16 bytes: a number, the ring it was
 * given in. The answer are ORDER for all that follow it, and TAIL.
 * TAIL, 8 bytes: the number of the last one, or 0 if it can't be done.
 *
 * A mark, the message on PFSNL_PORT_RING by which a ring takes its place in the
 * sequence:
 *	 0  8  ring: sequence number
 *	 8  8  ring: incarnation of the leader
 *	16  4  ring: leader
 *	20  8  all members of the ring before were known to have all up to this
 *	28  4  how many of the ring before are not in it
 *	32  4  how many of it were not in the ring before
 *	36     of each of them, in this order: address 4, why 4, incarnation 8
 */
#ifndef PFSNL_CORE_ORDERMSG_H
#define PFSNL_CORE_ORDERMSG_H

#include <linux/types.h>

#include "frame.h"
#include "log.h"
#include "message.h"

#define PFSNL_SEND_LEN		28
#define PFSNL_ORDER_LEN		48
#define PFSNL_BEGIN_LEN		64
#define PFSNL_NUMBER_LEN	8
#define PFSNL_PAIR_LEN		16
#define PFSNL_MARK_LEN		36
#define PFSNL_MARK_RECORD_LEN	16

/* longest piece of a message; a list must not wait long behind one */
#define PFSNL_PIECE_MAX		16384

/* who a message is for */
#define PFSNL_PORT_RING		0	/* the order itself: marks */
#define PFSNL_PORT_GROUP	1	/* groups of processes, see groupmsg.h */
#define PFSNL_PORT_SYNC		2	/* services, see syncmsg.h */
#define PFSNL_PORT_FIRST	3

/* delivered when every member is known to have it */
#define PFSNL_MSG_SAFE		0x0001
/* who needs all of it stands at its beginning, see envelope.h; not with SAFE */
#define PFSNL_MSG_ENVELOPE	0x0002

/* BEGIN: the client goes on where it was */
#define PFSNL_BEGIN_CONTINUES	0x00000001U
/* BEGIN: it comes from another leader, together with others */
#define PFSNL_BEGIN_ALONG	0x00000002U

/**
 * struct pfsnl_piece - SEND or ORDER, decoded
 * @number: ORDER: of the message
 * @have: SEND: acknowledged by the client; ORDER: known to be with all members
 * @incarnation: ORDER: of the sender
 * @n: the sender's own count
 * @sender: ORDER: address
 * @total: bytes of the message, as far as it is sent
 * @offset: where the piece belongs
 * @port: who it is for
 * @flags: PFSNL_MSG_*
 * @len: bytes of the piece
 * @data: the piece
 */
struct pfsnl_piece {
	u64 number;
	u64 have;
	u64 incarnation;
	u64 n;
	u32 sender;
	u32 total;
	u32 offset;
	u16 port;
	u16 flags;
	u32 len;
	const u8 *data;
};

/**
 * struct pfsnl_begin - BEGIN, decoded
 * @flags: PFSNL_BEGIN_*
 * @allowance: bytes that may be under way unasked
 * @number: all up to it is there
 * @by: in which ring that was given
 * @seq: number of the ring that is installed
 * @sent: largest count of the client's that has a number
 * @end: ALONG: where its sequence ends
 * @safe: ALONG: what all members of it had
 * @limit: of the log, bytes
 * @lost: ALONG: how many did not come along
 * @addrs: their addresses on the wire
 */
struct pfsnl_begin {
	u32 flags;
	u32 allowance;
	u64 number;
	u64 by;
	u64 seq;
	u64 sent;
	u64 end;
	u64 safe;
	u32 limit;
	u32 lost;
	const u8 *addrs;
};

/**
 * struct pfsnl_mark - a ring in the sequence, decoded
 * @ring: which
 * @safe: all members of the one before had all up to this number
 * @removed: how many went
 * @added: how many came
 * @records: the records on the wire, those who went first
 */
struct pfsnl_mark {
	struct pfsnl_ring_id ring;
	u64 safe;
	u32 removed;
	u32 added;
	const u8 *records;
};

int pfsnl_send_decode(struct pfsnl_piece *p, const u8 *body, u32 len);
int pfsnl_order_decode(struct pfsnl_piece *p, const u8 *body, u32 len);
size_t pfsnl_piece_size(u32 op, u32 total, u32 offset);
u8 *pfsnl_piece_encode(u32 op, const struct pfsnl_entry *e, u32 total, u32 offset,
		       u64 have, u8 *wire);
int pfsnl_begin_decode(struct pfsnl_begin *b, const u8 *body, u32 len);
u8 *pfsnl_begin_encode(const struct pfsnl_begin *b, u8 *wire);
int pfsnl_number_decode(u64 *number, const u8 *body, u32 len);
void pfsnl_number_encode(u32 op, u64 number,
			 u8 wire[PFSNL_FRAME_HEAD + PFSNL_NUMBER_LEN]);
int pfsnl_pair_decode(u64 *first, u64 *second, const u8 *body, u32 len);
void pfsnl_pair_encode(u32 op, u64 first, u64 second,
		       u8 wire[PFSNL_FRAME_HEAD + PFSNL_PAIR_LEN]);
int pfsnl_mark_decode(struct pfsnl_mark *m, const u8 *data, u32 len);
size_t pfsnl_mark_size(u32 removed, u32 added);
u8 *pfsnl_mark_encode(const struct pfsnl_mark *m, u8 *data);
u8 *pfsnl_mark_record(u8 *p, u32 addr, u32 why, u64 incarnation);
void pfsnl_mark_read(const struct pfsnl_mark *m, u32 i, u32 *addr, u32 *why,
		     u64 *incarnation);

#endif /* PFSNL_CORE_ORDERMSG_H */
