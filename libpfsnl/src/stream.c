// SPDX-License-Identifier: LGPL-2.1
/*
 * What a membership is told: notifications of the kernel, of which several may
 * make one event, become calls of the program.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"

void pfsnl_stream_init(struct pfsnl_stream *stream, struct pfsnl_group *group,
		       const struct pfsnl_group_calls *calls, void *arg)
{
	size_t size = calls->size;

	memset(stream, 0, sizeof(*stream));
	stream->group = group;
	stream->arg = arg;
	/* A program of another day has a shorter or longer structure. */
	if (size > sizeof(stream->calls))
		size = sizeof(stream->calls);
	memcpy(&stream->calls, calls, size);
	pthread_mutex_init(&stream->lock, NULL);
}

static void drop_message(struct pfsnl_stream *stream)
{
	free(stream->data);
	stream->data = NULL;
}

void pfsnl_stream_free(struct pfsnl_stream *stream)
{
	drop_message(stream);
	free(stream->named);
	pfsnl_members_clear(&stream->members);
	pthread_mutex_destroy(&stream->lock);
}

void pfsnl_stream_end(struct pfsnl_stream *stream, uint32_t why)
{
	if (stream->over)
		return;
	stream->over = true;
	stream->why = why;
	drop_message(stream);
	if (stream->calls.over)
		stream->calls.over(stream->arg, stream->group, why);
}

static bool get_u32(struct nlattr *attr, uint32_t *value)
{
	if (!attr || nla_len(attr) < 4)
		return false;
	*value = nla_get_u32(attr);
	return true;
}

static uint64_t get_u64(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : 0;
}

/* Sets what only we know of a member. */
static void place_member(const struct pfsnl_stream *stream,
			 struct pfsnl_group_member *member)
{
	member->here = member->addr.s_addr == stream->addr.s_addr;
	member->self = member->here && member->number == stream->number;
}

/* ---- changes -------------------------------------------------------- */

/* The parts of a member that a notification has in arrays of their own. */
static const struct part {
	uint16_t attr;
	uint16_t size;
	uint16_t offset;	/* in struct pfsnl_named */
} parts[] = {
	{ PFSNL_A_GROUP_EVENT_ADDRESSES, 4,
	  offsetof(struct pfsnl_named, member.addr) },
	{ PFSNL_A_GROUP_EVENT_NUMBERS, 4,
	  offsetof(struct pfsnl_named, member.number) },
	{ PFSNL_A_GROUP_EVENT_PIDS, 4,
	  offsetof(struct pfsnl_named, member.pid) },
	{ PFSNL_A_GROUP_EVENT_CHANGES, 1,
	  offsetof(struct pfsnl_named, change) },
	{ PFSNL_A_GROUP_EVENT_WHYS, 1,
	  offsetof(struct pfsnl_named, member.why) },
};

#define NUM_PARTS (sizeof(parts) / sizeof(*parts))

static int take_named(struct pfsnl_stream *stream, struct nlattr **tb)
{
	struct nlattr *addrs = tb[PFSNL_A_GROUP_EVENT_ADDRESSES];
	size_t n = addrs ? nla_len(addrs) / 4 : 0;
	struct pfsnl_named *named;
	const struct part *part;
	size_t room, i;

	for (part = parts; part < parts + NUM_PARTS; part++)
		if (n && (!tb[part->attr] ||
			  (size_t)nla_len(tb[part->attr]) < n * part->size))
			return -EBADMSG;
	if (stream->num_named + n > stream->named_room) {
		room = stream->num_named + n + n / 2;
		named = reallocarray(stream->named, room, sizeof(*named));
		if (!named)
			return -ENOMEM;
		stream->named = named;
		stream->named_room = room;
	}
	for (i = 0; i < n; i++) {
		named = &stream->named[stream->num_named++];
		memset(named, 0, sizeof(*named));
		for (part = parts; part < parts + NUM_PARTS; part++)
			memcpy((char *)named + part->offset,
			       (char *)nla_data(tb[part->attr]) +
			       i * part->size, part->size);
		place_member(stream, &named->member);
	}
	return 0;
}

static int on_change(struct pfsnl_stream *stream, struct nlattr **tb)
{
	bool whole = tb[PFSNL_A_GROUP_EVENT_WHOLE];
	struct pfsnl_group_members old;
	struct pfsnl_ring_state ring;
	struct pfsnl_outcome out;
	uint32_t count;
	int err;

	err = take_named(stream, tb);
	if (err || tb[PFSNL_A_GROUP_EVENT_MORE])
		return err;
	if (!stream->begun && !whole)
		return -EBADMSG;
	err = pfsnl_members_change(&stream->members, stream->named,
				   stream->num_named, whole, &out);
	stream->num_named = 0;
	if (err)
		return err;
	/* Whoever has missed something shall not go on as if he had not. */
	if (get_u32(tb[PFSNL_A_GROUP_EVENT_MEMBERS], &count) &&
	    count != out.now.count) {
		pfsnl_outcome_free(&out);
		return -EBADMSG;
	}

	pfsnl_ring_parse(tb[PFSNL_A_GROUP_EVENT_RING], &ring);
	const struct pfsnl_group_update update = {
		.ring = ring.id,
		.first = !stream->begun,
		.members = out.all,
		.came = out.all + out.now.count,
		.gone = out.all + out.now.count + out.num_came,
		.count = out.now.count,
		.num_came = out.num_came,
		.num_gone = out.num_gone,
	};
	stream->begun = true;
	pthread_mutex_lock(&stream->lock);
	old = stream->members;
	stream->members = out.now;
	pthread_mutex_unlock(&stream->lock);
	out.now = old;
	if (stream->calls.changed)
		stream->calls.changed(stream->arg, stream->group, &update);
	pfsnl_outcome_free(&out);
	return 0;
}

