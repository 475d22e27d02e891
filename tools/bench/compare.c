// SPDX-License-Identifier: GPL-2.0
/*
 * Takes the same figures of pfsnl and of others, in a guest with the modules
 * loaded and the namespaces of segment.sh made.
 *
 *	compare COUNT[,COUNT...] ROUNDS SECONDS [PEER,...]
 *
 * SECONDS is how long hogs keep the CPUs busy. Prints a line of JSON for each
 * figure and each round; see compare-report.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster.h"
#include "names.h"
#include "peer.h"
#include "usage.h"

#define IDLE_MS 6000
#define REST_MS 1000
#define HOGS 4		/* on each CPU */

/* ---- pfsnl ---------------------------------------------------------- */

static bool pfsnl_present(void)
{
	return true;
}

static void start_20(int number)
{
	static const struct pace pace = { .interval = 20, .dead = 5 };

	node_start(number, &pace, 0);
}

static void start_200(int number)
{
	static const struct pace pace = { .interval = 200, .dead = 5 };

	node_start(number, &pace, 0);
}

#define PFSNL(pace) {					\
	.name = "pfsnl-" #pace,				\
	.limit_ms = LIMIT_MS,				\
	.present = pfsnl_present,			\
	.open = node_open,				\
	.close = node_close,				\
	.start = start_##pace,				\
	.stop = node_stop,				\
	.kill = node_stop,				\
}

static const struct peer pfsnl_20 = PFSNL(20), pfsnl_200 = PFSNL(200);

static const struct peer *const peers[] = {
	&pfsnl_20, &tipc_50, &pfsnl_200, &tipc_1500, &corosync_300, &serf_local,
};

static const struct peer *peer;

/* ---- causes --------------------------------------------------------- */

static void peer_start(struct cause *c)
{
	peer->start(c->number);
}

static void peer_start_all(struct cause *c)
{
	int i;

	for (i = 1; i <= c->number; i++)
		peer->start(i);
}

static void peer_stop(struct cause *c)
{
	peer->stop(c->number);
}

static void peer_kill(struct cause *c)
{
	peer->kill(c->number);
}

static void peer_kill_all(struct cause *c)
{
	int i;

	for (i = c->number; i; i--)
		peer->kill(i);
}

/* ---- figures -------------------------------------------------------- */

static const char *named(const char *what)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s:%s", peer->name, what);
	return name;
}

static void begin_doing(const char *what)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s:%s", peer->name, what);
	doing = name;
}

/* Those that were stopped know nobody but themselves. */
static bool stopped(void)
{
	static const struct members nobody;
	struct members others;
	int i;

	for (i = 1; i <= count + 1; i++) {
		others = nodes[i].view;
		exclude(&others, i);
		if (!nodes[i].up && !same(&others, &nobody))
			return false;
	}
	return true;
}

static void start_cluster(struct cause *c, bool *seen)
{
	struct members all = first(count);
	int i;

	for (i = 1; i <= count; i++)
		nodes[i].up = true;
	aim_at(&all, 0);
	*c = (struct cause){ .run = peer_start_all, .number = count };
	*seen = cause_within(c, settled, peer->limit_ms);
}

static void stop_cluster(void)
{
	struct cause c = { .run = peer_kill_all, .number = count };
	struct members nobody = {};
	int i;

	for (i = 1; i <= count; i++)
		nodes[i].up = false;
	aim_at(&nobody, 0);
	if (!cause_within(&c, stopped, peer->limit_ms))
		die("%s: a watch doesn't see that its node is down",
		    peer->name);
}

static bool compare_form(int rounds)
{
	struct cause c;
	bool seen;
	int i;

	for (i = 0; i < rounds; i++) {
		progress(i, rounds);
		if (i)
			stop_cluster();
		loop_for(REST_MS);
		start_cluster(&c, &seen);
		if (!seen) {
			not_seen(named("form"));
			return false;
		}
		figure(named("form"), ms_between(c.began, settled_ns()));
	}
	return true;
}

static void rest_at_random(void)
{
	loop_for(REST_MS + (unsigned int)rand() % 200);
}

static bool compare_join(int rounds)
{
	struct members some = first(count), all = first(count + 1);
	int i, number = count + 1;
	struct cause c;

	for (i = 0; i < rounds; i++) {
		rest_at_random();
		progress(i, rounds);
		nodes[number].up = true;
		aim_at(&all, 0);
		c = (struct cause){ .run = peer_start, .number = number };
		if (!cause_within(&c, settled, peer->limit_ms)) {
			not_seen(named("join"));
			return false;
		}
		figure(named("join"), ms_between(c.began, settled_ns()));
		rest_at_random();
		nodes[number].up = false;
		aim_at(&some, number);
		c = (struct cause){ .run = peer_stop, .number = number };
		if (!cause_within(&c, settled, peer->limit_ms) ||
		    !loop_until(stopped, peer->limit_ms)) {
			not_seen(named("leave"));
			return false;
		}
		figure(named("leave"), ms_between(c.began, settled_ns()));
	}
	return true;
}

