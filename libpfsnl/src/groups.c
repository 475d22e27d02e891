// SPDX-License-Identifier: LGPL-2.1
/* Groups and their members, read once. */
#include <errno.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"

/* So often a list is read again when it changes meanwhile. */
#define MAX_TRIES 64

struct pfsnl_groups {
	struct entry {
		struct pfsnl_group_info info;
		char name[PFSNL_GROUP_NAME_MAX + 1];
	} *entries;
	size_t count;
	size_t room;
	uint64_t generation;
};

static uint32_t get_u32(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 4 ? nla_get_u32(attr) : 0;
}

static uint64_t get_u64(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : 0;
}

static int parse_group(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[PFSNL_A_GROUP_MAX + 1];
	struct pfsnl_groups *list = arg;
	struct entry *entry;
	uint64_t generation;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_GROUP_MAX, NULL) < 0 ||
	    !tb[PFSNL_A_GROUP_NAME])
		return -EBADMSG;
	generation = get_u64(tb[PFSNL_A_GROUP_GENERATION]);
	if (list->count && generation != list->generation)
		return -EINTR;
	list->generation = generation;

	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 16;

		entry = reallocarray(list->entries, room, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		list->entries = entry;
		list->room = room;
	}
	entry = &list->entries[list->count++];
	memset(entry, 0, sizeof(*entry));
	nla_strlcpy(entry->name, tb[PFSNL_A_GROUP_NAME], sizeof(entry->name));
	entry->info.members = get_u32(tb[PFSNL_A_GROUP_MEMBERS]);
	entry->info.here = get_u32(tb[PFSNL_A_GROUP_HERE]);
	return 0;
}

/* Asks until nothing has changed meanwhile; `empty` is called before each. */
static int ask_whole(struct pfsnl *handle, struct pfsnl_request *req,
		     void (*empty)(void *arg))
{
	int err, tries = 0;

	req->flags = NLM_F_DUMP;
	pthread_mutex_lock(&handle->req_lock);
	do {
		empty(req->arg);
		err = pfsnl_ask(&handle->req, true, req);
	} while (err == -EINTR && ++tries < MAX_TRIES);
	pthread_mutex_unlock(&handle->req_lock);
	if (err == -EINTR)
		err = pfsnl_fail(-EAGAIN, req->what,
				 "it changes too fast to be read, try again");
	return err;
}

static void empty_groups(void *arg)
{
	struct pfsnl_groups *list = arg;

	list->count = 0;
}

PFSNL_EXPORT int pfsnl_groups_get(struct pfsnl *handle,
				  struct pfsnl_groups **groups)
{
	struct pfsnl_request req = {
		.what = "reading the groups",
		.cmd = PFSNL_CMD_GROUP_GET,
		.parse = parse_group,
	};
	size_t i;
	int err;

	*groups = NULL;
	err = pfsnl_check(handle, req.what);
	if (err)
		return err;
	*groups = calloc(1, sizeof(**groups));
	if (!*groups)
		return pfsnl_fail(-ENOMEM, req.what, NULL);
	req.arg = *groups;
	err = ask_whole(handle, &req, empty_groups);
	if (err) {
		pfsnl_groups_free(*groups);
		*groups = NULL;
		return err;
	}
	/* Only now, as they have moved. */
	for (i = 0; i < (*groups)->count; i++)
		(*groups)->entries[i].info.name = (*groups)->entries[i].name;
	return 0;
}

PFSNL_EXPORT size_t pfsnl_groups_count(const struct pfsnl_groups *groups)
{
	return groups->count;
}

PFSNL_EXPORT const struct pfsnl_group_info *
pfsnl_groups_at(const struct pfsnl_groups *groups, size_t i)
{
	return i < groups->count ? &groups->entries[i].info : NULL;
}

PFSNL_EXPORT void pfsnl_groups_free(struct pfsnl_groups *groups)
{
	if (!groups)
		return;
	free(groups->entries);
	free(groups);
}

/* ---- members -------------------------------------------------------- */

struct reading {
	const char *name;
	struct pfsnl_group_members *members;
};

