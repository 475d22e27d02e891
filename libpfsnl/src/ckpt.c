// SPDX-License-Identifier: LGPL-2.1
/* Open checkpoints, and changes: one at a time or many at once. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ckpt.h"

/* So many outcomes are told before others get their turn. */
#define MAX_OUTCOMES_A_RUN	256

/* What is being done, and to which name. */
#define WHAT_ROOM	320

/* ---- errors --------------------------------------------------------- */

/* What an error means here, where the kernel gave no text. */
static const char *meaning(int err)
{
	switch (err) {
	case -EAGAIN:
		return "too much is under way (try again when some of it is done)";
	case -ETIMEDOUT:
		return "it did not end in time (it goes on, and what becomes of it is not told)";
	case -EACCES:
		return "the checkpoint was not opened for that";
	case -ENOENT:
		return "there is no such checkpoint or section";
	case -EEXIST:
		return "there is one already";
	case -EFBIG:
		return "the section would be longer than the checkpoint allows";
	case -ENOSPC:
		return "the checkpoint allows no more sections, or no more bytes in all of them";
	case -ENAMETOOLONG:
		return "the checkpoint allows shorter ids only";
	case -EMFILE:
		return "this node has as many checkpoints open as a node may have";
	default:
		return NULL;
	}
}

int pfsnl_ckpt_failed(const char *what, int err, const char *why)
{
	/* Which of its handles the kernel doesn't know doesn't matter. */
	if (err == -EBADF)
		err = -ESTALE;
	return pfsnl_fail(err, what, why && *why ? why : meaning(err));
}

int pfsnl_ckpt_check(const struct pfsnl_ckpt *ckpt, const char *what)
{
	return pfsnl_check(ckpt->owner, what);
}

bool pfsnl_ckpt_stale(const struct pfsnl_ckpt *ckpt)
{
	return ckpt->epoch != ckpt->sock->epoch;
}

static struct pfsnl_asked *new_asked(const char *what)
{
	struct pfsnl_asked *asked = calloc(1, sizeof(*asked));

	if (!asked)
		pfsnl_fail(-ENOMEM, what, NULL);
	return asked;
}

/* Asks, says what went wrong, and gives what was asked back unless it is kept. */
static int ask(struct pfsnl_ckptsock *sock, const struct pfsnl_request_ckpt *req,
	       struct pfsnl_asked *asked)
{
	bool said;
	int err;

	err = pfsnl_ckptsock_ask(sock, req, asked, &said);
	if (!err)
		return 0;
	/* It is in the list still, and goes when its outcome comes. */
	if (err == -ETIMEDOUT)
		return pfsnl_ckpt_failed(req->what, err, NULL);
	if (!said)
		err = pfsnl_ckpt_failed(req->what, err, asked->why);
	return err;
}

/* ---- without an open checkpoint ------------------------------------- */

struct named {
	uint8_t cmd;
	const char *name;
	unsigned int flags;
	const struct pfsnl_ckpt_attr *attr;
	uint64_t size;
};

