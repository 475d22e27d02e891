// SPDX-License-Identifier: LGPL-2.1
/*
 * One request and the whole of its answer. libnl reads and writes the socket;
 * here is what it lacks: the kernel's errno unchanged, its text (extack), and
 * the error at the end of a dump, which comes inside the "done" message.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

int pfsnl_from_nle(int nle)
{
	switch (-nle) {
	case NLE_SUCCESS:
		return 0;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_INTR:
	case NLE_DUMP_INTR:
		return -EINTR;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_MSGSIZE:
		return -EMSGSIZE;
	case NLE_BAD_SOCK:
		return -EBADF;
	case NLE_AF_NOSUPPORT:
	case NLE_PROTO_MISMATCH:
		return -EAFNOSUPPORT;
	default:
		return -EIO;
	}
}

int pfsnl_sock_open(struct pfsnl_sock *sock)
{
	int on = 1;
	int err, fd;

	memset(sock, 0, sizeof(*sock));
	sock->sk = nl_socket_alloc();
	if (!sock->sk)
		return -ENOMEM;
	errno = 0;
	err = genl_connect(sock->sk);
	if (err < 0) {
		/* EMFILE and the like have no number of libnl's own. */
		err = errno ? -errno : pfsnl_from_nle(err);
		pfsnl_sock_close(sock);
		return err;
	}
	fd = nl_socket_get_fd(sock->sk);
	/* Texts are a comfort; a kernel without them serves as well. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

void pfsnl_sock_close(struct pfsnl_sock *sock)
{
	if (sock->sk)
		nl_socket_free(sock->sk);
	sock->sk = NULL;
}

void pfsnl_sock_set_buffer(struct pfsnl_sock *sock, int bytes)
{
	int fd = nl_socket_get_fd(sock->sk);

	/* Beyond the system's limit if we may, else as far as it goes. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

/* An exchange under way. */
struct exchange {
	struct pfsnl_sock *sock;
	const struct pfsnl_request *req;
	const struct nlmsghdr *sent;
	uint32_t seq;
	bool done;
	int kernel_err;		/* the kernel's word */
	int parse_err;		/* ours */
};

/* Name of the attribute that starts at `offset` of the request. */
static const char *attr_at(const struct exchange *ex, uint32_t offset)
{
	const struct nlattr *attr;

	if (!ex->req->attr_name || offset < NLMSG_HDRLEN + GENL_HDRLEN ||
	    offset + sizeof(*attr) > ex->sent->nlmsg_len)
		return NULL;
	attr = (const void *)((const char *)ex->sent + offset);
	return ex->req->attr_name(nla_type(attr));
}

/* The range a refused number should have been in, if the kernel tells. */
static void range_text(struct nlattr *policy, char *text, size_t size)
{
	struct nlattr *tb[NL_POLICY_TYPE_ATTR_MAX + 1];

	*text = 0;
	if (!policy ||
	    nla_parse_nested(tb, NL_POLICY_TYPE_ATTR_MAX, policy, NULL) < 0)
		return;
	if (tb[NL_POLICY_TYPE_ATTR_MIN_VALUE_U] &&
	    tb[NL_POLICY_TYPE_ATTR_MAX_VALUE_U] &&
	    nla_len(tb[NL_POLICY_TYPE_ATTR_MIN_VALUE_U]) >= 8 &&
	    nla_len(tb[NL_POLICY_TYPE_ATTR_MAX_VALUE_U]) >= 8)
		snprintf(text, size, ", allowed is %llu to %llu",
			 (unsigned long long)nla_get_u64(tb[NL_POLICY_TYPE_ATTR_MIN_VALUE_U]),
			 (unsigned long long)nla_get_u64(tb[NL_POLICY_TYPE_ATTR_MAX_VALUE_U]));
	else if (tb[NL_POLICY_TYPE_ATTR_MAX_LENGTH] &&
		 nla_len(tb[NL_POLICY_TYPE_ATTR_MAX_LENGTH]) >= 4)
		snprintf(text, size, ", at most %u bytes are allowed",
			 nla_get_u32(tb[NL_POLICY_TYPE_ATTR_MAX_LENGTH]));
}

