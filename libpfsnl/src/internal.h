/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * What the files of the library share. None of it is visible outside.
 *
 * error.c     texts                      request.c  one request, its answer
 * family.c    where the family is        handle.c   open, close
 * instance.c  settings and state         peers.c    the list, read once
 * stats.c     counters                   fold.c     sets of addresses
 * sync.c      services of the node
 * follow.c    the list, kept up to date from events
 * watch.c     who is told, on which thread
 * members.c   sets of members of a group
 * groups.c    groups and their members, read once
 * stream.c    what a membership is told, made of notifications
 * mailbox.c   the socket of a membership
 * send.c      what a membership asks of the kernel
 * group.c     memberships: joining, who dispatches, leaving
 * ckptmsg.c   requests about checkpoints as bytes
 * ckptsock.c  the socket for them, and what was asked over it
 * ckpt.c      open checkpoints, and changes
 * ckptread.c  what is read of them
 * ckptwatch.c what is told of them
 *
 * Calls go down this list from the bottom up: watch -> follow -> peers,
 * instance -> family -> request -> error; group -> send -> mailbox,
 * group -> stream -> members; ckptread -> ckpt -> ckptsock -> ckptmsg. What only
 * those about groups share is in group.h, and of checkpoints in ckpt.h.
 */
#ifndef PFSNL_INTERNAL_H
#define PFSNL_INTERNAL_H

#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <pthread.h>
#include <sys/types.h>

#include <pfsnl.h>

#include "fold.h"

#define PFSNL_EXPORT __attribute__((visibility("default")))

/* ---- error.c -------------------------------------------------------- */

/*
 * Records the text of a failure for this thread and returns `err` (negative).
 * `what` was being done; `why` is the kernel's own text, or NULL for the
 * general one of this error.
 */
int pfsnl_fail(int err, const char *what, const char *why);

