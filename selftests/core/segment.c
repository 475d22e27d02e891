// SPDX-License-Identifier: GPL-2.0
/*
 * The packets of streams: sending them, again if need be, and what one does that arrives.
 *
 * What is lost is sent again, from where the other side stands: when that says that
 * something is missing, or when the timer of the end fires.
 */
#include <errno.h>
#include <linux/minmax.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

#define RETRY_MAX	(120 * SIM_S)
#define DIAL_TRIES	3
#define SEGMENT_MAX	65536
#define QUEUE_MAX	(1 * SIM_S)

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

static void segment_run(struct sim_event *ev);

/* Returns the packet, to fill in and to send, or NULL when it gets lost. */
static struct segment *segment_to(struct stream_end *to, enum segment_kind kind,
				  size_t len)
{
	struct stream *s = to->stream;
	struct segment *seg;

	/* what is slow has a queue that is soon full */
	if (s->dark > s->net->sim->now ||
	    stream_other(to)->last > s->net->sim->now + QUEUE_MAX ||
	    !net_passes(s->net, stream_other(to)->host, to->host, NET_STREAMS) ||
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

/**
 * segment_plain - send a packet without bytes
 * @from: the end that sends it
 * @kind: what it says
 */
void segment_plain(struct stream_end *from, enum segment_kind kind)
{
	struct segment *seg = segment_to(stream_other(from), kind, 0);

	if (seg)
		segment_send(seg);
}

/**
 * segment_ack - say what arrived at an end
 * @from: the end
 * @gap: something that comes after it has come
 */
void segment_ack(struct stream_end *from, bool gap)
{
	struct segment *seg = segment_to(stream_other(from), SEGMENT_ACK, 0);

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
	struct segment *seg = segment_to(stream_other(from), SEGMENT_DATA, len);

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
	sim_at(stream_clock(end), &end->retry, stream_clock(end)->now + end->pause);
}

/**
 * segment_push - send what the other side has room for, and watch that it arrives
 * @end: the end
 */
void segment_push(struct stream_end *end)
{
	struct net *net = end->stream->net;
	u64 written = end->acked + end->out.len;
	u64 limit = min(written, end->known + stream_other(end)->window);

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

static void got_syn(struct stream_end *end)
{
	struct host *host = end->host;

	if (end->state == END_NONE) {
		struct net *net = host->net;

		if (!host->ops->listens ||
		    !host->ops->listens(host, end->stream->port) ||
		    (net->refuse &&
		     sim_below(net->sim, 1000000) < net->refuse)) {
			segment_plain(end, SEGMENT_RST);
			return;
		}
		stream_end_begin(end, END_ASKED);
	}
	segment_plain(end, SEGMENT_SYN_ACK);
}

static void got_syn_ack(struct stream_end *end)
{
	if (end->state != END_DIALLING) {
		if (end->state == END_NONE)
			segment_plain(end, SEGMENT_RST);
		else if (end->state == END_OPEN)
			segment_ack(end, false);
		return;
	}
	end->state = END_OPEN;
	end->pause = STREAM_RETRY_MIN;
	end->news = true;
	sim_cancel(stream_clock(end), &end->retry);
	segment_ack(end, false);
	segment_push(end);
	stream_end_tell(end);
}

/* Anything that the first end sends once it is open confirms the second. */
static bool confirmed(struct stream_end *end)
{
	if (end->state == END_NONE) {
		segment_plain(end, SEGMENT_RST);
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
			segment_plain(end, SEGMENT_RST);
			stream_end_forget(end);
			return;
		}
	}
	/* what comes after a gap is not kept, and all sent again */
	if (!gap && seg->at + seg->len >= end->arrived) {
		u64 known = end->arrived - seg->at;
		size_t n = min_t(size_t, seg->len - known,
				 end->window - min_t(size_t, end->window,
						     end->in.len));

		stream_queue_add(&end->in, seg->data + known, n);
		end->arrived += n;
		end->end_arrived |= seg->end && n == seg->len - known;
	}
	stream_end_tell(end);
	if (end->state == END_OPEN)
		segment_ack(end, gap);
}

static void got_ack(struct stream_end *end, const struct segment *seg)
{
	u64 n;

	if (!confirmed(end))
		return;
	stream_end_tell(end);
	if (end->state != END_OPEN)
		return;
	end->known = max(end->known, seg->read);
	n = seg->at > end->acked ? seg->at - end->acked : 0;
	end->end_acked |= seg->end;
	if (n) {
		stream_queue_drop(&end->out, n);
		end->acked = seg->at;
		end->sent = max(end->sent, end->acked);
		end->pause = STREAM_RETRY_MIN;
	}
	if (n || end->end_acked)
		sim_cancel(stream_clock(end), &end->retry);
	if ((end->out.len || (end->end && !end->end_acked)) && !end->retry.slot)
		arm(end);
	if (seg->gap && stream_clock(end)->now >= end->patience) {
		struct net *net = end->stream->net;

		end->patience = stream_clock(end)->now +
				2 * (net->latency + net->jitter);
		end->sent = end->acked;
		end->end_sent = false;
	}
	segment_push(end);
	if (stream_end_has_room(end))
		stream_end_tell(end);
	stream_end_settle(end);
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
		stream_end_forget(end);
		return;
	default:
		return;
	}
	sim_cancel(stream_clock(end), &end->retry);
	end->state = END_BROKEN;
	stream_end_tell(end);
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

/**
 * segment_dial - ask for the connection, again
 * @end: the end that dialled
 */
void segment_dial(struct stream_end *end)
{
	if (end->tries == DIAL_TRIES) {
		end->state = END_BROKEN;
		end->told = true;
		end->news = true;
		end->error = -EHOSTUNREACH;
		stream_end_tell(end);
		return;
	}
	end->tries++;
	segment_plain(end, SEGMENT_SYN);
	arm(end);
	end->pause *= 2;
}

/**
 * segment_retry - what was sent should have been acknowledged by now
 * @ev: stream_end.retry
 */
void segment_retry(struct sim_event *ev)
{
	struct stream_end *end = container_of(ev, struct stream_end, retry);

	if (end->host->state == HOST_FROZEN) {
		arm(end);
	} else if (end->state == END_DIALLING) {
		segment_dial(end);
	} else {
		end->sent = end->acked;
		end->end_sent = false;
		/* a closed window is asked about, or its opening may be lost */
		if (end->known + stream_other(end)->window <= end->acked)
			send_data(end, end->acked, 0, false);
		end->pause = min(2 * end->pause, RETRY_MAX);
		segment_push(end);
	}
}
