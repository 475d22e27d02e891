// SPDX-License-Identifier: GPL-2.0
/* The table of options, and the reader of a command line. */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "opt.h"
#include "out.h"
#include "suggest.h"
#include "value.h"

enum kind {
	KIND_FLAG,
	KIND_NUMBER,		/* uint32_t from min to max */
	KIND_TIME,		/* uint32_t of milliseconds from min to max */
	KIND_WORD,		/* uint32_t, index into words */
	KIND_TRUTH,		/* uint32_t, 0 or 1 */
	KIND_ADDRESS,		/* struct in_addr */
	KIND_GROUP,		/* struct in_addr that is a multicast group */
	KIND_ADDRESSES,		/* args.peers */
	KIND_SIZE,		/* uint64_t of bytes */
	KIND_SPAN,		/* uint64_t of nanoseconds, or VALUE_NEVER */
	KIND_NAME,		/* char[max + 1] */
	KIND_TEXT		/* const char *, as it is */
};

struct opt {
	const char *name;
	char letter;			/* 0: none */
	enum kind kind;
	bool optional;			/* the value may be left out */
	const char *arg;		/* what the help calls the value */
	const char *help;
	size_t offset;			/* of the value in struct args */
	uint32_t min, max;
	uint32_t unit;			/* KIND_TIME: ms of a bare number */
	uint32_t preset;		/* value when it is left out */
	const char *const *words;	/* ends with NULL */
};

#define INTO(member)	.offset = offsetof(struct args, member)

static const char *const level0_words[] = { "auto", "off", "on", NULL };
static const char *const only_words[] = { "list", "ring", "state", "sync", "ckpt",
					   NULL };
static const char *const color_words[] = { "auto", "always", "never", NULL };

