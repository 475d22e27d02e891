// SPDX-License-Identifier: LGPL-2.1
/*
 * The socket of a membership. The kernel sends notifications only as far as it
 * is known that they fit into the receive buffer: it counts each by its length
 * and PFSNL_CHARGE, and is told what was taken.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "group.h"

/* The kernel gives twice of it, for it counts its own overhead. */
#define BUFFER		(2 << 20)

/* What the kernel counts for a notification besides its length. */
#define PFSNL_CHARGE	1024

/*
 * Kept free for answers and errors, in bytes of the window. They are read at
 * once, so there are never many.
 */
#define RESERVE		16384

/*
 * The largest notification takes about 34 KB. If the window has not room for
 * some of them, each is told as it is taken.
 */
#define SMALL_WINDOW	163840

/*
 * What a notification takes of the receive buffer is at most twice what the
 * kernel counts for it: its memory is a power of two, or it is trimmed, and the
 * structures around it take less than a KiB. So half of the buffer is safe.
 */
static uint32_t window_of(int fd)
{
	socklen_t len = sizeof(int);
	int bytes = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len) || bytes < 0)
		bytes = 0;
	bytes /= 2;
	return bytes > 2 * RESERVE ? bytes - RESERVE : bytes / 2;
}

int pfsnl_mailbox_open(struct pfsnl_mailbox *box, int fd, uint16_t family)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int on = 1, bytes = BUFFER;

	memset(box, 0, sizeof(*box));
	box->fd = fd;
	box->family = family;
	box->last = &box->first;
	box->room = malloc(PFSNL_MAILBOX_ROOM);
	if (!box->room)
		return -ENOMEM;
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)))
		return -errno;
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	box->window = window_of(fd);
	return 0;
}

static void drop_kept(struct pfsnl_mailbox *box)
{
	struct pfsnl_kept *kept;

	while ((kept = box->first)) {
		box->first = kept->next;
		free(kept);
	}
	box->last = &box->first;
}

void pfsnl_mailbox_close(struct pfsnl_mailbox *box)
{
	if (box->fd >= 0)
		close(box->fd);
	box->fd = -1;
	drop_kept(box);
	free(box->room);
	box->room = NULL;
}

/* ---- requests ------------------------------------------------------- */

void pfsnl_ask_begin(struct pfsnl_ask *ask, uint8_t cmd)
{
	struct genlmsghdr *genl;

	memset(ask, 0, sizeof(*ask));
	ask->nlh.nlmsg_flags = NLM_F_REQUEST;
	ask->nlh.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	genl = NLMSG_DATA(&ask->nlh);
	genl->cmd = cmd;
	genl->version = PFSNL_GENL_VERSION;
}

void pfsnl_ask_put(struct pfsnl_ask *ask, uint16_t attr, const void *data,
		   size_t len)
{
	struct nlattr *nla = (void *)(ask->room + ask->nlh.nlmsg_len);

	nla->nla_type = attr;
	nla->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)nla + NLA_HDRLEN, data, len);
	ask->nlh.nlmsg_len += NLA_ALIGN(nla->nla_len);
}

static int put_on_wire(struct pfsnl_mailbox *box, struct pfsnl_ask *ask)
{
	static const char padding[NLA_ALIGNTO];
	struct iovec iov[3] = { { .iov_base = ask->room } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 };
	struct nlattr *nla;

	ask->nlh.nlmsg_type = box->family;
	ask->nlh.nlmsg_seq = ++box->seq;
	iov[0].iov_len = ask->nlh.nlmsg_len;
	if (ask->data) {
		nla = (void *)(ask->room + iov[0].iov_len);
		nla->nla_type = ask->data_attr;
		nla->nla_len = NLA_HDRLEN + ask->len;
		iov[0].iov_len += NLA_HDRLEN;
		iov[1].iov_base = (void *)ask->data;
		iov[1].iov_len = ask->len;
		iov[2].iov_base = (void *)padding;
		iov[2].iov_len = NLA_ALIGN(ask->len) - ask->len;
		msg.msg_iovlen = 3;
		ask->nlh.nlmsg_len += NLA_HDRLEN + NLA_ALIGN(ask->len);
	}
	while (sendmsg(box->fd, &msg, 0) < 0)
		if (errno != EINTR)
			return errno == ENOBUFS ? -ENOMEM : -errno;
	return 0;
}

/* ---- what comes ----------------------------------------------------- */

/*
 * Takes a datagram of the kernel, which may have several messages. NULL: there is
 * none, or all is lost.
 */
static struct nlmsghdr *receive(struct pfsnl_mailbox *box, void *room, size_t *all)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = room, .iov_len = PFSNL_MAILBOX_ROOM };
	struct nlmsghdr *nlh = room;
	ssize_t len;

	for (;;) {
		struct msghdr msg = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
		};

		len = recvmsg(box->fd, &msg, MSG_DONTWAIT);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0) {
			if (errno != EAGAIN)
				box->lost = -errno;
			return NULL;
		}
		if (from.nl_pid)
			continue;	/* some process, not the kernel */
		if (msg.msg_flags & MSG_TRUNC) {
			box->lost = -EMSGSIZE;
			return NULL;
		}
		*all = len;
		if (NLMSG_OK(nlh, *all))
			return nlh;
	}
}

/* The message after this one in a datagram, or NULL. */
static struct nlmsghdr *after(struct nlmsghdr *nlh, size_t *left)
{
	size_t len = NLMSG_ALIGN(nlh->nlmsg_len);

