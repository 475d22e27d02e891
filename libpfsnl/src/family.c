// SPDX-License-Identifier: LGPL-2.1
/* Where the family pfsnl is: its number and those of its groups. */
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "internal.h"

struct search {
	const char *name;
	bool load;
	bool found;
	struct pfsnl_family *family;
	uint32_t *notify_group;
};

static int fill_name(struct nl_msg *msg, void *arg)
{
	struct search *search = arg;

	/* Only a question by name makes the kernel load a module. */
	if (!search->load)
		return 0;
	return nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, search->name) ?
	       -EMSGSIZE : 0;
}

static bool name_is(struct nlattr *attr, const char *name)
{
	size_t len = strlen(name);

	return attr && (size_t)nla_len(attr) == len + 1 &&
	       !memcmp(nla_data(attr), name, len + 1);
}

static void take_group(struct search *search, struct nlattr *group)
{
	struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1];
	uint32_t id;

	if (nla_parse_nested(tb, CTRL_ATTR_MCAST_GRP_MAX, group, NULL) < 0 ||
	    !tb[CTRL_ATTR_MCAST_GRP_ID] ||
	    nla_len(tb[CTRL_ATTR_MCAST_GRP_ID]) < 4)
		return;
	id = nla_get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
	if (search->notify_group) {
		if (name_is(tb[CTRL_ATTR_MCAST_GRP_NAME], "notify"))
			*search->notify_group = id;
		return;
	}
	if (name_is(tb[CTRL_ATTR_MCAST_GRP_NAME], PFSNL_MCGRP_UPDATES))
		search->family->updates = id;
	else if (name_is(tb[CTRL_ATTR_MCAST_GRP_NAME], PFSNL_MCGRP_STATE))
		search->family->state = id;
	else if (name_is(tb[CTRL_ATTR_MCAST_GRP_NAME], PFSNL_MCGRP_RINGS))
		search->family->rings = id;
	else if (name_is(tb[CTRL_ATTR_MCAST_GRP_NAME], PFSNL_MCGRP_SYNC))
		search->family->sync = id;
	else if (name_is(tb[CTRL_ATTR_MCAST_GRP_NAME],
			 PFSNL_MCGRP_CHECKPOINTS))
		search->family->checkpoints = id;
}

static int parse_family(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1], *group;
	struct search *search = arg;
	int left;

	if (genlmsg_parse(nlh, 0, tb, CTRL_ATTR_MAX, NULL) < 0 ||
	    !name_is(tb[CTRL_ATTR_FAMILY_NAME], search->name) ||
	    !tb[CTRL_ATTR_FAMILY_ID] || nla_len(tb[CTRL_ATTR_FAMILY_ID]) < 2)
		return 0;
	search->found = true;
	search->family->id = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	if (tb[CTRL_ATTR_MCAST_GROUPS])
		nla_for_each_nested(group, tb[CTRL_ATTR_MCAST_GROUPS], left)
			take_group(search, group);
	return 0;
}

int pfsnl_family_find(struct pfsnl_sock *sock, const char *name, bool load,
		      struct pfsnl_family *family, uint32_t *notify_group)
{
	struct search search = {
		.name = name,
		.load = load,
		.family = family,
		.notify_group = notify_group,
	};
	struct pfsnl_request req = {
		.family = GENL_ID_CTRL,
		.cmd = CTRL_CMD_GETFAMILY,
		.version = 1,
		.flags = load ? 0 : NLM_F_DUMP,
		.fill = fill_name,
		.parse = parse_family,
		.arg = &search,
	};
	int err, tries = 0;

	do {
		memset(family, 0, sizeof(*family));
		err = pfsnl_transact(sock, &req);
	} while (err == -EINTR && ++tries < 64);
	if (err == -ENOENT || (!err && !search.found))
		err = -EPROTONOSUPPORT;
	if (err)
		memset(family, 0, sizeof(*family));
	return err;
}

int pfsnl_ask(struct pfsnl_sock *sock, bool load, struct pfsnl_request *req)
{
	uint16_t asked;
	int err;

	req->version = PFSNL_GENL_VERSION;
	if (!sock->family.id) {
		err = pfsnl_family_find(sock, PFSNL_GENL_NAME, load,
					&sock->family, NULL);
		if (err)
			goto fail;
	}

	req->family = sock->family.id;
	err = pfsnl_transact(sock, req);
	/*
	 * Without a text it is not the module that says so: the number means
	 * nothing to the kernel, and nothing was done. A number is not used
	 * again for a long time, so it can't have come to mean another family.
	 */
	if (err == -ENOENT && !sock->why[0]) {
		asked = req->family;
		err = pfsnl_family_find(sock, PFSNL_GENL_NAME, load,
					&sock->family, NULL);
		if (!err && sock->family.id == asked)
			err = -ENOENT;
		if (!err) {
			req->family = sock->family.id;
			err = pfsnl_transact(sock, req);
		}
	}
	if (!err)
		return 0;
fail:
	return pfsnl_fail(err, req->what, sock->why);
}

enum pfsnl_ctrl_news pfsnl_ctrl_parse(struct nlmsghdr *nlh, uint16_t *id)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1];

	if (!genlmsg_valid_hdr(nlh, 0) ||
	    genlmsg_parse(nlh, 0, tb, CTRL_ATTR_MAX, NULL) < 0 ||
	    !name_is(tb[CTRL_ATTR_FAMILY_NAME], PFSNL_GENL_NAME) ||
	    !tb[CTRL_ATTR_FAMILY_ID] || nla_len(tb[CTRL_ATTR_FAMILY_ID]) < 2)
		return PFSNL_CTRL_NOTHING;
	*id = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	switch (genlmsg_hdr(nlh)->cmd) {
	case CTRL_CMD_NEWFAMILY:
		return PFSNL_CTRL_NEW;
	case CTRL_CMD_DELFAMILY:
		return PFSNL_CTRL_GONE;
	default:
		return PFSNL_CTRL_NOTHING;
	}
}
