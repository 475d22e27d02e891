// SPDX-License-Identifier: GPL-2.0
/*
 * Takes the figures of checkpoints, in a guest with the module loaded and the
 * namespaces of segment.sh made.
 *
 *	keep COUNT[,COUNT...] ROUNDS MS SIZE[,SIZE...] LATE[,LATE...] SECTIONS MIB LIST
 *
 * With clusters of COUNT nodes writers write for MS in a round. With clusters of LATE
 * one node comes late, or back; there are SECTIONS of 1 KiB, or one of MIB. LIST says
 * what is wanted: kinds of writing (agreed, safe), who writes (all, one, ping), and
 * what a node that comes is told (many, large, away, edit). Prints lines of JSON for each
 * round; see keep-report.
 */
#include <string.h>

#include "cluster.h"
#include "late.h"
#include "names.h"
#include "writers.h"

#define SIZES_MAX 16

static const struct pace usual = { .interval = 200, .dead = 5 };
static const char *wanted;
static int rounds;
static unsigned int ms;
static uint32_t sizes[SIZES_MAX];
static int num_sizes;

/* What is measured: "agreed:all:1024" and the figure. */
static const char *named(const struct writing *w, const char *who,
			 const char *what)
{
	static char name[96];

	snprintf(name, sizeof(name), "%s:%s:%u%s%s",
		 w->safe ? "safe" : "agreed", who, w->size, *what ? ":" : "",
		 what);
	return name;
}

static void figures(const struct writing *w, const char *who,
		    const struct written *written)
{
	uint64_t began = UINT64_MAX, ended = 0, done = 0;
	const struct written *s;
	double seconds;
	int i;

	if (w->ping) {
		s = &written[w->only];
		figure(named(w, who, "p50"), (double)s->p50 / 1e6);
		figure(named(w, who, "p90"), (double)s->p90 / 1e6);
		figure(named(w, who, "p99"), (double)s->p99 / 1e6);
		figure(named(w, who, "max"), (double)s->most / 1e6);
		figure(named(w, who, "pings"), (double)s->pings);
		return;
	}
	for (i = 1; i <= count; i++) {
		s = &written[i];
		if (s->first && s->first < began)
			began = s->first;
		if (s->last > ended)
			ended = s->last;
		done += s->done;
	}
	seconds = (double)(ended - began) / 1e9;
	figure(named(w, who, "rate"), (double)done / seconds);
	figure(named(w, who, "bytes"), (double)done * w->size / seconds / 1e6);
	figure(named(w, who, "operations"), (double)done);
}

static void down(void)
{
	writers_stop();
	dissolve();
}

static bool up(void)
{
	if (!begin(&usual, 0))
		return false;
	if (writers_start())
		return true;
	say_failed(doing, writers_error());
	down();
	return false;
}

/* False: the cluster is gone and doesn't come back. */
static bool write_load(struct writing *w, const char *who)
{
	struct written written[NODES_MAX + 1];
	static char name[96];
	int i;

	snprintf(name, sizeof(name), "%s", named(w, who, ""));
	doing = name;
	w->only = strcmp(who, "all") ? last_client() : 0;
	w->ping = !strcmp(who, "ping");
	w->ms = ms;
	for (i = 0; i < rounds; i++) {
		progress(i, rounds);
		if (writers_write(w, written)) {
			figures(w, who, written);
			continue;
		}
		say_failed(name, writers_error());
		down();
		if (!up())
			return false;
	}
	return true;
}

static bool any_writing(void)
{
	return names_have(wanted, "all") || names_have(wanted, "one") ||
	       names_have(wanted, "ping");
}

static void measure_writing(void)
{
	static const char *const kinds[] = { "agreed", "safe" };
	static const char *const whos[] = { "all", "one", "ping" };
	bool good;
	int kind, who, i;

	if (!any_writing())
		return;
	doing = "writing";
	good = up();
	for (kind = 0; kind < 2; kind++) {
		if (!names_have(wanted, kinds[kind]))
			continue;
		for (i = 0; i < 3 * num_sizes && good; i++) {
			struct writing w = {
				.size = sizes[i % num_sizes],
				.safe = kind == 1,
			};

			who = i / num_sizes;
			if (names_have(wanted, whos[who]))
				good = write_load(&w, whos[who]);
		}
	}
	if (good)
		down();
}

static void with_nodes(void (*measure)(void))
{
	int i;

	for (i = 1; i <= count; i++)
		node_open(i);
	measure();
	for (i = 1; i <= count; i++)
		node_close(i);
}

static struct content many = { .name = "many", .size = 1024 };
static struct content large = { .name = "large", .sections = 1, .byte = true };

static void measure_late(void)
{
	bool away = names_have(wanted, "away");
	bool edit = names_have(wanted, "edit");

	/* who comes back is compared with who came with nothing */
	if (away || names_have(wanted, "many"))
		late_run(&many, rounds, away);
	if (edit || names_have(wanted, "large"))
		late_run(&large, rounds, edit);
}

/* Each in turn is `count`. */
static void for_counts(char *list, void (*measure)(void))
{
	char *word;

	for (word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		count = atoi(word);
		if (count < 2 || count >= NODES_MAX)
			die("2 nodes at least are wanted");
		with_nodes(measure);
	}
}

int main(int argc, char **argv)
{
	char *word;

	if (argc != 9)
		die("usage: keep COUNT[,COUNT...] ROUNDS MS SIZE[,SIZE...] LATE[,LATE...] SECTIONS MIB LIST");
	rounds = atoi(argv[2]);
	ms = (unsigned int)atoi(argv[3]);
	for (word = strtok(argv[4], ","); word && num_sizes < SIZES_MAX;
	     word = strtok(NULL, ",")) {
		sizes[num_sizes] = (uint32_t)atoi(word);
		if (sizes[num_sizes] < SIZE_LEAST ||
		    sizes[num_sizes++] > SIZE_MOST)
			die("sizes are %d to %d", SIZE_LEAST, SIZE_MOST);
	}
	many.sections = (uint32_t)atoi(argv[6]);
	large.size = (uint64_t)atoi(argv[7]) << 20;
	wanted = argv[8];
	if (rounds < 1 || !ms || !num_sizes || !many.sections || !large.size)
		die("a round, a time, a size and a section at least are wanted");
	for_counts(argv[1], measure_writing);
	for_counts(argv[5], measure_late);
	return 0;
}
