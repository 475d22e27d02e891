/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of a node share. A node gives its core datagrams, streams, time and
 * memory, and does what it asks for, as the rooms around it do in the kernel:
 *
 *	node.c		life, clock, settings
 *	node_host.c	what the host brings it
 *	node_ops.c	what it asks for
 *	node_tether.c	the tethers between the two, by number
 *	node_say.c	what is said there
 *
 * What others may call is in world.h.
 */
#ifndef CORE_NODE_H
#define CORE_NODE_H

#include "world.h"

/* node.c */
u64 node_when(const struct node *n, u64 time);

/* node_host.c */
extern const struct host_ops node_host_ops;

void node_alarm_run(struct sim_event *ev);
void node_beacon_run(struct sim_event *ev);
void node_beacon_at(struct node *n, u64 next);

/* node_ops.c */
extern const struct pfsnl_core_ops node_core_ops;

/* node_tether.c */
struct node_tether *node_tether_find(const struct node *n, u32 id);
struct node_tether *node_tether_get(const struct node *n, u32 id);
struct node_tether *node_tether_new(struct node *n, struct stream_end *end);
void node_tether_free(struct node *n, struct node_tether *t);

#endif /* CORE_NODE_H */