/* The same with a text of our own, made by a format. */
int pfsnl_failf(int err, const char *what, const char *why, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- request.c ------------------------------------------------------ */

/* Where the family is; id 0: not known (yet, or any longer). */
struct pfsnl_family {
	uint16_t id;
	uint32_t updates;	/* multicast groups */
	uint32_t state;
	uint32_t rings;
	uint32_t checkpoints;
	uint32_t sync;
};

/* A socket for requests. Used by one thread at a time. */
struct pfsnl_sock {
	struct nl_sock *sk;
	struct pfsnl_family family;
	char why[256];		/* kernel's text of the last error, or "" */
};

/* One kind of request to a generic netlink family. */
struct pfsnl_request {
	const char *what;	/* for error texts: "reading the list" */
	uint16_t family;
	uint8_t cmd;
	uint8_t version;
	int flags;		/* NLM_F_DUMP or 0 */

	/* Puts the attributes; -EMSGSIZE if there is no room. May be NULL. */
	int (*fill)(struct nl_msg *msg, void *arg);

	/*
	 * Gets each message of the answer. After an error it isn't called
	 * again, but the answer is still read to its end. May be NULL.
	 */
	int (*parse)(struct nlmsghdr *nlh, void *arg);
	void *arg;

	/* Name of an attribute of the request, for error texts; or NULL. */
	const char *(*attr_name)(int attr);
};

int pfsnl_sock_open(struct pfsnl_sock *sock);
void pfsnl_sock_close(struct pfsnl_sock *sock);

/* Sets the receive buffer as far as the kernel lets us. */
void pfsnl_sock_set_buffer(struct pfsnl_sock *sock, int bytes);

/*
 * Sends a request and reads its whole answer. Returns 0, the kernel's error
 * as a negative errno, that of parse, or -EINTR for a dump during which the
 * kernel saw a change. sock->why has the kernel's text; the thread's text is
 * left alone.
 */
int pfsnl_transact(struct pfsnl_sock *sock, const struct pfsnl_request *req);

/* Error number of libnl to errno, both negative. */
int pfsnl_from_nle(int nle);

/* ---- family.c ------------------------------------------------------- */

/*
 * Looks the family `name` up. With `load` the kernel tries to load its module;
 * without, it certainly doesn't. -EPROTONOSUPPORT if there is none.
 */
int pfsnl_family_find(struct pfsnl_sock *sock, const char *name, bool load,
		      struct pfsnl_family *family, uint32_t *notify_group);

/*
 * pfsnl_transact() with the family pfsnl, which is looked up first if need
 * be, and once more if the kernel doesn't know its number any longer (the
 * module was unloaded and loaded again meanwhile). `load` as above. Records
 * the text of an error. req->family and req->version need not be set.
 */
int pfsnl_ask(struct pfsnl_sock *sock, bool load, struct pfsnl_request *req);

/* What an event of the controller tells about the family pfsnl. */
enum pfsnl_ctrl_news {
	PFSNL_CTRL_NOTHING,
	PFSNL_CTRL_NEW,
	PFSNL_CTRL_GONE,
};

enum pfsnl_ctrl_news pfsnl_ctrl_parse(struct nlmsghdr *nlh, uint16_t *id);

/* ---- instance.c ----------------------------------------------------- */

/* A ring with what is said of it besides its nodes. */
struct pfsnl_ring_state {
	struct pfsnl_ring id;
	bool quorate;
	uint32_t votes;
	uint32_t expected_votes;
};

void pfsnl_ring_parse(struct nlattr *nest, struct pfsnl_ring_state *ring);

/* Its name only; all zero without a nest. */
struct pfsnl_ring pfsnl_ring_of(struct nlattr *nest);

/* Makes an instance of the attributes of instance-get or state-ntf. */
int pfsnl_instance_parse(struct nlmsghdr *nlh, struct pfsnl_instance **out);

/* pfsnl_instance_get() on a certain socket. */
int pfsnl_instance_read(struct pfsnl_sock *sock, bool load,
			struct pfsnl_instance **out);

/* ---- peers.c -------------------------------------------------------- */

/* pfsnl_peers_get() on a certain socket. */
int pfsnl_peers_read(struct pfsnl_sock *sock, bool load,
		     struct pfsnl_peers **out);

/* ---- the handle ----------------------------------------------------- */

enum pfsnl_mode {
	PFSNL_MODE_NONE,	/* no watch yet */
	PFSNL_MODE_THREAD,	/* internal thread */
	PFSNL_MODE_LOOP,	/* the program's loop calls pfsnl_dispatch() */
};

/*
 * The list as watches know it. Belongs to the dispatcher: the thread inside
 * pfsnl_events_run(), of which there is one at a time.
 */
struct pfsnl_follow {
	struct pfsnl_addrset list;
	uint8_t *unknown;	/* PFSNL_WHY_UNKNOWN for each of the list */
	size_t num_unknown;	/* at least so many */
	struct pfsnl_ring ring;	/* that of the list */
	struct pfsnl_ring_state told;	/* as ring watches know it */
	uint64_t told_at;	/* generation of the list that it is of */
	uint64_t generation;
	uint64_t instance;	/* 0: none runs */
	bool stale;		/* must be read anew before going on */
	bool lost;		/* events were lost: look the family up again */
	bool reported;		/* monitors know that the module is loaded */
	uint64_t ckpt_seen;	/* number of the last event of checkpoints */
	bool ckpts_lost;	/* those who watch them must read them anew */
	unsigned int retry_ms;	/* time to the next try; 0: none failed */
};

struct pfsnl_watch;
struct pfsnl_ckptsock;
struct pfsnl_ckpt_notice;
struct pfsnl_ckpt_conflict;

/*
 * lock                 fields
 * none                 pid, ev.sk, sync.sk, epoll_fd, wake_fd, timer_fd: set
 *                      before the second thread can know them
 * req_lock             req
 * event_lock           mode, following, loaded, want_rings, rings_group,
 *                      want_ckpts, ckpts_group, reread, watches, running,
 *                      calls, events, closing, orphaned, dispatching,
 *                      dispatcher, thread
 * ckpt_lock            ckpts (which has a lock of its own)
 * atomic               ckpt_timeout_ms
 * being dispatcher     follow, sync, ev; before there is one (following is
 *                      false): event_lock
 * event_lock may be held when req_lock is taken, never the other way round;
 * neither while a watch runs. ckpt_lock is held when req_lock is taken.
 */
struct pfsnl {
	pid_t pid;

	pthread_mutex_t req_lock;
	struct pfsnl_sock req;

	struct pfsnl_sock ev;	/* events */
	struct pfsnl_sock sync;	/* requests of the dispatcher */
	int epoll_fd;		/* ev, wake_fd and timer_fd in one; -1: none */
	int wake_fd;
	int timer_fd;

	pthread_mutex_t event_lock;
	pthread_cond_t event_cond;	/* running changed */
	enum pfsnl_mode mode;
	bool following;		/* ev is subscribed */
	bool loaded;		/* the family was there when last seen */
	bool want_rings;	/* somebody is to be told of rings */
	bool reread;		/* a ring watch needs the list read anew */
	uint32_t rings_group;	/* as last seen, 0: there is none */
	bool want_ckpts;	/* somebody is to be told of checkpoints */
	uint32_t ckpts_group;
	bool closing;		/* nothing is called any more */
	bool orphaned;		/* closed by a watch: the dispatcher frees */
	bool dispatching;
	pthread_t dispatcher;	/* valid while dispatching */
	pthread_t thread;	/* valid with PFSNL_MODE_THREAD */
	struct pfsnl_watch *watches;	/* in the order they were added */
	struct pfsnl_watch *running;	/* being called now, or NULL */
	uint64_t calls;		/* so many watches were called */
	uint64_t events;	/* so many events were told to monitors */

	struct pfsnl_follow follow;

	pthread_mutex_t ckpt_lock;
	struct pfsnl_ckptsock *ckpts;	/* NULL: not used yet */
	int ckpt_timeout_ms;	/* of what is asked; -1: none */
};

/* 0, or -ECHILD with its text in the child of a fork. */
int pfsnl_check(const struct pfsnl *handle, const char *what);

/*
 * Opens one more socket of generic netlink in the namespace of the handle, not
 * bound. Gives its descriptor, or a negative error with its text.
 */
int pfsnl_socket_beside(struct pfsnl *handle, const char *what);

/* Frees a handle that nobody uses any longer. */
void pfsnl_handle_free(struct pfsnl *handle);

/* ---- follow.c (all but the first two: dispatcher only) -------------- */

/*
 * Subscribes to the events, before the first dispatch; to rings only if
 * want_rings is set. event_lock is held.
 */
int pfsnl_follow_start(struct pfsnl *handle);

/*
 * Subscribes to rings, too, which are large and not for everybody; anywhere,
 * event_lock is held.
 */
int pfsnl_follow_rings(struct pfsnl *handle);

/* The same for the events of checkpoints. */
int pfsnl_follow_ckpts(struct pfsnl *handle);

/* Takes one datagram of the event socket in. -EAGAIN if there was none. */
int pfsnl_follow_receive(struct pfsnl *handle);

/* Reads the list anew if it is stale. */
int pfsnl_follow_refresh(struct pfsnl *handle);

/* The list as it is, for the initial update of a watch. */
void pfsnl_follow_initial(struct pfsnl *handle, struct pfsnl_update *update);

/*
 * The ring as it is, for the initial update of a ring watch. False if it is not
 * known: the list has changed, and its ring is yet to come.
 */
bool pfsnl_follow_ring(struct pfsnl *handle, struct pfsnl_ring_update *update);

/* ---- watch.c -------------------------------------------------------- */

/* Calls every watch or ring watch (that had its initial update) / monitor. */
void pfsnl_tell_watches(struct pfsnl *handle,
			const struct pfsnl_update *update);
void pfsnl_tell_rings(struct pfsnl *handle,
		      const struct pfsnl_ring_update *update);
void pfsnl_tell_monitors(struct pfsnl *handle,
			 const struct pfsnl_event *event);

void pfsnl_tell_ckpt_refresh(struct pfsnl *handle);
void pfsnl_tell_ckpt_notice(struct pfsnl *handle,
			    const struct pfsnl_ckpt_notice *notice);
void pfsnl_tell_ckpt_conflict(struct pfsnl *handle,
			      const struct pfsnl_ckpt_conflict *conflict);

/*
 * Ends the thread and frees all watches. False when called from within a
 * watch: then the dispatcher does so, and frees the handle.
 */
bool pfsnl_events_end(struct pfsnl *handle);

/* ---- ckptsock.c: what the handle knows of it ------------------------ */

/* Frees it and all checkpoints that are open; also NULL. */
void pfsnl_ckptsock_free(struct pfsnl_ckptsock *sock);

/* In the child of a fork: closes the copies of the descriptors; also NULL. */
void pfsnl_ckptsock_close_copies(struct pfsnl_ckptsock *sock);

/* ---- ckptwatch.c (dispatcher only) ---------------------------------- */

/* Takes in an event of checkpoints, of either kind. */
void pfsnl_ckpt_take_event(struct pfsnl *handle, struct nlmsghdr *nlh);

#endif
