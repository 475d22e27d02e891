/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is compared: pfsnl and others that know who is there. All run in the same
 * namespaces and are watched by one process, through node.h.
 */
#ifndef PFSNL_BENCH_PEER_H
#define PFSNL_BENCH_PEER_H

#include "node.h"

/**
 * struct peer - one of them, with its settings
 * @name: as in what is printed
 * @limit_ms: after which a figure is not waited for any longer
 * @present: whether it can run here
 * @prepare: before a cluster of this many nodes at most; NULL: nothing to do
 * @open: makes the watch of a node
 * @close: ends it
 * @start: starts a node; may run in another thread than the loop
 * @stop: has it say goodbye, so that the others know; the same
 * @kill: stops it as quickly as it can be; the same
 */
struct peer {
	const char *name;
	unsigned int limit_ms;
	bool (*present)(void);
	void (*prepare)(int most);
	void (*open)(int number);
	void (*close)(int number);
	void (*start)(int number);
	void (*stop)(int number);
	void (*kill)(int number);
};

extern const struct peer tipc_50, tipc_1500, corosync_300, serf_local;

/* How long corosync waits for its token from its next start on, ms; 300 at first. */
void corosync_token(unsigned int ms);

/* Ends the program if the calling thread can't go there, or come back. */
void netns_enter(int number);
void netns_leave(void);

/* A socket of the namespace, or -1. */
int socket_in(int number, int domain, int type, int protocol);

/* ---- peers that are programs (daemon.c) ----------------------------- */

/* Whether there is a program of that name in PATH. */
bool daemon_present(const char *name);

/*
 * Starts one in the namespace, with an own /run, and an own `state` if that
 * isn't NULL. The other ends it: with the signal first, if that isn't 0, and
 * the time to heed it.
 */
void daemon_start(int number, const char *state, char *const argv[]);
void daemon_stop(int number, int signal, unsigned int wait_ms);

/*
 * `connect` is called every 10 ms for each node whose program runs and has no
 * watch yet, until it gives true; and again after daemon_lost().
 */
void daemon_watch(bool (*connect)(struct node *node));

/* The watch is gone, and with it what it knew. */
void daemon_lost(struct node *node);

#endif /* PFSNL_BENCH_PEER_H */
