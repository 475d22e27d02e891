// SPDX-License-Identifier: GPL-2.0
/*
 * A host without manners.
 */
#include <stdlib.h>
#include <string.h>

#include "stranger.h"

static bool hears(struct host *host, u32 dst)
{
	return false;
}

static void datagram(struct host *host, u32 src, const void *data, size_t len)
{
	struct stranger *s = container_of(host, struct stranger, host);

	s->datagrams++;
	s->n_heard = len < sizeof(s->heard) ? len : sizeof(s->heard);
	memcpy(s->heard, data, s->n_heard);
}

static bool listens(struct host *host, u16 port)
{
	return true;
}

static int accepted(struct host *host, struct stream_end *end, u32 from)
{
	struct stranger *s = container_of(host, struct stranger, host);

	if (s->end)
		stream_close(s->end);
	s->end = end;
	s->n_in = 0;
	s->opens++;
	return 0;
}

static void opened(struct host *host, struct stream_end *end, int err)
{
	struct stranger *s = container_of(host, struct stranger, host);

	if (!err) {
		s->opens++;
		return;
	}
	s->closes++;
	stream_close(end);
	s->end = NULL;
}

static void bytes(struct host *host, struct stream_end *end, const void *data,
		  size_t len)
{
	struct stranger *s = container_of(host, struct stranger, host);

	if (len > sizeof(s->in) - s->n_in)
		len = sizeof(s->in) - s->n_in;
	memcpy(s->in + s->n_in, data, len);
	s->n_in += len;
	s->world->changes++;
}

static void closed(struct host *host, struct stream_end *end)
{
	struct stranger *s = container_of(host, struct stranger, host);

	s->closes++;
	stream_close(end);
	if (s->end == end)
		s->end = NULL;
	s->world->changes++;
}

static const struct host_ops ops = {
	.hears = hears,
	.datagram = datagram,
	.listens = listens,
	.accept = accepted,
	.opened = opened,
	.bytes = bytes,
	.closed = closed,
};

/**
 * stranger_new - a stranger, switched on
 * @w: the world
 * @addr: its address
 */
struct stranger *stranger_new(struct world *w, u32 addr)
{
	struct stranger *s = sim_alloc(sizeof(*s));

	s->world = w;
	s->incarnation = sim_random(&w->sim) | 1;
	host_add(&s->host, &w->net, addr, &ops);
	host_set(&s->host, HOST_ON);
	return s;
}

/**
 * stranger_free - end a stranger, and with it its world
 * @s: the stranger; none is in use after that
 */
void stranger_free(struct stranger *s)
{
	host_set(&s->host, HOST_OFF);
	s->end = NULL;
	world_free(s->world);
	free(s);
}

/**
 * stranger_dial - connect to the tether port of a node
 * @s: the stranger
 * @n: the node
 *
 * Return: whether it is connected, a millisecond later.
 */
bool stranger_dial(struct stranger *s, const struct node *n)
{
	u32 before = s->opens;

	stranger_hang_up(s);
	s->n_in = 0;
	s->end = stream_dial(&s->host, n->host.addr, n->cfg.tether_port);
	world_run(s->world, SIM_MS);
	return s->opens > before && s->end;
}

/**
 * stranger_hang_up - reset the stream it has, if any
 * @s: the stranger
 */
void stranger_hang_up(struct stranger *s)
{
	if (s->end)
		stream_close(s->end);
	s->end = NULL;
}

/**
 * stranger_write - say something, and wait a millisecond for the effect
 * @s: the stranger
 * @data: bytes
 * @len: how many
 */
void stranger_write(struct stranger *s, const void *data, size_t len)
{
	if (s->end)
		stream_write(s->end, data, len);
	world_run(s->world, SIM_MS);
}

/**
 * stranger_beacon - a beacon as a node of somebody's cluster would send it
 * @s: the stranger
 * @of: a node of that cluster
 * @flags: PFSNL_BEACON_*
 */
struct pfsnl_beacon stranger_beacon(const struct stranger *s,
				    const struct node *of, u16 flags)
{
	return (struct pfsnl_beacon) {
		.level = 1,
		.priority = 1,
		.dead = 5,
		.flags = flags,
		.tether_port = 7319,
		.addr = s->host.addr,
		.interval_ms = 200,
		.members = 1,
		.incarnation = s->incarnation,
		.cluster_id = pfsnl_config_cluster_id(&of->cfg),
	};
}

/**
 * stranger_send - send a beacon, and wait a millisecond for the effect
 * @s: the stranger
 * @to: address
 * @b: what it says
 */
void stranger_send(struct stranger *s, u32 to, const struct pfsnl_beacon *b)
{
	u8 wire[PFSNL_BEACON_LEN];

	pfsnl_beacon_encode(b, wire);
	host_send(&s->host, to, wire, sizeof(wire));
	world_run(s->world, SIM_MS);
}

/**
 * stranger_hello - an introduction as a node of somebody's cluster would give
 * @s: the stranger
 * @of: a node of that cluster
 */
struct pfsnl_hello stranger_hello(const struct stranger *s,
				  const struct node *of)
{
	return (struct pfsnl_hello) {
		.priority = 1,
		.tether_port = 7319,
		.addr = s->host.addr,
		.members = 1,
		.interval_ms = 200,
		.max_nodes = 256,
		.incarnation = s->incarnation,
		.cluster_id = pfsnl_config_cluster_id(&of->cfg),
	};
}

/**
 * stranger_say - send CLAIM, ACCEPT or BUSY, and wait a millisecond
 * @s: the stranger
 * @op: which
 * @h: what it says
 */
void stranger_say(struct stranger *s, u32 op, const struct pfsnl_hello *h)
{
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_HELLO_LEN];

	pfsnl_hello_encode(h, op, wire);
	stranger_write(s, wire, sizeof(wire));
}

static u32 word(const u8 *p)
{
	return (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/**
 * stranger_got - look at the frames that came
 * @s: the stranger
 * @at: where to look, 0 for the first; moved to the next
 *
 * Return: op of the frame, or 1, which none has, when there is no whole one.
 */
u32 stranger_got(const struct stranger *s, size_t *at)
{
	u64 len;
	u32 op;

	if (*at + PFSNL_FRAME_HEAD > s->n_in)
		return 1;
	op = word(s->in + *at);
	len = word(s->in + *at + 4);
	if (op == PFSNL_FRAME_ADD || op == PFSNL_FRAME_REMOVE)
		len *= 4;
	if (*at + PFSNL_FRAME_HEAD + len > s->n_in)
		return 1;
	*at += PFSNL_FRAME_HEAD + len;
	return op;
}