static void take_extack(struct exchange *ex, struct nlattr *attrs, int len)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	char range[64], text[160] = "";
	const char *attr = NULL;

	if (nla_parse(tb, NLMSGERR_ATTR_MAX, attrs, len, NULL) < 0)
		return;
	if (tb[NLMSGERR_ATTR_MSG])
		nla_strlcpy(text, tb[NLMSGERR_ATTR_MSG], sizeof(text));
	if (tb[NLMSGERR_ATTR_OFFS] && nla_len(tb[NLMSGERR_ATTR_OFFS]) >= 4)
		attr = attr_at(ex, nla_get_u32(tb[NLMSGERR_ATTR_OFFS]));
	range_text(tb[NLMSGERR_ATTR_POLICY], range, sizeof(range));
	if (attr)
		snprintf(ex->sock->why, sizeof(ex->sock->why), "%s: %s%s",
			 attr, *text ? text : "refused", range);
	else
		snprintf(ex->sock->why, sizeof(ex->sock->why), "%s%s", text,
			 range);
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct exchange *ex = arg;
	const struct nlmsghdr *nlh;
	size_t used = sizeof(*e);

	(void)from;
	nlh = (const void *)((const char *)e - NLMSG_HDRLEN);
	if (e->msg.nlmsg_seq != ex->seq)
		return NL_SKIP;
	ex->kernel_err = e->error;
	ex->done = true;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS) {
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			used += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
		if (nlh->nlmsg_len > NLMSG_HDRLEN + used)
			take_extack(ex, (void *)((char *)e + used),
				    nlh->nlmsg_len - NLMSG_HDRLEN - used);
	}
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct exchange *ex = arg;

	(void)msg;
	ex->done = true;
	return NL_STOP;
}

/* The end of a dump carries the errno of what ended it. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct exchange *ex = arg;
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	int used = NLMSG_ALIGN(sizeof(int));
	int error;

	ex->done = true;
	if (nlmsg_datalen(nlh) < (int)sizeof(error))
		return NL_STOP;
	memcpy(&error, nlmsg_data(nlh), sizeof(error));
	if (error < 0)
		ex->kernel_err = error;
	if ((nlh->nlmsg_flags & NLM_F_ACK_TLVS) && nlmsg_datalen(nlh) > used)
		take_extack(ex, (void *)((char *)nlmsg_data(nlh) + used),
			    nlmsg_datalen(nlh) - used);
	return NL_STOP;
}

/*
 * Leftovers of an exchange that could not be read to its end are skipped, and
 * so is what doesn't come from the kernel.
 */
static int on_seq(struct nl_msg *msg, void *arg)
{
	struct exchange *ex = arg;

	if (nlmsg_hdr(msg)->nlmsg_seq != ex->seq ||
	    nlmsg_get_src(msg)->nl_pid)
		return NL_SKIP;
	return NL_OK;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct exchange *ex = arg;

	if (ex->req->parse && !ex->parse_err)
		ex->parse_err = ex->req->parse(nlmsg_hdr(msg), ex->req->arg);
	return NL_OK;
}

/* Reads messages until the answer has ended. */
static int read_answer(struct exchange *ex, struct nl_cb *cb)
{
	struct nl_sock *sk = ex->sock->sk;
	int err = 0, ret;

	while (!ex->done) {
		struct pollfd pfd = {
			.fd = nl_socket_get_fd(sk),
			.events = POLLIN,
		};

		/*
		 * After a failure it isn't known whether the end is still to
		 * come: the kernel answers at once, so don't wait for long.
		 */
		if (err && poll(&pfd, 1, 100) <= 0)
			return err;
		ret = nl_recvmsgs(sk, cb);
		if (ret == -NLE_DUMP_INTR)
			ex->parse_err = ex->parse_err ? : -EINTR;
		else if (ret < 0 && !ex->done)
			err = pfsnl_from_nle(ret);
	}
	return err;
}

static int send_request(struct exchange *ex, struct nl_msg *msg)
{
	const struct pfsnl_request *req = ex->req;
	int err;

	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, req->family, 0,
			 req->flags, req->cmd, req->version))
		return -EMSGSIZE;
	if (req->fill) {
		err = req->fill(msg, req->arg);
		if (err)
			return err;
	}
	errno = 0;
	err = nl_send_auto(ex->sock->sk, msg);
	if (err < 0)
		return errno ? -errno : pfsnl_from_nle(err);
	ex->sent = nlmsg_hdr(msg);
	ex->seq = ex->sent->nlmsg_seq;
	return 0;
}

int pfsnl_transact(struct pfsnl_sock *sock, const struct pfsnl_request *req)
{
	struct exchange ex = { .sock = sock, .req = req };
	struct nl_msg *msg;
	struct nl_cb *cb;
	int err;

	sock->why[0] = 0;
	msg = nlmsg_alloc();
	cb = nl_cb_alloc(NL_CB_CUSTOM);
	if (!msg || !cb) {
		err = -ENOMEM;
		goto out;
	}
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_seq, &ex);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &ex);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, &ex);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, &ex);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &ex);

	err = send_request(&ex, msg);
	if (!err)
		err = read_answer(&ex, cb);
	if (ex.kernel_err)
		err = ex.kernel_err;
	else if (!err)
		err = ex.parse_err;
out:
	if (cb)
		nl_cb_put(cb);
	nlmsg_free(msg);
	return err;
}