/* n(count) isn't the first, who leads in most cases; it comes back as new. */
static bool compare_cut(int rounds)
{
	struct members all = first(count), others = first(count - 1);
	struct cause c, stop;
	int i;

	for (i = 0; i < rounds; i++) {
		rest_at_random();
		progress(i, rounds);
		nodes[count].apart = true;
		aim_at(&others, count);
		c = (struct cause){ .run = run_unplug, .number = count };
		if (cause_within(&c, lost_by_all, peer->limit_ms))
			figure(named("cut"),
			       ms_between(c.began, lost_by_all_ns()));
		else
			not_seen(named("cut"));
		nodes[count].up = false;
		nodes[count].apart = false;
		stop = (struct cause){ .run = peer_kill, .number = count };
		cause_within(&stop, stopped, peer->limit_ms);
		run_plug(&c);
		rest_at_random();
		nodes[count].up = true;
		aim_at(&all, 0);
		c = (struct cause){ .run = peer_start, .number = count };
		if (!cause_within(&c, settled, peer->limit_ms)) {
			not_seen(named("cut"));
			return false;
		}
	}
	return true;
}

/* ---- at rest -------------------------------------------------------- */

static uint64_t ports(bool sent)
{
	struct usage u;
	uint64_t sum = 0;
	int i;

	for (i = 1; i <= count; i++) {
		u = usage_of(i);
		sum += sent ? u.sent : u.received;
	}
	return sum;
}

/* CPU ms in a second of the whole guest; /proc/stat counts in steps of 10. */
static double busy(void)
{
	uint64_t idle = usage_idle_ns(), began = now_ns();

	loop_for(IDLE_MS);
	idle = usage_idle_ns() - idle;
	began = now_ns() - began;
	return 1000 * ((double)sysconf(_SC_NPROCESSORS_ONLN) -
		       (double)idle / (double)began);
}

static void compare_rest(double empty)
{
	uint64_t sent, received, began;
	double s, cpu;

	loop_for(REST_MS);
	progress(0, 1);
	sent = ports(true);
	received = ports(false);
	began = now_ns();
	cpu = busy();
	s = (double)(now_ns() - began) / 1e9;
	figure(named("sent"), (double)(ports(true) - sent) / s / count);
	figure(named("received"), (double)(ports(false) - received) / s / count);
	figure(named("cpu"), cpu > empty ? (cpu - empty) / count : 0);
}

/* ---- hogs ----------------------------------------------------------- */

static void compare_hogs(unsigned int seconds)
{
	long n = HOGS * sysconf(_SC_NPROCESSORS_ONLN), i;
	struct members all = first(count);
	pid_t hogs[256];

	if (n > 256)
		n = 256;
	progress(0, 1);
	aim_at(&all, 0);
	false_removals = 0;
	for (i = 0; i < n; i++) {
		hogs[i] = fork();
		if (hogs[i] < 0)
			die("fork: %s", strerror(errno));
		if (!hogs[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				;
		}
	}
	loop_for(1000 * seconds);
	for (i = 0; i < n; i++) {
		kill(hogs[i], SIGKILL);
		waitpid(hogs[i], NULL, 0);
	}
	/* what was told late */
	loop_for(REST_MS);
	figure(named("false"), false_removals);
	if (!loop_until(settled, peer->limit_ms))
		not_seen(named("false"));
}

/* ---- all ------------------------------------------------------------ */

static void compare(int rounds, unsigned int seconds)
{
	double empty;
	bool good;
	int i;

	if (peer->prepare)
		peer->prepare(count + 1);
	for (i = 1; i <= count + 1; i++)
		peer->open(i);
	empty = busy();
	begin_doing("form");
	good = compare_form(rounds);
	if (good) {
		begin_doing("rest");
		compare_rest(empty);
		begin_doing("join");
		good = compare_join(rounds);
	}
	if (good) {
		begin_doing("cut");
		good = compare_cut(rounds);
	}
	if (good && seconds) {
		loop_for(REST_MS);
		begin_doing("false");
		compare_hogs(seconds);
	}
	if (nodes[count + 1].up) {
		nodes[count + 1].up = false;
		peer->kill(count + 1);
	}
	stop_cluster();
	for (i = 1; i <= count + 1; i++)
		peer->close(i);
}

int main(int argc, char **argv)
{
	const char *only = argc > 4 ? argv[4] : "";
	int rounds, seconds;
	char *word;
	size_t i;

	if (argc < 4 || argc > 5)
		die("usage: compare COUNT[,COUNT...] ROUNDS SECONDS [PEER,...]");
	rounds = atoi(argv[2]);
	seconds = atoi(argv[3]);
	for (word = strtok(argv[1], ","); word; word = strtok(NULL, ",")) {
		count = atoi(word);
		if (count < 3 || count >= NODES_MAX || rounds < 1 || seconds < 0)
			die("3 nodes and a round at least are wanted");
		for (i = 0; i < sizeof(peers) / sizeof(*peers); i++) {
			peer = peers[i];
			if (*only && !names_have(only, peer->name))
				continue;
			if (peer->present())
				compare(rounds, (unsigned int)seconds);
			else
				printf("{\"n\":%d,\"absent\":\"%s\"}\n", count,
				       peer->name);
			fflush(stdout);
		}
	}
	return 0;
}
