// SPDX-License-Identifier: GPL-2.0
/*
 * The world that fuzzers work in, and what must be true of it in the end.
 */
#include <string.h>

#include <linux/minmax.h>

#include "envelope.h"
#include "fuzz.h"
#include "ordermsg.h"

#define STRANGER	WORLD_ADDR(500)
/* a core, its nodes and tethers, and a list or two under way */
#define MEMORY_MAX	(256 << 10)

/**
 * fuzz_world - a cluster, and a stranger beside it
 * @nodes: nodes of the cluster, and one more that has just begun to listen
 */
struct stranger *fuzz_world(u32 nodes)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, nodes);
	for (i = 0; i < nodes; i++)
		w->nodes[i]->cfg.max_nodes = 16;
	world_start(w);
	if (!world_until(w, world_agrees, NULL, SIM_S))
		sim_fail("no cluster to begin with");
	world_node(w, nodes)->cfg.max_nodes = 16;
	world_start(w);
	return stranger_new(w, STRANGER);
}

/**
 * fuzz_end - the stranger is gone: all must become well again
 * @s: the stranger
 */
void fuzz_end(struct stranger *s)
{
	struct world *w = s->world;
	u32 i;

	s->end = NULL;
	host_set(&s->host, HOST_OFF);
	if (!world_until(w, world_agrees, NULL, 20 * SIM_S)) {
		for (i = 0; i < w->n; i++)
			fprintf(stderr, "%08x %s, %u nodes\n",
				w->nodes[i]->host.addr,
				pfsnl_role_text(node_role(w->nodes[i])),
				w->nodes[i]->watch.n);
		sim_fail("the cluster did not recover");
	}
	for (i = 0; i < w->n; i++)
		if (w->nodes[i]->ledger.peak > MEMORY_MAX)
			sim_fail("%08x held %llu bytes", w->nodes[i]->host.addr,
				 (unsigned long long)w->nodes[i]->ledger.peak);
	stranger_free(s);
}

/**
 * fuzz_send - send a beacon that is mostly right, or noise
 * @s: the stranger
 * @f: the input
 */
void fuzz_send(struct stranger *s, struct fuzz *f)
{
	struct world *w = s->world;
	struct node *n = w->nodes[fuzz_take(f, 1) % w->n];
	struct pfsnl_beacon b = stranger_beacon(s, n, fuzz_take(f, 1));
	u32 shape = fuzz_take(f, 1);
	u8 wire[PFSNL_BEACON_LEN + 64] = { 0 };
	size_t len = PFSNL_BEACON_LEN;

	b.ring.leader = shape & 1 ? n->host.addr : shape & 2 ? STRANGER : 0;
	b.ring.seq = fuzz_take(f, 1);
	b.members = fuzz_take(f, 1);
	b.priority = fuzz_take(f, 1);
	b.subject = shape & 4 ? n->incarnation : 0;
	pfsnl_beacon_encode(&b, wire);
	if (shape & 8)
		fuzz_change(f, wire, sizeof(wire));
	if (shape >> 4 == 15)
		len = fuzz_take(f, 1) % sizeof(wire);
	else if (shape >> 4 == 14)
		len = PFSNL_BEACON_TEXT_LEN;
	host_send(&s->host, shape & 4 ? n->host.addr : WORLD_BROADCAST, wire,
		  len);
}

/**
 * fuzz_forge - let a node say something about services, sometimes in an envelope
 * @f: the input
 * @n: the node
 * @data: what it says
 * @len: how many bytes, FUZZ_FORGED at most
 * @kept: so many of them all get, mostly
 */
void fuzz_forge(struct fuzz *f, struct node *n, const u8 *data, u32 len, u32 kept)
{
	u8 wire[PFSNL_ENVELOPE_LEN + 4 * 8 + FUZZ_FORGED], *p;
	u32 addrs[8], i, takers = 0, head;
	u8 how = fuzz_take(f, 1);

	if (how % 4 != 3) {
		node_forge(n, PFSNL_PORT_SYNC, 0, data, len);
		return;
	}
	for (i = 0; i < n->world->n && i < 6; i++)
		if (how >> (2 + i) & 1)
			addrs[takers++] = WORLD_ADDR(i);
	if (fuzz_take(f, 1) % 4 == 3)
		kept = fuzz_take(f, 1);
	head = pfsnl_envelope_len(takers);
	p = pfsnl_envelope_encode(wire, head + len, head + min(kept, len), addrs, takers);
	memcpy(p, data, len);
	fuzz_change(f, wire, head);
	node_forge(n, PFSNL_PORT_SYNC, PFSNL_MSG_ENVELOPE, wire, head + len);
}
