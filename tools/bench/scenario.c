// SPDX-License-Identifier: GPL-2.0
/*
 * The scenarios.
 *
 * n1 to nCOUNT are the cluster. The next one joins and leaves, or is the
 * level-0 peer; those after it come and go to make updates for that one.
 */
#include <unistd.h>

#include "cluster.h"
#include "level0.h"
#include "limit.h"
#include "node.h"
#include "scenario.h"
#include "usage.h"

#define IDLE_MS 2000
/* Least room of a tether, so that few updates fill it. */
#define BLOCK_MAX_NODES 64
/* Updates that a peer which doesn't read gets before that counts as failed. */
#define BLOCK_MOST 4000

static const struct pace usual = { .interval = 200, .dead = 5 };
static const struct pace quick = { .interval = 10, .dead = 3 };

/* ---- coming and going ----------------------------------------------- */

static void measure_form(int rounds)
{
	struct cause c;
	int i;

	for (i = 0; i < rounds; i++) {
		progress(i, rounds);
		if (form(&usual, 0, &c)) {
			figure("form", ms_between(c.began, settled_ns()));
			figure("form.starting", (double)c.took / 1e6);
		} else {
			not_seen("form");
		}
		dissolve();
	}
}

static void measure_join(int rounds)
{
	struct members some = first(count), all = first(count + 1);
	struct cause c;
	int i;

	if (!begin(&usual, 0))
		return;
	for (i = 0; i < rounds; i++) {
		progress(i, rounds);
		nodes[count + 1].up = true;
		aim_at(&all, 0);
		c = (struct cause){
			.run = run_start,
			.number = count + 1,
			.pace = &usual,
		};
		if (cause(&c, settled)) {
			figure("join", ms_between(c.began, settled_ns()));
			figure("join.starting", (double)c.took / 1e6);
		} else {
			not_seen("join");
		}
		rest(&usual);
		nodes[count + 1].up = false;
		aim_at(&some, count + 1);
		c = (struct cause){ .run = run_stop, .number = count + 1 };
		if (cause(&c, lost_by_all))
			figure("leave", ms_between(c.began, lost_by_all_ns()));
		else
			not_seen("leave");
		loop_until(settled, LIMIT_MS);
		rest(&usual);
	}
	dissolve();
}

static void again(int number)
{
	char command[64];

	snprintf(command, sizeof(command), "tools/bench/segment.sh add %d",
		 number);
	if (system(command))
		die("%s failed", command);
	node_open(number);
}

static void measure_delete(int rounds)
{
	struct members all = first(count), others;
	struct cause c;
	int i, victim;

	if (!begin(&usual, 0))
		return;
	for (i = 0; i < rounds; i++) {
		progress(i, rounds);
		victim = last_client();
		others = all;
		exclude(&others, victim);
		/* its handle would keep the namespace */
		node_close(victim);
		aim_at(&others, victim);
		c = (struct cause){ .run = run_delete, .number = victim };
		if (cause(&c, lost_by_all))
			figure("delete", ms_between(c.began, lost_by_all_ns()));
		else
			not_seen("delete");
		again(victim);
		nodes[victim].up = true;
		aim_at(&all, 0);
		c = (struct cause){
			.run = run_start,
			.number = victim,
			.pace = &usual,
		};
		if (!cause(&c, settled))
			not_seen("delete");
		rest(&usual);
	}
	dissolve();
}

/* `what` for the loss, `back` for the return, NULL if that is no figure */
static void cut(const struct pace *pace, bool of_leader, int rounds,
		const char *what, const char *back)
{
	struct members all = first(count), others;
	struct cause c;
	int i, victim;

	if (!begin(pace, 0))
		return;
	for (i = 0; i < rounds; i++) {
		progress(i, rounds);
		victim = of_leader ? leader() : last_client();
		others = all;
		exclude(&others, victim);
		nodes[victim].apart = true;
		aim_at(&others, victim);
		c = (struct cause){ .run = run_unplug, .number = victim };
		if (cause(&c, lost_by_all))
			figure(what, ms_between(c.began, lost_by_all_ns()));
		else
			not_seen(what);
		/* until it has given up the others, too */
		loop_for(2 * pace->interval * pace->dead);
		/*
		 * The kernel asks for a hardware address three times, a second
		 * apart, then gives up. Only after that does the return show
		 * what we do, and not when its turn to ask comes.
		 */
		if (back)
			loop_for(3100);
		nodes[victim].apart = false;
		aim_at(&all, 0);
		c = (struct cause){ .run = run_plug, .number = victim };
		if (!cause(&c, settled))
			not_seen(back ? back : what);
		else if (back)
			figure(back, ms_between(c.began, settled_ns()));
		rest(pace);
	}
	dissolve();
}

static void measure_cut(int rounds)
{
	cut(&usual, false, rounds, "cut", "heal");
}

static void measure_cut_leader(int rounds)
{
	cut(&usual, true, rounds, "cut-leader", NULL);
}

static void measure_quick(int rounds)
{
	cut(&quick, false, rounds, "quick", NULL);
}

static void measure_quick_leader(int rounds)
{
	cut(&quick, true, rounds, "quick-leader", NULL);
}

/* ---- the peer that blocks ------------------------------------------- */

static bool dropped(void)
{
	return nodes[leader()].lost != 0;
}

static bool settled_or_dropped(void)
{
	return dropped() || settled();
}

static void run_start_spares(struct cause *c)
{
	int i;

	for (i = 0; i < SPARES; i++)
		node_start(c->number + i, c->pace, c->max_nodes);
}

