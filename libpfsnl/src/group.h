/* SPDX-License-Identifier: LGPL-2.1 */
/* What the files about groups of processes share; see internal.h. */
#ifndef PFSNL_LIB_GROUP_H
#define PFSNL_LIB_GROUP_H

#include <linux/netlink.h>

#include "internal.h"

/* ---- members.c ------------------------------------------------------ */

/* A set of members, in the order of addr and number, none twice. */
struct pfsnl_group_members {
	struct pfsnl_group_member *members;
	size_t count;
	size_t room;
};

/* One that a change names. */
struct pfsnl_named {
	struct pfsnl_group_member member;
	uint8_t change;		/* enum pfsnl_group_change */
};

/* What a change made of a set; freed with pfsnl_outcome_free(). */
struct pfsnl_outcome {
	struct pfsnl_group_members now;
	struct pfsnl_group_members gone;
	/* As the program is told of them; each points to one of the above. */
	const struct pfsnl_group_member **all;
	size_t num_came;
	size_t num_gone;
};

/* Adds one at the end, without a look at the order. -ENOMEM. */
int pfsnl_members_append(struct pfsnl_group_members *set,
			 const struct pfsnl_group_member *member);

/* Makes the empty set `to` one like `from`. -ENOMEM. */
int pfsnl_members_copy(struct pfsnl_group_members *to,
		       const struct pfsnl_group_members *from);

/* Lets go of what is in it. */
void pfsnl_members_clear(struct pfsnl_group_members *set);

/*
 * Carries a change out: `out` becomes what the set `from`, left alone, is after
 * it. `named` is sorted by it. With `whole`, who isn't named is gone. In
 * out->all there are all members first, then those that came, then those that
 * are gone. -EBADMSG if one is named twice; -ENOMEM; `out` is empty then.
 */
int pfsnl_members_change(const struct pfsnl_group_members *from,
			 struct pfsnl_named *named, size_t count, bool whole,
			 struct pfsnl_outcome *out);
void pfsnl_outcome_free(struct pfsnl_outcome *out);

/* ---- groups.c ------------------------------------------------------- */

/* 0, or -EINVAL with its text if `name` can't be that of a group. */
int pfsnl_group_check_name(const char *what, const char *name);

/* ---- stream.c ------------------------------------------------------- */

/*
 * What a membership is told. Belongs to the dispatcher, but for `members`, which
 * the lock guards.
 */
struct pfsnl_stream {
	struct pfsnl_group *group;	/* for the calls */
	struct pfsnl_group_calls calls;	/* what isn't called is NULL */
	void *arg;
	uint32_t number;	/* of the membership */
	struct in_addr addr;	/* of this node */

	pthread_mutex_t lock;
	struct pfsnl_group_members members;

	bool begun;		/* the first change was told */
	bool over;		/* the last event was */
	uint32_t why;		/* and why it is over */
	/* A change of which more is to come. */
	struct pfsnl_named *named;
	size_t num_named;
	size_t named_room;
	/* A message of which more is to come. */
	char *data;		/* NULL: none */
	uint32_t total;
	uint32_t have;
	struct pfsnl_group_message message;
	struct pfsnl_group_member sender;
};

void pfsnl_stream_init(struct pfsnl_stream *stream, struct pfsnl_group *group,
		       const struct pfsnl_group_calls *calls, void *arg);
void pfsnl_stream_free(struct pfsnl_stream *stream);

/*
 * Takes one notification in; at most one function of the program is called.
 * What is of another membership or unknown is skipped. -ENOMEM, or -EBADMSG if
 * it makes no sense after those before: nothing can follow then but
 * pfsnl_stream_end().
 */
int pfsnl_stream_take(struct pfsnl_stream *stream, struct nlmsghdr *nlh);

/* Tells that the membership is over, if that wasn't told yet. */
void pfsnl_stream_end(struct pfsnl_stream *stream, uint32_t why);

/* ---- mailbox.c ------------------------------------------------------ */

/* A notification that came while an answer was waited for. */
struct pfsnl_kept {
	struct pfsnl_kept *next;
	struct nlmsghdr nlh;	/* and all of it */
};

/*
 * The socket of a membership. Notifications and answers come along the same
 * way, so whoever waits for an answer keeps the notifications for the
 * dispatcher. Used by one thread at a time.
 */
