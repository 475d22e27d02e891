/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Things that go wrong, each for a while.
 */
#ifndef PFSNL_VIRTUAL_FAULT_H
#define PFSNL_VIRTUAL_FAULT_H

#include "node.h"

#define FAULTS(X)							\
	X(LOSS,		"loss",		"packets get lost")		\
	X(DELAY,	"delay",	"they take longer, some much")	\
	X(DUPLICATE,	"duplicate",	"they arrive twice")		\
	X(REORDER,	"reorder",	"they overtake each other")	\
	X(SPLIT,	"split",	"the segment falls in 2 or 3")	\
	X(ONE_WAY,	"one-way",	"nothing from one to another")	\
	X(PAIR,		"pair",		"nothing between two")		\
	X(UDP_CUT,	"udp-cut",	"no UDP between two")		\
	X(TCP_CUT,	"tcp-cut",	"no TCP between two")		\
	X(MUTE,		"mute",		"nothing from one")		\
	X(DEAF,		"deaf",		"nothing to one")		\
	X(CABLE,	"cable",	"a cable is cut, unseen")	\
	X(LINK,		"link",		"an interface goes down")	\
	X(CARRIER,	"carrier",	"a port goes down")		\
	X(FLAP,		"flap",		"a cable again and again")	\
	X(CRASH,	"crash",	"a node loses power")		\
	X(RESTART,	"restart",	"and is back at once, or soon")	\
	X(LEAVE,	"leave",	"a node says goodbye")		\
	X(HURRY,	"hurry",	"and does not wait")		\
	X(JOIN,		"join",		"a node comes")			\
	X(PRIORITY,	"priority",	"a priority is set anew")

#define FAULT_ENUM(name, text, what) FAULT_##name,
enum fault {
	FAULTS(FAULT_ENUM)
	FAULT_N
};

extern unsigned long fault_count[FAULT_N];
extern const char * const fault_names[FAULT_N];

/* Has it happen for that long, to whom is drawn. Says whether it could. */
bool fault_inject(enum fault fault, uint64_t us);
/* The same to that node. */
void fault_to(enum fault fault, struct node *n, uint64_t us);
/* Into so many sides, and who is on which is drawn. */
void fault_split(int sides, uint64_t us);
/* Bad weather for all, for that long. */
void fault_storm(const struct weather *w, uint64_t us);
/* All is well again; but who is off stays off. */
void fault_heal(void);

/* For the loop: when something is due, and do it. */
uint64_t fault_next(void);
void fault_go_on(uint64_t now);
/* The cable of a node was made anew: what goes on there does so again. */
void fault_port(struct node *n);

#endif
