// SPDX-License-Identifier: LGPL-2.1
/*
 * The socket for checkpoints of a handle: requests go out, and answers and
 * outcomes come in, in whatever thread waits for one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ckpt.h"

/*
 * An outcome takes about 1 KiB of the receive buffer, the longest read about 256
 * KiB. The kernel lets 128 requests be under way and gives twice of what it is
 * asked for, so this is far from full. If it is full all the same outcomes come
 * later; but the answer to a request may be lost.
 */
#define BUFFER		(1 << 20)

/* How long to wait before something is asked again that was told EAGAIN, ms. */
#define AGAIN_MS	20

/* ---- life ----------------------------------------------------------- */

int pfsnl_ckptsock_new(struct pfsnl *owner, int fd, uint16_t family,
		       struct pfsnl_ckptsock **sock)
{
	struct pfsnl_ckptsock *new = calloc(1, sizeof(*new));
	pthread_condattr_t attr;

	*sock = NULL;
	if (!new) {
		close(fd);
		return -ENOMEM;
	}
	new->owner = owner;
	new->fd = fd;
	new->family = family;
	new->epoll_fd = -1;
	new->last = &new->first;
	new->told_last = &new->told;
	new->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	new->told_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&new->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&new->cond, &attr);
	pthread_condattr_destroy(&attr);
	if (new->wake_fd < 0 || new->told_fd < 0) {
		int err = -errno;

		pfsnl_ckptsock_free(new);
		return err;
	}
	new->in = malloc(PFSNL_CKPTSOCK_ROOM);
	if (!new->in) {
		pfsnl_ckptsock_free(new);
		return -ENOMEM;
	}
	*sock = new;
	return 0;
}

void pfsnl_ckptsock_close_copies(struct pfsnl_ckptsock *sock)
{
	if (!sock)
		return;
	close(sock->fd);
	if (sock->wake_fd >= 0)
		close(sock->wake_fd);
	if (sock->told_fd >= 0)
		close(sock->told_fd);
	if (sock->epoll_fd >= 0)
		close(sock->epoll_fd);
}

static void free_list(struct pfsnl_asked *asked)
{
	struct pfsnl_asked *next;

	for (; asked; asked = next) {
		next = asked->next;
		free(asked);
	}
}

void pfsnl_ckptsock_free(struct pfsnl_ckptsock *sock)
{
	struct pfsnl_ckpt *ckpt;

	if (!sock)
		return;
	pfsnl_ckptsock_close_copies(sock);
	free_list(sock->first);
	free_list(sock->told);
	while ((ckpt = sock->ckpts)) {
		sock->ckpts = ckpt->next;
		free(ckpt);
	}
	pfsnl_buf_free(&sock->out);
	free(sock->in);
	pthread_cond_destroy(&sock->cond);
	pthread_mutex_destroy(&sock->lock);
	free(sock);
}

static int set_up(int fd)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int on = 1, bytes = BUFFER;

	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)))
		return -errno;
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return 0;
}

static int find_family(struct pfsnl *handle, uint16_t *id)
{
	struct pfsnl_family family;
	int err;

	pthread_mutex_lock(&handle->req_lock);
	err = pfsnl_family_find(&handle->req, PFSNL_GENL_NAME, true, &family,
				NULL);
	if (!err)
		handle->req.family = family;
	pthread_mutex_unlock(&handle->req_lock);
	*id = family.id;
	return err;
}

static int open_sock(struct pfsnl *handle, const char *what, uint16_t family)
{
	int fd, err;

	fd = pfsnl_socket_beside(handle, what);
	if (fd < 0)
		return fd;
	err = set_up(fd);
	if (err)
		close(fd);
	else
		err = pfsnl_ckptsock_new(handle, fd, family, &handle->ckpts);
	return err ? pfsnl_fail(err, what, NULL) : 0;
}

int pfsnl_ckptsock_get(struct pfsnl *handle, const char *what,
		       struct pfsnl_ckptsock **sock)
{
	uint16_t family = 0;
	int err;

	err = pfsnl_check(handle, what);
	if (err)
		return err;
	pthread_mutex_lock(&handle->ckpt_lock);
	if (handle->ckpts) {
		pthread_mutex_lock(&handle->ckpts->lock);
		family = handle->ckpts->family;
		pthread_mutex_unlock(&handle->ckpts->lock);
	}
	if (!family) {
		err = find_family(handle, &family);
		if (err)
			pfsnl_fail(err, what, NULL);
	}
	if (!err && !handle->ckpts)
		err = open_sock(handle, what, family);
	*sock = err ? NULL : handle->ckpts;
	if (!err) {
		pthread_mutex_lock(&handle->ckpts->lock);
		handle->ckpts->family = family;
		pthread_mutex_unlock(&handle->ckpts->lock);
	}
	pthread_mutex_unlock(&handle->ckpt_lock);
	return err;
}