	if (len >= *left)
		return NULL;
	*left -= len;
	nlh = (void *)((char *)nlh + len);
	return NLMSG_OK(nlh, *left) ? nlh : NULL;
}

static bool is_event(const struct pfsnl_mailbox *box, struct nlmsghdr *nlh)
{
	uint8_t cmd;

	if (nlh->nlmsg_type != box->family || !genlmsg_valid_hdr(nlh, 0))
		return false;
	cmd = genlmsg_hdr(nlh)->cmd;
	return cmd >= PFSNL_CMD_GROUP_CHANGE_NTF &&
	       cmd <= PFSNL_CMD_GROUP_OVER_NTF;
}

static void take_text(struct pfsnl_answer *answer, struct nlmsghdr *nlh,
		      const struct nlmsgerr *e)
{
	size_t used = NLMSG_HDRLEN + sizeof(*e);
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		used += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (nlh->nlmsg_len <= used ||
	    nla_parse(tb, NLMSGERR_ATTR_MAX, (void *)((char *)nlh + used),
		      nlh->nlmsg_len - used, NULL) < 0)
		return;
	if (tb[NLMSGERR_ATTR_MSG])
		nla_strlcpy(answer->why, tb[NLMSGERR_ATTR_MSG],
			    sizeof(answer->why));
}

/* Errors of requests whose answer nobody wants find no answer here. */
static void take_answer(struct pfsnl_mailbox *box, struct nlmsghdr *nlh,
			struct pfsnl_answer *answer)
{
	struct nlattr *tb[PFSNL_A_GROUP_MAX + 1];
	const struct nlmsgerr *e = NLMSG_DATA(nlh);

	if (!answer || nlh->nlmsg_seq != box->seq)
		return;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
			return;
		answer->came = true;
		answer->err = e->error;
		take_text(answer, nlh, e);
	} else if (nlh->nlmsg_type == box->family &&
		   genlmsg_valid_hdr(nlh, 0) &&
		   genlmsg_parse(nlh, 0, tb, PFSNL_A_GROUP_MAX, NULL) >= 0) {
		answer->came = true;
		if (tb[PFSNL_A_GROUP_MEMBER] &&
		    nla_len(tb[PFSNL_A_GROUP_MEMBER]) >= 4)
			answer->member = nla_get_u32(tb[PFSNL_A_GROUP_MEMBER]);
	}
}

static void keep(struct pfsnl_mailbox *box, const struct nlmsghdr *nlh)
{
	struct pfsnl_kept *kept;

	kept = malloc(offsetof(struct pfsnl_kept, nlh) + nlh->nlmsg_len);
	if (!kept) {
		box->lost = -ENOMEM;
		return;
	}
	kept->next = NULL;
	memcpy(&kept->nlh, nlh, nlh->nlmsg_len);
	*box->last = kept;
	box->last = &kept->next;
}

int pfsnl_mailbox_ask(struct pfsnl_mailbox *box, struct pfsnl_ask *ask,
		      struct pfsnl_answer *answer)
{
	struct nlmsghdr *nlh;
	size_t left;
	int err;

	if (answer)
		memset(answer, 0, sizeof(*answer));
	err = put_on_wire(box, ask);
	if (err || !answer)
		return err;
	while (!box->lost && (nlh = receive(box, box->room, &left)))
		for (; nlh; nlh = after(nlh, &left)) {
			if (is_event(box, nlh))
				keep(box, nlh);
			else
				take_answer(box, nlh, answer);
		}
	return 0;
}

/* The next message of the dispatcher's datagram, taken out, or NULL. */
static struct nlmsghdr *take_rest(struct pfsnl_mailbox *box)
{
	struct nlmsghdr *nlh = box->rest;

	if (nlh)
		box->rest = after(nlh, &box->rest_len);
	return nlh;
}

struct nlmsghdr *pfsnl_mailbox_next(struct pfsnl_mailbox *box, void *room,
				    struct pfsnl_kept **kept)
{
	struct nlmsghdr *nlh;

	*kept = NULL;
	for (;;) {
		/* what was kept meanwhile came later */
		while ((nlh = take_rest(box)))
			if (is_event(box, nlh))
				return nlh;
		if (box->first || box->lost)
			break;
		box->rest = receive(box, room, &box->rest_len);
		if (!box->rest)
			break;
	}
	*kept = box->first;
	if (!*kept)
		return NULL;
	box->first = (*kept)->next;
	if (!box->first)
		box->last = &box->first;
	return &(*kept)->nlh;
}

void pfsnl_mailbox_lose(struct pfsnl_mailbox *box, int err)
{
	box->lost = err;
	box->rest = NULL;
	drop_kept(box);
}

int pfsnl_mailbox_tell(struct pfsnl_mailbox *box, struct pfsnl_answer *answer)
{
	struct pfsnl_ask ask;

	pfsnl_ask_begin(&ask, PFSNL_CMD_GROUP_TAKEN);
	pfsnl_ask_put(&ask, PFSNL_A_GROUP_TAKEN, &box->untold, 4);
	box->untold = 0;
	return pfsnl_mailbox_ask(box, &ask, answer);
}

void pfsnl_mailbox_taken(struct pfsnl_mailbox *box, uint32_t len)
{
	box->untold += NLMSG_ALIGN(len) + PFSNL_CHARGE;
	if (box->window < SMALL_WINDOW || box->untold >= box->window / 4)
		pfsnl_mailbox_tell(box, NULL);
}