static int put_named(struct pfsnl_buf *buf, const char *what, void *arg)
{
	static const struct {
		unsigned int flag;
		uint16_t attr;
	} flags[] = {
		{ PFSNL_SAFE, PFSNL_A_CKPT_SAFE },
		{ PFSNL_CKPT_CREATE, PFSNL_A_CKPT_CREATE },
		{ PFSNL_CKPT_READ, PFSNL_A_CKPT_READ },
		{ PFSNL_CKPT_WRITE, PFSNL_A_CKPT_WRITE },
	};
	const struct named *named = arg;
	const struct pfsnl_ckpt_attr *attr = named->attr;
	size_t i;

	pfsnl_buf_begin(buf, named->cmd);
	if (named->name)
		pfsnl_buf_put(buf, PFSNL_A_CKPT_NAME, named->name,
			      strlen(named->name) + 1);
	for (i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (named->flags & flags[i].flag)
			pfsnl_buf_put(buf, flags[i].attr, NULL, 0);
	if (named->flags & PFSNL_CKPT_CREATE) {
		pfsnl_buf_put(buf, PFSNL_A_CKPT_SIZE, &attr->size, 8);
		pfsnl_buf_put(buf, PFSNL_A_CKPT_RETENTION, &attr->retention_ns,
			      8);
		pfsnl_buf_put(buf, PFSNL_A_CKPT_MAX_SECTION, &attr->max_section,
			      8);
		pfsnl_buf_put(buf, PFSNL_A_CKPT_MAX_SECTIONS,
			      &attr->max_sections, 4);
		pfsnl_buf_put(buf, PFSNL_A_CKPT_MAX_ID, &attr->max_id, 4);
	}
	if (named->cmd == PFSNL_CMD_CKPT_LIMIT)
		pfsnl_buf_put(buf, PFSNL_A_CKPT_SIZE, &named->size, 8);
	return buf->failed ? pfsnl_fail(-ENOMEM, what, NULL) : 0;
}

/*
 * Asks for what needs no open checkpoint, once more if the module was unloaded and
 * loaded again since the family was looked up. *out is freed by the caller if it
 * is not NULL.
 */
static int ask_named(struct pfsnl *handle, const char *what,
		     struct named *named, struct pfsnl_ckptsock **sock,
		     struct pfsnl_asked **out)
{
	struct pfsnl_request_ckpt req = {
		.what = what,
		.put = put_named,
		.arg = named,
		.timeout_ms = __atomic_load_n(&handle->ckpt_timeout_ms,
					      __ATOMIC_RELAXED),
	};
	int err, tries = 0;

	*out = NULL;
	do {
		err = pfsnl_ckptsock_get(handle, what, sock);
		if (err)
			return err;
		free(*out);
		*out = new_asked(what);
		if (!*out)
			return -ENOMEM;
		(*out)->opening = named->cmd == PFSNL_CMD_CKPT_OPEN;
		err = ask(*sock, &req, *out);
		if (err == -ETIMEDOUT)
			*out = NULL;
	} while (err == -EPROTONOSUPPORT && !tries++);
	return err;
}

PFSNL_EXPORT int pfsnl_ckpt_unlink(struct pfsnl *handle, const char *name,
				   unsigned int flags)
{
	struct named named = {
		.cmd = PFSNL_CMD_CKPT_UNLINK, .name = name, .flags = flags,
	};
	struct pfsnl_ckptsock *sock;
	struct pfsnl_asked *asked;
	char what[WHAT_ROOM];
	int err;

	err = pfsnl_ckpt_check_name("unlinking a checkpoint", name);
	if (err)
		return err;
	snprintf(what, sizeof(what), "unlinking the checkpoint %s", name);
	err = pfsnl_ckpt_check_flags(what, flags, PFSNL_SAFE);
	if (err)
		return err;
	err = ask_named(handle, what, &named, &sock, &asked);
	free(asked);
	return err;
}

PFSNL_EXPORT int pfsnl_ckpts_set_limit(struct pfsnl *handle, uint64_t bytes,
				       unsigned int flags)
{
	const char *what = "setting the limit of checkpoints";
	struct named named = {
		.cmd = PFSNL_CMD_CKPT_LIMIT, .size = bytes, .flags = flags,
	};
	struct pfsnl_ckptsock *sock;
	struct pfsnl_asked *asked;
	int err;

	err = pfsnl_ckpt_check_flags(what, flags, PFSNL_SAFE);
	if (err)
		return err;
	err = ask_named(handle, what, &named, &sock, &asked);
	free(asked);
	return err;
}

static int check_timeout(const char *what, int timeout_ms)
{
	if (timeout_ms >= PFSNL_CKPT_FOREVER)
		return 0;
	return pfsnl_failf(-ERANGE, what,
			   "allowed is 0 milliseconds and more, or PFSNL_CKPT_FOREVER");
}

PFSNL_EXPORT int pfsnl_ckpts_set_timeout(struct pfsnl *handle, int timeout_ms)
{
	const char *what = "setting a timeout of checkpoints";
	int err;

	err = pfsnl_check(handle, what);
	if (!err)
		err = check_timeout(what, timeout_ms);
	if (!err)
		__atomic_store_n(&handle->ckpt_timeout_ms, timeout_ms,
				 __ATOMIC_RELAXED);
	return err;
}

PFSNL_EXPORT int pfsnl_ckpt_set_timeout(struct pfsnl_ckpt *ckpt,
					int timeout_ms)
{
	const char *what = "setting a timeout of a checkpoint";
	int err;

	err = pfsnl_ckpt_check(ckpt, what);
	if (!err)
		err = check_timeout(what, timeout_ms);
	if (!err)
		__atomic_store_n(&ckpt->timeout_ms, timeout_ms,
				 __ATOMIC_RELAXED);
	return err;
}

/* ---- opening and closing -------------------------------------------- */

PFSNL_EXPORT void pfsnl_ckpt_attr_init(struct pfsnl_ckpt_attr *attr)
{
	*attr = (struct pfsnl_ckpt_attr){
		.size = 16 << 20,
		.retention_ns = PFSNL_NEVER,
		.max_section = 16 << 20,
		.max_sections = 1024,
		.max_id = PFSNL_SECTION_ID_MAX,
	};
}

struct closing {
	uint32_t handle;
	unsigned int flags;
};

static int put_close(struct pfsnl_buf *buf, const char *what, void *arg)
{
	const struct closing *closing = arg;

	pfsnl_buf_begin(buf, PFSNL_CMD_CKPT_CLOSE);
	pfsnl_buf_put(buf, PFSNL_A_CKPT_HANDLE, &closing->handle, 4);
	if (closing->flags & PFSNL_SAFE)
		pfsnl_buf_put(buf, PFSNL_A_CKPT_SAFE, NULL, 0);
	return buf->failed ? pfsnl_fail(-ENOMEM, what, NULL) : 0;
}

/* What was opened, of which nobody has a structure, shall not stay so. */
static void give_up(struct pfsnl_ckptsock *sock, const char *what,
		    struct pfsnl_asked *opened)
{
	struct closing closing = { .handle = opened->handle };
	struct pfsnl_asked *asked;

	if (!closing.handle)
		return;
	asked = calloc(1, sizeof(*asked));
	if (!asked)
		return;
	asked->orphan = true;
	pthread_mutex_lock(&sock->lock);
	if (put_close(&sock->out, what, &closing) ||
	    pfsnl_ckptsock_send(sock, asked))
		free(asked);
	pthread_mutex_unlock(&sock->lock);
}

static int open_once(struct pfsnl *handle, const char *what,
		     struct named *named, struct pfsnl_ckpt **ckpt)
{
	struct pfsnl_ckptsock *sock;
	struct pfsnl_asked *asked;
	struct pfsnl_ckpt *new;
	int err;

	err = ask_named(handle, what, named, &sock, &asked);
	if (err) {
		if (asked && err == -ECONNABORTED)
			give_up(sock, what, asked);
		free(asked);
		return err;
	}
	new = calloc(1, sizeof(*new));
	if (!new || !asked->handle) {
		give_up(sock, what, asked);
		err = pfsnl_fail(new ? -EBADMSG : -ENOMEM, what, NULL);
		free(new);
		free(asked);
		return err;
	}
	new->sock = sock;
	new->owner = handle;
	new->handle = asked->handle;
	new->created = asked->created;
	new->number = asked->number;
	new->timeout_ms = __atomic_load_n(&handle->ckpt_timeout_ms,
					  __ATOMIC_RELAXED);
	pthread_mutex_lock(&sock->lock);
	new->epoch = sock->epoch;
	new->next = sock->ckpts;
	sock->ckpts = new;
	pthread_mutex_unlock(&sock->lock);
	free(asked);
	*ckpt = new;
	return 0;
}

PFSNL_EXPORT int pfsnl_ckpt_open(struct pfsnl *handle, const char *name,
				 unsigned int flags,
				 const struct pfsnl_ckpt_attr *attr,
				 struct pfsnl_ckpt **ckpt)
{
	struct pfsnl_ckpt_attr preset;
	struct named named = {
		.cmd = PFSNL_CMD_CKPT_OPEN, .name = name, .flags = flags,
		.attr = attr,
	};
	char what[WHAT_ROOM];
	int err;

	*ckpt = NULL;
	err = pfsnl_ckpt_check_name("opening a checkpoint", name);
	if (err)
		return err;
	snprintf(what, sizeof(what), "opening the checkpoint %s", name);
	err = pfsnl_ckpt_check_flags(what, flags,
				     PFSNL_SAFE | PFSNL_CKPT_CREATE |
				     PFSNL_CKPT_READ | PFSNL_CKPT_WRITE);
	if (err)
		return err;
	if (attr || !(flags & PFSNL_CKPT_CREATE))
		return open_once(handle, what, &named, ckpt);

	/* As it is; or if there is none created; others may come between. */
	pfsnl_ckpt_attr_init(&preset);
	named.attr = &preset;
	do {
		named.flags = flags & ~PFSNL_CKPT_CREATE;
		err = open_once(handle, what, &named, ckpt);
		if (err != -ENOENT)
			break;
		named.flags = flags;
		err = open_once(handle, what, &named, ckpt);
	} while (err == -EEXIST);
	return err;
}

PFSNL_EXPORT bool pfsnl_ckpt_created(const struct pfsnl_ckpt *ckpt)
{
	return ckpt->created;
}

PFSNL_EXPORT struct pfsnl_ckpt_number
pfsnl_ckpt_number(const struct pfsnl_ckpt *ckpt)
{
	return ckpt->number;
}

static void unlink_and_free(struct pfsnl_ckpt *ckpt)
{
	struct pfsnl_ckptsock *sock = ckpt->sock;
	struct pfsnl_ckpt **at;

	pthread_mutex_lock(&sock->lock);
	pfsnl_ckptsock_forget(sock, ckpt);
	for (at = &sock->ckpts; *at != ckpt; at = &(*at)->next)
		;
	*at = ckpt->next;
	pthread_mutex_unlock(&sock->lock);
	free(ckpt);
}

PFSNL_EXPORT int pfsnl_ckpt_close(struct pfsnl_ckpt *ckpt, unsigned int flags)
{
	const char *what = "closing a checkpoint";
	struct closing closing = { .flags = flags };
	struct pfsnl_request_ckpt req = {
		.what = what, .put = put_close, .arg = &closing, .ckpt = ckpt,
	};
	struct pfsnl_asked *asked;
	int err;

	if (!ckpt)
		return 0;
	err = pfsnl_ckpt_check(ckpt, what);
	if (err)
		return err;	/* the memory may be in the middle of a change */
	err = pfsnl_ckpt_check_flags(what, flags, PFSNL_SAFE);
	if (err)
		closing.flags = 0;
	closing.handle = ckpt->handle;
	req.timeout_ms = __atomic_load_n(&ckpt->timeout_ms, __ATOMIC_RELAXED);
	asked = new_asked(what);
	if (asked) {
		int failed = ask(ckpt->sock, &req, asked);

		if (failed != -ETIMEDOUT)
			free(asked);
		err = err ? : failed;
	} else {
		err = -ENOMEM;
	}
	unlink_and_free(ckpt);
	/* It is as closed as it can be. */
	return err == -ESTALE ? 0 : err;
}

/* ---- one change ----------------------------------------------------- */

struct change {
	const struct pfsnl_ckpt *ckpt;
	const struct pfsnl_ckpt_op *op;
};

static int put_change(struct pfsnl_buf *buf, const char *what, void *arg)
{
	const struct change *change = arg;

	return pfsnl_ckpt_op_put(buf, what, change->ckpt->handle, change->op);
}

static int change(struct pfsnl_ckpt *ckpt, const struct pfsnl_ckpt_op *op,
		  struct pfsnl_section_id *id)
{
	struct change arg = { .ckpt = ckpt, .op = op };
	struct pfsnl_request_ckpt req = {
		.what = pfsnl_ckpt_op_what(op->kind),
		.ckpt = ckpt,
		.put = put_change,
		.arg = &arg,
	};
	struct pfsnl_asked *asked;
	int err;

	err = pfsnl_ckpt_check(ckpt, req.what);
	if (err)
		return err;
	req.timeout_ms = __atomic_load_n(&ckpt->timeout_ms, __ATOMIC_RELAXED);
	asked = new_asked(req.what);
	if (!asked)
		return -ENOMEM;
	err = ask(ckpt->sock, &req, asked);
	if (err == -ETIMEDOUT)
		return err;
	if (!err && id)
		*id = asked->id;
	free(asked);
	return err;
}

PFSNL_EXPORT int pfsnl_ckpt_set_retention(struct pfsnl_ckpt *ckpt,
					  uint64_t retention_ns,
					  unsigned int flags)
{
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_RETENTION, .time = retention_ns,
		.flags = flags,
	};

	return change(ckpt, &op, NULL);
}