/* ---- what came of it ------------------------------------------------ */

static void signal_fd(int fd)
{
	uint64_t one = 1;

	/* Fails only if it is readable for long already. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

static void drain(int fd)
{
	uint64_t count;

	/* Neither blocks, and that there was nothing is fine. */
	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

/* `told`: its outcome is told later, by the cookie. */
static int put_on_wire(struct pfsnl_ckptsock *sock, uint64_t cookie, bool told)
{
	struct nlmsghdr *nlh;

	if (told)
		pfsnl_buf_put(&sock->out, PFSNL_A_CKPT_COOKIE, &cookie, 8);
	if (sock->out.failed)
		return -ENOMEM;
	nlh = (void *)sock->out.data;
	nlh->nlmsg_len = sock->out.len;
	nlh->nlmsg_type = sock->family;
	nlh->nlmsg_seq = (uint32_t)cookie;
	while (send(sock->fd, sock->out.data, sock->out.len, 0) < 0)
		if (errno != EINTR)
			return errno == ENOBUFS ? -ENOMEM : -errno;
	return 0;
}

/* Answers have its lower half as their number, and 0 is that of notifications. */
static uint64_t next_cookie(struct pfsnl_ckptsock *sock)
{
	sock->cookies++;
	if (!(uint32_t)sock->cookies)
		sock->cookies++;
	return sock->cookies;
}

/* Nobody wants what was opened, and nobody wants to know how closing it went. */
static void close_unwanted(struct pfsnl_ckptsock *sock, uint32_t handle)
{
	pfsnl_buf_begin(&sock->out, PFSNL_CMD_CKPT_CLOSE);
	pfsnl_buf_put(&sock->out, PFSNL_A_CKPT_HANDLE, &handle, 4);
	put_on_wire(sock, next_cookie(sock), true);
}

static void unlink_asked(struct pfsnl_ckptsock *sock, struct pfsnl_asked *asked)
{
	struct pfsnl_asked **at;

	for (at = &sock->first; *at != asked; at = &(*at)->next)
		;
	*at = asked->next;
	if (!*at)
		sock->last = at;
	asked->next = NULL;
}

static void to_be_told(struct pfsnl_ckptsock *sock, struct pfsnl_asked *asked)
{
	*sock->told_last = asked;
	sock->told_last = &asked->next;
	signal_fd(sock->told_fd);
}

/* Its outcome is known. */
static void complete(struct pfsnl_ckptsock *sock, struct pfsnl_asked *asked,
		     int err)
{
	unlink_asked(sock, asked);
	sock->taken++;
	asked->done = true;
	asked->err = err;
	if (asked->orphan) {
		if (asked->opening && asked->handle &&
		    (!err || err == -ECONNABORTED))
			close_unwanted(sock, asked->handle);
		free(asked);
	} else if (asked->fn) {
		to_be_told(sock, asked);
	}
	/* Who polls might not see any more what it waits for. */
	if (sock->polling)
		signal_fd(sock->wake_fd);
	pthread_cond_broadcast(&sock->cond);
}

/* No outcome of what is under way will be known. */
static void family_gone(struct pfsnl_ckptsock *sock)
{
	struct pfsnl_asked *asked;

	sock->family = 0;
	sock->epoch++;
	while ((asked = sock->first)) {
		snprintf(asked->why, sizeof(asked->why),
			 "the module was unloaded meanwhile");
		asked->outcome = true;
		complete(sock, asked, -ECONNABORTED);
	}
}

/* ---- what comes ----------------------------------------------------- */

static struct pfsnl_asked *find_seq(struct pfsnl_ckptsock *sock, uint32_t seq)
{
	struct pfsnl_asked *asked;

	for (asked = sock->first; asked; asked = asked->next)
		if ((uint32_t)asked->cookie == seq)
			break;
	return asked;
}

static void take_text(struct pfsnl_asked *asked, struct nlmsghdr *nlh,
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
		nla_strlcpy(asked->why, tb[NLMSGERR_ATTR_MSG],
			    sizeof(asked->why));
}

/* A request was refused; nothing more comes of it. */
static void take_error(struct pfsnl_ckptsock *sock, struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	struct pfsnl_asked *asked = find_seq(sock, nlh->nlmsg_seq);

	if (!asked || nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) || !e->error)
		return;
	take_text(asked, nlh, e);
	/* Without a text the kernel doesn't know the family any longer. */
	if (e->error == -ENOENT && !asked->why[0]) {
		complete(sock, asked, -EPROTONOSUPPORT);
		family_gone(sock);
	} else {
		complete(sock, asked, e->error);
	}
}

