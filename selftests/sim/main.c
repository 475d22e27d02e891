// SPDX-License-Identifier: GPL-2.0
/*
 * The simulator's command line.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm.h"
#include "judge.h"
#include "scale.h"
#include "variant.h"

/* seeds after which a broken variant counts as not caught */
#define CATCH_WITHIN	20000

static const char usage_text[] =
"Usage: sim [OPTION...]\n"
"\n"
"Runs the protocol core in worlds drawn from seeds, in which things go wrong.\n"
"\n"
"  --seeds COUNT|FROM..TO  seeds to run (100)\n"
"  --jobs N                worker processes (as many as processors)\n"
"  --nodes N               nodes of each world, 1 to 40 (drawn)\n"
"  --faults NAME,...       faults that may happen (all)\n"
"  --scenario NAME         what happens (mixed)\n"
"  --broken NAME|all       leave out a rule of the core\n"
"  --until-caught          and run until the assertion fires that says so\n"
"  --replay SEED           run one seed and print its digest\n"
"  --trace                 with --replay: print what happens\n"
"  --soak                  run until stopped\n"
"  --scale N               time and traffic of one cluster of N nodes\n"
"  --list                  scenarios, faults, assertions, broken variants\n";

struct options {
	struct farm farm;
	const struct variant *variant;
	bool all_variants;
	bool until_caught;
	bool replay;
	bool soak;
	bool faults_given;
	bool scenario_given;
	u64 seed;
	u32 scale;
};

static __noreturn void usage(const char *why, const char *what)
{
	fprintf(stderr, "sim: %s: %s\n\n%s", why, what, usage_text);
	exit(2);
}

static u64 number(const char *text, char **end)
{
	u64 n = strtoull(text, end, 0);

	if (*end == text)
		usage("not a number", text);
	return n;
}

static u32 faults_of(const char *list)
{
	char *copy = strdup(list), *rest = copy, *name;
	u32 mask = 0, i;

	while ((name = strsep(&rest, ","))) {
		for (i = 0; i < FAULT_N && strcmp(name, fault_names[i]); i++)
			;
		if (i == FAULT_N)
			usage("no such fault", name);
		mask |= 1U << i;
	}
	free(copy);
	return mask;
}

static enum scenario scenario_of(const char *name)
{
	u32 i;

	for (i = 0; i < SCENARIO_N; i++)
		if (!strcmp(name, scenario_names[i]))
			return i;
	usage("no such scenario", name);
}

#define PRINT_NAMED(name, text, what) printf("  %-15s %s\n", text, what);
#define PRINT_ASSERTION(text, what) printf("  %-15s %s\n", text, what);

static void list(void)
{
	u32 i;

	printf("Scenarios:\n");
	SCENARIOS(PRINT_NAMED)
	printf("\nFaults:\n");
	FAULTS(PRINT_NAMED)
	printf("\nAssertions:\n");
	ASSERTIONS(PRINT_ASSERTION)
	printf("\nBroken variants, what must fire, what is left out:\n");
	for (i = 0; i < n_variants; i++)
		printf("  %-15s %-15s %s\n", variants[i].name,
		       variants[i].assertion, variants[i].without);
}

static void print_command(const struct options *o, u64 seed)
{
	const struct setup *s = &o->farm.setup;
	u32 i, n = 0;

	printf("# again: .build/sim/sim --replay %llu --trace",
	       (unsigned long long)seed);
	if (s->nodes)
		printf(" --nodes %u", s->nodes);
	if (s->scenario != SCENARIO_MIXED)
		printf(" --scenario %s", scenario_names[s->scenario]);
	if (s->faults != ~0U)
		for (i = 0; i < FAULT_N; i++)
			if (s->faults >> i & 1)
				printf("%s%s", n++ ? "," : " --faults ",
				       fault_names[i]);
	if (pfsnl_broken)
		printf(" --broken %s", o->variant->name);
	putchar('\n');
}

static void print_totals(const struct totals *t)
{
	u64 faults = 0;
	u32 i;

	for (i = 0; i < FAULT_N; i++)
		faults += t->faults[i];
	printf("# seeds            %10llu\n", (unsigned long long)t->seeds);
	printf("# simulated hours  %10.1f\n", t->time / 3.6e12);
	printf("# events           %10llu\n", (unsigned long long)t->steps);
	printf("# datagrams        %10llu\n", (unsigned long long)t->datagrams);
	printf("# faults           %10llu\n", (unsigned long long)faults);
	for (i = 0; i < FAULT_N; i++)
		printf("#   %-14s %10llu\n", fault_names[i],
		       (unsigned long long)t->faults[i]);
	printf("# ring changes     %10llu (once for each node)\n",
	       (unsigned long long)t->rings);
	printf("# times one leads  %10llu\n", (unsigned long long)t->leads);
	printf("# dials            %10llu\n", (unsigned long long)t->dials);
	printf("# messages sent    %10llu\n", (unsigned long long)t->messages);
	printf("# services stuck   %10llu\n", (unsigned long long)t->stuck);
	printf("# convergences     %10llu, slowest took %llu %% of its limit\n",
	       (unsigned long long)t->converged,
	       (unsigned long long)t->slowest);
	printf("# false removals, nothing but loss: %llu, predicted %.1f\n",
	       (unsigned long long)t->lossy_lost, t->predicted);
	printf("# false removals, other times: %llu\n",
	       (unsigned long long)t->false_lost);
}