static const struct opt opt_table[NUM_OPTS] = {
	[OPT_DEVICE] = {
		"device", 0, KIND_NAME, false, "DEV",
		"interface whose subnet the cluster is on",
		INTO(device), .min = 1, .max = IF_NAMESIZE - 1,
	},
	[OPT_ADDRESS] = {
		"address", 0, KIND_ADDRESS, false, "ADDRESS",
		"address of this node (first one of the interface)",
		INTO(address),
	},
	[OPT_PORT] = {
		"port", 'p', KIND_NUMBER, false, "PORT",
		"UDP port of beacons (7319)",
		INTO(port), .min = 1, .max = 65535,
	},
	[OPT_TETHER_PORT] = {
		"tether-port", 0, KIND_NUMBER, false, "PORT",
		"TCP port of tethers (the number of --port)",
		INTO(tether_port), .min = 1, .max = 65535,
	},
	[OPT_CLUSTER] = {
		"cluster", 'c', KIND_NAME, false, "NAME",
		"cluster to be in; others are not heard (pfsnl)",
		INTO(cluster), .min = 1, .max = PFSNL_CLUSTER_NAME_MAX,
	},
	[OPT_PRIORITY] = {
		"priority", 0, KIND_NUMBER, false, "N",
		"0 to 255; higher leads first, 0 never leads (100)",
		INTO(priority), .min = 0, .max = 255,
	},
	[OPT_PREEMPT] = {
		"preempt", 0, KIND_TRUTH, false, "yes|no",
		"take over from the leader whenever this node is\n"
		"better: higher in priority or lower in address (no)",
		INTO(preempt),
	},
	[OPT_VOTES] = {
		"votes", 0, KIND_NUMBER, false, "N",
		"what this node counts for in a quorum, 0 to 255 (1)",
		INTO(votes), .min = 0, .max = 255,
	},
	[OPT_EXPECTED_VOTES] = {
		"expected-votes", 0, KIND_NUMBER, false, "N",
		"votes of all nodes of the cluster together, 0 to\n"
		"65535; a ring with more than half of them is\n"
		"quorate. 0: there is no quorum (0)",
		INTO(expected_votes), .min = 0, .max = 65535,
	},
	[OPT_INTERVAL] = {
		"interval", 'i', KIND_TIME, false, "MS",
		"time between two beacons, 10 to 10000 ms (200)",
		INTO(interval), .min = 10, .max = 10000, .unit = 1,
	},
	[OPT_DEAD] = {
		"dead", 0, KIND_NUMBER, false, "N",
		"missed beacons until it is dead, 3 to 100 (5)",
		INTO(dead), .min = 3, .max = 100,
	},
	[OPT_BROADCAST] = {
		"broadcast", 0, KIND_FLAG, false, NULL,
		"beacons to the broadcast address (the default)",
	},
	[OPT_MULTICAST] = {
		"multicast", 0, KIND_GROUP, false, "GROUP",
		"beacons to this multicast group instead",
		INTO(group),
	},
	[OPT_PEERS] = {
		"peers", 0, KIND_ADDRESSES, false, "A,B,...",
		"beacons to each of these addresses instead, at\n"
		"most 64",
		INTO(peers),
	},
	[OPT_MAX_NODES] = {
		"max-nodes", 0, KIND_NUMBER, false, "N",
		"most nodes the list may have, 1 to 4096 (256)",
		INTO(max_nodes), .min = 1, .max = 4096,
	},
	[OPT_RETAIN] = {
		"retain", 0, KIND_NUMBER, false, "KIB",
		"ordered messages kept while some node may need\n"
		"them, 64 to 262144 KiB; a message may have a\n"
		"quarter of it. The same on all nodes (8192)",
		INTO(retain), .min = 64, .max = 262144,
	},
	[OPT_DRAIN] = {
		"drain", 0, KIND_TIME, false, "MS",
		"time that a node may take to acknowledge a message\n"
		"before it is dropped, 0 to 600000 ms; 0: 5 times\n"
		"the time until dead, at least 2000 (0)",
		INTO(drain), .min = 0, .max = 600000, .unit = 1,
	},
	[OPT_SYNC_DEADLINE] = {
		"sync-deadline", 0, KIND_TIME, false, "MS",
		"time that a node may say nothing of its services\n"
		"while all wait for it, before it is dropped, 0 to\n"
		"3600000 ms; 0: as long as it likes (0)",
		INTO(sync_deadline), .min = 0, .max = 3600000, .unit = 1,
	},
	[OPT_LEVEL0] = {
		"level0", 0, KIND_WORD, false, "auto|off|on",
		"serve nodes that send the bare nine bytes (auto:\n"
		"only in the cluster named pfsnl)",
		INTO(level0), .words = level0_words,
	},
	[OPT_LEVEL0_DEAD] = {
		"level0-dead", 0, KIND_TIME, false, "MS",
		"silence until such a node is dead, 100 to 600000\n"
		"ms (5000)",
		INTO(level0_dead), .min = 100, .max = 600000, .unit = 1,
	},
	[OPT_SIZE] = {
		"size", 0, KIND_SIZE, false, "SIZE",
		"most bytes in all its sections, as 64M (16M)",
		INTO(size),
	},
	[OPT_RETENTION] = {
		"retention", 0, KIND_SPAN, false, "TIME",
		"how long it lives when nobody has it open: 10s, 5m,\n"
		"2h, 7d, or never gone (never)",
		INTO(retention_ns),
	},
	[OPT_MAX_SECTION] = {
		"max-section", 0, KIND_SIZE, false, "SIZE",
		"most bytes in a section (as --size)",
		INTO(max_section),
	},
	[OPT_MAX_SECTIONS] = {
		"max-sections", 0, KIND_NUMBER, false, "N",
		"most sections (1024)",
		INTO(max_sections), .min = 1, .max = UINT32_MAX,
	},
	[OPT_MAX_ID] = {
		"max-id", 0, KIND_NUMBER, false, "N",
		"most bytes in the id of a section, 0 to 255 (255)",
		INTO(max_id), .min = 0, .max = 255,
	},
	[OPT_OFFSET] = {
		"offset", 0, KIND_SIZE, false, "SIZE",
		"where in the section to begin (0)",
		INTO(offset),
	},
	[OPT_LENGTH] = {
		"length", 0, KIND_SIZE, false, "SIZE",
		"how many bytes to read (all that follow)",
		INTO(length),
	},
	[OPT_OVERWRITE] = {
		"overwrite", 0, KIND_FLAG, false, NULL,
		"let the section hold nothing else afterwards",
	},
	[OPT_REPLACE] = {
		"overwrite", 0, KIND_FLAG, false, NULL,
		"also into checkpoints that are there: overwrite\n"
		"their sections of the same ids",
	},
	[OPT_CREATE] = {
		"create", 0, KIND_FLAG, false, NULL,
		"create the checkpoint if there is none",
	},
	[OPT_EXPIRES] = {
		"expires", 0, KIND_SPAN, false, "TIME",
		"delete the section after so long: 10s, 5m, 2h, 7d,\n"
		"or never",
		INTO(expires_ns),
	},
	[OPT_EVERY] = {
		"all", 'a', KIND_FLAG, false, NULL,
		"all checkpoints",
	},
	[OPT_EVENTS] = {
		"all", 'a', KIND_FLAG, false, NULL,
		"also when one is opened or closed",
	},
	[OPT_SAFE] = {
		"safe", 's', KIND_FLAG, false, NULL,
		"deliver only what every node is known to have",
	},
	[OPT_SAFE_CHANGE] = {
		"safe", 's', KIND_FLAG, false, NULL,
		"do it only when every node is known to have it",
	},
	[OPT_FILE] = {
		"file", 0, KIND_TEXT, false, "FILE",
		"send FILE ('-': the standard input) as one message",
		INTO(file),
	},
	[OPT_RAW] = {
		"raw", 0, KIND_FLAG, false, NULL,
		"print the bytes of messages and nothing else",
	},
	[OPT_RAW_SECTION] = {
		"raw", 0, KIND_FLAG, false, NULL,
		"don't escape what is no text, on a terminal either",
	},
	[OPT_CONFIG] = {
		"config", 'f', KIND_TEXT, false, "FILE",
		"read settings from FILE; see pfsnl.conf(5)",
		INTO(config),
	},
	[OPT_WAIT_RING] = {
		"wait", 'w', KIND_TIME, true, "MS",
		"wait until the node is in a ring, at most so long\n"
		"(10000)",
		INTO(wait), .min = 0, .max = 3600000, .unit = 1,
		.preset = 10000,
	},
	[OPT_WAIT_BYE] = {
		"wait", 'w', KIND_TIME, false, "MS",
		"longest wait for answers to the goodbye, 0 to 10000\n"
		"ms (twice the time until dead, at most 2000)",
		INTO(wait), .min = 0, .max = 10000, .unit = 1,
	},
	[OPT_COUNT] = {
		"count", 'n', KIND_NUMBER, false, "N",
		"end after N changes (0: after what is there)",
		INTO(count), .min = 0, .max = UINT32_MAX,
	},
	[OPT_COUNT_TOLD] = {
		"count", 'n', KIND_NUMBER, false, "N",
		"end after N of what is printed",
		INTO(count), .min = 1, .max = UINT32_MAX,
	},
	[OPT_TIMEOUT] = {
		"timeout", 't', KIND_TIME, false, "S",
		"end after so many seconds (exit code 124 if --count\n"
		"isn't reached by then)",
		INTO(timeout), .min = 1, .max = UINT32_MAX, .unit = 1000,
	},
	[OPT_TIMEOUT_SEND] = {
		"timeout", 't', KIND_TIME, false, "S",
		"give up after so many seconds (exit code 124)",
		INTO(timeout), .min = 1, .max = UINT32_MAX, .unit = 1000,
	},
	[OPT_RINGS] = {
		"rings", 'r', KIND_FLAG, false, NULL,
		"also print each ring; --count counts these then",
	},
	[OPT_ONLY] = {
		"only", 'o', KIND_WORD, false, "KIND",
		"only one kind: list, ring, state, sync or ckpt",
		INTO(only), .words = only_words,
	},
	[OPT_ALL] = {
		"all", 'a', KIND_FLAG, false, NULL,
		"also the counters that are 0",
	},
	[OPT_WATCH] = {
		"watch", 'f', KIND_FLAG, false, NULL,
		"go on, with a line when something happens",
	},
	[OPT_JSON] = {
		"json", 'j', KIND_FLAG, false, NULL,
		"print JSON, one object to a line",
	},
	[OPT_NETNS] = {
		"netns", 'N', KIND_TEXT, false, "NAME",
		"in this network namespace (of 'ip netns', or path)",
		INTO(netns),
	},
	[OPT_COLOR] = {
		"color", 0, KIND_WORD, true, "auto|always|never",
		"colours (auto: on a terminal, without NO_COLOR)",
		INTO(color), .words = color_words, .preset = COLOR_ALWAYS,
	},
	[OPT_HELP] = {
		"help", 'h', KIND_FLAG, false, NULL, "explain and exit",
	},
	[OPT_VERSION] = {
		"version", 'V', KIND_FLAG, false, NULL,
		"print the version and exit",
	},
};

