/* SPDX-License-Identifier: LGPL-2.1 */
/* What the files about checkpoints share; see internal.h. */
#ifndef PFSNL_LIB_CKPT_H
#define PFSNL_LIB_CKPT_H

#include <linux/netlink.h>

#include <pfsnl_ckpt.h>

#include "internal.h"

/* ---- ckptmsg.c: requests as bytes ----------------------------------- */

/* A netlink message that is being made. */
struct pfsnl_buf {
	char *data;
	size_t len;
	size_t room;
	bool failed;		/* no memory: what is put is lost */
};

void pfsnl_buf_begin(struct pfsnl_buf *buf, uint8_t cmd);
void pfsnl_buf_put(struct pfsnl_buf *buf, uint16_t attr, const void *data,
		   size_t len);
void pfsnl_buf_free(struct pfsnl_buf *buf);

/* One vector as it goes on the wire; none is empty or too long. */
struct pfsnl_piece {
	uint64_t offset;
	const char *data;
	size_t len;
};

/*
 * Takes vectors apart into pieces, in their order, without the empty ones. Gives
 * how many there are, or a negative error with its text: -EMSGSIZE, -EINVAL.
 */
int pfsnl_ckpt_pieces(const char *what, const struct pfsnl_ckpt_vec *vecs,
		      size_t count,
		      struct pfsnl_piece pieces[PFSNL_CKPT_VECTORS_MAX]);

/* 0, or -EINVAL with its text if it can't be the name of a checkpoint. */
int pfsnl_ckpt_check_name(const char *what, const char *name);

/* 0, or -EINVAL with its text if a flag is not among those allowed. */
int pfsnl_ckpt_check_flags(const char *what, unsigned int flags,
			   unsigned int allowed);

/* Makes the request for a change; or a negative error with its text. */
int pfsnl_ckpt_op_put(struct pfsnl_buf *buf, const char *what, uint32_t handle,
		      const struct pfsnl_ckpt_op *op);

/* What is being done by an operation, for error texts. */
const char *pfsnl_ckpt_op_what(enum pfsnl_ckpt_op_kind kind);

struct pfsnl_ckpt_number pfsnl_ckpt_number_of(struct nlattr *attr);
void pfsnl_ckpt_number_put(const struct pfsnl_ckpt_number *number,
			   unsigned char wire[20]);

/* ---- ckptsock.c: the socket, and what was asked over it ------------- */

/*
 * Something that was asked. It is in the list of the socket until its outcome is
 * there; then it belongs to who waits for it, or is in the list of what is to be
 * told, or if nobody wants to know (`orphan`) it is freed.
 */
struct pfsnl_asked {
	struct pfsnl_asked *next;
	uint64_t cookie;
	struct pfsnl_ckpt *ckpt;	/* NULL: of none, or nobody's any more */
	bool direct;		/* the answer to the request is the outcome */
	bool opening;		/* an open: what nobody wants is closed */
	bool done;
	bool outcome;		/* and not by being refused at once */
	bool orphan;

	/* the outcome */
	int err;
	char why[160];		/* the kernel's text, or "" */
	uint32_t handle;
	struct pfsnl_ckpt_number number;
	bool created;
	struct pfsnl_section_id id;
	bool has_id;

	/* reading: where it goes */
	char *into;
	size_t room;
	size_t got;
	uint64_t total;

	/* asynchronous */
	const char *what;
	pfsnl_ckpt_done_fn fn;
	void *arg;
};

/*
 * The socket for checkpoints of a handle, opened at first use. Handles of open
 * checkpoints live as long as it does.
 *
 * Whoever waits for an outcome takes in what comes, for all others, too; one at
 * a time polls without the lock. All is guarded by `lock`, but for the descriptors
 * and pid, which don't change.
 */
struct pfsnl_ckptsock {
	struct pfsnl *owner;	/* NULL in tests */
	int fd;
	int wake_fd;		/* who polls shall look again */
	int told_fd;		/* something is to be told */
	int epoll_fd;		/* fd and told_fd in one; -1: nobody asked for it */

