/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the programs about groups without a module: nodes, and notifications as the
 * kernel makes them.
 */
#ifndef PFSNL_TEST_UNIT_GROUP_H
#define PFSNL_TEST_UNIT_GROUP_H

#include "cm.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "group.h"

#define FAMILY	0x2a

static inline struct in_addr node(unsigned int i)
{
	return (struct in_addr){ .s_addr = htonl(0x0a000000 + i) };
}

/* One is being made here. */
static union {
	struct nlmsghdr nlh;
	char room[PFSNL_MAILBOX_ROOM];
} made;

static inline void begin(uint8_t cmd, uint32_t number)
{
	struct genlmsghdr *genl = NLMSG_DATA(&made.nlh);

	memset(&made.nlh, 0, NLMSG_LENGTH(GENL_HDRLEN));
	made.nlh.nlmsg_type = FAMILY;
	made.nlh.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	genl->cmd = cmd;
	genl->version = PFSNL_GENL_VERSION;
	if (number) {
		struct nlattr *nla = (void *)(made.room + made.nlh.nlmsg_len);

		nla->nla_type = PFSNL_A_GROUP_EVENT_MEMBER;
		nla->nla_len = NLA_HDRLEN + 4;
		memcpy(nla + 1, &number, 4);
		made.nlh.nlmsg_len += NLA_ALIGN(nla->nla_len);
	}
}

static inline void put(uint16_t type, const void *data, size_t len)
{
	struct nlattr *nla = (void *)(made.room + made.nlh.nlmsg_len);

	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy(nla + 1, data, len);
	made.nlh.nlmsg_len += NLA_ALIGN(nla->nla_len);
}

#endif /* PFSNL_TEST_UNIT_GROUP_H */