static int fill_name(struct nl_msg *msg, void *arg)
{
	const struct reading *reading = arg;

	return nla_put_string(msg, PFSNL_A_GROUP_MEMBER_NAME, reading->name) ?
	       -EMSGSIZE : 0;
}

static int parse_member(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[PFSNL_A_GROUP_MEMBER_MAX + 1];
	struct pfsnl_group_member member = { .why = PFSNL_GROUP_WHY_NONE };
	struct reading *reading = arg;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_GROUP_MEMBER_MAX, NULL) < 0 ||
	    !tb[PFSNL_A_GROUP_MEMBER_ADDRESS] ||
	    !tb[PFSNL_A_GROUP_MEMBER_MEMBER])
		return -EBADMSG;
	member.addr.s_addr = get_u32(tb[PFSNL_A_GROUP_MEMBER_ADDRESS]);
	member.number = get_u32(tb[PFSNL_A_GROUP_MEMBER_MEMBER]);
	member.pid = get_u32(tb[PFSNL_A_GROUP_MEMBER_PID]);
	member.incarnation = get_u64(tb[PFSNL_A_GROUP_MEMBER_INCARNATION]);
	member.here = tb[PFSNL_A_GROUP_MEMBER_SELF];
	return pfsnl_members_append(reading->members, &member);
}

static void empty_members(void *arg)
{
	struct reading *reading = arg;

	reading->members->count = 0;
}

static const char *attr_name(int attr)
{
	return attr == PFSNL_A_GROUP_MEMBER_NAME ? "name" : NULL;
}

PFSNL_EXPORT int pfsnl_group_members_get(struct pfsnl *handle, const char *name,
					 struct pfsnl_group_members **members)
{
	struct reading reading = { .name = name };
	struct pfsnl_request req = {
		.what = "reading the members of a group",
		.cmd = PFSNL_CMD_GROUP_MEMBER_GET,
		.fill = fill_name,
		.parse = parse_member,
		.arg = &reading,
		.attr_name = attr_name,
	};
	int err;

	*members = NULL;
	err = pfsnl_check(handle, req.what);
	if (!err)
		err = pfsnl_group_check_name(req.what, name);
	if (err)
		return err;
	reading.members = calloc(1, sizeof(*reading.members));
	if (!reading.members)
		return pfsnl_fail(-ENOMEM, req.what, NULL);
	err = ask_whole(handle, &req, empty_members);
	if (err)
		pfsnl_group_members_free(reading.members);
	else
		*members = reading.members;
	return err;
}

/* ---- words ---------------------------------------------------------- */

int pfsnl_group_check_name(const char *what, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 127)
			break;
	if (len && len <= PFSNL_GROUP_NAME_MAX && i == len)
		return 0;
	return pfsnl_failf(-EINVAL, what,
			   "the name of a group has 1 to %d bytes and no control characters",
			   PFSNL_GROUP_NAME_MAX);
}

PFSNL_EXPORT const char *pfsnl_group_why_name(uint32_t why)
{
	static const char *const names[] = {
		[PFSNL_GROUP_WHY_NONE] = "none",
		[PFSNL_GROUP_WHY_JOINED] = "joined",
		[PFSNL_GROUP_WHY_NODE_JOINED] = "node-joined",
		[PFSNL_GROUP_WHY_NODE_MERGED] = "node-merged",
		[PFSNL_GROUP_WHY_LEFT] = "left",
		[PFSNL_GROUP_WHY_DIED] = "died",
		[PFSNL_GROUP_WHY_CLOSED] = "closed",
		[PFSNL_GROUP_WHY_SLOW] = "slow",
		[PFSNL_GROUP_WHY_SILENT] = "silent",
		[PFSNL_GROUP_WHY_NODE_LEFT] = "node-left",
		[PFSNL_GROUP_WHY_NODE_FAILED] = "node-failed",
		[PFSNL_GROUP_WHY_NODE_LOST] = "node-lost",
		[PFSNL_GROUP_WHY_DOWN] = "down",
		[PFSNL_GROUP_WHY_NO_MEMORY] = "no-memory",
	};

	return why < sizeof(names) / sizeof(*names) ? names[why] : NULL;
}