/* ---- messages ------------------------------------------------------- */

static int tell_message(struct pfsnl_stream *stream, const void *data,
			size_t len)
{
	stream->message.sender = &stream->sender;
	stream->message.data = data;
	stream->message.len = len;
	if (stream->calls.message)
		stream->calls.message(stream->arg, stream->group,
				      &stream->message);
	return 0;
}

/* Who says it, and what is the same in all pieces. */
static int take_head(struct pfsnl_stream *stream, struct nlattr **tb)
{
	struct pfsnl_group_member *sender = &stream->sender;

	memset(sender, 0, sizeof(*sender));
	memset(&stream->message, 0, sizeof(stream->message));
	if (!get_u32(tb[PFSNL_A_GROUP_EVENT_ADDRESS], &sender->addr.s_addr) ||
	    !get_u32(tb[PFSNL_A_GROUP_EVENT_NUMBER], &sender->number))
		return -EBADMSG;
	get_u32(tb[PFSNL_A_GROUP_EVENT_PID], &sender->pid);
	place_member(stream, sender);
	stream->message.safe = tb[PFSNL_A_GROUP_EVENT_SAFE];
	stream->message.place = get_u64(tb[PFSNL_A_GROUP_EVENT_PLACE]);
	stream->message.id = get_u64(tb[PFSNL_A_GROUP_EVENT_COOKIE]);
	return 0;
}

static int on_message(struct pfsnl_stream *stream, struct nlattr **tb)
{
	struct nlattr *data = tb[PFSNL_A_GROUP_EVENT_DATA];
	uint32_t len = data ? nla_len(data) : 0, total = len, offset = 0;
	int err;

	get_u32(tb[PFSNL_A_GROUP_EVENT_TOTAL], &total);
	get_u32(tb[PFSNL_A_GROUP_EVENT_OFFSET], &offset);
	if (!offset) {
		if (stream->data)
			return -EBADMSG;
		err = take_head(stream, tb);
		if (err)
			return err;
		if (len == total)
			return tell_message(stream,
					    data ? nla_data(data) : "", len);
		stream->data = malloc(total);
		if (!stream->data)
			return -ENOMEM;
		stream->total = total;
		stream->have = 0;
	}
	if (!stream->data || !len || offset != stream->have ||
	    total != stream->total || len > total - offset)
		return -EBADMSG;
	memcpy(stream->data + offset, nla_data(data), len);
	stream->have += len;
	if (stream->have < total)
		return 0;
	err = tell_message(stream, stream->data, total);
	drop_message(stream);
	return err;
}

/* ---- the others ----------------------------------------------------- */

static void on_transitional(struct pfsnl_stream *stream, struct nlattr **tb)
{
	struct nlattr *addrs = tb[PFSNL_A_GROUP_EVENT_ADDRESSES];
	static const struct in_addr nobody;

	if (stream->calls.transitional)
		stream->calls.transitional(stream->arg, stream->group,
					   addrs ? nla_data(addrs) : &nobody,
					   addrs ? nla_len(addrs) / 4 : 0);
}

int pfsnl_stream_take(struct pfsnl_stream *stream, struct nlmsghdr *nlh)
{
	struct nlattr *tb[PFSNL_A_GROUP_EVENT_MAX + 1];
	uint32_t number, why = PFSNL_GROUP_WHY_NONE;

	if (stream->over)
		return 0;
	if (!genlmsg_valid_hdr(nlh, 0) ||
	    genlmsg_parse(nlh, 0, tb, PFSNL_A_GROUP_EVENT_MAX, NULL) < 0)
		return -EBADMSG;
	if (!get_u32(tb[PFSNL_A_GROUP_EVENT_MEMBER], &number) ||
	    number != stream->number)
		return 0;
	switch (genlmsg_hdr(nlh)->cmd) {
	case PFSNL_CMD_GROUP_CHANGE_NTF:
		return on_change(stream, tb);
	case PFSNL_CMD_GROUP_MESSAGE_NTF:
		return on_message(stream, tb);
	case PFSNL_CMD_GROUP_TRANSITIONAL_NTF:
		on_transitional(stream, tb);
		break;
	case PFSNL_CMD_GROUP_UNKNOWN_NTF:
		if (stream->calls.unknown)
			stream->calls.unknown(stream->arg, stream->group,
					      get_u64(tb[PFSNL_A_GROUP_EVENT_COOKIE]));
		break;
	case PFSNL_CMD_GROUP_ROOM_NTF:
		if (stream->calls.room)
			stream->calls.room(stream->arg, stream->group);
		break;
	case PFSNL_CMD_GROUP_OVER_NTF:
		get_u32(tb[PFSNL_A_GROUP_EVENT_WHY], &why);
		pfsnl_stream_end(stream, why);
		break;
	}
	return 0;
}
