// SPDX-License-Identifier: GPL-2.0
/*
 * A host that runs the core: its life, its clock, its settings, and what can be asked
 * of it.
 */
#include <errno.h>
#include <stdlib.h>

#include "broken.h"
#include "node.h"

static u64 now_of(const struct node *n)
{
	return node_clock(n);
}

/**
 * node_when - when the clock of a node will show a time
 * @n: the node
 * @time: by its clock, or SIM_NEVER
 *
 * Return: the time of the world.
 */
u64 node_when(const struct node *n, u64 time)
{
	u64 d;

	if (time == SIM_NEVER)
		return SIM_NEVER;
	if (time <= n->clock)
		return n->clock_at;
	d = time - n->clock;
	if (n->rate)
		d = (__uint128_t)d * 1000000 / (1000000 + n->rate) + 1;
	return n->clock_at + d;
}

/**
 * node_clock - what the clock of a node shows
 * @n: the node
 *
 * Return: nanoseconds; those of the world as long as its rate was always 0.
 */
u64 node_clock(const struct node *n)
{
	u64 d = n->world->sim.now - n->clock_at;

	return n->clock + d + (s64)d / 1000000 * n->rate +
	       (s64)d % 1000000 * n->rate / 1000000;
}

/* Every call of the core stands between these two. */
static void enter(struct node *n)
{
	if (n->inside)
		sim_fail("%08x: call within a call", n->host.addr);
	n->inside = true;
	n->calls++;
	keeper_call(true);
}

static void leave(struct node *n)
{
	n->inside = false;
	keeper_call(false);
	if (n->core && n->watch.fresh) {
		watch_compare(&n->watch, n->core, now_of(n));
		world_changed(n->world, n);
	}
	if (n->core)
		hearer_check(&n->hearer, n);
	if (n->core && n->world->tap)
		n->world->tap->done(n);
	if (n->keeper)
		keeper_pump(n->keeper);
}

/**
 * node_enter - a call of the core begins, that another file makes
 * @n: the node, running
 *
 * Return: the time for it.
 */
u64 node_enter(struct node *n)
{
	enter(n);
	return now_of(n);
}

/**
 * node_done - that call has ended
 * @n: the node
 */
void node_done(struct node *n)
{
	leave(n);
}

/* Forget all that is around the core. */
static void clear(struct node *n)
{
	struct sim *sim = &n->world->sim;

	sim_cancel(sim, &n->alarm);
	sim_cancel(sim, &n->beacon);
	sim_cancel(sim, &n->gone);
	free(n->plan);
	n->plan = NULL;
	n->burst = 0;
	n->late = false;
	n->left = false;
}

/**
 * node_stop - end the core, in whatever state it is
 * @n: the node; its host stays as it is
 *
 * The core must give back all memory and close all tethers.
 */
void node_stop(struct node *n)
{
	struct pfsnl_core *core = n->core;

	if (!core)
		return;
	enter(n);
	pfsnl_core_destroy(core);
	n->core = NULL;
	leave(n);
	if (n->processes)
		sim_fail("%08x: processes were not told the end", n->host.addr);
	if (n->replicas)
		sim_fail("%08x: services were not told the end", n->host.addr);
	if (n->keeper)
		keeper_stop(n->keeper);
	if (n->ledger.live)
		sim_fail("%08x: %llu pieces of memory remain", n->host.addr,
			 (unsigned long long)n->ledger.live);
	if (!RB_EMPTY_ROOT(&n->tethers))
		sim_fail("%08x: tethers remain", n->host.addr);
	clear(n);
	world_changed(n->world, n);
}

static void gone_run(struct sim_event *ev)
{
	struct node *n = container_of(ev, struct node, gone);

	world_say(n->world, &n->host, "has left");
	node_stop(n);
}

/**
 * node_init - a host that will run a core, switched off
 * @n: overwritten
 * @w: the world
 * @addr: its address
 */
void node_init(struct node *n, struct world *w, u32 addr)
{
	*n = (struct node) {
		.world = w,
		.alarm.run = node_alarm_run,
		.beacon.run = node_beacon_run,
		.gone.run = gone_run,
		.watch.keep = true,
		.tethers = RB_ROOT,
		.clock = w->sim.now,
		.clock_at = w->sim.now,
	};
	host_add(&n->host, &w->net, addr, &node_host_ops);
	pfsnl_config_defaults(&n->cfg);
	n->cfg.addr = addr;
	n->cfg.broadcast = WORLD_BROADCAST;
}

/**
 * node_exit - end a host that runs a core
 * @n: the node
 */
void node_exit(struct node *n)
{
	node_stop(n);
	host_set(&n->host, HOST_OFF);
	watch_reset(&n->watch);
	hearer_reset(&n->hearer);
	keeper_free(n->keeper);
	n->keeper = NULL;
}

/**
 * node_start - switch on if need be, and start a new life
 * @n: the node, not running
 *
 * Return: 0, or -ENOMEM when its ledger said so.
 */