const char *opt_name(enum opt_id id)
{
	return opt_table[id].name;
}

enum opt_id opt_find(uint64_t mask, const char *name)
{
	int id;

	for (id = 0; id < NUM_OPTS; id++)
		if (mask & OPT_BIT(id) && !strcmp(opt_table[id].name, name))
			break;
	return id;
}

static void say_allowed(const struct opt *opt, const char *text, char *buf,
			size_t size)
{
	struct suggest s;
	size_t at = 0;
	int i;

	switch (opt->kind) {
	case KIND_NUMBER:
		snprintf(buf, size, "a whole number from %u to %u", opt->min,
			 opt->max);
		break;
	case KIND_TIME:
		if (opt->unit == 1)
			snprintf(buf, size,
				 "milliseconds from %u to %u", opt->min,
				 opt->max);
		else
			snprintf(buf, size,
				 "seconds, such as 10 or 0.5, from 0.001 to %u",
				 opt->max / 1000);
		break;
	case KIND_WORD:
		for (i = 0; opt->words[i] && at < size; i++)
			at += (size_t)snprintf(buf + at, size - at, "%s%s",
					       !i ? "" :
					       opt->words[i + 1] ? ", " :
					       " or ", opt->words[i]);
		suggest_begin(&s, text);
		for (i = 0; opt->words[i]; i++)
			suggest_offer(&s, opt->words[i]);
		if (s.best && at < size)
			snprintf(buf + at, size - at, "; did you mean '%s'?",
				 s.best);
		break;
	case KIND_TRUTH:
		snprintf(buf, size, "yes or no");
		break;
	case KIND_GROUP:
		snprintf(buf, size,
			 "a multicast group from 224.0.0.0 to 239.255.255.255");
		break;
	case KIND_SIZE:
		snprintf(buf, size, "bytes, such as 4096, 64K, 16M or 1G");
		break;
	case KIND_SPAN:
		snprintf(buf, size,
			 "a span of time, such as 10s, 5m, 2h or 7d, or never");
		break;
	case KIND_NAME:
		snprintf(buf, size, "a name of %u to %u bytes", opt->min,
			 opt->max);
		break;
	case KIND_ADDRESS:
	case KIND_ADDRESSES:
		snprintf(buf, size, "an IPv4 address such as 10.0.0.1%s",
			 strchr(text, ':') ? "; pfsnl has no IPv6" : "");
		break;
	case KIND_FLAG:
	case KIND_TEXT:
		snprintf(buf, size, "no value");
		break;
	}
}