static void take_data(struct pfsnl_asked *asked, struct nlmsghdr *nlh)
{
	struct nlattr *attr;
	int left;
	size_t n;

	nlmsg_for_each_attr(attr, nlh, GENL_HDRLEN, left) {
		if (nla_type(attr) != PFSNL_A_CKPT_DATA)
			continue;
		n = nla_len(attr);
		if (n > asked->room - asked->got)
			n = asked->room - asked->got;
		if (n)
			memcpy(asked->into + asked->got, nla_data(attr), n);
		asked->got += n;
	}
}

static void take_id(struct pfsnl_asked *asked, struct nlattr *attr)
{
	if (!attr || nla_len(attr) > PFSNL_SECTION_ID_MAX)
		return;
	asked->has_id = true;
	asked->id.len = nla_len(attr);
	memcpy(asked->id.bytes, nla_data(attr), asked->id.len);
}

/*
 * The kernel gave this number to what is opened now. Whoever had it before is of an
 * instance that is no more, and must not be taken for it.
 */
static void take_handle(struct pfsnl_ckptsock *sock, struct pfsnl_asked *asked,
			uint32_t handle)
{
	struct pfsnl_ckpt *ckpt;

	asked->handle = handle;
	for (ckpt = sock->ckpts; asked->opening && ckpt; ckpt = ckpt->next)
		if (ckpt->handle == handle)
			ckpt->epoch = PFSNL_EPOCH_NONE;
}

static void take_answer(struct pfsnl_ckptsock *sock, struct nlmsghdr *nlh)
{
	struct pfsnl_asked *asked = find_seq(sock, nlh->nlmsg_seq);
	struct nlattr *tb[PFSNL_A_CKPT_MAX + 1];

	if (!asked || genlmsg_parse(nlh, 0, tb, PFSNL_A_CKPT_MAX, NULL) < 0)
		return;
	if (tb[PFSNL_A_CKPT_HANDLE] && nla_len(tb[PFSNL_A_CKPT_HANDLE]) >= 4)
		take_handle(sock, asked,
			    nla_get_u32(tb[PFSNL_A_CKPT_HANDLE]));
	if (!asked->direct)
		return;
	if (tb[PFSNL_A_CKPT_LENGTH] && nla_len(tb[PFSNL_A_CKPT_LENGTH]) >= 8)
		asked->total = nla_get_u64(tb[PFSNL_A_CKPT_LENGTH]);
	take_data(asked, nlh);
	complete(sock, asked, 0);
}

static void take_outcome(struct pfsnl_ckptsock *sock, struct nlmsghdr *nlh)
{
	struct nlattr *tb[PFSNL_A_CKPT_MAX + 1];
	struct pfsnl_asked *asked;
	uint64_t cookie;
	int32_t err = 0;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_CKPT_MAX, NULL) < 0 ||
	    !tb[PFSNL_A_CKPT_COOKIE] || nla_len(tb[PFSNL_A_CKPT_COOKIE]) < 8)
		return;
	cookie = nla_get_u64(tb[PFSNL_A_CKPT_COOKIE]);
	asked = find_seq(sock, (uint32_t)cookie);
	if (!asked || asked->cookie != cookie || asked->direct)
		return;
	if (tb[PFSNL_A_CKPT_ERROR] && nla_len(tb[PFSNL_A_CKPT_ERROR]) >= 4)
		memcpy(&err, nla_data(tb[PFSNL_A_CKPT_ERROR]), sizeof(err));
	if (tb[PFSNL_A_CKPT_TEXT])
		nla_strlcpy(asked->why, tb[PFSNL_A_CKPT_TEXT],
			    sizeof(asked->why));
	if (tb[PFSNL_A_CKPT_HANDLE] && nla_len(tb[PFSNL_A_CKPT_HANDLE]) >= 4)
		asked->handle = nla_get_u32(tb[PFSNL_A_CKPT_HANDLE]);
	asked->number = pfsnl_ckpt_number_of(tb[PFSNL_A_CKPT_NUMBER]);
	asked->created = tb[PFSNL_A_CKPT_CREATED];
	take_id(asked, tb[PFSNL_A_CKPT_SECTION]);
	asked->outcome = true;
	complete(sock, asked, err);
}

