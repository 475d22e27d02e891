// SPDX-License-Identifier: GPL-2.0
/*
 * The scenarios. Each has a cause, which runs in a thread of its own so that
 * the watches are served meanwhile; its time counts from just before the call
 * that is the cause to when the last watch was told.
 *
 * n1 to nCOUNT are the cluster. The next one joins and leaves, or is the
 * level-0 peer; those after it come and go to make updates for that one.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "level0.h"
#include "node.h"
#include "scenario.h"
#include "usage.h"

#define LIMIT_MS 30000
#define IDLE_MS 2000
/* Least room of a tether, so that few updates fill it. */
#define BLOCK_MAX_NODES 64
/* Updates that a peer which doesn't read gets before that counts as failed. */
#define BLOCK_MOST 4000

static const struct pace usual = { .interval = 200, .dead = 5 };
static const struct pace quick = { .interval = 10, .dead = 3 };

static int count;		/* nodes of the cluster */
static const char *doing;	/* name of the scenario */

/* ---- causes --------------------------------------------------------- */

/**
 * struct cause - what a round begins with
 * @run: does it
 * @number: to which node; for a cluster, how many nodes
 * @pace: for those that start nodes
 * @began: when, in ns
 * @took: how long the call itself took, in ns
 */
struct cause {
	void (*run)(struct cause *c);
	int number;
	const struct pace *pace;
	uint32_t max_nodes;
	uint64_t began;
	uint64_t took;
};

static int finished_fd = -1;
static bool finished;

static void on_finished(int fd)
{
	uint64_t times;

	if (read(fd, &times, sizeof(times)) == sizeof(times))
		finished = true;
}

static void *cause_thread(void *arg)
{
	struct cause *c = arg;
	uint64_t one = 1;

	c->began = now_ns();
	c->run(c);
	c->took = now_ns() - c->began;
	if (write(finished_fd, &one, sizeof(one)) != sizeof(one))
		die("eventfd: %s", strerror(errno));
	return NULL;
}

static bool (*and_then)(void);

static bool finished_and(void)
{
	return finished && and_then();
}

/* Have it happen and wait for what follows from it; false: that didn't. */
static bool cause(struct cause *c, bool (*done)(void))
{
	pthread_t thread;
	bool seen;
	int err;

	finished = false;
	err = pthread_create(&thread, NULL, cause_thread, c);
	if (err)
		die("pthread_create: %s", strerror(err));
	and_then = done;
	seen = loop_until(finished_and, LIMIT_MS);
	pthread_join(thread, NULL);
	return seen;
}

static void run_start(struct cause *c)
{
	node_start(c->number, c->pace, c->max_nodes);
}

static void run_start_all(struct cause *c)
{
	int i;

	for (i = 1; i <= c->number; i++)
		node_start(i, c->pace, c->max_nodes);
}

static void run_stop(struct cause *c)
{
	node_stop(c->number);
}

/* From the last to the first, who leads in most cases. */
static void run_stop_all(struct cause *c)
{
	int i;

	for (i = c->number; i; i--)
		node_stop(i);
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

static void run_delete(struct cause *c)
{
	char path[32];

	snprintf(path, sizeof(path), "/run/netns/n%d", c->number);
	if (umount2(path, MNT_DETACH) || unlink(path))
		die("%s: %s", path, strerror(errno));
}

static void cable(int number, bool in)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "c%d", number);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr))
		die("%s: %s", ifr.ifr_name, strerror(errno));
	if (in)
		ifr.ifr_flags |= IFF_UP;
	else
		ifr.ifr_flags &= ~IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		die("%s: %s", ifr.ifr_name, strerror(errno));
	close(fd);
}

static void run_unplug(struct cause *c)
{
	cable(c->number, false);
}

static void run_plug(struct cause *c)
{
	cable(c->number, true);
}

/* ---- figures -------------------------------------------------------- */

static void figure(const char *what, double value)
{
	printf("{\"n\":%d,\"what\":\"%s\",\"value\":%.3f}\n", count, what,
	       value);
	fflush(stdout);
}

static double ms_between(uint64_t from, uint64_t to)
{
	return to > from ? (double)(to - from) / 1e6 : 0;
}

/* A round that saw no end; the nodes may be in whatever state. */
static void not_seen(const char *what)
{
	int i, wrong = 0;

	for (i = 1; i <= NODES_MAX; i++)
		wrong += nodes[i].up && !nodes[i].apart && !nodes[i].matched;
	printf("{\"n\":%d,\"what\":\"%s\",\"failed\":\"", count, what);
	printf("not seen within %d s; %d watches have another list\"}\n",
	       LIMIT_MS / 1000, wrong);
	fflush(stdout);
}

static void progress(int round, int rounds)
{
	printf("{\"n\":%d,\"doing\":\"%s\",\"round\":%d,\"rounds\":%d}\n",
	       count, doing, round + 1, rounds);
	fflush(stdout);
}

/* ---- a cluster ------------------------------------------------------ */

static struct members first(int n)
{
	struct members m = {};
	int i;

	for (i = 1; i <= n; i++)
		include(&m, i);
	return m;
}

static bool all_empty(void)
{
	static const struct members nobody;
	int i;

	for (i = 1; i <= NODES_MAX; i++)
		if (nodes[i].handle && !same(&nodes[i].view, &nobody))
			return false;
	return true;
}

static bool form(const struct pace *pace, uint32_t max_nodes, struct cause *c)
{
	struct members all = first(count);
	int i;

	*c = (struct cause){
		.run = run_start_all,
		.number = count,
		.pace = pace,
		.max_nodes = max_nodes,
	};
	for (i = 1; i <= count; i++)
		nodes[i].up = true;
	aim_at(&all, 0);
	return cause(c, settled);
}

static void dissolve(void)
{
	struct cause c = { .run = run_stop_all, .number = count };
	struct members nobody = {};
	int i;

	for (i = 1; i <= count; i++) {
		nodes[i].up = false;
		nodes[i].apart = false;
	}
	aim_at(&nobody, 0);
	if (!cause(&c, all_empty))
		die("a watch doesn't see that its node is down");
}

/* Let beacons fall where they may, so that no phase is preferred. */
static void rest(const struct pace *pace)
{
	loop_for(2 * pace->interval +
		 (unsigned int)rand() % (pace->interval + 1));
}

static bool begin(const struct pace *pace, uint32_t max_nodes)
{
	struct cause c;

	if (!form(pace, max_nodes, &c)) {
		not_seen(doing);
		dissolve();
		return false;
	}
	rest(pace);
	return true;
}

/* The one that most watches believe to lead, n1 if they know of none. */
static int leader(void)
{
	int votes[NODES_MAX + 1] = {}, best = 1, i;

	for (i = 1; i <= count; i++)
		votes[nodes[i].leader]++;
	votes[0] = 0;
	for (i = 1; i <= count; i++)
		if (votes[i] > votes[best])
			best = i;
	return best;
}

static int last_client(void)
{
	return leader() == count ? count - 1 : count;
}

/* ---- scenarios ------------------------------------------------------ */

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

	if (finished_fd < 0) {
		finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (finished_fd < 0)
			die("eventfd: %s", strerror(errno));
		loop_add(finished_fd, on_finished);
	}
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
