// SPDX-License-Identifier: GPL-2.0
/*
 * Byte streams between hosts, as TCP gives them.
 *
 * An end keeps what its program wrote until the other side's kernel has it, and
 * what came until its program reads it. What is lost is sent again, from where
 * the other side stands: when that says that something is missing, or when the
 * timer of the end fires.
 */
#include <errno.h>
#include <linux/minmax.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

#define RETRY_MIN	(200 * SIM_MS)
#define RETRY_MAX	(120 * SIM_S)
#define DIAL_RETRY	(1 * SIM_S)	/* doubles each time ... */
#define DIAL_TRIES	3		/* ... so often */
#define SEGMENT_MAX	65536
#define QUEUE_MAX	(1 * SIM_S)

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

/**
 * struct segment - a packet of a stream
 * @ev: its arrival
 * @stream: whose
 * @to: which end it goes to
 * @kind: what it says
 * @at: DATA: number of the first byte; ACK: bytes that arrived
 * @read: ACK: bytes that the program has read
 * @end: DATA: nothing follows; ACK: that has arrived too
 * @gap: ACK: something after @at has come
 * @len: DATA: how many bytes
 * @data: DATA: the bytes
 */
struct segment {
	struct sim_event ev;
	struct stream *stream;
	u8 to;
	enum segment_kind kind;
	u64 at;
	u64 read;
	bool end;
	bool gap;
	size_t len;
	u8 data[];
};

static void queue_add(struct queue *q, const void *data, size_t len)
{
	if (q->len + len > q->space) {
		q->space = max_t(size_t, 256, 2 * (q->len + len));
		q->data = sim_resize(q->data, q->space);
	}
	if (len)
		memcpy(q->data + q->len, data, len);
	q->len += len;
}

static void queue_drop(struct queue *q, size_t len)
{
	q->len -= len;
	if (q->len)
		memmove(q->data, q->data + len, q->len);
}

static struct stream_end *other(struct stream_end *end)
{
	struct stream *s = end->stream;

	return end == &s->end[0] ? &s->end[1] : &s->end[0];
}

static struct sim *clock_of(const struct stream_end *end)
{
	return end->stream->net->sim;
}

static void stream_put(struct stream *s)
{
	if (--s->refs)
		return;
	s->net->streams--;
	free(s);
}

/* The kernel of the host learns of an end. */
static void end_begin(struct stream_end *end, enum end_state state)
{
	end->state = state;
	end->pause = RETRY_MIN;
	end->stream->refs++;
	list_add_tail(&end->on_host, &end->host->ends);
}

/* The kernel of the host forgets an end. */
static void end_forget(struct stream_end *end)
{
	if (end->state == END_NONE)
		return;
	end->state = END_NONE;
	end->held = false;
	sim_cancel(clock_of(end), &end->retry);
	list_del(&end->on_host);
	free(end->out.data);
	free(end->in.data);
	end->out = (struct queue) {};
	end->in = (struct queue) {};
	stream_put(end->stream);
}

static void segment_run(struct sim_event *ev);

/* Returns the packet, to fill in and to send, or NULL when it gets lost. */
static struct segment *segment_to(struct stream_end *to, enum segment_kind kind,
				  size_t len)
{
	struct stream *s = to->stream;
	struct segment *seg;

	/* what is slow has a queue that is soon full */
	if (s->dark > s->net->sim->now ||
	    other(to)->last > s->net->sim->now + QUEUE_MAX ||
	    !net_passes(s->net, other(to)->host, to->host, NET_STREAMS) ||
	    net_loses(s->net))
		return NULL;
	seg = sim_alloc(sizeof(*seg) + len);
	seg->ev.run = segment_run;
	seg->stream = s;
	seg->to = to - s->end;
	seg->kind = kind;
	seg->len = len;
	return seg;
}

static void segment_send(struct segment *seg)
{
	struct stream *s = seg->stream;
	struct stream_end *from = &s->end[!seg->to];

	from->last = max(from->last, s->net->sim->now + net_delay(s->net)) +
		     seg->len * s->net->byte_time;
	s->net->bytes += seg->len;
	s->refs++;
	s->net->packets++;
	sim_at(s->net->sim, &seg->ev, from->last);
}