PFSNL_EXPORT int pfsnl_section_create(struct pfsnl_ckpt *ckpt, const void *id,
				      size_t id_len, const void *data,
				      size_t len, uint64_t expires,
				      unsigned int flags)
{
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_CREATE, .id = id, .id_len = id_len,
		.data = data, .len = len, .time = expires, .flags = flags,
	};

	return change(ckpt, &op, NULL);
}

PFSNL_EXPORT int pfsnl_section_create_any(struct pfsnl_ckpt *ckpt,
					  struct pfsnl_section_id *id,
					  const void *data, size_t len,
					  uint64_t expires, unsigned int flags)
{
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_CREATE_ANY, .data = data, .len = len,
		.time = expires, .flags = flags,
	};

	return change(ckpt, &op, id);
}

PFSNL_EXPORT int pfsnl_section_delete(struct pfsnl_ckpt *ckpt, const void *id,
				      size_t id_len, unsigned int flags)
{
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_DELETE, .id = id, .id_len = id_len,
		.flags = flags,
	};

	return change(ckpt, &op, NULL);
}

PFSNL_EXPORT int pfsnl_section_set_expiration(struct pfsnl_ckpt *ckpt,
					      const void *id, size_t id_len,
					      uint64_t expires,
					      unsigned int flags)
{
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_EXPIRATION, .id = id, .id_len = id_len,
		.time = expires, .flags = flags,
	};

	return change(ckpt, &op, NULL);
}

