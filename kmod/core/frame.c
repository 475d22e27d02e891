// SPDX-License-Identifier: GPL-2.0
/*
 * Frames: putting them together from whatever pieces TCP delivers, and writing
 * them. Touches nothing but its arguments.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "frame.h"

/**
 * pfsnl_stream_reset - forget the frame at hand and begin with the next
 * @s: the stream; its settings stay
 *
 * To be called after a frame was dealt with, and at the end of the stream.
 */
void pfsnl_stream_reset(struct pfsnl_stream *s)
{
	if (s->body && s->body != s->small && !s->borrowed)
		s->free(s->ctx, s->body);
	s->body = NULL;
	s->borrowed = false;
	s->len = 0;
	s->have = 0;
	s->skip = false;
}

/* The two words are there: decide what to do with the payload. */
static int take_head(struct pfsnl_stream *s)
{
	u32 word = get_unaligned_be32(s->head + 4);
	u32 max;

	s->op = get_unaligned_be32(s->head);
	s->len = word;
	switch (s->op) {
	case PFSNL_FRAME_ADD:
	case PFSNL_FRAME_REMOVE:
		/* four bytes each; divide rather than overflow */
		if (word > s->list_max / 4)
			return -EMSGSIZE;
		s->len = word * 4;
		max = s->list_max;
		break;
	case PFSNL_FRAME_INSTALL:
	case PFSNL_FRAME_RECORD:
	case PFSNL_FRAME_BEGIN:
		max = s->list_max;
		break;
	case PFSNL_FRAME_SEND:
	case PFSNL_FRAME_ORDER:
		max = s->piece_max;
		break;
	case PFSNL_FRAME_CLAIM:
	case PFSNL_FRAME_ACCEPT:
	case PFSNL_FRAME_BUSY:
	case PFSNL_FRAME_LEAVE:
	case PFSNL_FRAME_PING:
	case PFSNL_FRAME_PONG:
	case PFSNL_FRAME_RECORD_GET:
	case PFSNL_FRAME_HANDOVER:
	case PFSNL_FRAME_OFFER:
	case PFSNL_FRAME_FOREIGN:
	case PFSNL_FRAME_ACK:
	case PFSNL_FRAME_STABLE:
	case PFSNL_FRAME_WANT:
	case PFSNL_FRAME_GRANT:
	case PFSNL_FRAME_FETCH:
	case PFSNL_FRAME_TAIL:
		max = PFSNL_FRAME_SMALL_MAX;
		break;
	default:
		if (!PFSNL_FRAME_OURS(s->op))
			return -EBADMSG;
		s->skip = true;
		max = PFSNL_FRAME_SKIP_MAX;
	}
	return s->len > max ? -EMSGSIZE : 0;
}

/* A place for the payload, of which @data are the first @len bytes that came. */
static int take_body(struct pfsnl_stream *s, const u8 *data, size_t len)
{
	if (s->skip || !s->len)
		return 0;
	s->borrowed = len >= s->len;
	if (s->borrowed) {
		s->body = (u8 *)data;
		return 0;
	}
	s->body = s->len <= sizeof(s->small) ? s->small :
					       s->alloc(s->ctx, s->len);
	return s->body ? 0 : -ENOMEM;
}

/**
 * pfsnl_stream_feed - go on with bytes that came
 * @s: the stream
 * @data: the bytes; moved past those that were used
 * @len: how many; lowered by those that were used
 *
 * Stops after one frame, so that the caller can deal with it and reset, before the
 * bytes are gone: @body may be among them.
 *
 * Return: 1 when @op, @len and @body hold a whole frame, 0 when all bytes are
 * used up and more are needed, -EBADMSG for an op that no frame has, -EMSGSIZE
 * for a length that is not allowed, -ENOMEM. After an error the stream is of no
 * more use.
 */
int pfsnl_stream_feed(struct pfsnl_stream *s, const u8 **data, size_t *len)
{
	size_t n;
	int err;

	while (*len || (s->have >= PFSNL_FRAME_HEAD)) {
		if (s->have < PFSNL_FRAME_HEAD) {
			n = min_t(size_t, *len, PFSNL_FRAME_HEAD - s->have);
			memcpy(s->head + s->have, *data, n);
			s->have += n;
			*data += n;
			*len -= n;
			if (s->have < PFSNL_FRAME_HEAD)
				return 0;
			err = take_head(s);
			if (!err)
				err = take_body(s, *data, *len);
			if (err)
				return err;
		}

		n = min_t(size_t, *len, s->len - (s->have - PFSNL_FRAME_HEAD));
		if (n && !s->skip && !s->borrowed)
			memcpy(s->body + (s->have - PFSNL_FRAME_HEAD), *data, n);
		s->have += n;
		*data += n;
		*len -= n;
		if (s->have - PFSNL_FRAME_HEAD < s->len)
			return 0;
		if (!s->skip)
			return 1;
		s->skipped++;
		pfsnl_stream_reset(s);
	}
	return 0;
}

/**
 * pfsnl_frame_head - write the first two words of a frame
 * @wire: where to
 * @op: PFSNL_FRAME_*
 * @count_or_len: number of addresses of an update, else bytes of payload
 *
 * Return: where the payload goes.
 */
u8 *pfsnl_frame_head(u8 *wire, u32 op, u32 count_or_len)
{
	put_unaligned_be32(op, wire);
	put_unaligned_be32(count_or_len, wire + 4);
	return wire + PFSNL_FRAME_HEAD;
}

/**
 * pfsnl_frame_addr - write one address of an update
 * @p: where to
 * @addr: host order
 *
 * Return: where the next one goes.
 */
u8 *pfsnl_frame_addr(u8 *p, u32 addr)
{
	put_unaligned_be32(addr, p);
	return p + 4;
}