static int run(struct options *o)
{
	struct farm *farm = &o->farm;
	u32 i;

	if (o->variant)
		pfsnl_broken = o->variant->which;
	farm_run(farm);
	for (i = 0; i < farm->n_failures && i < FAILURES_KEPT; i++) {
		const struct failure *f = &farm->failures[i];

		printf("# seed %llu: %s: %s\n", (unsigned long long)f->seed,
		       f->assertion, f->text);
		if (!i)
			farm_tail(&farm->setup, f->seed);
		print_command(o, f->seed);
	}
	print_totals(&farm->totals);
	return farm->n_failures ? 1 : 0;
}

static int replay(struct options *o)
{
	struct totals totals = {};
	u64 digest;

	if (o->variant)
		pfsnl_broken = o->variant->which;
	digest = scenario_run(o->seed, &o->farm.setup, &totals);
	printf("seed %llu: digest %016llx, %llu events, %.3f s\n",
	       (unsigned long long)o->seed, (unsigned long long)digest,
	       (unsigned long long)totals.steps, totals.time / 1e9);
	return 0;
}

/* Return: whether the very assertion fired. */
static bool until_caught(const struct options *o, const struct variant *v)
{
	struct farm farm = o->farm;

	pfsnl_broken = v->which;
	if (!o->scenario_given)
		farm.setup.scenario = v->scenario;
	if (!o->faults_given && v->faults)
		farm.setup.faults = faults_of(v->faults);
	farm.wanted = v->assertion;
	farm.end = farm.first + CATCH_WITHIN;
	farm_run(&farm);
	pfsnl_broken = PFSNL_BROKEN_NOTHING;
	if (farm.caught == ~0ULL) {
		printf("broken %s: %s did not fire in %u seeds (%u others did)\n",
		       v->name, v->assertion, CATCH_WITHIN, farm.n_failures);
		return false;
	}
	printf("broken %s: caught by %s at seed %llu, after %llu seeds\n",
	       v->name, v->assertion, (unsigned long long)farm.caught,
	       (unsigned long long)(farm.caught - farm.first + 1));
	fflush(stdout);
	return true;
}

static int catch(const struct options *o)
{
	u32 i, missed = 0;

	if (o->variant)
		return !until_caught(o, o->variant);
	for (i = 0; i < n_variants; i++)
		missed += !until_caught(o, &variants[i]);
	return missed ? 1 : 0;
}

static void parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seeds",	  required_argument, NULL, 's' },
		{ "jobs",	  required_argument, NULL, 'j' },
		{ "nodes",	  required_argument, NULL, 'n' },
		{ "faults",	  required_argument, NULL, 'f' },
		{ "scenario",	  required_argument, NULL, 'c' },
		{ "broken",	  required_argument, NULL, 'b' },
		{ "until-caught", no_argument,	     NULL, 'u' },
		{ "replay",	  required_argument, NULL, 'r' },
		{ "trace",	  no_argument,	     NULL, 't' },
		{ "soak",	  no_argument,	     NULL, 'k' },
		{ "scale",	  required_argument, NULL, 'x' },
		{ "list",	  no_argument,	     NULL, 'l' },
		{ "help",	  no_argument,	     NULL, 'h' },
		{}
	};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			o->farm.first = 1;
			o->farm.end = 1 + number(optarg, &end);
			if (!strncmp(end, "..", 2)) {
				o->farm.first = o->farm.end - 1;
				o->farm.end = 1 + number(end + 2, &end);
			}
			break;
		case 'j':
			o->farm.jobs = number(optarg, &end);
			break;
		case 'n':
			o->farm.setup.nodes = number(optarg, &end);
			break;
		case 'f':
			o->farm.setup.faults = faults_of(optarg);
			o->faults_given = true;
			break;
		case 'c':
			o->farm.setup.scenario = scenario_of(optarg);
			o->scenario_given = true;
			break;
		case 'b':
			o->all_variants = !strcmp(optarg, "all");
			o->variant = variant_find(optarg);
			if (!o->variant && !o->all_variants)
				usage("no such variant", optarg);
			break;
		case 'u':
			o->until_caught = true;
			break;
		case 'r':
			o->replay = true;
			o->seed = number(optarg, &end);
			break;
		case 't':
			o->farm.setup.trace = true;
			break;
		case 'k':
			o->soak = true;
			break;
		case 'x':
			o->scale = number(optarg, &end);
			break;
		case 'l':
			list();
			exit(0);
		case 'h':
			fputs(usage_text, stdout);
			exit(0);
		default:
			usage("wrong option", argv[optind - 1]);
		}
	}
	if (optind < argc)
		usage("not understood", argv[optind]);
}

int main(int argc, char **argv)
{
	struct options o = {
		.farm.setup.faults = ~0U,
		.farm.first = 1,
		.farm.end = 101,
		.farm.jobs = sysconf(_SC_NPROCESSORS_ONLN),
	};

	parse(&o, argc, argv);
	if (o.scale)
		return scale_run(o.scale);
	if (o.replay)
		return replay(&o);
	if (o.until_caught || o.all_variants)
		return catch(&o);
	if (o.soak) {
		o.farm.end = ~0ULL;
		o.farm.progress = true;
	}
	return run(&o);
}
