// SPDX-License-Identifier: GPL-2.0
/*
 * Byte streams between hosts, as TCP gives them: what programs do with their ends.
 */
#include <errno.h>

#include "stream.h"

/* time until a host asks for a connection again, at first; doubles each time */
#define DIAL_RETRY	(1 * SIM_S)

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
	stream_end_init(&s->end[0], s, host);
	stream_end_init(&s->end[1], s, to);
	stream_end_begin(&s->end[0], END_DIALLING);
	s->end[0].held = true;
	s->end[0].pause = DIAL_RETRY;
	segment_dial(&s->end[0]);
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
	stream_queue_add(&end->out, data, len);
	segment_push(end);
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
		stream_end_read(end);
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
	segment_plain(end, SEGMENT_RST);
	segment_plain(stream_other(end), SEGMENT_RST);
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
		segment_plain(end, SEGMENT_RST);
	stream_end_forget(end);
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
	segment_push(end);
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
