/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options: one table for the command line, the config file and the help
 * texts, so that the three can't disagree.
 */
#ifndef PFSNL_OPT_H
#define PFSNL_OPT_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/pfsnl.h>

struct cmd;

/* In the order of the help texts; each indexes opt_table. */
enum opt_id {
	OPT_DEVICE,
	OPT_ADDRESS,
	OPT_PORT,
	OPT_TETHER_PORT,
	OPT_CLUSTER,
	OPT_PRIORITY,
	OPT_PREEMPT,
	OPT_VOTES,
	OPT_EXPECTED_VOTES,
	OPT_INTERVAL,
	OPT_DEAD,
	OPT_BROADCAST,
	OPT_MULTICAST,
	OPT_PEERS,
	OPT_MAX_NODES,
	OPT_RETAIN,
	OPT_DRAIN,
	OPT_SYNC_DEADLINE,
	OPT_LEVEL0,
	OPT_LEVEL0_DEAD,
	OPT_SIZE,
	OPT_RETENTION,
	OPT_MAX_SECTION,
	OPT_MAX_SECTIONS,
	OPT_MAX_ID,
	OPT_OFFSET,
	OPT_LENGTH,
	OPT_OVERWRITE,
	OPT_REPLACE,
	OPT_CREATE,
	OPT_EXPIRES,
	OPT_EVERY,
	OPT_EVENTS,
	OPT_SAFE,
	OPT_SAFE_CHANGE,
	OPT_FILE,
	OPT_RAW,
	OPT_RAW_SECTION,
	OPT_CONFIG,
	OPT_WAIT_RING,
	OPT_WAIT_BYE,
	OPT_COUNT,
	OPT_COUNT_TOLD,
	OPT_TIMEOUT,
	OPT_TIMEOUT_SEND,
	OPT_RINGS,
	OPT_ONLY,
	OPT_ALL,
	OPT_WATCH,
	OPT_JSON,
	OPT_NETNS,
	OPT_COLOR,
	OPT_HELP,
	OPT_VERSION,
	NUM_OPTS
};

#define OPT_BIT(id)	((uint64_t)1 << (id))

/* Taken by every subcommand, and before it. */
#define OPTS_GLOBAL	(OPT_BIT(OPT_JSON) | OPT_BIT(OPT_NETNS) | \
			 OPT_BIT(OPT_COLOR) | OPT_BIT(OPT_HELP) | \
			 OPT_BIT(OPT_VERSION))
/* Ways to send beacons, of which there is one at a time. */
#define OPTS_BEACON_TO	(OPT_BIT(OPT_BROADCAST) | OPT_BIT(OPT_MULTICAST) | \
			 OPT_BIT(OPT_PEERS))
/* What can be changed while an instance runs. */
#define OPTS_SET	(OPTS_BEACON_TO | OPT_BIT(OPT_PRIORITY) | \
			 OPT_BIT(OPT_PREEMPT) | OPT_BIT(OPT_VOTES) | \
			 OPT_BIT(OPT_EXPECTED_VOTES) | \
			 OPT_BIT(OPT_INTERVAL) | OPT_BIT(OPT_DEAD) | \
			 OPT_BIT(OPT_LEVEL0) | OPT_BIT(OPT_LEVEL0_DEAD) | \
			 OPT_BIT(OPT_DRAIN) | OPT_BIT(OPT_SYNC_DEADLINE))
/* What is settled when it starts. */
#define OPTS_START	(OPT_BIT(OPT_DEVICE) | OPT_BIT(OPT_ADDRESS) | \
			 OPT_BIT(OPT_PORT) | OPT_BIT(OPT_TETHER_PORT) | \
			 OPT_BIT(OPT_CLUSTER) | OPT_BIT(OPT_MAX_NODES) | \
			 OPT_BIT(OPT_RETAIN))
/* What a checkpoint is created with. */
#define OPTS_CKPT_ATTR	(OPT_BIT(OPT_SIZE) | OPT_BIT(OPT_RETENTION) | \
			 OPT_BIT(OPT_MAX_SECTION) | \
			 OPT_BIT(OPT_MAX_SECTIONS) | OPT_BIT(OPT_MAX_ID))
/* Keys of the config file. */
#define OPTS_CONFIG	(OPTS_SET | OPTS_START | OPT_BIT(OPT_WAIT_RING))

/* What pfsnl monitor prints. */
enum opt_only { ONLY_LIST, ONLY_RING, ONLY_STATE, ONLY_SYNC, ONLY_CKPT };

enum opt_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/**
 * struct args - values of all options of one call
 * @given: OPT_BIT() of each that was given
 * @line: line of the config file that gave it, 0 for the command line
 *
 * The other members are the values; times are in milliseconds, or in nanoseconds
 * if their name says so.
 */
struct args {
	uint64_t given;
	unsigned int line[NUM_OPTS];
	char device[IF_NAMESIZE];
	struct in_addr address;
	uint32_t port;
	uint32_t tether_port;
	char cluster[PFSNL_CLUSTER_NAME_MAX + 1];
	uint32_t priority;
	uint32_t preempt;
	uint32_t votes;
	uint32_t expected_votes;
	uint32_t interval;
	uint32_t dead;
	struct in_addr group;
	struct in_addr peers[PFSNL_STATIC_PEERS_MAX];
	size_t num_peers;
	uint32_t max_nodes;
	uint32_t retain;
	uint32_t drain;
	uint32_t sync_deadline;
	uint32_t level0;
	uint32_t level0_dead;
	uint64_t size;
	uint64_t retention_ns;
	uint64_t max_section;
	uint32_t max_sections;
	uint32_t max_id;
	uint64_t offset;
	uint64_t length;
	uint64_t expires_ns;	/* from now on */
	const char *file;
	const char *config;
	uint32_t wait;
	uint32_t count;
	uint32_t timeout;
	uint32_t only;
	const char *netns;
	uint32_t color;
};

static inline bool given(const struct args *args, enum opt_id id)
{
	return args->given & OPT_BIT(id);
}

/** opt_name() - long name of an option, without dashes. */
const char *opt_name(enum opt_id id);

/**
 * opt_find() - option of the set @mask with exactly this name
 * Return: its number, or NUM_OPTS if there is none.
 */
enum opt_id opt_find(uint64_t mask, const char *name);

/**
 * opt_take() - read a value into @args
 * @name: what to call the option in a complaint: "--dead" or "dead"
 * @text: the value, or NULL for an option without one
 * @why: on failure, what is wrong with the value and what is allowed
 *
 * Return: 0, or -1 with @why filled.
 */
int opt_take(struct args *args, enum opt_id id, const char *name,
	     const char *text, char *why, size_t why_size);

/**
 * opt_parse() - take options from a command line
 * @args: where their values go
 * @mask: the options allowed
 * @cmd: the subcommand, or NULL for what is before it (stops at the first
 *       word that is no option then)
 * @argc, @argv: arguments; argv[0] is skipped. Options are moved before the
 *               operands.
 *
 * Complains about what is wrong.
 *
 * Return: index of the first operand, or -1 after a complaint.
 */
int opt_parse(struct args *args, uint64_t mask, const struct cmd *cmd,
	      int argc, char **argv);

/** opt_help() - print the options of @mask, one or two lines each. */
void opt_help(uint64_t mask);

/**
 * conf_read() - take settings from a config file
 * @args: those given already are kept and win
 * @path: the file
 *
 * Complains about every wrong line with its number.
 *
 * Return: 0, or -1 after complaints.
 */
int conf_read(struct args *args, const char *path);

#endif