static int take_addresses(struct args *args, const char *name, const char *text,
			  char *why, size_t size)
{
	const char *bad;
	char allowed[128];
	size_t len;

	if (!value_addresses(text, args->peers, PFSNL_STATIC_PEERS_MAX,
			     &args->num_peers, &bad, &len))
		return 0;
	if (!bad && !text[strspn(text, ", \t")]) {
		snprintf(why, size,
			 "%s needs at least one address, such as 10.0.0.1",
			 name);
	} else if (!bad) {
		snprintf(why, size, "%s has more than %d addresses", name,
			 PFSNL_STATIC_PEERS_MAX);
	} else {
		char one[64];
		struct in_addr addr;

		snprintf(one, sizeof(one), "%.*s", (int)len, bad);
		say_allowed(&opt_table[OPT_PEERS], one, allowed,
			    sizeof(allowed));
		if (!value_address(one, &addr))
			snprintf(why, size, "%s has %s twice", name, one);
		else
			snprintf(why, size, "bad address '%s' in %s: %s", one,
				 name, allowed);
	}
	return -1;
}

int opt_take(struct args *args, enum opt_id id, const char *name,
	     const char *text, char *why, size_t why_size)
{
	const struct opt *opt = &opt_table[id];
	void *into = (char *)args + opt->offset;
	char allowed[192];
	int bad = 0, yes;
	uint32_t i;

	if (!text && opt->optional) {
		*(uint32_t *)into = opt->preset;
		args->given |= OPT_BIT(id);
		return 0;
	}
	switch (opt->kind) {
	case KIND_FLAG:
		break;
	case KIND_NUMBER:
		bad = value_number(text, opt->min, opt->max, into);
		break;
	case KIND_TIME:
		bad = value_time(text, opt->unit, opt->min, opt->max, into);
		break;
	case KIND_WORD:
		for (i = 0; opt->words[i]; i++)
			if (!strcmp(opt->words[i], text))
				break;
		bad = !opt->words[i];
		*(uint32_t *)into = i;
		break;
	case KIND_TRUTH:
		yes = value_truth(text);
		bad = yes < 0;
		*(uint32_t *)into = yes > 0;
		break;
	case KIND_GROUP:
	case KIND_ADDRESS:
		bad = value_address(text, into);
		if (!bad && opt->kind == KIND_GROUP)
			bad = !IN_MULTICAST(ntohl(((struct in_addr *)into)->s_addr));
		break;
	case KIND_ADDRESSES:
		if (take_addresses(args, name, text, why, why_size))
			return -1;
		break;
	case KIND_SIZE:
		bad = value_size(text, into);
		break;
	case KIND_SPAN:
		bad = value_span(text, into);
		break;
	case KIND_NAME:
		bad = strlen(text) < opt->min || strlen(text) > opt->max;
		if (!bad)
			strcpy(into, text);
		break;
	case KIND_TEXT:
		*(const char **)into = text;
		break;
	}
	if (bad) {
		say_allowed(opt, text, allowed, sizeof(allowed));
		snprintf(why, why_size, "bad value '%s' for %s: %s", text, name,
			 allowed);
		return -1;
	}
	args->given |= OPT_BIT(id);
	return 0;
}

