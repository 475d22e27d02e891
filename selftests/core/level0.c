// SPDX-License-Identifier: GPL-2.0
/*
 * A level-0 peer, written from the protocol of 1998 alone: it shares no code
 * with the core.
 */
#include <stdlib.h>
#include <string.h>

#include "level0.h"

#define PORT		7319
#define INTERVAL	(200 * SIM_MS)

static u32 word(const u8 *p)
{
	return (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/**
 * level0_has - whether a node is in its list
 * @p: the peer
 * @addr: host order
 */
bool level0_has(const struct level0 *p, u32 addr)
{
	u32 i;

	for (i = 0; i < p->n; i++)
		if (p->addrs[i] == addr)
			return true;
	return false;
}

static void fold(struct level0 *p, bool adding, u32 addr)
{
	u32 i;

	if (adding && !level0_has(p, addr)) {
		p->addrs = sim_resize(p->addrs, (p->n + 1) * sizeof(u32));
		p->addrs[p->n++] = addr;
	} else if (!adding) {
		for (i = 0; i < p->n; i++)
			if (p->addrs[i] == addr)
				p->addrs[i--] = p->addrs[--p->n];
	}
}

/* Take one update from what came. Return: whether there was a whole one. */
static bool take(struct level0 *p)
{
	const u8 *at = p->bytes + p->done;
	size_t left = p->n_bytes - p->done;
	u32 op, n, i, *addrs;

	if (left < 8)
		return false;
	op = word(at);
	n = word(at + 4);
	if (op != 0xffffffff && op != 0)
		sim_fail("level 0: %08x got op %08x", p->host.addr, op);
	if (n > 65536)
		sim_fail("level 0: %08x got %u addresses", p->host.addr, n);
	if (left < 8 + 4 * (size_t)n)
		return false;
	addrs = sim_alloc(4 * (size_t)n + 1);
	for (i = 0; i < n; i++) {
		addrs[i] = word(at + 8 + 4 * i);
		fold(p, op, addrs[i]);
	}
	p->done += 8 + 4 * (size_t)n;
	world_say(p->world, &p->host, "%s %u nodes", op ? "adds" : "removes", n);
	if (p->on_frame)
		p->on_frame(p, op, addrs, n);
	free(addrs);
	return true;
}

static bool listens(struct host *host, u16 port)
{
	return port == PORT;
}

static int accepted(struct host *host, struct stream_end *end, u32 from)
{
	struct level0 *p = container_of(host, struct level0, host);

	if (p->tether)
		stream_close(p->tether);
	p->tether = end;
	p->from = from;
	p->accepted++;
	p->n_bytes = 0;
	p->done = 0;
	world_say(p->world, host, "is tethered by %08x", from);
	return 0;
}

static void bytes(struct host *host, struct stream_end *end, const void *data,
		  size_t len)
{
	struct level0 *p = container_of(host, struct level0, host);

	p->bytes = sim_resize(p->bytes, p->n_bytes + len);
	memcpy(p->bytes + p->n_bytes, data, len);
	p->n_bytes += len;
	while (take(p))
		;
	p->world->changes++;
}

static void closed(struct host *host, struct stream_end *end)
{
	struct level0 *p = container_of(host, struct level0, host);

	world_say(p->world, host, "is left by its leader");
	stream_close(end);
	p->tether = NULL;
	p->world->changes++;
}

static const struct host_ops ops = {
	.listens = listens,
	.accept = accepted,
	.bytes = bytes,
	.closed = closed,
};

static void beacon_run(struct sim_event *ev)
{
	struct level0 *p = container_of(ev, struct level0, beacon);

	host_send(&p->host, WORLD_BROADCAST, "I'm alive", 9);
	sim_at(&p->world->sim, ev, p->world->sim.now + p->interval);
}

/**
 * level0_new - a peer, switched off
 * @w: the world, which frees it
 * @addr: its address
 */
struct level0 *level0_new(struct world *w, u32 addr)
{
	struct level0 *p = sim_alloc(sizeof(*p));

	p->world = w;
	p->interval = INTERVAL;
	p->beacon.run = beacon_run;
	host_add(&p->host, &w->net, addr, &ops);
	w->peers = sim_resize(w->peers, (w->n_peers + 1) * sizeof(*w->peers));
	w->peers[w->n_peers++] = p;
	return p;
}

/**
 * level0_start - switch it on, with an empty list
 * @p: the peer
 */
void level0_start(struct level0 *p)
{
	p->n = 0;
	host_set(&p->host, HOST_ON);
	sim_at(&p->world->sim, &p->beacon, p->world->sim.now);
	p->world->changes++;
}

/**
 * level0_kill - cut its power
 * @p: the peer
 */
void level0_kill(struct level0 *p)
{
	sim_cancel(&p->world->sim, &p->beacon);
	p->tether = NULL;
	host_set(&p->host, HOST_OFF);
	p->world->changes++;
}

/**
 * level0_close - close its tether as a program that ends does
 * @p: the peer, tethered
 */
void level0_close(struct level0 *p)
{
	stream_finish(p->tether);
	p->tether = NULL;
}

/**
 * level0_stop_reading - leave what comes in the receive buffer
 * @p: the peer, tethered
 * @window: size of that, bytes
 */
void level0_stop_reading(struct level0 *p, u32 window)
{
	stream_window(p->tether, window);
	stream_reading(p->tether, false);
}

/**
 * level0_free - end a peer
 * @p: the peer
 */
void level0_free(struct level0 *p)
{
	level0_kill(p);
	free(p->bytes);
	free(p->addrs);
	free(p);
}