static void send_plain(struct stream_end *from, enum segment_kind kind)
{
	struct segment *seg = segment_to(other(from), kind, 0);

	if (seg)
		segment_send(seg);
}

static void send_ack(struct stream_end *from, bool gap)
{
	struct segment *seg = segment_to(other(from), SEGMENT_ACK, 0);

	if (!seg)
		return;
	seg->at = from->arrived;
	seg->read = from->arrived - from->in.len;
	seg->end = from->end_arrived;
	seg->gap = gap;
	segment_send(seg);
}

static void send_data(struct stream_end *from, u64 at, size_t len, bool end)
{
	struct segment *seg = segment_to(other(from), SEGMENT_DATA, len);

	if (!seg)
		return;
	seg->at = at;
	seg->end = end;
	if (len)
		memcpy(seg->data, from->out.data + (at - from->acked), len);
	segment_send(seg);
}

static void arm(struct stream_end *end)
{
	sim_at(clock_of(end), &end->retry, clock_of(end)->now + end->pause);
}

/* Send what the other side has room for, and watch that it arrives. */
static void push(struct stream_end *end)
{
	struct net *net = end->stream->net;
	u64 written = end->acked + end->out.len;
	u64 limit = min(written, end->known + other(end)->window);

	if (end->state != END_OPEN || end->host->state == HOST_FROZEN)
		return;
	while (end->sent < limit) {
		u64 n = min_t(u64, limit - end->sent, net->chop ?
			      1 + sim_below(net->sim, net->chop) : SEGMENT_MAX);

		send_data(end, end->sent, n, false);
		end->sent += n;
	}
	if (end->end && end->sent == written && !end->end_sent) {
		send_data(end, written, 0, true);
		end->end_sent = true;
	}
	if ((end->out.len || (end->end && !end->end_acked)) && !end->retry.slot)
		arm(end);
}

/* The program waits for room, and there is a good part of it. */
static bool has_room(const struct stream_end *end)
{
	return end->held && end->wants && end->state == END_OPEN &&
	       end->out.len <= end->bulk / 2;
}

/* Tell the program what is new at an end, if it runs. */
static void end_tell(struct stream_end *end)
{
	const struct host_ops *ops = end->host->ops;
	struct stream *s = end->stream;

	if (end->host->state != HOST_ON)
		return;
	s->refs++;
	if (end->news && end == &s->end[1]) {
		end->news = false;
		end->held = true;
		if (!ops->accept ||
		    ops->accept(end->host, end, other(end)->host->addr))
			stream_close(end);
	} else if (end->news) {
		end->news = false;
		if (ops->opened)
			ops->opened(end->host, end, end->error);
	}
	if (end->held && end->in.len && !end->stopped && end->host->state == HOST_ON) {
		struct queue q = end->in;

		end->in = (struct queue) {};
		if (ops->bytes)
			ops->bytes(end->host, end, q.data, q.len);
		free(q.data);
	}
	if (has_room(end) && end->host->state == HOST_ON) {
		end->wants = false;
		if (ops->writable)
			ops->writable(end->host, end);
	}
	if (end->held && !end->told && !end->in.len && end->host->state == HOST_ON &&
	    (end->state == END_BROKEN || end->end_arrived)) {
		end->told = true;
		if (ops->closed)
			ops->closed(end->host, end);
	}
	stream_put(s);
}

/* The program goes on to read, which the other side may wait for. */
static void end_read(struct stream_end *end)
{
	struct stream *s = end->stream;

	s->refs++;
	end_tell(end);
	if (end->state == END_OPEN)
		send_ack(end, false);
	stream_put(s);
}

/* Both directions are over, or nobody is interested: nothing to remember. */
static void end_settle(struct stream_end *end)
{
	if (!end->held && !end->news && end->end && end->end_acked)
		end_forget(end);
}

static void got_syn(struct stream_end *end)
{
	struct host *host = end->host;

	if (end->state == END_NONE) {
		struct net *net = host->net;

		if (!host->ops->listens ||
		    !host->ops->listens(host, end->stream->port) ||
		    (net->refuse &&
		     sim_below(net->sim, 1000000) < net->refuse)) {
			send_plain(end, SEGMENT_RST);
			return;
		}
		end_begin(end, END_ASKED);
	}
	send_plain(end, SEGMENT_SYN_ACK);
}