PFSNL_EXPORT int pfsnl_section_write(struct pfsnl_ckpt *ckpt, const void *id,
				     size_t id_len,
				     const struct pfsnl_ckpt_vec *vecs,
				     size_t count, unsigned int flags)
{
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_WRITE, .id = id, .id_len = id_len,
		.vecs = vecs, .count = count, .flags = flags,
	};

	return change(ckpt, &op, NULL);
}

PFSNL_EXPORT int pfsnl_section_write_long(struct pfsnl_ckpt *ckpt,
					  const void *id, size_t id_len,
					  uint64_t offset, const void *data,
					  size_t len, unsigned int flags,
					  size_t *written)
{
	struct pfsnl_ckpt_vec vec;
	size_t at = 0;
	int err = 0;

	while (!err && at < len) {
		vec.offset = offset + at;
		vec.data = (const char *)data + at;
		vec.len = len - at;
		if (vec.len > PFSNL_CKPT_WRITE_MAX)
			vec.len = PFSNL_CKPT_WRITE_MAX;
		err = pfsnl_section_write(ckpt, id, id_len, &vec, 1, flags);
		if (!err)
			at += vec.len;
	}
	if (written)
		*written = at;
	return err;
}

PFSNL_EXPORT int pfsnl_section_overwrite(struct pfsnl_ckpt *ckpt,
					 const void *id, size_t id_len,
					 const void *data, size_t len,
					 unsigned int flags)
{
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_OVERWRITE, .id = id, .id_len = id_len,
		.data = data, .len = len, .flags = flags,
	};

	return change(ckpt, &op, NULL);
}