struct pfsnl_mailbox {
	int fd;
	uint16_t family;
	uint32_t seq;
	uint32_t window;	/* of the kernel, in bytes as it counts them */
	uint32_t untold;	/* taken, but the kernel wasn't told yet */
	struct pfsnl_kept *first;
	struct pfsnl_kept **last;
	/* What is left of the datagram in the room of whoever dispatches. */
	struct nlmsghdr *rest;
	size_t rest_len;
	int lost;		/* notifications are lost: -ENOBUFS, -ENOMEM */
	void *room;		/* for a datagram, of whoever asks */
};

/* A request: a few attributes, and perhaps one more with a lot of data. */
struct pfsnl_ask {
	union {
		struct nlmsghdr nlh;
		char room[256];
	};
	const void *data;	/* NULL: none */
	size_t len;
	uint16_t data_attr;
};

/* The answer to one. */
struct pfsnl_answer {
	bool came;
	int err;		/* negative */
	uint32_t member;	/* to a join */
	char why[160];		/* the kernel's text, or "" */
};

/* A datagram of the kernel is no larger. */
#define PFSNL_MAILBOX_ROOM	65536

/* Takes over the socket, also on failure. Without a text. */
int pfsnl_mailbox_open(struct pfsnl_mailbox *box, int fd, uint16_t family);
void pfsnl_mailbox_close(struct pfsnl_mailbox *box);

void pfsnl_ask_begin(struct pfsnl_ask *ask, uint8_t cmd);
void pfsnl_ask_put(struct pfsnl_ask *ask, uint16_t attr, const void *data,
		   size_t len);

/*
 * Sends a request and takes in what is there then: the kernel answers before
 * sending returns. 0, or the error of sending; that of the kernel is in the
 * answer, if one came.
 */
int pfsnl_mailbox_ask(struct pfsnl_mailbox *box, struct pfsnl_ask *ask,
		      struct pfsnl_answer *answer);

/*
 * Gives the next notification. It is in *kept, which the caller frees, or if
 * that is NULL in `room` of PFSNL_MAILBOX_ROOM bytes. NULL: there is none now.
 */
struct nlmsghdr *pfsnl_mailbox_next(struct pfsnl_mailbox *box, void *room,
				    struct pfsnl_kept **kept);

/* Nothing that follows makes sense any more, for this reason. */
void pfsnl_mailbox_lose(struct pfsnl_mailbox *box, int err);

/* Tells the kernel, if it is time, that a notification of `len` was taken. */
void pfsnl_mailbox_taken(struct pfsnl_mailbox *box, uint32_t len);

/* Tells it in any case; also a sign of life. */
int pfsnl_mailbox_tell(struct pfsnl_mailbox *box, struct pfsnl_answer *answer);

/* ---- group.c -------------------------------------------------------- */

/*
 * lock			fields
 * none			pid, name, epoll_fd, wake_fd, timer_fd: set before a
 *			second thread can know them
 * lock			all others but stream
 * being dispatcher	stream, room
 * The lock is not held while a function of the program runs.
 */
struct pfsnl_group {
	pid_t pid;
	char name[PFSNL_GROUP_NAME_MAX + 1];
	int epoll_fd;		/* the next two and the mailbox in one */
	int wake_fd;
	int timer_fd;		/* a sign of life is due; -1: never */

	pthread_mutex_t lock;
	pthread_cond_t cond;	/* over changed */
	struct pfsnl_mailbox box;
	uint64_t sent;		/* number of the last message */
	bool woken;		/* wake_fd is readable */
	bool over;		/* that was told, or needn't be */
	uint32_t why;		/* and why */
	bool closing;		/* nothing is called any more */
	bool orphaned;		/* given back in a call: the dispatcher frees */
	bool dispatching;
	pthread_t dispatcher;	/* valid while dispatching */
	bool threaded;
	pthread_t thread;	/* valid if threaded */

	struct pfsnl_stream stream;
	void *room;		/* for a datagram, of the dispatcher */
};

/* ---- send.c (the lock is held, but for the first) ------------------- */

/* 0, or -ECHILD with its text in the child of a fork. */
int pfsnl_group_check(const struct pfsnl_group *group, const char *what);

/* Makes the descriptor readable. */
void pfsnl_group_wake(struct pfsnl_group *group);

/* -ENOTCONN with its text. */
int pfsnl_group_not_member(struct pfsnl_group *group, const char *what);

/* Asks the kernel to end the membership. Without a text. */
int pfsnl_group_ask_leave(struct pfsnl_group *group);

#endif