static void got_syn_ack(struct stream_end *end)
{
	if (end->state != END_DIALLING) {
		if (end->state == END_NONE)
			send_plain(end, SEGMENT_RST);
		else if (end->state == END_OPEN)
			send_ack(end, false);
		return;
	}
	end->state = END_OPEN;
	end->pause = RETRY_MIN;
	end->news = true;
	sim_cancel(clock_of(end), &end->retry);
	send_ack(end, false);
	push(end);
	end_tell(end);
}

/* Anything that the first end sends once it is open confirms the second. */
static bool confirmed(struct stream_end *end)
{
	if (end->state == END_NONE) {
		send_plain(end, SEGMENT_RST);
		return false;
	}
	if (end->state == END_ASKED) {
		end->state = END_OPEN;
		end->news = true;
	}
	return end->state == END_OPEN;
}

static void got_data(struct stream_end *end, const struct segment *seg)
{
	bool gap = seg->at > end->arrived;

	if (!confirmed(end))
		return;
	if (!end->held && !end->news) {
		/* its program closed it and will never read this */
		if (seg->len) {
			send_plain(end, SEGMENT_RST);
			end_forget(end);
			return;
		}
	}
	/* what comes after a gap is not kept, and all sent again */
	if (!gap && seg->at + seg->len >= end->arrived) {
		u64 known = end->arrived - seg->at;
		size_t n = min_t(size_t, seg->len - known,
				 end->window - min_t(size_t, end->window,
						     end->in.len));

		queue_add(&end->in, seg->data + known, n);
		end->arrived += n;
		end->end_arrived |= seg->end && n == seg->len - known;
	}
	end_tell(end);
	if (end->state == END_OPEN)
		send_ack(end, gap);
}

static void got_ack(struct stream_end *end, const struct segment *seg)
{
	u64 n;

	if (!confirmed(end))
		return;
	end_tell(end);
	if (end->state != END_OPEN)
		return;
	end->known = max(end->known, seg->read);
	n = seg->at > end->acked ? seg->at - end->acked : 0;
	end->end_acked |= seg->end;
	if (n) {
		queue_drop(&end->out, n);
		end->acked = seg->at;
		end->sent = max(end->sent, end->acked);
		end->pause = RETRY_MIN;
	}
	if (n || end->end_acked)
		sim_cancel(clock_of(end), &end->retry);
	if ((end->out.len || (end->end && !end->end_acked)) && !end->retry.slot)
		arm(end);
	if (seg->gap && clock_of(end)->now >= end->patience) {
		struct net *net = end->stream->net;

		end->patience = clock_of(end)->now +
				2 * (net->latency + net->jitter);
		end->sent = end->acked;
		end->end_sent = false;
	}
	push(end);
	if (has_room(end))
		end_tell(end);
	end_settle(end);
}

static void got_rst(struct stream_end *end)
{
	switch (end->state) {
	case END_DIALLING:
		end->news = true;
		end->error = -ECONNREFUSED;
		end->told = true;
		break;
	case END_OPEN:
		if (end->held || end->news)
			break;
		fallthrough;
	case END_ASKED:
		end_forget(end);
		return;
	default:
		return;
	}
	sim_cancel(clock_of(end), &end->retry);
	end->state = END_BROKEN;
	end_tell(end);
}

static void segment_run(struct sim_event *ev)
{
	struct segment *seg = container_of(ev, struct segment, ev);
	struct stream *s = seg->stream;
	struct stream_end *end = &s->end[seg->to];

	s->net->packets--;
	if (end->host->state == HOST_ON || end->host->state == HOST_HUNG) {
		switch (seg->kind) {
		case SEGMENT_SYN:
			got_syn(end);
			break;
		case SEGMENT_SYN_ACK:
			got_syn_ack(end);
			break;
		case SEGMENT_DATA:
			got_data(end, seg);
			break;
		case SEGMENT_ACK:
			got_ack(end, seg);
			break;
		case SEGMENT_RST:
			got_rst(end);
			break;
		}
	}
	free(seg);
	stream_put(s);
}