/* ---- many changes at once ------------------------------------------- */

static int take_op(const char *what, const struct pfsnl_ckpt_op *op,
		   struct pfsnl_ckpt_op *mine)
{
	memset(mine, 0, sizeof(*mine));
	if (op->size < offsetof(struct pfsnl_ckpt_op, time) +
		       sizeof(mine->time))
		return pfsnl_failf(-EINVAL, what,
				   "the size of the change is not set");
	memcpy(mine, op, sizeof(*mine));
	return 0;
}

static void ignore(void *arg, struct pfsnl_ckpt *ckpt,
		   const struct pfsnl_ckpt_outcome *outcome)
{
	(void)arg;
	(void)ckpt;
	(void)outcome;
}

PFSNL_EXPORT int pfsnl_ckpt_submit(struct pfsnl_ckpt *ckpt,
				   const struct pfsnl_ckpt_op *op,
				   pfsnl_ckpt_done_fn fn, void *arg)
{
	struct pfsnl_ckptsock *sock = ckpt->sock;
	struct pfsnl_asked *asked;
	struct pfsnl_ckpt_op mine;
	const char *what;
	int err;

	what = pfsnl_ckpt_op_what(op->kind);
	err = pfsnl_ckpt_check(ckpt, what);
	if (!err)
		err = take_op(what, op, &mine);
	if (err)
		return err;
	asked = new_asked(what);
	if (!asked)
		return -ENOMEM;
	asked->ckpt = ckpt;
	asked->what = what;
	asked->arg = arg;
	pthread_mutex_lock(&sock->lock);
	if (pfsnl_ckpt_stale(ckpt)) {
		err = pfsnl_ckpt_failed(what, -ESTALE, NULL);
	} else {
		err = pfsnl_ckpt_op_put(&sock->out, what, ckpt->handle, &mine);
		if (!err) {
			err = pfsnl_ckptsock_submit(sock, asked,
						    fn ? fn : ignore);
			if (err)
				pfsnl_ckpt_failed(what, err, asked->why);
			if (err == -EBADF)
				err = -ESTALE;
		}
	}
	pthread_mutex_unlock(&sock->lock);
	if (err)
		free(asked);
	return err;
}

