// SPDX-License-Identifier: LGPL-2.1
/* Events of checkpoints, as the kernel sends them, for watches. */
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "ckpt.h"

static uint32_t get_u32(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 4 ? nla_get_u32(attr) : 0;
}

static uint64_t get_u64(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : 0;
}

static void get_name(struct nlattr *attr, char name[PFSNL_CKPT_NAME_MAX + 1])
{
	name[0] = 0;
	if (attr)
		nla_strlcpy(name, attr, PFSNL_CKPT_NAME_MAX + 1);
}

static void get_digest(struct nlattr *attr, unsigned char *digest)
{
	if (attr && nla_len(attr) >= PFSNL_CKPT_DIGEST)
		memcpy(digest, nla_data(attr), PFSNL_CKPT_DIGEST);
}

static void tell_event(struct pfsnl *handle, struct nlattr **tb)
{
	char name[PFSNL_CKPT_NAME_MAX + 1];
	struct pfsnl_ckpt_notice notice = {
		.event = get_u32(tb[PFSNL_A_CKPT_EVENT_EVENT]),
		.number = pfsnl_ckpt_number_of(tb[PFSNL_A_CKPT_EVENT_NUMBER]),
		.name = name,
		.addr.s_addr = get_u32(tb[PFSNL_A_CKPT_EVENT_ADDRESS]),
		.time = get_u64(tb[PFSNL_A_CKPT_EVENT_TIME]),
		.generation = get_u64(tb[PFSNL_A_CKPT_EVENT_GENERATION]),
		.error = (int32_t)get_u32(tb[PFSNL_A_CKPT_EVENT_ERROR]),
	};

	get_name(tb[PFSNL_A_CKPT_EVENT_NAME], name);
	if (tb[PFSNL_A_CKPT_EVENT_SECTION]) {
		notice.section = nla_data(tb[PFSNL_A_CKPT_EVENT_SECTION]);
		notice.section_len = nla_len(tb[PFSNL_A_CKPT_EVENT_SECTION]);
	}
	pfsnl_tell_ckpt_notice(handle, &notice);
}

static void tell_conflict(struct pfsnl *handle, struct nlattr **tb)
{
	char name[PFSNL_CKPT_NAME_MAX + 1], loser[PFSNL_CKPT_NAME_MAX + 1];
	struct pfsnl_ckpt_conflict conflict = {
		.why = get_u32(tb[PFSNL_A_CKPT_EVENT_CONFLICT]),
		.number = pfsnl_ckpt_number_of(tb[PFSNL_A_CKPT_EVENT_NUMBER]),
		.name = name,
		.kept = tb[PFSNL_A_CKPT_EVENT_LOSER_NUMBER],
		.loser = pfsnl_ckpt_number_of(tb[PFSNL_A_CKPT_EVENT_LOSER_NUMBER]),
		.loser_name = loser,
		.generation = get_u64(tb[PFSNL_A_CKPT_EVENT_GENERATION]),
		.ring = pfsnl_ring_of(tb[PFSNL_A_CKPT_EVENT_RING]),
		.loser_ring = pfsnl_ring_of(tb[PFSNL_A_CKPT_EVENT_LOSER_RING]),
		.earlier = pfsnl_ring_of(tb[PFSNL_A_CKPT_EVENT_EARLIER]),
	};

	get_name(tb[PFSNL_A_CKPT_EVENT_NAME], name);
	get_name(tb[PFSNL_A_CKPT_EVENT_LOSER_NAME], loser);
	get_digest(tb[PFSNL_A_CKPT_EVENT_DIGEST], conflict.digest);
	get_digest(tb[PFSNL_A_CKPT_EVENT_LOSER_DIGEST], conflict.loser_digest);
	pfsnl_tell_ckpt_conflict(handle, &conflict);
}

void pfsnl_ckpt_take_event(struct pfsnl *handle, struct nlmsghdr *nlh)
{
	struct nlattr *tb[PFSNL_A_CKPT_EVENT_MAX + 1];
	struct pfsnl_follow *follow = &handle->follow;
	uint64_t generation;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_CKPT_EVENT_MAX, NULL) < 0) {
		pfsnl_tell_ckpt_refresh(handle);
		return;
	}
	generation = get_u64(tb[PFSNL_A_CKPT_EVENT_GENERATION]);
	/* 0: who refreshes now knows it all, whatever the number is. */
	if (follow->ckpt_seen && generation != follow->ckpt_seen + 1)
		pfsnl_tell_ckpt_refresh(handle);
	follow->ckpt_seen = generation;
	if (genlmsg_hdr(nlh)->cmd == PFSNL_CMD_CKPT_NTF)
		tell_event(handle, tb);
	else
		tell_conflict(handle, tb);
}

PFSNL_EXPORT const char *pfsnl_ckpt_event_name(uint32_t event)
{
	static const char *const names[] = {
		[PFSNL_CKPT_EVENT_CREATED] = "created",
		[PFSNL_CKPT_EVENT_OPENED] = "opened",
		[PFSNL_CKPT_EVENT_CLOSED] = "closed",
		[PFSNL_CKPT_EVENT_UNLINKED] = "unlinked",
		[PFSNL_CKPT_EVENT_EXPIRED] = "expired",
		[PFSNL_CKPT_EVENT_RETENTION] = "retention",
		[PFSNL_CKPT_EVENT_SECTION_CREATED] = "section-created",
		[PFSNL_CKPT_EVENT_SECTION_DELETED] = "section-deleted",
		[PFSNL_CKPT_EVENT_SECTION_WRITTEN] = "section-written",
		[PFSNL_CKPT_EVENT_SECTION_EXPIRATION] = "section-expiration",
		[PFSNL_CKPT_EVENT_SECTION_EXPIRED] = "section-expired",
		[PFSNL_CKPT_EVENT_LIMIT] = "limit",
		[PFSNL_CKPT_EVENT_ACTIVATED] = "activated",
		[PFSNL_CKPT_EVENT_SUSPENDED] = "suspended",
		[PFSNL_CKPT_EVENT_OUT] = "out",
	};

	return event < sizeof(names) / sizeof(*names) ? names[event] : NULL;
}

PFSNL_EXPORT const char *pfsnl_ckpt_conflict_name(uint32_t why)
{
	static const char *const names[] = {
		[PFSNL_CKPT_CONFLICT_WHY_CONTENT] = "content",
		[PFSNL_CKPT_CONFLICT_WHY_NAME] = "name",
		[PFSNL_CKPT_CONFLICT_WHY_UNLINKED] = "unlinked",
		[PFSNL_CKPT_CONFLICT_WHY_UNLINKED_OPEN] = "unlinked-open",
	};

	return why < sizeof(names) / sizeof(*names) ? names[why] : NULL;
}