	pthread_mutex_t lock;
	pthread_cond_t cond;	/* something was taken in, or polling ended */
	uint16_t family;	/* 0: not known any longer */
	uint64_t epoch;		/* grows when all handles are gone */
	uint64_t cookies;
	bool polling;
	bool overrun;		/* something was lost since this was reset */
	uint64_t taken;		/* so many outcomes came */
	struct pfsnl_asked *first;	/* asked, no outcome yet */
	struct pfsnl_asked **last;
	unsigned int untold;	/* so many of those that were submitted */
	struct pfsnl_asked *told;	/* to be told, the oldest first */
	struct pfsnl_asked **told_last;
	struct pfsnl_ckpt *telling;	/* of which something is being told now */
	bool dispatching;
	pthread_t dispatcher;	/* valid while dispatching */
	struct pfsnl_ckpt *ckpts;	/* open ones */
	struct pfsnl_buf out;	/* requests are made here */
	char *in;		/* and datagrams taken in here */
};

/* An epoch that no socket is in. */
#define PFSNL_EPOCH_NONE	UINT64_MAX

/* An open checkpoint. */
struct pfsnl_ckpt {
	struct pfsnl_ckpt *next;
	struct pfsnl_ckptsock *sock;
	struct pfsnl *owner;
	/* That of the socket when it was opened; if it is another, it is stale. */
	uint64_t epoch;
	uint32_t handle;
	bool created;
	struct pfsnl_ckpt_number number;
	int timeout_ms;
};

/* A datagram of the kernel is no larger: what a read gives, and what is around. */
#define PFSNL_CKPTSOCK_ROOM	(PFSNL_CKPT_WRITE_MAX + 16384)

/* Makes the state around a socket, which it takes over. -ENOMEM or -errno. */
int pfsnl_ckptsock_new(struct pfsnl *owner, int fd, uint16_t family,
		       struct pfsnl_ckptsock **sock);

/*
 * That of the handle, made if need be, with the family known; or a negative error
 * with its text.
 */
int pfsnl_ckptsock_get(struct pfsnl *handle, const char *what,
		       struct pfsnl_ckptsock **sock);

/* What is asked and waited for. */
struct pfsnl_request_ckpt {
	const char *what;	/* for error texts */
	struct pfsnl_ckpt *ckpt;	/* that must still be open, or NULL */
	/* Makes the request, or gives an error with its text. */
	int (*put)(struct pfsnl_buf *buf, const char *what, void *arg);
	void *arg;
	int timeout_ms;		/* PFSNL_CKPT_FOREVER: none */
};

/*
 * Asks and waits for the outcome; once more while too much is under way. Gives its
 * error, which has no text yet unless it is one of `put` (*said). `asked` is
 * allocated; after -ETIMEDOUT it is not the caller's any more.
 */
int pfsnl_ckptsock_ask(struct pfsnl_ckptsock *sock,
		       const struct pfsnl_request_ckpt *req,
		       struct pfsnl_asked *asked, bool *said);

/*
 * Sends the request in sock->out; the lock is held. 0: `asked` is in the list (or
 * done already: what is there is taken in); else it is not, and the error is one
 * of sending, without a text.
 */
int pfsnl_ckptsock_send(struct pfsnl_ckptsock *sock, struct pfsnl_asked *asked);

/* So many that were submitted may be under way, or not be told yet. */
#define PFSNL_UNTOLD_MAX	1024

/*
 * The same with `fn` to be told. The error may also be that with which the kernel
 * refused it, of which asked->why has the text; or -EAGAIN if too many wait.
 */
int pfsnl_ckptsock_submit(struct pfsnl_ckptsock *sock,
			  struct pfsnl_asked *asked, pfsnl_ckpt_done_fn fn);

/* The next that is to be told, or NULL; sock->telling is set. The lock is held. */
struct pfsnl_asked *pfsnl_ckptsock_next(struct pfsnl_ckptsock *sock);

/* Takes in what is there; the lock is held. */
void pfsnl_ckptsock_take(struct pfsnl_ckptsock *sock);

/* One datagram, for tests. */
void pfsnl_ckptsock_take_in(struct pfsnl_ckptsock *sock, void *data, size_t len);

/* Nobody is to be told of what was asked about this checkpoint; lock is held. */
void pfsnl_ckptsock_forget(struct pfsnl_ckptsock *sock,
			   struct pfsnl_ckpt *ckpt);

/* ---- ckpt.c --------------------------------------------------------- */

/*
 * The error of an outcome, with its text, which is the kernel's or what the error
 * means there.
 */
int pfsnl_ckpt_failed(const char *what, int err, const char *why);

/* 0, or -ECHILD with its text in the child of a fork. */
int pfsnl_ckpt_check(const struct pfsnl_ckpt *ckpt, const char *what);

/* Whether it is open no longer; the lock is held. */
bool pfsnl_ckpt_stale(const struct pfsnl_ckpt *ckpt);

#endif
