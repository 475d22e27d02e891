/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The segment: bridges, a port of which is the other end of each node's cable.
 * Network namespaces for the nodes. All of it is one process and rtnetlink.
 */
#ifndef PFSNL_VIRTUAL_PORT_H
#define PFSNL_VIRTUAL_PORT_H

#include <stdbool.h>
#include <stdint.h>

struct nl_msg;
struct nl_sock;

/* so many sides can the segment fall into */
#define SIDES 3
/* no side: the cable is cut somewhere in the middle, and nobody sees that */
#define SIDE_NONE (-1)

/* What becomes of frames on their way to a node. */
struct weather {
	uint32_t loss;		/* 1/1000000 */
	uint32_t delay;		/* us */
	uint32_t jitter;	/* us, more or less */
	uint32_t duplicate;	/* 1/1000000 */
	uint32_t reorder;	/* 1/1000000 need no time */
};

/* Makes the bridges. */
void segment_make(void);

/*
 * Makes a network namespace with eth0 and its port. Gives the namespace's file
 * descriptor, and a socket in it for eth_link().
 */
int port_make(int number, uint32_t addr, struct nl_sock **rtnl,
	      uint32_t *ifindex);

/* Takes port and eth0 away. The namespace ends with its last user. */
void port_delete(int number);

void port_side(int number, int side);
void port_link(int number, bool up);
void port_weather(int number, const struct weather *w);
void eth_link(struct nl_sock *rtnl, uint32_t ifindex, bool up);

uint32_t port_ifindex(int number);
/* Of the node's eth0, 6 bytes. */
void port_mac(int number, uint8_t *mac);

/* A request to rtnetlink; `sk` NULL: beside the bridges. It must succeed. */
struct nl_msg *rtnl_request(int type, int flags);
void rtnl_ask(struct nl_sock *sk, struct nl_msg *msg, const char *what,
	      int number);

/* Back in the namespace of the bridges. */
void segment_enter(void);

#endif
