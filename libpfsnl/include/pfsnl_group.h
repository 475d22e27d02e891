/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * libpfsnl: groups of processes. Part of pfsnl.h, which includes it.
 *
 * Processes on any nodes of the cluster that share a name. Whoever is a member
 * is told, in the same order as every other member, who comes, who goes and
 * what is said. pfsnl_group_join(3) has an example and all that is promised.
 *
 * All of it needs CAP_NET_ADMIN in the user namespace that owns the network
 * namespace.
 */
#ifndef PFSNL_GROUP_H
#define PFSNL_GROUP_H

#ifndef PFSNL_H
#error "programs include pfsnl.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One membership, on a socket of its own. It may be used by any number of
 * threads at once, and outlives the handle with which it was made. A process
 * may have several, of the same group, too: they are members of their own.
 */
struct pfsnl_group;

/* A process in a group; the pair of addr and number is unique at any time. */
struct pfsnl_group_member {
	struct in_addr addr;	/* its node */
	uint32_t number;	/* of its membership on that node, above 0 */
	uint32_t pid;		/* as its node numbers it; 0: in the kernel */
	/* Why it came or is gone, enum pfsnl_group_why; otherwise NONE. */
	uint8_t why;
	bool here;		/* it is on this node */
	bool self;		/* it is this very membership */
	/* Which life of the node; 0 but from pfsnl_group_members_get(). */
	uint64_t incarnation;
};

/* Members came or are gone; nobody comes and goes in one change. */
struct pfsnl_group_update {
	struct pfsnl_ring ring;	/* that the nodes of the members are in */
	bool first;		/* of this membership: itself has come */
	/*
	 * All members after the change, those that came, and those that are
	 * gone; each in the order of addr and number, and never NULL.
	 */
	const struct pfsnl_group_member *const *members;
	const struct pfsnl_group_member *const *came;
	const struct pfsnl_group_member *const *gone;
	size_t count;		/* of members */
	size_t num_came;
	size_t num_gone;
};

/* A whole message, however long. */
struct pfsnl_group_message {
	const struct pfsnl_group_member *sender;	/* a member at this point */
	const void *data;	/* never NULL; not aligned for anything */
	size_t len;		/* bytes, perhaps 0 */
	/*
	 * All nodes of the ring are known to have it, but those that the
	 * transitional event before named. Only if it was sent so.
	 */
	bool safe;
	/*
	 * Where it stands in the row of all messages of the cluster: grows from
	 * message to message, the same for everybody who is told of it.
	 */
	uint64_t place;
	uint64_t id;		/* that pfsnl_group_send() gave it; 0: not ours */
};

/*
 * What a membership calls; each may be NULL. What is passed is gone when the
 * function returns. They run in whoever dispatches (pfsnl_group_dispatch(),
 * pfsnl_group_leave() or the thread of pfsnl_group_thread()), one at a time, and
 * no lock is held meanwhile. Each may call every function of this library with
 * the same membership: pfsnl_group_leave() and pfsnl_group_close() then take
 * effect when it returns; only pfsnl_group_dispatch() gives -EBUSY there.
 *
 * While one runs events are kept in the kernel, up to the receive buffer of the
 * socket and some MiB beyond (group_backlog_kib and group_backlogs_kib of the
 * module). A process that needs longer loses its membership: `slow`.
 */
struct pfsnl_group_calls {
	size_t size;		/* of this structure, as the program knows it */

	/* Members came or are gone. It is called before all others. */
	void (*changed)(void *arg, struct pfsnl_group *group,
			const struct pfsnl_group_update *update);

	/* A member, perhaps this one, said something. */
	void (*message)(void *arg, struct pfsnl_group *group,
			const struct pfsnl_group_message *message);

	/*
	 * The ring lost these nodes before all were known to have all messages.
	 * Safe messages that follow, up to the next change of nodes, are known
	 * to be with all but them.
	 */
	void (*transitional)(void *arg, struct pfsnl_group *group,
			     const struct in_addr *lost, size_t count);

	/*
	 * Nobody knows what became of the message with this id, which this
	 * membership sent: others may have been told of it, or never will be.
	 * It isn't delivered here any more.
	 */
	void (*unknown)(void *arg, struct pfsnl_group *group, uint64_t id);

	/* After a pfsnl_group_send() that gave -EAGAIN: there is room now. */
	void (*room)(void *arg, struct pfsnl_group *group);

	/*
	 * The membership has ended, and why (enum pfsnl_group_why). The last
	 * call; the memory is still to be given back.
	 */
	void (*over)(void *arg, struct pfsnl_group *group, uint32_t why);
};

struct pfsnl_group_options {
	size_t size;		/* of this structure, as the program knows it */
	/*
	 * Milliseconds within which the program must give a sign of life, 100
	 * to 600000, or its membership ends as `silent`; 0: it need not. Each
	 * call of a function that dispatches or sends is one, and the
	 * descriptor becomes readable in time for it, so that a loop that runs
	 * is alive, and one that hangs is not.
	 */
	uint32_t keepalive;
};

/*
 * Joins the group `name`, 1 to 63 bytes without control characters, which need
 * not exist before. Returns when the node has taken the request: the membership
 * begins with the first change, which tells who is there, itself included. `opt`
 * may be NULL. Give it back with pfsnl_group_leave() or pfsnl_group_close().
 * Errors: -ENETDOWN, -EPERM, -EINVAL, -EPROTONOSUPPORT, -EOPNOTSUPP, -ENOMEM,
 * -ENOSPC (too many members on this node), -EMFILE.
 */
