// SPDX-License-Identifier: GPL-2.0
/*
 * What its host brings the core of a node: datagrams, streams and time. Beacons are sent
 * from here too, as the beacon thread does in the kernel.
 */
#include <errno.h>

#include "broken.h"
#include "node.h"

/**
 * node_beacon_at - let the next beacon be sent at a time
 * @n: the node; it has beacons to send
 * @next: when, by its clock
 */
void node_beacon_at(struct node *n, u64 next)
{
	n->beacon_next = next;
	sim_at(&n->world->sim, &n->beacon, node_when(n, next));
}

static bool hears(struct host *host, u32 dst)
{
	struct node *n = container_of(host, struct node, host);

	return n->core && (dst == n->cfg.broadcast ||
			   (n->cfg.beacon_to == PFSNL_BEACON_TO_MULTICAST &&
			    dst == n->cfg.group));
}

static void datagram(struct host *host, u32 src, const void *data, size_t len)
{
	struct node *n = container_of(host, struct node, host);
	u64 age;

	if (!n->core)
		return;
	if (n->world->tap)
		n->world->tap->hears(n, src, data, len);
	node_enter(n);
	/* clocks may run fast or slow */
	age = n->world->sim.now - host->came;
	pfsnl_core_datagram(n->core, node_clock(n), node_clock(n) - age - age / 16, src,
			    data, len);
	node_done(n);
}

static bool listens(struct host *host, u16 port)
{
	struct node *n = container_of(host, struct node, host);

	return n->core && port == n->cfg.tether_port;
}

static int accepted(struct host *host, struct stream_end *end, u32 from)
{
	struct node *n = container_of(host, struct node, host);
	struct node_tether *t;
	int err;

	if (!n->core)
		return -ECONNREFUSED;
	t = node_tether_new(n, end);
	node_enter(n);
	err = pfsnl_core_tether_in(n->core, node_clock(n), t->id, from);
	node_done(n);
	if (err)
		node_tether_free(n, t);
	return err;
}

static void opened(struct host *host, struct stream_end *end, int err)
{
	struct node *n = container_of(host, struct node, host);
	struct node_tether *t = stream_user(end);

	node_enter(n);
	pfsnl_core_tether_opened(n->core, node_clock(n), t->id, err);
	node_done(n);
}

static void bytes(struct host *host, struct stream_end *end, const void *data,
		  size_t len)
{
	struct node *n = container_of(host, struct node, host);
	struct node_tether *t = stream_user(end);

	node_enter(n);
	pfsnl_core_tether_bytes(n->core, node_clock(n), t->id, data, len);
	node_done(n);
}

static void writable(struct host *host, struct stream_end *end)
{
	struct node *n = container_of(host, struct node, host);
	struct node_tether *t = stream_user(end);

	node_enter(n);
	pfsnl_core_tether_writable(n->core, node_clock(n), t->id);
	node_done(n);
}

static void closed(struct host *host, struct stream_end *end)
{
	struct node *n = container_of(host, struct node, host);
	struct node_tether *t = stream_user(end);
	u32 id = t->id;

	node_enter(n);
	pfsnl_core_tether_closed(n->core, node_clock(n), id);
	node_done(n);
	if (n->core && node_tether_find(n, id))
		sim_fail("%08x: tether %u is over but kept", host->addr, id);
}

/**
 * node_alarm_run - the deadline of the core has come
 * @ev: node.alarm
 */
void node_alarm_run(struct sim_event *ev)
{
	struct node *n = container_of(ev, struct node, alarm);

	if (n->host.state != HOST_ON) {
		n->late = true;
		return;
	}
	node_enter(n);
	pfsnl_core_tick(n->core, node_clock(n));
	node_done(n);
	if (PFSNL_BROKEN(ENDLESS) && n->rate)
		sim_at(&n->world->sim, ev, n->world->sim.now);
}

/**
 * node_beacon_run - a beacon is due
 * @ev: node.beacon
 */
void node_beacon_run(struct sim_event *ev)
{
	struct node *n = container_of(ev, struct node, beacon);
	struct pfsnl_beacon_plan *plan = n->plan;
	u64 now = node_clock(n), pause;
	u32 i;

	if (n->host.state == HOST_FROZEN) {
		n->late = true;
		return;
	}
	/* whoever prepares beacons must do so again in time */
	if (now <= plan->valid_until && !n->muted) {
		if (n->world->tap)
			n->world->tap->beacon(n);
		pfsnl_beacon_stamp(plan->wire, ++n->beacon_counter,
				   pfsnl_lease_ms(n->lease, now));
		for (i = 0; i < plan->n_to; i++)
			host_send(&n->host, plan->to[i], plan->wire,
				  sizeof(plan->wire));
	}
	n->beacon_last = now;
	if (n->burst)
		n->burst--;
	pause = n->burst ? plan->burst_ms : plan->interval_ms;
	node_beacon_at(n, now + pause * SIM_MS);
}

/* as the instance does before it brings the core anything */
static void woken(struct host *host)
{
	struct node *n = container_of(host, struct node, host);
	u64 gap = node_clock(n) - n->beacon_last;

	if (!n->core || !n->plan || !n->beacon_last || PFSNL_BROKEN(PAUSE) ||
	    gap <= pfsnl_core_pause_limit(&n->cfg))
		return;
	node_enter(n);
	pfsnl_core_paused(n->core, node_clock(n), gap);
	node_done(n);
}

static void resumed(struct host *host)
{
	struct node *n = container_of(host, struct node, host);

	if (!n->late || !n->core)
		return;
	n->late = false;
	if (!n->beacon.slot && n->plan)
		node_beacon_at(n, node_clock(n));
	if (!n->alarm.slot)
		sim_at(&n->world->sim, &n->alarm, n->world->sim.now);
}

/* for host_add() */
const struct host_ops node_host_ops = {
	.hears = hears,
	.datagram = datagram,
	.listens = listens,
	.accept = accepted,
	.opened = opened,
	.bytes = bytes,
	.writable = writable,
	.closed = closed,
	.woken = woken,
	.resumed = resumed,
};