int node_start(struct node *n)
{
	const char *why;

	if (n->core)
		sim_fail("%08x runs already", n->host.addr);
	if (pfsnl_config_check(&n->cfg, &why))
		sim_fail("%08x: %s", n->host.addr, why);
	host_set(&n->host, HOST_ON);
	watch_reset(&n->watch);
	hearer_reset(&n->hearer);
	n->incarnation = sim_random(&n->world->sim) | 1;
	n->started = n->world->sim.now;
	n->beacon_counter = 0;
	n->beacon_last = 0;
	n->lease = 0;
	world_say(n->world, &n->host, "starts");
	enter(n);
	n->core = pfsnl_core_create(&node_core_ops, n, &n->cfg, n->incarnation);
	if (n->core && (n->serves || n->keeper)) {
		leave(n);
		replicas_start(n);
		if (n->keeper)
			keeper_start(n->keeper);
		enter(n);
	}
	if (n->core)
		pfsnl_core_start(n->core, now_of(n));
	leave(n);
	world_changed(n->world, n);
	return n->core ? 0 : -ENOMEM;
}

/**
 * node_leave - begin to say goodbye
 * @n: the node; stops by itself
 * @wait: longest time to wait for answers, nanoseconds
 */
void node_leave(struct node *n, u64 wait)
{
	world_say(n->world, &n->host, "leaves");
	if (PFSNL_BROKEN(CRASH))
		abort();
	enter(n);
	pfsnl_core_leave(n->core, now_of(n), wait);
	leave(n);
}

/**
 * node_kill - cut the power: nobody is told
 * @n: the node
 */
void node_kill(struct node *n)
{
	u32 side = n->host.side;

	world_say(n->world, &n->host, "loses power");
	/* what the core closes at its end must not be heard */
	n->host.side = ~0U;
	node_stop(n);
	n->host.side = side;
	host_set(&n->host, HOST_OFF);
}

/**
 * node_abort - the program dies, its kernel resets all connections
 * @n: the node; the host stays on and refuses connections
 */
void node_abort(struct node *n)
{
	world_say(n->world, &n->host, "dies");
	node_stop(n);
	stream_host_reset(&n->host);
}

/**
 * node_freeze - let everything stand still, as a paused virtual machine
 * @n: the node
 */
void node_freeze(struct node *n)
{
	world_say(n->world, &n->host, "freezes");
	n->paused = n->world->sim.now;
	host_set(&n->host, HOST_FROZEN);
}

/**
 * node_hang - let the core stand still; its kernel and its beacons go on
 * @n: the node
 */
void node_hang(struct node *n)
{
	world_say(n->world, &n->host, "hangs");
	n->paused = n->world->sim.now;
	host_set(&n->host, HOST_HUNG);
}

/**
 * node_resume - go on after node_freeze() or node_hang()
 * @n: the node
 */
void node_resume(struct node *n)
{
	world_say(n->world, &n->host, "goes on");
	n->woken = n->world->sim.now;
	if (PFSNL_BROKEN(DRAIN) && n->core && n->late) {
		/* time is up before what waits is heard */
		enter(n);
		pfsnl_core_tick(n->core, now_of(n));
		leave(n);
	}
	host_set(&n->host, HOST_ON);
}

/**
 * node_skew - let the clock of a node run at another rate from now on
 * @n: the node
 * @rate: of a million nanoseconds it shows so many too many
 */
void node_skew(struct node *n, s32 rate)
{
	u64 clock = node_clock(n);

	n->clock = clock;
	n->clock_at = n->world->sim.now;
	n->rate = rate;
	if (n->beacon.slot)
		node_beacon_at(n, n->beacon_next);
	if (n->alarm.slot)
		sim_at(&n->world->sim, &n->alarm, node_when(n, n->alarm_when));
}

/**
 * node_set - change settings
 * @n: the node, running
 * @cfg: all settings
 *
 * Return: as pfsnl_core_set().
 */
int node_set(struct node *n, const struct pfsnl_config *cfg)
{
	const char *why;
	int err;

	if (pfsnl_config_check(cfg, &why))
		sim_fail("%08x: %s", n->host.addr, why);
	enter(n);
	err = pfsnl_core_set(n->core, now_of(n), cfg);
	leave(n);
	if (!err)
		n->cfg = *cfg;
	return err;
}

/**
 * node_runs - whether a node takes part: on, running, not about to leave
 * @n: the node
 */
bool node_runs(const struct node *n)
{
	return n->core && n->host.state == HOST_ON &&
	       node_role(n) != PFSNL_ROLE_LEAVING;
}

/**
 * node_count - how often something happened at a node
 * @n: the node, running
 * @c: what
 */
u64 node_count(const struct node *n, enum pfsnl_counter c)
{
	return pfsnl_core_counter(n->core, c);
}

/**
 * node_state - what a node says of itself
 * @n: the node
 */
struct pfsnl_state node_state(const struct node *n)
{
	struct pfsnl_state st = {};

	if (n->core)
		pfsnl_core_state(n->core, now_of(n), &st);
	return st;
}

/**
 * node_role - what a node is
 * @n: the node
 */
enum pfsnl_role node_role(const struct node *n)
{
	return node_state(n).role;
}

/**
 * node_link - the carrier of its interface comes or goes, and it is told
 * @n: the node
 * @up: whether there is one
 */
void node_link(struct node *n, bool up)
{
	struct world *w = n->world;
	u32 i;

	world_say(w, &n->host, up ? "has a link" : "has no link");
	for (i = 0; i < w->n; i++) {
		if (w->nodes[i] == n)
			continue;
		if (!up) {
			world_cut(w, n, w->nodes[i], NET_ALL);
		} else {
			net_mend(&w->net, n->host.addr, w->nodes[i]->host.addr);
			net_mend(&w->net, w->nodes[i]->host.addr, n->host.addr);
		}
	}
	if (!n->core)
		return;
	enter(n);
	pfsnl_core_link(n->core, now_of(n), up);
	leave(n);
}
