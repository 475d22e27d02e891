/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Groups of processes, and services, for other modules. They need MODULE_IMPORT_NS of
 * PFSNL.
 *
 * A module joins a group, as a member on the node of a network namespace, and is
 * told by calls of all that happens in it, in the same order as every other member:
 * who comes and goes, what is said.
 *
 * A module registers a service to keep a state that is the same on all nodes that have
 * the service: by operations, which all apply in the same order, and by a round in
 * which their states become one whenever nodes come together or some go
 * (Documentation/sync.rst).
 */
#ifndef _LINUX_PFSNL_H
#define _LINUX_PFSNL_H

#include <linux/types.h>

#include <uapi/linux/pfsnl.h>

struct module;
struct net;
struct pfsnl_membership;

/**
 * struct pfsnl_group_peer - a member of a group
 * @addr: its node, network order
 * @number: of its membership on that node
 * @pid: the process, as its node numbers it; 0 for one in the kernel
 * @change: of a change, enum pfsnl_group_change
 * @why: of a change, enum pfsnl_group_why
 */
struct pfsnl_group_peer {
	__be32 addr;
	u32 number;
	u32 pid;
	u8 change;
	u8 why;
};

/**
 * struct pfsnl_group_heard - a message to a group
 * @sender: who says it
 * @place: its number in the row of all messages of the cluster
 * @safe: all nodes of the ring are known to have it, but those said to be lost
 * @own: it is ours
 * @cookie: of our own, the number that we gave it
 * @data: what it says
 * @len: bytes of that
 */
struct pfsnl_group_heard {
	struct pfsnl_group_peer sender;
	u64 place;
	bool safe;
	bool own;
	u64 cookie;
	const void *data;
	u32 len;
};

/**
 * struct pfsnl_group_ops - how a member in the kernel is told what happens
 * @owner: the module, which then can't be unloaded while it is a member; NULL if it
 *	leaves when it is unloaded
 * @changed: members came or are gone. The first call names all members (@whole), the
 *	caller among those that came; later ones name those that came or are gone.
 *	@members is how many there are afterwards
 * @message: a member says something
 * @transitional: the ring lost nodes, network order; safe messages that follow, up to
 *	the next change, are known to be with all but these
 * @unknown: nobody knows what became of a message of ours
 * @room: whoever was told -EAGAIN may send
 * @over: the membership has ended, enum pfsnl_group_why; nothing follows, and
 *	pfsnl_group_leave() is still to be called
 *
 * Each may be NULL. They run in the thread that is the node: they may sleep, and
 * hold up the node while they do. They must not call pfsnl_group_join(), _send() or
 * _leave(). What is pointed to is valid during the call.
 */
struct pfsnl_group_ops {
	struct module *owner;
	void (*changed)(void *priv, const struct pfsnl_group_peer *peers, u32 n,
			bool whole, u32 members);
	void (*message)(void *priv, const struct pfsnl_group_heard *heard);
	void (*transitional)(void *priv, const __be32 *lost, u32 n);
	void (*unknown)(void *priv, u64 cookie);
	void (*room)(void *priv);
	void (*over)(void *priv, u32 why);
};

struct pfsnl_membership *pfsnl_group_join(struct net *net, const char *name,
					  const struct pfsnl_group_ops *ops,
					  void *priv);
int pfsnl_group_send(struct pfsnl_membership *m, const void *data, u32 len,
		     bool safe, u64 cookie);
void pfsnl_group_leave(struct pfsnl_membership *m);

/* ids of services below this are pfsnl's own */
#define PFSNL_SERVICE_ID_MIN	16

/* what a service returns from process() when it has more to transmit */
#define PFSNL_SERVICE_AGAIN	1

struct pfsnl_registration;

/**
 * struct pfsnl_service_round - the round that a service is in
 * @seq: number of the ring; with the next two it names the ring, which is the same on
 *	all nodes
 * @leader: of the ring, network order
 * @incarnation: of the leader
 * @members: nodes that have the service, this one among them;
 *	pfsnl_service_member_next() tells which
 * @transmits: among the nodes that were activated in the same ring last it is this one
 *	that is to transmit what they have
 * @longest: most bytes that pfsnl_service_transmit() and pfsnl_service_say() take
 * @registration: whose round it is
 *
 * It is valid during the call.
 */
struct pfsnl_service_round {
	u64 seq;
	__be32 leader;
	u64 incarnation;
	u32 members;
	bool transmits;
	u32 longest;
	struct pfsnl_registration *registration;
};