static void dial_retry(struct stream_end *end)
{
	if (end->tries == DIAL_TRIES) {
		end->state = END_BROKEN;
		end->told = true;
		end->news = true;
		end->error = -EHOSTUNREACH;
		end_tell(end);
		return;
	}
	end->tries++;
	send_plain(end, SEGMENT_SYN);
	arm(end);
	end->pause *= 2;
}

static void retry_run(struct sim_event *ev)
{
	struct stream_end *end = container_of(ev, struct stream_end, retry);

	if (end->host->state == HOST_FROZEN) {
		arm(end);
	} else if (end->state == END_DIALLING) {
		dial_retry(end);
	} else {
		end->sent = end->acked;
		end->end_sent = false;
		/* a closed window is asked about, or its opening may be lost */
		if (end->known + other(end)->window <= end->acked)
			send_data(end, end->acked, 0, false);
		end->pause = min(2 * end->pause, RETRY_MAX);
		push(end);
	}
}

static void end_init(struct stream_end *end, struct stream *s, struct host *host)
{
	end->stream = s;
	end->host = host;
	end->room = 65536;
	end->window = s->net->window;
	end->retry.run = retry_run;
}

/**
 * stream_dial - begin to connect
 * @host: who
 * @addr: to whom
 * @port: the port dialled
 *
 * Return: an end, of which the host's program will be told that it is open or
 * not; NULL when nobody can have that address.
 */
struct stream_end *stream_dial(struct host *host, u32 addr, u16 port)
{
	struct host *to = host_find(host->net, addr);
	struct stream *s;

	if (!to)
		return NULL;
	s = sim_alloc(sizeof(*s));
	s->net = host->net;
	s->port = port;
	s->net->streams++;
	end_init(&s->end[0], s, host);
	end_init(&s->end[1], s, to);
	end_begin(&s->end[0], END_DIALLING);
	s->end[0].held = true;
	s->end[0].pause = DIAL_RETRY;
	dial_retry(&s->end[0]);
	return &s->end[0];
}

/**
 * stream_write - write all of some bytes or none
 * @end: an end that the program holds
 * @data: the bytes
 * @len: how many
 *
 * Return: 0, -EAGAIN when there is no room for all, -EPIPE when the stream is
 * broken or not open yet.
 */
int stream_write(struct stream_end *end, const void *data, size_t len)
{
	if (!end->held)
		sim_fail("%08x writes to a stream that it closed",
			 end->host->addr);
	if (end->state != END_OPEN)
		return -EPIPE;
	if (end->out.len + len > end->room + end->bulky * end->bulk)
		return -EAGAIN;
	queue_add(&end->out, data, len);
	push(end);
	return 0;
}

/**
 * stream_write_bulk - write all of some bytes that can wait, or none
 * @end: an end that the program holds
 * @data: the bytes
 * @len: how many
 *
 * Return: as stream_write(); after -EAGAIN the program is told when there is room.
 */
int stream_write_bulk(struct stream_end *end, const void *data, size_t len)
{
	if (end->held && end->state == END_OPEN &&
	    end->out.len + len > end->bulk) {
		end->wants = true;
		return -EAGAIN;
	}
	end->bulky = true;
	return stream_write(end, data, len);
}

/**
 * stream_room - how much may be written and not acknowledged
 * @end: an end
 * @room: bytes
 * @bulk: of what can wait, bytes, beside that
 */
void stream_room(struct stream_end *end, size_t room, size_t bulk)
{
	end->room = room;
	end->bulk = bulk;
}

/**
 * stream_window - how much may have come and not been read
 * @end: an end
 * @window: bytes
 */
void stream_window(struct stream_end *end, u32 window)
{
	end->window = window;
}

/**
 * stream_reading - let the program of an end stop to read, or go on
 * @end: an end that the program holds
 * @reading: whether it reads
 */
void stream_reading(struct stream_end *end, bool reading)
{
	end->stopped = !reading;
	if (reading)
		end_read(end);
}

/**
 * stream_unread - bytes that came and that the program has not read
 * @end: an end that the program holds
 */