static void try_help(const struct cmd *cmd)
{
	note("try 'pfsnl %s%s--help'", cmd ? cmd->name : "", cmd ? " " : "");
}

/* Tells of an option that @cmd doesn't know; @typed is without dashes. */
static void unknown_option(uint64_t mask, const struct cmd *cmd,
			   const char *typed)
{
	const struct cmd *other;
	struct suggest s;
	int id;

	id = opt_find(~0ULL, typed);
	if (id < NUM_OPTS && cmd && cmd->options & OPTS_SET &&
	    OPT_BIT(id) & OPTS_START) {
		complain("--%s can't be changed while the node runs", typed);
		note("'pfsnl down' first, then 'pfsnl up' with it");
		return;
	}
	if (id < NUM_OPTS) {
		other = cmd_with_option(typed);
		if (cmd)
			complain("'pfsnl %s' has no option '--%s'; 'pfsnl %s' has",
				 cmd->name, typed, other->name);
		else
			complain("'--%s' belongs after the subcommand: pfsnl %s --%s",
				 typed, other->name, typed);
		try_help(cmd);
		return;
	}
	suggest_begin(&s, typed);
	for (id = 0; id < NUM_OPTS; id++)
		if (mask & OPT_BIT(id))
			suggest_offer(&s, opt_table[id].name);
	if (s.also)
		complain("unknown option '--%s'; did you mean '--%s' or '--%s'?",
			 typed, s.best, s.also);
	else if (s.best)
		complain("unknown option '--%s'; did you mean '--%s'?", typed,
			 s.best);
	else
		complain("unknown option '--%s'", typed);
	try_help(cmd);
}

