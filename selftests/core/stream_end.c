// SPDX-License-Identifier: GPL-2.0
/*
 * Ends of streams: what the kernel of a host knows of them, and tells its program.
 */
#include <linux/minmax.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

/**
 * stream_queue_add - append bytes
 * @q: the queue
 * @data: the bytes
 * @len: how many
 */
void stream_queue_add(struct queue *q, const void *data, size_t len)
{
	if (q->len + len > q->space) {
		q->space = max_t(size_t, 256, 2 * (q->len + len));
		q->data = sim_resize(q->data, q->space);
	}
	if (len)
		memcpy(q->data + q->len, data, len);
	q->len += len;
}

/**
 * stream_queue_drop - take away the first bytes
 * @q: the queue; it has so many
 * @len: how many
 */
void stream_queue_drop(struct queue *q, size_t len)
{
	q->len -= len;
	if (q->len)
		memmove(q->data, q->data + len, q->len);
}

/**
 * stream_put - nobody needs a stream any more, but for others who said so
 * @s: the stream
 */
void stream_put(struct stream *s)
{
	if (--s->refs)
		return;
	s->net->streams--;
	free(s);
}

/**
 * stream_end_init - an end that no kernel knows yet
 * @end: the end
 * @s: its stream
 * @host: where
 */
void stream_end_init(struct stream_end *end, struct stream *s, struct host *host)
{
	end->stream = s;
	end->host = host;
	end->room = 65536;
	end->window = s->net->window;
	end->retry.run = segment_retry;
}

/**
 * stream_end_begin - the kernel of the host learns of an end
 * @end: the end
 * @state: how far it is
 */
void stream_end_begin(struct stream_end *end, enum end_state state)
{
	end->state = state;
	end->pause = STREAM_RETRY_MIN;
	end->stream->refs++;
	list_add_tail(&end->on_host, &end->host->ends);
}

/**
 * stream_end_forget - the kernel of the host forgets an end
 * @end: the end
 */
void stream_end_forget(struct stream_end *end)
{
	if (end->state == END_NONE)
		return;
	end->state = END_NONE;
	end->held = false;
	sim_cancel(stream_clock(end), &end->retry);
	list_del(&end->on_host);
	free(end->out.data);
	free(end->in.data);
	end->out = (struct queue) {};
	end->in = (struct queue) {};
	stream_put(end->stream);
}

/**
 * stream_end_has_room - the program waits for room, and there is a good part of it
 * @end: the end
 */
bool stream_end_has_room(const struct stream_end *end)
{
	return end->held && end->wants && end->state == END_OPEN &&
	       end->out.len <= end->bulk / 2;
}

/**
 * stream_end_tell - tell the program what is new at an end, if it runs
 * @end: the end
 */
void stream_end_tell(struct stream_end *end)
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
		    ops->accept(end->host, end, stream_other(end)->host->addr))
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
	if (stream_end_has_room(end) && end->host->state == HOST_ON) {
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

/**
 * stream_end_read - the program goes on to read, which the other side may wait for
 * @end: the end
 */
void stream_end_read(struct stream_end *end)
{
	struct stream *s = end->stream;

	s->refs++;
	stream_end_tell(end);
	if (end->state == END_OPEN)
		segment_ack(end, false);
	stream_put(s);
}

/**
 * stream_end_settle - forget an end if both directions are over, or nobody is interested
 * @end: the end
 */
void stream_end_settle(struct stream_end *end)
{
	if (!end->held && !end->news && end->end && end->end_acked)
		stream_end_forget(end);
}

/**
 * stream_host_off - a host was switched off
 * @host: the host; its ends are gone and nobody is told
 */
void stream_host_off(struct host *host)
{
	while (!list_empty(&host->ends))
		stream_end_forget(list_first_entry(&host->ends, struct stream_end,
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
			segment_plain(end, SEGMENT_RST);
	stream_host_off(host);
}

static bool has_news(const struct stream_end *end)
{
	return end->news || stream_end_has_room(end) ||
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
			stream_end_read(end);
			if (host->state != HOST_ON)
				return;
			goto again;
		}
}