size_t stream_unread(const struct stream_end *end)
{
	return end->in.len;
}

/**
 * stream_darken - let nothing of a stream pass, though both sides think it open
 * @end: either end
 * @until: nanoseconds, SIM_NEVER for good
 */
void stream_darken(struct stream_end *end, u64 until)
{
	end->stream->dark = until;
}

/**
 * stream_dark - whether nothing of a stream passes at present
 * @end: either end
 */
bool stream_dark(const struct stream_end *end)
{
	return end->stream->dark > end->stream->net->sim->now;
}

/**
 * stream_reset - something between the hosts resets a stream at both ends
 * @end: an end that a program holds
 */
void stream_reset(struct stream_end *end)
{
	if (end->state != END_OPEN)
		return;
	send_plain(end, SEGMENT_RST);
	send_plain(other(end), SEGMENT_RST);
}

/**
 * stream_close - be done with a stream at once
 * @end: an end that the program holds; not to be used any more
 *
 * What was written and not acknowledged is lost. The other side is told by a
 * reset, which may get lost.
 */
void stream_close(struct stream_end *end)
{
	if (!end->held)
		sim_fail("%08x closes a stream twice", end->host->addr);
	end->held = false;
	if (end->state == END_OPEN)
		send_plain(end, SEGMENT_RST);
	end_forget(end);
}

/**
 * stream_finish - write no more and be done with a stream
 * @end: an end that the program holds; not to be used any more
 *
 * What was written arrives, and then the other side is told.
 */
void stream_finish(struct stream_end *end)
{
	if (!end->held)
		sim_fail("%08x closes a stream twice", end->host->addr);
	if (end->state != END_OPEN || end->in.len) {
		stream_close(end);
		return;
	}
	end->held = false;
	end->end = true;
	push(end);
}

/**
 * stream_user - what the program has to do with an end
 * @end: an end
 */
void *stream_user(const struct stream_end *end)
{
	return end->user;
}

/**
 * stream_set_user - remember what the program has to do with an end
 * @end: an end
 * @user: for stream_user()
 */
void stream_set_user(struct stream_end *end, void *user)
{
	end->user = user;
}

/**
 * stream_peer - address of the other side
 * @end: an end
 */
u32 stream_peer(const struct stream_end *end)
{
	const struct stream *s = end->stream;

	return s->end[end == &s->end[0]].host->addr;
}

/**
 * stream_pending - bytes that were written and that the other side has not got
 * @end: an end
 */
size_t stream_pending(const struct stream_end *end)
{
	return end->out.len;
}

/**
 * stream_joins - whether two ends are those of one stream
 * @a: an end
 * @b: another
 */
bool stream_joins(const struct stream_end *a, const struct stream_end *b)
{
	return a != b && a->stream == b->stream;
}

/**
 * stream_host_off - a host was switched off
 * @host: the host; its ends are gone and nobody is told
 */
void stream_host_off(struct host *host)
{
	while (!list_empty(&host->ends))
		end_forget(list_first_entry(&host->ends, struct stream_end,
					    on_host));
}

/**
 * stream_host_reset - the program on a host died, its kernel did not
 * @host: the host; its ends are gone and the other sides are told by a reset
 */
void stream_host_reset(struct host *host)
{
	struct stream_end *end;

	list_for_each_entry(end, &host->ends, on_host)
		if (end->state == END_OPEN)
			send_plain(end, SEGMENT_RST);
	stream_host_off(host);
}

static bool has_news(const struct stream_end *end)
{
	return end->news || has_room(end) ||
	       (end->held && ((end->in.len && !end->stopped) ||
			      (!end->told && !end->in.len &&
			       (end->state == END_BROKEN ||
				end->end_arrived))));
}

/**
 * stream_host_resume - a host's program runs again
 * @host: the host; its program is told what it missed
 */
void stream_host_resume(struct host *host)
{
	struct stream_end *end;

again:
	/* being told of one may end any other */
	list_for_each_entry(end, &host->ends, on_host)
		if (has_news(end)) {
			end_read(end);
			if (host->state != HOST_ON)
				return;
			goto again;
		}
}