static void run_stop_spares(struct cause *c)
{
	int i;

	for (i = 0; i < SPARES; i++)
		node_stop(c->number + i);
}

/*
 * Have the spare ones come or go; every other node gets an update. The level-0
 * peer is on the lookout all the time.
 */
static bool spares(bool up)
{
	struct cause c = {
		.run = up ? run_start_spares : run_stop_spares,
		.number = count + 2,
		.pace = &usual,
		.max_nodes = BLOCK_MAX_NODES,
	};
	struct members m = first(count + 1);
	int i;

	for (i = 0; i < SPARES; i++) {
		nodes[c.number + i].up = up;
		if (up)
			include(&m, c.number + i);
	}
	aim_at(&m, count + 1);
	return cause(&c, settled_or_dropped);
}

static bool fill(void)
{
	bool up = false;
	int i;

	for (i = 0; i < BLOCK_MOST / SPARES; i++) {
		up = !up;
		if (!spares(up))
			break;
		if (dropped())
			return loop_until(lost_by_all, LIMIT_MS);
	}
	return false;
}

static void measure_block(int rounds)
{
	struct members all = first(count), with = first(count + 1);
	struct cause c = {
		.run = run_stop_spares,
		.number = count + 2,
	};
	int i, j;

	if (!begin(&usual, BLOCK_MAX_NODES))
		return;
	for (i = 0; i < rounds; i++) {
		progress(i, rounds);
		aim_at(&with, 0);
		level0_up(count + 1);
		if (!loop_until(settled, 2 * LIMIT_MS)) {
			not_seen("block");
		} else if (!fill()) {
			not_seen("block");
		} else {
			figure("block",
			       ms_between(nodes[leader()].told_before_lost,
					  lost_by_all_ns()));
		}
		level0_down();
		aim_at(&all, 0);
		if (nodes[count + 2].up) {
			for (j = 0; j < SPARES; j++)
				nodes[count + 2 + j].up = false;
			cause(&c, settled);
		}
		loop_until(settled, LIMIT_MS);
	}
	dissolve();
}

/* ---- doing nothing -------------------------------------------------- */

static void idle_figures(const struct usage *from, const struct usage *to,
			 int lead)
{
	double sent = 0, received = 0, cpu = 0, s, clients = count - 1;
	int i;

	for (i = 1; i <= count; i++) {
		s = (double)(to[i].at - from[i].at) / 1e9;
		if (i == lead) {
			figure("idle.leader.sent",
			       (double)(to[i].sent - from[i].sent) / s);
			figure("idle.leader.received",
			       (double)(to[i].received - from[i].received) / s);
			figure("idle.leader.cpu",
			       (double)(to[i].cpu - from[i].cpu) / 1e6 / s);
			continue;
		}
		sent += (double)(to[i].sent - from[i].sent) / s;
		received += (double)(to[i].received - from[i].received) / s;
		cpu += (double)(to[i].cpu - from[i].cpu) / 1e6 / s;
	}
	figure("idle.client.sent", sent / clients);
	figure("idle.client.received", received / clients);
	figure("idle.client.cpu", cpu / clients);
}

static void measure_idle(int rounds)
{
	struct usage from[NODES_MAX + 1], to[NODES_MAX + 1];
	int numbers[NODES_MAX], i, j;
	uint64_t idle, began;

	if (!begin(&usual, 0))
		return;
	for (i = 0; i < count; i++)
		numbers[i] = i + 1;
	usage_find_threads(numbers, count);
	loop_for(IDLE_MS);
	for (i = 0; i < rounds; i++) {
		progress(i, rounds);
		for (j = 1; j <= count; j++)
			from[j] = usage_of(j);
		began = now_ns();
		idle = usage_idle_ns();
		loop_for(IDLE_MS);
		idle = usage_idle_ns() - idle;
		began = now_ns() - began;
		for (j = 1; j <= count; j++)
			to[j] = usage_of(j);
		idle_figures(from, to, leader());
		figure("idle.guest.cpu",
		       1000 * ((double)sysconf(_SC_NPROCESSORS_ONLN) -
			       (double)idle / (double)began));
	}
	dissolve();
}

static const struct {
	const char *name;
	void (*run)(int rounds);
} scenarios[] = {
	{ "form", measure_form },
	{ "join", measure_join },
	{ "delete", measure_delete },
	{ "cut", measure_cut },
	{ "cut-leader", measure_cut_leader },
	{ "quick", measure_quick },
	{ "quick-leader", measure_quick_leader },
	{ "crash-20", measure_crash_20 },
	{ "crash-200", measure_crash_200 },
	{ "leave-20", measure_leave_20 },
	{ "leave-200", measure_leave_200 },
	{ "block", measure_block },
	{ "idle", measure_idle },
};

const char *scenario_name(int i)
{
	return i < (int)(sizeof(scenarios) / sizeof(*scenarios)) ?
	       scenarios[i].name : NULL;
}

void scenarios_run(int n, int rounds, bool (*wanted)(const char *name))
{
	size_t i;

	count = n;
	for (i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		if (!wanted(scenarios[i].name))
			continue;
		doing = scenarios[i].name;
		false_removals = 0;
		scenarios[i].run(rounds);
		if (false_removals)
			printf("{\"n\":%d,\"what\":\"%s\",\"false_removals\":%u}\n",
			       count, doing, false_removals);
		fflush(stdout);
	}
}
