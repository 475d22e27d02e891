// SPDX-License-Identifier: GPL-2.0
/*
 * A cluster in one guest whose idle time is skipped, and what befalls it in
 * hours. See Documentation/testing.rst.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "chance.h"
#include "fault.h"
#include "judge.h"
#include "round.h"
#include "story.h"

static const char usage[] =
"usage: virtual [OPTION...]     in a guest: tools/vm/run -k uml --virtual-time\n"
"  --nodes N         2 to 319 nodes (16)\n"
"  --minutes N       of virtual time (20)\n"
"  --seed N          of the schedule (1)\n"
"  --interval MS     between beacons (200)\n"
"  --dead N          missed beacons that are a death (5)\n"
"  --kind NAME       only rounds of that kind:\n"
"                   "
#define NAME_TEXT(name, text, often, what) " " text
ROUNDS(NAME_TEXT) "\n"
"  --round N         only that round\n"
"  --progress N      a line every so many virtual minutes (10)\n"
"  --trace           print all that happens\n";

static struct {
	int nodes, minutes, round, progress, trace;
	uint64_t seed;
	const char *kind;
} set = { .nodes = 16, .minutes = 20, .seed = 1, .progress = 10 };

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "nodes", required_argument, NULL, 'n' },
		{ "minutes", required_argument, NULL, 'm' },
		{ "seed", required_argument, NULL, 's' },
		{ "interval", required_argument, NULL, 'i' },
		{ "dead", required_argument, NULL, 'd' },
		{ "kind", required_argument, NULL, 'k' },
		{ "round", required_argument, NULL, 'r' },
		{ "progress", required_argument, NULL, 'p' },
		{ "trace", no_argument, NULL, 't' },
		{}
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'n':
			set.nodes = atoi(optarg);
			break;
		case 'm':
			set.minutes = atoi(optarg);
			break;
		case 's':
			set.seed = strtoull(optarg, NULL, 0);
			break;
		case 'i':
			node_interval = atoi(optarg);
			break;
		case 'd':
			node_dead = atoi(optarg);
			break;
		case 'k':
			set.kind = optarg;
			break;
		case 'r':
			set.round = atoi(optarg);
			break;
		case 'p':
			set.progress = atoi(optarg);
			break;
		case 't':
			set.trace = 1;
			break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind == argc && set.nodes >= 2 && set.nodes <= NODES_MAX)
		return;
	fputs(usage, stderr);
	exit(2);
}

static unsigned long faults(void)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < FAULT_N; i++)
		sum += fault_count[i];
	return sum;
}

static void progress(uint64_t began, int round)
{
	printf("# seed %llu: %.2f virtual hours, %d rounds, %lu faults, %lu rings (%lu node changes), %lu updates, %lu lists; under loss %lu live nodes removed, %lu taken for silent, %.0f predicted\n",
	       (unsigned long long)set.seed, (now_us() - began) / 3.6e9, round,
	       faults(), sums.distinct, sums.rings, sums.updates, sums.lists,
	       sums.removed, sums.silent, sums.predicted);
	fflush(stdout);
}

static void print_took(const char *what, const struct took *t)
{
	if (t->n)
		printf("# %-44s %5lu times, mean %6.1f ms, longest %6.1f ms, %u %% of its limit\n",
		       what, t->n, t->sum / 1e3 / t->n, t->max / 1e3, t->share);
}

static void summary(uint64_t began, int round)
{
	int i;

	progress(began, round);
	print_took("one ring after the start", &took_boot);
	print_took("each side one ring after a split", &took_split);
	print_took("one ring after the split was mended", &took_heal);
	print_took("one ring after the leader was lost", &took_leader);
	print_took("one ring after the leader left", &took_leave);
	print_took("one ring after all other faults", &took_calm);
	printf("# faults:");
	for (i = 0; i < FAULT_N; i++)
		if (fault_count[i])
			printf(" %s %lu", fault_names[i], fault_count[i]);
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	uint64_t began, last;
	char again[160];
	int round = 0;

	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(again, sizeof(again),
		 "--nodes %d --seed %llu --interval %u --dead %u%s%s", set.nodes,
		 (unsigned long long)set.seed, node_interval, node_dead,
		 set.kind ? " --kind " : "", set.kind ?: "");
	story_begin(again, set.trace);
	began = now_us();
	last = began;
	nodes_make(set.nodes);
	chance_begin(set.seed, 0);
	round_boot();
	if (set.round) {
		round = 1;
		round_play(set.seed, set.round, set.kind);
	}
	while (!set.round && now_us() - began < set.minutes * 60000000ULL) {
		round_play(set.seed, ++round, set.kind);
		if (now_us() - last < set.progress * 60000000ULL)
			continue;
		last = now_us();
		progress(began, round);
	}
	nodes_end();
	summary(began, round);
	return 0;
}