/**
 * struct pfsnl_service_member - a node that has the service, in the round at hand
 * @addr: the node, network order
 * @incarnation: which life of it
 * @times: how often the service was activated there in this life; 0: it brings nothing
 * @seq: number of the ring in which it was last
 * @ops: operations that it applied since
 * @transmits: of those that were activated in the same ring last it is to transmit
 */
struct pfsnl_service_member {
	__be32 addr;
	u64 incarnation;
	u64 times;
	u64 seq;
	u64 ops;
	bool transmits;
};

/**
 * struct pfsnl_service_heard - what is transmitted or said to a service
 * @addr: the node that does, network order
 * @incarnation: which life of it
 * @own: it is this node
 * @place: its number in the row of all messages of the cluster
 * @n: its node's count of it; see pfsnl_service_say()
 * @safe: all nodes of the ring are known to have it
 * @data: what it says
 * @len: bytes of that
 */
struct pfsnl_service_heard {
	__be32 addr;
	u64 incarnation;
	bool own;
	u64 place;
	u64 n;
	bool safe;
	const void *data;
	u32 len;
};

/**
 * struct pfsnl_service_ops - how a service is told what happens
 * @owner: the module, which then can't be unloaded while the service is registered;
 *	NULL if it unregisters it when it is unloaded
 * @id: of the service, the same on all nodes, PFSNL_SERVICE_ID_MIN or more; services
 *	are synchronized by rising id
 * @name: for operators, or NULL; must stay as long as the service is registered
 * @init: a round begins: forget what another round brought
 * @process: transmit, by pfsnl_service_transmit(). Return: 0 when there is nothing more
 *	to transmit, PFSNL_SERVICE_AGAIN when there is, or -errno to be called a little
 *	later. As long as it is not 0 no node activates the service
 * @data: a node transmits something, perhaps this one
 * @abort: the ring changed before all was there: forget what the round brought, what
 *	there was before stays. If nodes are still there, init follows
 * @activate: all that was transmitted is here: what came takes the place of what
 *	there was. All nodes that are told so for this ring have been told the same
 *	data. @place is where in the row of all messages that is
 * @said: an operation is to be applied
 * @retry: an operation of this node was applied by nobody, since a ring came before;
 *	it may be said again after the next activate
 * @unknown: nobody knows what became of an operation of this node
 * @room: whoever was told -EAGAIN by pfsnl_service_say() since too much was under way
 *	may say something again
 * @reserve: get the memory that data (or said, if @said) will need for this.
 *	Return: 0, and then that must not fail, or -ENOMEM, and then all messages wait
 *	and it is asked again. It may be asked for the same more than once, and for
 *	what then is for nobody
 * @trim: what was reserved and not used is not needed any more
 * @over: the node ends; nothing follows. pfsnl_service_unregister() is still to be
 *	called
 *
 * init, process, abort and activate must be there; each other may be NULL. They run in
 * the thread that is the node: they may sleep for memory or a mutex, and hold up the
 * node while they do. From inside none of the functions below may be called, but where
 * they say so; the others wait for that thread, so whoever calls them must hold no
 * lock that an operation takes. What is pointed to is valid during the call.
 */
struct pfsnl_service_ops {
	struct module *owner;
	u16 id;
	const char *name;
	void (*init)(void *priv, const struct pfsnl_service_round *round);
	int (*process)(void *priv, const struct pfsnl_service_round *round);
	void (*data)(void *priv, const struct pfsnl_service_heard *heard);
	void (*abort)(void *priv, const struct pfsnl_service_round *round);
	void (*activate)(void *priv, const struct pfsnl_service_round *round,
			 u64 place);
	void (*said)(void *priv, const struct pfsnl_service_heard *heard);
	void (*retry)(void *priv, u64 n, const void *data, u32 len);
	void (*unknown)(void *priv, u64 n, const void *data, u32 len);
	void (*room)(void *priv);
	int (*reserve)(void *priv, bool said, const void *data, u32 len);
	void (*trim)(void *priv);
	void (*over)(void *priv);
};

struct pfsnl_registration *
pfsnl_service_register(struct net *net, const struct pfsnl_service_ops *ops,
		       void *priv);
int pfsnl_service_unregister(struct pfsnl_registration *r);
int pfsnl_service_say(struct pfsnl_registration *r, const void *data, u32 len,
		      bool safe, u64 *n);

/* from inside an operation that is given the round */
int pfsnl_service_transmit(const struct pfsnl_service_round *round,
			   const void *data, u32 len);
bool pfsnl_service_member_next(const struct pfsnl_service_round *round,
			       __be32 after, struct pfsnl_service_member *m);

#endif /* _LINUX_PFSNL_H */
