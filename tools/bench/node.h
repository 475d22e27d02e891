/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The nodes of the benchmark as its one process sees them: a handle with a
 * watch in each namespace, and when each watch came to know of what.
 */
#ifndef PFSNL_BENCH_NODE_H
#define PFSNL_BENCH_NODE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <pfsnl.h>

/* Most namespaces; their number is the last byte of the address. */
#define NODES_MAX 200

/**
 * struct members - a set of nodes by number
 */
struct members {
	uint64_t bits[(NODES_MAX + 64) / 64];
};

/**
 * struct node - one namespace
 * @number: 1 for n1 with 10.0.0.1
 * @handle: NULL while the namespace is not there
 * @view: what the updates of the watch add up to
 * @matched: when @view became what is waited for; 0 if it is not
 * @told: when the watch was told the last change
 * @had: it knew of the node on the lookout when that began
 * @lost: when it was told that the node on the lookout is gone; 0 if it wasn't
 * @told_before_lost: and the change before that
 * @leader: of the ring of the last update, as a number; 0 if none
 * @up: its view counts: an instance runs, or is about to
 * @apart: it can't see the others and may believe what it likes
 */
struct node {
	int number;
	struct pfsnl *handle;
	struct members view;
	uint64_t matched;
	uint64_t told;
	bool had;
	uint64_t lost;
	uint64_t told_before_lost;
	int leader;
	bool up;
	bool apart;
};

/**
 * struct pace - how quickly silence is noticed
 * @interval: ms between beacons
 * @dead: missed beacons
 */
struct pace {
	uint32_t interval;
	uint32_t dead;
};

extern struct node nodes[NODES_MAX + 1];	/* [0] is not used */
extern unsigned int false_removals;	/* updates that removed a live node */

/* The monotonic clock in ns. */
uint64_t now_ns(void);

/* Prints a message and ends the program with status 1. */
void die(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

static inline bool has(const struct members *m, int number)
{
	return m->bits[number / 64] >> number % 64 & 1;
}

void include(struct members *m, int number);
void exclude(struct members *m, int number);
bool same(const struct members *a, const struct members *b);

/* Address of the benchmark's segment as a number of a node; 0 for another. */
int number_of(struct in_addr addr);

/*
 * What a watch is told, one node after the other, and that this was all. A
 * watch of pfsnl does so itself; those of others (peer.h) call it.
 */
void node_told(struct node *node, int number, bool here);
void node_told_all(struct node *node);

/* Opens a handle and a watch in the namespace; ends the program if it can't. */
void node_open(int number);

/* Closes them, so that the namespace may go. */
void node_close(int number);

/*
 * Starts an instance, with the pace and the kernel's defaults otherwise;
 * max_nodes 0 is a default, too. Stops it, waiting as long as the kernel wants.
 * Both end the program if that fails. They may run in another thread than the
 * loop, so they leave @up to the caller.
 */
void node_start(int number, const struct pace *pace, uint32_t max_nodes);
void node_stop(int number);

/*
 * Another file descriptor for the loop to wait on; `fn` is called when it is
 * readable. `loop_forget` is to be called before it is closed.
 */
void loop_add(int fd, void (*fn)(int fd));
void loop_add_node(int fd, struct node *node, void (*serve)(struct node *node));
void loop_forget(int fd);

/*
 * Lets the watches be told, until `done` gives true; at most `limit_ms`. False:
 * the limit came first.
 */
bool loop_until(bool (*done)(void), unsigned int limit_ms);

/* The same for so long, whatever happens. */
void loop_for(unsigned int ms);

/*
 * Whether every node that is up, but for those apart, sees just what was aimed
 * at. `settled_ns` gives when the last of them came to do so.
 */
bool settled(void);
uint64_t settled_ns(void);

/*
 * The same of being told that the node on the lookout is gone; for those that
 * knew of it.
 */
bool lost_by_all(void);
uint64_t lost_by_all_ns(void);

/*
 * Before a cause: sets what the views are to become, and whose loss is looked
 * out for, 0 for nobody's.
 */
void aim_at(const struct members *m, int lookout);

#endif /* PFSNL_BENCH_NODE_H */