void pfsnl_ckptsock_take_in(struct pfsnl_ckptsock *sock, void *data, size_t len)
{
	struct nlmsghdr *nlh = data;
	size_t size;

	while (NLMSG_OK(nlh, len)) {
		if (nlh->nlmsg_type == NLMSG_ERROR) {
			take_error(sock, nlh);
		} else if (sock->family && nlh->nlmsg_type == sock->family &&
			 genlmsg_valid_hdr(nlh, 0)) {
			if (genlmsg_hdr(nlh)->cmd == PFSNL_CMD_CKPT_DONE_NTF)
				take_outcome(sock, nlh);
			else
				take_answer(sock, nlh);
		}
		size = NLMSG_ALIGN(nlh->nlmsg_len);
		if (size >= len)
			break;
		len -= size;
		nlh = (void *)((char *)nlh + size);
	}
}

void pfsnl_ckptsock_take(struct pfsnl_ckptsock *sock)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = {
		.iov_base = sock->in, .iov_len = PFSNL_CKPTSOCK_ROOM,
	};
	ssize_t len;

	for (;;) {
		struct msghdr msg = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
		};

		len = recvmsg(sock->fd, &msg, MSG_DONTWAIT);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && errno == EAGAIN)
			return;
		if (len < 0 || msg.msg_flags & MSG_TRUNC) {
			sock->overrun = true;
			if (len < 0 && errno != ENOBUFS)
				return;
			continue;
		}
		if (!from.nl_pid)	/* not some process */
			pfsnl_ckptsock_take_in(sock, sock->in, len);
	}
}

/* ---- asking --------------------------------------------------------- */

/*
 * It was not refused, unless that was lost, and nobody would ever tell. What has no
 * other outcome than the answer must have one.
 */
static int check_answer(struct pfsnl_ckptsock *sock, struct pfsnl_asked *asked)
{
	if (!sock->overrun && !asked->direct)
		return 0;
	unlink_asked(sock, asked);
	if (asked->direct)
		return sock->overrun ? -EAGAIN : -EBADMSG;
	if (asked->opening && asked->handle)
		close_unwanted(sock, asked->handle);
	return -ECONNABORTED;
}

int pfsnl_ckptsock_send(struct pfsnl_ckptsock *sock, struct pfsnl_asked *asked)
{
	int err;

	asked->done = false;
	asked->outcome = false;
	asked->cookie = next_cookie(sock);
	if (!sock->family)
		return -EPROTONOSUPPORT;
	/* So that there is room for the answer. */
	pfsnl_ckptsock_take(sock);
	sock->overrun = false;
	err = put_on_wire(sock, asked->cookie, !asked->direct);
	if (err)
		return err;
	asked->next = NULL;
	*sock->last = asked;
	sock->last = &asked->next;
	/* An answer to the request itself is here already. */
	pfsnl_ckptsock_take(sock);
	return asked->done ? 0 : check_answer(sock, asked);
}

int pfsnl_ckptsock_submit(struct pfsnl_ckptsock *sock,
			  struct pfsnl_asked *asked, pfsnl_ckpt_done_fn fn)
{
	int err;

	if (sock->untold >= PFSNL_UNTOLD_MAX)
		return -EAGAIN;
	/* Without it what is refused is not to be told, but returned. */
	asked->fn = NULL;
	err = pfsnl_ckptsock_send(sock, asked);
	if (err)
		return err;
	if (asked->done && !asked->outcome)
		return asked->err;
	asked->fn = fn;
	sock->untold++;
	if (asked->done)
		to_be_told(sock, asked);
	return 0;
}

struct pfsnl_asked *pfsnl_ckptsock_next(struct pfsnl_ckptsock *sock)
{
	struct pfsnl_asked *asked = sock->told;

	if (!asked) {
		drain(sock->told_fd);
		return NULL;
	}
	sock->told = asked->next;
	if (!sock->told)
		sock->told_last = &sock->told;
	sock->untold--;
	sock->telling = asked->ckpt;
	return asked;
}

/* When waiting is to end. */
struct deadline {
	bool never;
	struct timespec at;
};

