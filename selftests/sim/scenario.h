/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run: a world drawn from a seed, faults that happen in it, and what must
 * hold when they are over.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "world.h"

/* All faults: name, what happens. */
#define FAULTS(X)							\
	X(LOSS,		"loss",		"packets get lost")		\
	X(DELAY,	"delay",	"all packets take longer")	\
	X(DUPLICATE,	"duplicate",	"datagrams arrive twice")	\
	X(REORDER,	"reorder",	"datagrams overtake each other") \
	X(REFUSE,	"refuse",	"connections are refused")	\
	X(RESET,	"reset",	"a stream is reset")		\
	X(HALF_OPEN,	"half-open",	"a stream passes nothing until it is reset") \
	X(STALL,	"stall",	"a stream passes nothing for a while") \
	X(SLOW,		"slow",		"streams are slow and come in pieces") \
	X(PARTITION,	"partition",	"two sides hear nothing of each other") \
	X(ONE_WAY,	"one-way",	"a link passes nothing in one direction") \
	X(FLAP,		"flap",		"a link is cut and mended again and again") \
	X(UDP_CUT,	"udp-cut",	"a link passes no datagrams")	\
	X(TCP_CUT,	"tcp-cut",	"a link passes no streams")	\
	X(CRASH,	"crash",	"a node loses power")		\
	X(RESTART,	"restart",	"a node loses power and is back soon, or at once") \
	X(ABORT,	"abort",	"a program dies, its kernel resets") \
	X(LEAVE,	"leave",	"a node says goodbye")		\
	X(PAUSE,	"pause",	"a node stands still")		\
	X(HANG,		"hang",		"a node's core stands still, its kernel does not") \
	X(SKEW,		"skew",		"a clock runs 0.1 to 5 % fast or slow") \
	X(NOMEM,	"nomem",	"allocations fail")		\
	X(STRANGER,	"stranger",	"strangers send beacons, and noise") \
	X(IMPOSTOR,	"impostor",	"a node's address is used twice") \
	X(LEVEL0,	"level0",	"a level-0 peer comes, goes or hangs up") \
	X(PRIORITY,	"priority",	"a node's priority is set anew")

#define FAULT_ENUM(name, text, what) FAULT_##name,
enum fault {
	FAULTS(FAULT_ENUM)
	FAULT_N
};

/* All scenarios: name, what happens. */
#define SCENARIOS(X)							\
	X(MIXED,	"mixed",	"any of those below, one after the other") \
	X(BOOT,		"boot",		"many nodes start at once")	\
	X(STORM,	"storm",	"random faults in quick succession, then none") \
	X(LEADER,	"leader",	"nothing but the leader is lost") \
	X(TETHER,	"tether",	"nothing but one tether breaks") \
	X(STILL,	"still",	"links are cut and stay so")	\
	X(LOSSY,	"lossy",	"nothing but loss, for long")	\
	X(FULL,		"full",		"a tether stalls while the list changes") \
	X(HALVES,	"halves",	"nothing but a split that heals") \
	X(FLAPPER,	"flapper",	"one node's cable is loose, for long") \
	X(STUCK,	"stuck",	"nothing but a service that keeps all waiting")

#define SCENARIO_ENUM(name, text, what) SCENARIO_##name,
enum scenario {
	SCENARIOS(SCENARIO_ENUM)
	SCENARIO_N
};

/**
 * struct setup - what a run is to be like
 * @scenario: which
 * @faults: those that may happen, a bit for each
 * @nodes: how many; 0 to draw
 * @trace: print what happens
 */
struct setup {
	enum scenario scenario;
	u32 faults;
	u32 nodes;
	bool trace;
};

/**
 * struct totals - what happened in one or more runs
 * @seeds: runs
 * @time: simulated, nanoseconds
 * @steps: things that happened
 * @datagrams: sent
 * @faults: injected, by kind
 * @rings: installed, once for each node
 * @leads: how often somebody began to lead
 * @dials: connections begun
 * @messages: sent in order
 * @stuck: services that got stuck
 * @lossy_lost: live nodes taken for silent while nothing happened but loss
 * @predicted: the same as the loss lets expect
 * @false_lost: the same at other times
 * @converged: how often all were one ring after faults
 * @slowest: longest time that took, in percent of what is allowed
 */
struct totals {
	u64 seeds;
	u64 time;
	u64 steps;
	u64 datagrams;
	u64 faults[FAULT_N];
	u64 rings;
	u64 leads;
	u64 dials;
	u64 messages;
	u64 stuck;
	u64 lossy_lost;
	double predicted;
	u64 false_lost;
	u64 converged;
	u64 slowest;
};

extern const char * const fault_names[FAULT_N];
extern const char * const scenario_names[SCENARIO_N];

u64 scenario_run(u64 seed, const struct setup *setup, struct totals *totals);

#endif /* SIM_SCENARIO_H */