static int poll_also(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

PFSNL_EXPORT int pfsnl_ckpts_fd(struct pfsnl *handle)
{
	const char *what = "giving the descriptor of the checkpoints";
	struct pfsnl_ckptsock *sock;
	int err, fd;

	err = pfsnl_ckptsock_get(handle, what, &sock);
	if (err)
		return err;
	pthread_mutex_lock(&sock->lock);
	fd = sock->epoll_fd;
	if (fd < 0) {
		fd = epoll_create1(EPOLL_CLOEXEC);
		err = fd < 0 ? -errno : poll_also(fd, sock->fd);
		if (!err)
			err = poll_also(fd, sock->told_fd);
		if (!err)
			sock->epoll_fd = fd;
		else if (fd >= 0)
			close(fd);
	}
	pthread_mutex_unlock(&sock->lock);
	return err ? pfsnl_fail(err, what, NULL) : fd;
}

static void tell(struct pfsnl_asked *asked)
{
	struct pfsnl_ckpt_outcome outcome = {
		.error = asked->err, .text = "",
	};

	if (asked->err) {
		outcome.error = pfsnl_ckpt_failed(asked->what, asked->err,
						  asked->why);
		outcome.text = pfsnl_errmsg();
	}
	if (!asked->err && asked->has_id) {
		outcome.id = asked->id.bytes;
		outcome.id_len = asked->id.len;
	}
	asked->fn(asked->arg, asked->ckpt, &outcome);
}

PFSNL_EXPORT int pfsnl_ckpts_dispatch(struct pfsnl *handle,
				      unsigned int max_outcomes)
{
	const char *what = "dispatching outcomes of checkpoints";
	struct pfsnl_ckptsock *sock;
	struct pfsnl_asked *asked;
	unsigned int n = 0;
	int err;

	err = pfsnl_ckptsock_get(handle, what, &sock);
	if (err)
		return err;
	if (!max_outcomes || max_outcomes > INT32_MAX)
		max_outcomes = MAX_OUTCOMES_A_RUN;
	pthread_mutex_lock(&sock->lock);
	if (sock->dispatching) {
		pthread_mutex_unlock(&sock->lock);
		return pfsnl_fail(-EBUSY, what,
				  "a call or another thread is in it already");
	}
	sock->dispatching = true;
	sock->dispatcher = pthread_self();
	pfsnl_ckptsock_take(sock);
	while (n < max_outcomes && (asked = pfsnl_ckptsock_next(sock))) {
		n++;
		pthread_mutex_unlock(&sock->lock);
		tell(asked);
		pthread_mutex_lock(&sock->lock);
		sock->telling = NULL;
		pthread_cond_broadcast(&sock->cond);
		free(asked);
	}
	sock->dispatching = false;
	pthread_mutex_unlock(&sock->lock);
	return (int)n;
}
