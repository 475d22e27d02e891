/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nodes: network namespaces with an instance of the module, and what each is
 * heard to say of itself.
 */
#ifndef PFSNL_VIRTUAL_NODE_H
#define PFSNL_VIRTUAL_NODE_H

#include <pthread.h>
#include <stdatomic.h>

#include <pfsnl.h>

#include "port.h"
#include "set.h"

#define NODE_ADDR(i)	(0x0a490000U + (i))

enum power {
	POWER_OFF,
	POWER_ON,
	POWER_LEAVING,	/* says goodbye, in a thread */
};

/**
 * struct node - one of them
 * @number: 1 to NODES_MAX
 * @power: whether it runs
 * @ns: its network namespace; -1 if there is none
 * @rtnl: rtnetlink in it
 * @ifindex: of its eth0
 * @events: handle with monitor and watch
 * @requests: handle for the rest, and for what waits
 * @thread: which leaves
 * @left: that is done
 * @priority: as it is to be started with
 * @side: of the segment, or SIDE_NONE
 * @touched: until then what happens to it may be the work of a fault
 * @cut: until then that may be one of its links
 * @farewell: when it last said goodbye; 0 never
 * @life: incarnation, as the monitor was told; 0 if it is down
 * @role: likewise, and the following
 * @ring: installed last
 * @generation: of the last update
 * @list: what the updates since the start fold to
 * @watched: the same from the watch of the library
 * @updates: how many since changes_forget()
 * @adds: of these, how many added nodes
 * @rings: installed since then
 * @leads: how often it began to lead
 * @gone: nodes that these removed
 * @come: nodes that they added
 */
struct node {
	int number;
	enum power power;
	int ns;
	struct nl_sock *rtnl;
	uint32_t ifindex;
	struct pfsnl *events, *requests;
	pthread_t thread;
	atomic_bool left;
	uint8_t priority;
	int side;
	uint64_t touched;
	uint64_t cut;
	uint64_t farewell;
	uint64_t life;
	uint32_t role;
	struct pfsnl_ring ring;
	uint64_t generation;
	struct set list, watched;
	unsigned int updates, adds, rings, leads;
	struct set gone, come;
};

extern struct node nodes[NODES_MAX + 1];
/* so many of them are there, and what all are started with */
extern int node_count;
extern uint32_t node_interval, node_dead;

#define for_each_node(n) \
	for ((n) = &nodes[1]; (n) <= &nodes[node_count]; (n)++)

/* Prepares so many, and the segment; none is there before it is started. */
void nodes_make(int count);

/* Ends all. */
void nodes_end(void);

void node_start(struct node *n);
/* Says goodbye and waits for the answers, in a thread of its own. */
void node_leave(struct node *n);
/* Says goodbye and waits for nothing. */
void node_hurry(struct node *n);
/* Loses power: is not there any more, and nobody is told. */
void node_crash(struct node *n);
void node_set_priority(struct node *n, uint8_t priority);

/* Time passes, and what is told meanwhile is heard. */
void pass(uint64_t us);
/* Until it is so, but not longer than that. */
bool pass_until(bool (*so)(void *arg), void *arg, uint64_t limit_us);

#endif