static struct timespec in_ms(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	return t;
}

/* Milliseconds that are left, rounded up; 0: none. */
static int left_ms(const struct timespec *end)
{
	struct timespec now;
	int64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (int64_t)(end->tv_sec - now.tv_sec) * 1000000000 +
	     (end->tv_nsec - now.tv_nsec);
	return ns > 0 ? (int)((ns + 999999) / 1000000) : 0;
}

/*
 * Waits until something was taken in, at most to the deadline; the lock is held,
 * but not while it waits.
 */
static void wait_more(struct pfsnl_ckptsock *sock, const struct deadline *end)
{
	struct pollfd fds[2] = {
		{ .fd = sock->fd, .events = POLLIN },
		{ .fd = sock->wake_fd, .events = POLLIN },
	};

	if (sock->polling) {
		if (end->never)
			pthread_cond_wait(&sock->cond, &sock->lock);
		else
			pthread_cond_timedwait(&sock->cond, &sock->lock,
					       &end->at);
		return;
	}
	sock->polling = true;
	pthread_mutex_unlock(&sock->lock);
	poll(fds, 2, end->never ? -1 : left_ms(&end->at));
	pthread_mutex_lock(&sock->lock);
	sock->polling = false;
	drain(sock->wake_fd);
	pfsnl_ckptsock_take(sock);
	/* Somebody else polls now. */
	pthread_cond_broadcast(&sock->cond);
}

static bool past(const struct deadline *end)
{
	return !end->never && !left_ms(&end->at);
}

static int wait_done(struct pfsnl_ckptsock *sock, struct pfsnl_asked *asked,
		     const struct deadline *end)
{
	while (!asked->done) {
		if (past(end)) {
			asked->orphan = true;
			return -ETIMEDOUT;
		}
		wait_more(sock, end);
	}
	return 0;
}

/* There is room when an outcome comes, or soon, if it was not for our own. */
static int wait_room(struct pfsnl_ckptsock *sock, const struct deadline *end)
{
	struct deadline soon = { .at = in_ms(AGAIN_MS) };
	uint64_t taken = sock->taken;

	while (sock->taken == taken && !past(&soon)) {
		if (past(end))
			return -EAGAIN;
		wait_more(sock, &soon);
	}
	return past(end) ? -EAGAIN : 0;
}

/* One try; the lock is held. */
static int ask_once(struct pfsnl_ckptsock *sock,
		    const struct pfsnl_request_ckpt *req,
		    struct pfsnl_asked *asked, const struct deadline *end,
		    bool *said)
{
	int err;

	if (req->ckpt && pfsnl_ckpt_stale(req->ckpt))
		return -ESTALE;
	err = req->put(&sock->out, req->what, req->arg);
	*said = err;
	if (!err)
		err = pfsnl_ckptsock_send(sock, asked);
	if (!err)
		err = wait_done(sock, asked, end);
	if (!err)
		err = asked->err;
	return err;
}

int pfsnl_ckptsock_ask(struct pfsnl_ckptsock *sock,
		       const struct pfsnl_request_ckpt *req,
		       struct pfsnl_asked *asked, bool *said)
{
	struct deadline end = { .never = req->timeout_ms < 0 };
	int err;

	if (!end.never)
		end.at = in_ms(req->timeout_ms);
	*said = false;
	pthread_mutex_lock(&sock->lock);
	for (;;) {
		err = ask_once(sock, req, asked, &end, said);
		if (err != -EAGAIN || wait_room(sock, &end))
			break;
		asked->why[0] = 0;
	}
	pthread_mutex_unlock(&sock->lock);
	return err;
}

void pfsnl_ckptsock_forget(struct pfsnl_ckptsock *sock, struct pfsnl_ckpt *ckpt)
{
	struct pfsnl_asked **at, *asked;

	for (asked = sock->first; asked; asked = asked->next)
		if (asked->ckpt == ckpt) {
			asked->ckpt = NULL;
			asked->orphan = true;
			sock->untold--;
		}
	for (at = &sock->told; (asked = *at);) {
		if (asked->ckpt == ckpt) {
			*at = asked->next;
			sock->untold--;
			free(asked);
		} else {
			at = &asked->next;
		}
	}
	sock->told_last = at;
	while (sock->telling == ckpt &&
	       !pthread_equal(sock->dispatcher, pthread_self()))
		pthread_cond_wait(&sock->cond, &sock->lock);
}
