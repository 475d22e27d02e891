/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink without a library, for programs that break its rules.
 */
#ifndef PFSNL_TEST_RAW_H
#define PFSNL_TEST_RAW_H

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/pfsnl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif
/* the largest message, either way */
#define BUFFER (192 * 1024)
#define ATTRS 64

static int sock = -1;
static int family;
static uint32_t seq;
/* this allocation of the next request fails, 0: none */
static uint32_t nth;
static int nth_fd = -1;

static inline void die(const char *what)
{
	perror(what);
	exit(1);
}

static union {
	struct nlmsghdr h;
	char bytes[BUFFER];
} out;

static inline void begin(int type, int cmd, int flags)
{
	struct genlmsghdr *g = NLMSG_DATA(&out.h);

	memset(&out.h, 0, sizeof(out.h));
	out.h.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	out.h.nlmsg_type = type;
	out.h.nlmsg_flags = NLM_F_REQUEST | flags;
	out.h.nlmsg_seq = ++seq;
	g->cmd = cmd;
	g->version = 1;
	g->reserved = 0;
}

static inline void put(int type, const void *data, size_t len)
{
	struct nlattr *a = (void *)(out.bytes + NLMSG_ALIGN(out.h.nlmsg_len));

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)a + NLA_HDRLEN, data, len);
	out.h.nlmsg_len = NLMSG_ALIGN(out.h.nlmsg_len) + NLA_ALIGN(a->nla_len);
}

static inline void put_u32(int type, uint32_t value)
{
	put(type, &value, sizeof(value));
}

static inline void arm(uint32_t count)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", count);

	if (pwrite(nth_fd, text, n, 0) != n)
		die("fail-nth");
}

static inline void transmit(void)
{
	char left[16] = "";
	ssize_t sent, n = 0;

	if (nth)
		arm(nth);
	sent = send(sock, out.bytes, out.h.nlmsg_len, 0);
	if (nth) {
		n = pread(nth_fd, left, sizeof(left) - 1, 0);
		arm(0);
		printf("%sreached\n", n > 0 && atoi(left) ? "not " : "");
		nth = 0;
	}
	if (sent < 0)
		die("send");
}

/* ---- what comes ---- */

static inline void parse(struct nlattr **at, struct nlattr *a, size_t len)
{
	memset(at, 0, ATTRS * sizeof(*at));
	while (len >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN &&
	       a->nla_len <= len) {
		if ((a->nla_type & NLA_TYPE_MASK) < ATTRS)
			at[a->nla_type & NLA_TYPE_MASK] = a;
		if ((size_t)NLA_ALIGN(a->nla_len) >= len)
			break;
		len -= NLA_ALIGN(a->nla_len);
		a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
	}
}

static inline void *data(struct nlattr *a)
{
	return a ? (char *)a + NLA_HDRLEN : NULL;
}

static inline size_t length(struct nlattr *a)
{
	return a ? a->nla_len - NLA_HDRLEN : 0;
}

static inline uint32_t u32(struct nlattr *a)
{
	uint32_t value = 0;

	if (length(a) == sizeof(value))
		memcpy(&value, data(a), sizeof(value));
	return value;
}

static inline uint64_t u64(struct nlattr *a)
{
	uint64_t value = 0;

	if (length(a) == sizeof(value))
		memcpy(&value, data(a), sizeof(value));
	return value;
}

static inline void refused(struct nlmsghdr *h)
{
	struct nlmsgerr *e = NLMSG_DATA(h);
	struct nlattr *at[ATTRS];
	size_t skip = sizeof(*e);
	const char *text = NULL;

	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - NLMSG_HDRLEN;
	if (h->nlmsg_flags & NLM_F_ACK_TLVS) {
		parse(at, (void *)((char *)e + skip),
		      h->nlmsg_len - NLMSG_HDRLEN - skip);
		text = data(at[NLMSGERR_ATTR_MSG]);
	}
	printf("refused %d %s\n", -e->error, text ? text : "-");
}

static union {
	struct nlmsghdr h;
	char bytes[BUFFER];
} in;

/* Let this allocation fail in the next request. */
static inline void fail_nth(uint32_t count)
{
	nth = count;
	if (nth_fd < 0)
		nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
}

#endif