/* Words of getopt_long() for the options of @mask. */
static void build_tables(uint64_t mask, bool stop, struct option *longs,
			 char *shorts)
{
	int id;

	if (stop)
		*shorts++ = '+';
	*shorts++ = ':';
	for (id = 0; id < NUM_OPTS; id++) {
		const struct opt *opt = &opt_table[id];

		if (!(mask & OPT_BIT(id)))
			continue;
		longs->name = opt->name;
		longs->has_arg = !opt->arg ? no_argument :
				 opt->optional ? optional_argument :
				 required_argument;
		longs->flag = NULL;
		/* Beyond every letter, so that the two can't be mixed up. */
		longs->val = 256 + id;
		longs++;
		if (!opt->letter)
			continue;
		*shorts++ = opt->letter;
		if (opt->arg)
			*shorts++ = ':';
		if (opt->arg && opt->optional)
			*shorts++ = ':';
	}
	memset(longs, 0, sizeof(*longs));
	*shorts = '\0';
}

static int by_letter(uint64_t mask, int letter)
{
	int id;

	for (id = 0; id < NUM_OPTS; id++)
		if (mask & OPT_BIT(id) && opt_table[id].letter == letter)
			break;
	return id;
}

/* Tells what getopt_long() didn't like. */
static void bad_option(uint64_t mask, const struct cmd *cmd, int got,
		       const char *word)
{
	char typed[64];
	int id;

	if (got == ':') {
		id = optopt >= 256 ? optopt - 256 : by_letter(mask, optopt);
		complain("option '%s' needs a value: --%s %s", word,
			 opt_table[id].name, opt_table[id].arg);
		try_help(cmd);
	} else if (optopt >= 256) {
		complain("option '--%s' takes no value",
			 opt_table[optopt - 256].name);
		try_help(cmd);
	} else if (optopt) {
		complain("unknown option '-%c'", optopt);
		try_help(cmd);
	} else {
		word += strspn(word, "-");
		snprintf(typed, sizeof(typed), "%.*s",
			 (int)strcspn(word, "="), word);
		unknown_option(mask, cmd, typed);
	}
}

static int exclusive(const struct args *args, const struct cmd *cmd)
{
	const char *first = NULL;
	int id;

	for (id = 0; id < NUM_OPTS; id++) {
		if (!(args->given & OPTS_BEACON_TO & OPT_BIT(id)))
			continue;
		if (first) {
			complain("--%s and --%s exclude each other: beacons go one way at a time",
				 first, opt_table[id].name);
			try_help(cmd);
			return -1;
		}
		first = opt_table[id].name;
	}
	return 0;
}

int opt_parse(struct args *args, uint64_t mask, const struct cmd *cmd,
	      int argc, char **argv)
{
	struct option longs[NUM_OPTS + 1];
	char shorts[3 * NUM_OPTS + 3], why[320], name[64];
	int got, id;

	build_tables(mask, !cmd, longs, shorts);
	opterr = 0;
	optind = 0;	/* makes glibc start afresh */
	while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (got == '?' || got == ':') {
			bad_option(mask, cmd, got, argv[optind - 1]);
			return -1;
		}
		id = got >= 256 ? got - 256 : by_letter(mask, got);
		snprintf(name, sizeof(name), "--%s", opt_table[id].name);
		if (opt_take(args, id, name, optarg, why, sizeof(why))) {
			complain("%s", why);
			return -1;
		}
	}
	if (exclusive(args, cmd))
		return -1;
	return optind;
}

void opt_help(uint64_t mask)
{
	const char *p, *end;
	char left[64];
	int id, width;

	for (id = 0; id < NUM_OPTS; id++) {
		const struct opt *opt = &opt_table[id];
		char letter[] = "    ";

		if (!(mask & OPT_BIT(id)))
			continue;
		if (opt->letter)
			snprintf(letter, sizeof(letter), "-%c, ", opt->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s%s", letter, opt->name,
			 !opt->arg ? "" : opt->optional ? "[=" : " ",
			 opt->arg ? opt->arg : "", opt->optional ? "]" : "");
		width = 24;
		if (strlen(left) > (size_t)width) {
			printf("  %s\n", left);
			left[0] = '\0';
		}
		for (p = opt->help; p; p = *end ? end + 1 : NULL) {
			end = strchrnul(p, '\n');
			printf("  %-*s  %.*s\n", width, left, (int)(end - p),
			       p);
			left[0] = '\0';
		}
	}
}