int pfsnl_group_join(struct pfsnl *handle, const char *name,
		     const struct pfsnl_group_calls *calls, void *arg,
		     const struct pfsnl_group_options *opt,
		     struct pfsnl_group **group);

/* The number of this membership on its node. */
uint32_t pfsnl_group_number(const struct pfsnl_group *group);

/* For pfsnl_group_send(): deliver it when all nodes are known to have it. */
#define PFSNL_SAFE	1u

/*
 * Sends a message of `len` bytes, 0 to a quarter of the setting retain, to all
 * members, this one included. It is taken whole or not at all, and never waits:
 * 0 means that the node has taken it, not that it was delivered. *id (if not
 * NULL) gets a number of this membership's, from 1 up, by which its delivery
 * (message.id) or its loss (unknown) is told. Messages of one membership are
 * delivered in the order in which they were sent. It may be called before the
 * first change was told.
 * Errors: -EAGAIN (too much is under way: wait for `room`, then send it again),
 * -EMSGSIZE (too long), -ENOTCONN (the membership is over), -EINVAL (an unknown
 * flag), -ENETDOWN, -EPROTONOSUPPORT, -ENOMEM.
 */
int pfsnl_group_send(struct pfsnl_group *group, const void *data, size_t len,
		     unsigned int flags, uint64_t *id);

/*
 * A descriptor (0 or more) that is readable when pfsnl_group_dispatch() has
 * something to do. It belongs to the membership: don't read, close or change it.
 * Error: -EBUSY if the membership has a thread of its own.
 */
int pfsnl_group_fd(struct pfsnl_group *group);

/*
 * Takes in what has arrived, without waiting, at most `max_events` events (0:
 * 256), calls for them, and tells the kernel what was taken. Returns how many
 * events there were; the descriptor stays readable if there are more.
 * Errors: -ENOTCONN (the membership is over, and that was told), -EBUSY (another
 * thread is in it, a call does it, or there is a thread).
 */
int pfsnl_group_dispatch(struct pfsnl_group *group, unsigned int max_events);

/*
 * Starts a thread that dispatches, until the membership is over or given back.
 * All signals are blocked in it. Errors: -EBUSY (it has one, or somebody is
 * dispatching), -EAGAIN, -ENOMEM.
 */
int pfsnl_group_thread(struct pfsnl_group *group);

/*
 * Gives a sign of life, for a program that has set a keepalive and can't
 * dispatch for a while. Errors: -ENOTCONN, -EPROTONOSUPPORT.
 */
int pfsnl_group_alive(struct pfsnl_group *group);

/*
 * Leaves the group and gives the membership back. What happens in the group
 * before is still told, in this thread or that of pfsnl_group_thread(), up to
 * the call of `over`; it waits at most `wait_ms` for that (PFSNL_WAIT_DEFAULT:
 * 2000), and for a call that runs. Within one of the calls it waits for nothing,
 * nothing is called any more, and the memory goes when that call has returned. No
 * other thread may be inside a function with this membership, or call one
 * afterwards.
 * Errors, after which it is given back all the same: -ETIMEDOUT (the end was not
 * told in time; the node goes on leaving), -ECHILD.
 */
int pfsnl_group_leave(struct pfsnl_group *group, int wait_ms);

/*
 * Gives it back at once, without a call. The others see it gone as `closed`.
 * The rules of pfsnl_group_leave() about calls and threads hold. NULL is
 * allowed.
 */
void pfsnl_group_close(struct pfsnl_group *group);

/* Members of a group at one moment, in the order of addr and number. */
struct pfsnl_group_members;

/*
 * Gives the members as this membership was told so far; none before the first
 * change. Errors: -ENOMEM.
 */
int pfsnl_group_members(struct pfsnl_group *group,
			struct pfsnl_group_members **members);

/*
 * Gives the members of the group `name` as this node knows them now, for which
 * nobody need join. A group that doesn't exist has none. Errors: -ENETDOWN,
 * -EPERM, -EINVAL, -EPROTONOSUPPORT, -ENOMEM, -EAGAIN (changed each time of very
 * many).
 */
int pfsnl_group_members_get(struct pfsnl *handle, const char *name,
			    struct pfsnl_group_members **members);
size_t pfsnl_group_members_count(const struct pfsnl_group_members *members);

/* Member `i`, counted from 0; NULL beyond the last. Lives as long as the list. */
const struct pfsnl_group_member *
pfsnl_group_members_at(const struct pfsnl_group_members *members, size_t i);
void pfsnl_group_members_free(struct pfsnl_group_members *members);

/* One group. */
struct pfsnl_group_info {
	const char *name;
	uint32_t members;
	uint32_t here;		/* how many of them are on this node */
};

/* All groups at one moment, in the order of their names. */
struct pfsnl_groups;

/* Gives all groups that have a member. Errors as pfsnl_group_members_get(). */
int pfsnl_groups_get(struct pfsnl *handle, struct pfsnl_groups **groups);
size_t pfsnl_groups_count(const struct pfsnl_groups *groups);
const struct pfsnl_group_info *pfsnl_groups_at(const struct pfsnl_groups *groups,
					       size_t i);
void pfsnl_groups_free(struct pfsnl_groups *groups);

/*
 * Name of an enum pfsnl_group_why: "joined", "node-failed". NULL for a number
 * that has none; pfsnl_group_why_name(PFSNL_GROUP_WHY_NONE) is "none".
 */
const char *pfsnl_group_why_name(uint32_t why);

#ifdef __cplusplus
}
#endif

#endif /* PFSNL_GROUP_H */
