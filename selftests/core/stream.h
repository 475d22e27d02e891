/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of streams share:
 *
 *	stream.c	what programs do with them
 *	stream_end.c	what a kernel knows of an end, and tells its program
 *	segment.c	packets
 *
 * An end keeps what its program wrote until the other side's kernel has it, and
 * what came until its program reads it. What others may call is in net.h.
 */
#ifndef CORE_STREAM_H
#define CORE_STREAM_H

#include "net.h"

/* time until a packet is sent again, at first; doubles each time */
#define STREAM_RETRY_MIN	(200 * SIM_MS)

/**
 * enum end_state - what a host's kernel knows of an end
 * @END_NONE: nothing, not yet or no more: packets are answered with a reset
 * @END_DIALLING: first end: connection asked for
 * @END_ASKED: second end: answered, confirmation awaited
 * @END_OPEN: bytes flow
 * @END_BROKEN: the other side reset it, or nobody answered
 */
enum end_state {
	END_NONE,
	END_DIALLING,
	END_ASKED,
	END_OPEN,
	END_BROKEN,
};

struct queue {
	u8 *data;
	size_t len;
	size_t space;
};

/**
 * struct stream_end - one end of a stream
 * @stream: whose
 * @host: where
 * @on_host: among the ends of that host
 * @state: how far it is
 * @user: of the program
 * @held: the program has it, from dial or accept until it closes
 * @news: the program is yet to be told that it was opened or accepted
 * @error: with @news of the first end: 0 or -errno
 * @told: the program was told that it is closed
 * @stopped: the program does not read at present
 * @room: most bytes in @out
 * @bulk: up to so many more once something was written that can wait, and of that
 *	no more in all
 * @bulky: that was
 * @wants: the program is to be told when it may write more of that
 * @window: most bytes in @in
 *
 * @out: bytes written and not acknowledged; the first is number @acked
 * @acked: bytes that the other side's kernel is known to have
 * @sent: bytes sent
 * @known: bytes that the other side's program is known to have read
 * @end: nothing follows what is in @out
 * @end_sent: and that was sent
 * @end_acked: and the other side has it
 *
 * @in: bytes that came and were not read
 * @arrived: bytes that came
 * @end_arrived: nothing follows
 *
 * @last: arrival of the packet sent last; later ones don't overtake it
 * @patience: complaints until then are about what was sent again already
 * @retry: fires when what was sent should have been acknowledged
 * @pause: time until then
 * @tries: how often connecting was tried
 */
struct stream_end {
	struct stream *stream;
	struct host *host;
	struct list_head on_host;
	enum end_state state;
	void *user;
	bool held;
	bool news;
	int error;
	bool told;
	bool stopped;
	size_t room;
	size_t bulk;
	bool bulky;
	bool wants;
	u32 window;

	struct queue out;
	u64 acked;
	u64 sent;
	u64 known;
	bool end;
	bool end_sent;
	bool end_acked;

	struct queue in;
	u64 arrived;
	bool end_arrived;

	u64 last;
	u64 patience;
	struct sim_event retry;
	u64 pause;
	u32 tries;
};

/**
 * struct stream - a connection
 * @net: its segment
 * @end: [0] dialled, [1] listened
 * @port: that was dialled
 * @refs: ends that a kernel knows, packets under way, and who works on it
 * @dark: until then, nanoseconds, no packet of it passes
 */
struct stream {
	struct net *net;
	struct stream_end end[2];
	u16 port;
	u32 refs;
	u64 dark;
};

enum segment_kind {
	SEGMENT_SYN,
	SEGMENT_SYN_ACK,
	SEGMENT_DATA,
	SEGMENT_ACK,
	SEGMENT_RST,
};

/* the other end of its stream */
static inline struct stream_end *stream_other(struct stream_end *end)
{
	struct stream *s = end->stream;

	return end == &s->end[0] ? &s->end[1] : &s->end[0];
}

static inline struct sim *stream_clock(const struct stream_end *end)
{
	return end->stream->net->sim;
}

/* stream_end.c */
void stream_queue_add(struct queue *q, const void *data, size_t len);
void stream_queue_drop(struct queue *q, size_t len);
void stream_put(struct stream *s);
void stream_end_init(struct stream_end *end, struct stream *s, struct host *host);
void stream_end_begin(struct stream_end *end, enum end_state state);
void stream_end_forget(struct stream_end *end);
bool stream_end_has_room(const struct stream_end *end);
void stream_end_tell(struct stream_end *end);
void stream_end_read(struct stream_end *end);
void stream_end_settle(struct stream_end *end);

/* segment.c */
void segment_plain(struct stream_end *from, enum segment_kind kind);
void segment_ack(struct stream_end *from, bool gap);
void segment_push(struct stream_end *end);
void segment_dial(struct stream_end *end);
void segment_retry(struct sim_event *ev);

#endif /* CORE_STREAM_H */
