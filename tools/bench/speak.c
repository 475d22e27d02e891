// SPDX-License-Identifier: GPL-2.0
/*
 * Takes the figures of ordered messages, in a guest with the module loaded and the
 * namespaces of segment.sh made.
 *
 *	speak COUNT[,COUNT...] ROUNDS MS SIZE[,SIZE...] LIST
 *
 * MS is how long members send in a round. LIST says what is wanted, all of what a
 * figure consists of: mediums (pfsnl, corosync), kinds (agreed, safe) and who
 * sends (all, one, ping). Prints lines of JSON for each round; see talk-report.
 */
#include <string.h>

#include "cause.h"
#include "member.h"
#include "names.h"
#include "node.h"

#define SIZES_MAX 16

static const struct medium *const mediums[] = {
	&medium_pfsnl, &medium_corosync,
};

static const struct medium *medium;
static const char *wanted;
static int rounds;
static unsigned int ms;
static uint32_t sizes[SIZES_MAX];
static int num_sizes;

/* What is measured: "pfsnl:agreed:all:1024:" and the figure. */
static const char *named(const struct load *load, const char *who,
			 const char *what)
{
	static char name[96];

	snprintf(name, sizeof(name), "%s:%s:%s:%u%s%s", medium->name,
		 load->safe ? "safe" : "agreed", who, load->size,
		 *what ? ":" : "", what);
	return name;
}

static void figures(const struct load *load, const char *who,
		    const struct spoken *spoken)
{
	uint64_t began = UINT64_MAX, ended = 0, sent = 0, refused = 0;
	const struct spoken *s;
	double seconds;
	int i;

	for (i = 1; i <= count; i++) {
		s = &spoken[i];
		if (s->first && s->first < began)
			began = s->first;
		if (s->last > ended)
			ended = s->last;
		sent += s->sent;
		refused += s->refused;
	}
	if (load->ping) {
		s = &spoken[load->only];
		figure(named(load, who, "p50"), (double)s->p50 / 1e6);
		figure(named(load, who, "p90"), (double)s->p90 / 1e6);
		figure(named(load, who, "p99"), (double)s->p99 / 1e6);
		figure(named(load, who, "max"), (double)s->most / 1e6);
		figure(named(load, who, "pings"), (double)s->pings);
		return;
	}
	seconds = (double)(ended - began) / 1e9;
	figure(named(load, who, "rate"), (double)sent / seconds);
	figure(named(load, who, "bytes"),
	       (double)sent * load->size / seconds / 1e6);
	figure(named(load, who, "messages"), (double)sent);
	figure(named(load, who, "refused"), (double)refused);
}

static bool up(void)
{
	if (!medium->up()) {
		say_failed(medium->name, "the nodes don't find each other");
		return false;
	}
	if (members_start(medium))
		return true;
	say_failed(medium->name, members_error());
	return false;
}

static void down(void)
{
	members_stop();
	medium->down();
}

/* False: the cluster is gone and doesn't come back. */
static bool talk(struct load *load, const char *who)
{
	struct spoken spoken[NODES_MAX + 1];
	static uint32_t loads;
	static char name[96];
	int i;

	snprintf(name, sizeof(name), "%s", named(load, who, ""));
	doing = name;
	load->only = strcmp(who, "all") ? medium->sender() : 0;
	load->ping = !strcmp(who, "ping");
	load->ms = ms;
	for (i = 0; i < rounds; i++) {
		progress(i, rounds);
		load->number = ++loads;
		if (members_talk(load, spoken)) {
			figures(load, who, spoken);
			continue;
		}
		say_failed(name, members_error());
		down();
		if (!up())
			return false;
	}
	return true;
}

static void measure(void)
{
	static const char *const kinds[] = { "agreed", "safe" };
	static const char *const whos[] = { "all", "one", "ping" };
	bool good = up();
	int kind, who, i;

	for (kind = 0; kind < 2; kind++) {
		if (!names_have(wanted, kinds[kind]))
			continue;
		for (i = 0; i < 3 * num_sizes && good; i++) {
			struct load load = {
				.size = sizes[i % num_sizes],
				.safe = kind == 1,
			};

			who = i / num_sizes;
			if (names_have(wanted, whos[who]))
				good = talk(&load, whos[who]);
		}
	}
	down();
}

int main(int argc, char **argv)
{
	char *word;
	size_t i;

	if (argc != 6)
		die("usage: speak COUNT[,COUNT...] ROUNDS MS SIZE[,SIZE...] LIST");
	rounds = atoi(argv[2]);
	ms = (unsigned int)atoi(argv[3]);
	for (word = strtok(argv[4], ","); word && num_sizes < SIZES_MAX;
	     word = strtok(NULL, ",")) {
		sizes[num_sizes] = (uint32_t)atoi(word);
		if (sizes[num_sizes] < SIZE_LEAST ||
		    sizes[num_sizes++] > SIZE_MOST)
			die("sizes are %d to %d", SIZE_LEAST, SIZE_MOST);
	}
	wanted = argv[5];
	if (rounds < 1 || !ms || !num_sizes)
		die("a round, a time and a size at least are wanted");
	for (word = strtok(argv[1], ","); word; word = strtok(NULL, ",")) {
		count = atoi(word);
		if (count < 2 || count >= NODES_MAX)
			die("2 nodes at least are wanted");
		for (i = 0; i < sizeof(mediums) / sizeof(*mediums); i++) {
			medium = mediums[i];
			if (!names_have(wanted, medium->name))
				continue;
			if (medium->present())
				measure();
			else
				printf("{\"n\":%d,\"absent\":\"%s\"}\n", count,
				       medium->name);
			fflush(stdout);
		}
	}
	return 0;
}
