// SPDX-License-Identifier: GPL-2.0
/*
 * What the core of a node asks for while it is called, as the rooms around it do it in
 * the kernel: memory, beacons, tethers, telling.
 */
#include <errno.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/unaligned.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groupmsg.h"
#include "node.h"

/* What the core asks for, it asks for while it is called. */
static struct node *node_of(void *ctx)
{
	struct node *n = ctx;

	if (!n->inside)
		sim_fail("%08x: operation outside of a call", n->host.addr);
	return n;
}

static void *op_alloc(void *ctx, size_t size)
{
	return ledger_alloc(&node_of(ctx)->ledger, size);
}

static void *op_alloc_raw(void *ctx, size_t size)
{
	void *p = ledger_alloc(&node_of(ctx)->ledger, size);

	if (p)
		memset(p, 0xa5, size);
	return p;
}

static void op_free(void *ctx, void *p)
{
	ledger_free(&node_of(ctx)->ledger, p);
}

static void digest_bytes(struct node *n, const u8 *p, size_t len)
{
	u64 x = len;
	size_t i;

	for (i = 0; i < len; i++)
		x = x * 0x100000001b3ULL ^ p[i];
	world_digest(n->world, x);
}

static int op_beacon(void *ctx, const struct pfsnl_beacon_plan *plan)
{
	size_t size = struct_size(plan, to, plan->n_to);
	struct node *n = node_of(ctx);
	u64 next;

	if (!plan->interval_ms || (plan->burst && !plan->burst_ms))
		sim_fail("%08x: beacons without pause", n->host.addr);
	if (!ledger_grants(&n->ledger))
		return -ENOMEM;
	free(n->plan);
	n->plan = sim_alloc(size);
	memcpy(n->plan, plan, size);
	digest_bytes(n, plan->wire, sizeof(plan->wire));

	if (plan->burst) {
		n->burst = plan->burst;
		next = node_clock(n);
	} else {
		/* a shorter interval counts from the last one */
		next = n->beacon_last + plan->interval_ms * SIM_MS;
		if (n->beacon.slot)
			next = min(next, n->beacon_next);
	}
	node_beacon_at(n, next);
	return 0;
}

static void op_lease(void *ctx, u64 until)
{
	node_of(ctx)->lease = until;
}

static void op_datagram(void *ctx, u32 addr, const void *data, size_t len)
{
	host_send(&node_of(ctx)->host, addr, data, len);
}

static int op_tether_open(void *ctx, u32 addr, u16 port, u32 *id)
{
	struct node *n = node_of(ctx);
	struct stream_end *end;

	if (!ledger_grants(&n->ledger))
		return -ENOMEM;
	end = stream_dial(&n->host, addr, port);
	if (!end)
		return -EHOSTUNREACH;
	*id = node_tether_new(n, end)->id;
	return 0;
}

/* what a frame is, for people who read a trace */
static const char *op_text(const void *frame)
{
	static const char * const ours[] = {
		"(0)", "CLAIM", "ACCEPT", "BUSY", "INSTALL", "LEAVE", "PING",
		"PONG", "RECORD_GET", "RECORD", "HANDOVER", "OFFER", "FOREIGN",
		"BEGIN", "SEND", "ORDER", "ACK", "STABLE", "WANT", "GRANT",
		"FETCH", "TAIL",
	};
	static char number[16];
	u32 op = get_unaligned_be32(frame);

	if (op == PFSNL_FRAME_ADD)
		return "add";
	if (op == PFSNL_FRAME_REMOVE)
		return "remove";
	if (PFSNL_FRAME_OURS(op) && (op & 0xffff) < ARRAY_SIZE(ours))
		return ours[op & 0xffff];
	snprintf(number, sizeof(number), "op %08x", op);
	return number;
}

static int op_tether_write(void *ctx, u32 id, const void *data, size_t len)
{
	struct node *n = node_of(ctx);
	struct node_tether *t = node_tether_get(n, id);
	int err = -ENOMEM;

	digest_bytes(n, data, len);
	if (n->world->trace)
		world_say(n->world, &n->host, "says %s to %08x", op_text(data),
			  stream_peer(t->end));
	/* judged before anybody can act upon it */
	if (n->world->tap)
		n->world->tap->says(n, t, data, len);
	if (ledger_grants(&n->ledger))
		err = stream_write(t->end, data, len);
	if (err == -EAGAIN) {
		t->blocked = get_unaligned_be32(data);
		n->blocked = true;
	}
	return err;
}

/* An answer to MUSTER becomes something that nobody knows. */
static void garble(u8 *p, const u8 *end)
{
	for (; p < end; p += PFSNL_FRAME_HEAD + get_unaligned_be32(p + 4)) {
		u8 *piece = p + PFSNL_FRAME_HEAD;

		if (get_unaligned_be32(p) == PFSNL_FRAME_SEND &&
		    get_unaligned_be16(piece + 24) == PFSNL_PORT_GROUP &&
		    piece[PFSNL_SEND_LEN] == PFSNL_GROUPMSG_HERE)
			piece[PFSNL_SEND_LEN] = 0xff;
	}
}

static int op_tether_bulk(void *ctx, u32 id, const void *data, size_t len)
{
	struct node *n = node_of(ctx);
	struct node_tether *t = node_tether_get(n, id);
	const u8 *p, *end = (const u8 *)data + len;

	digest_bytes(n, data, len);
	for (p = data; p < end;
	     p += PFSNL_FRAME_HEAD + get_unaligned_be32(p + 4)) {
		if (n->world->trace)
			world_say(n->world, &n->host, "says %s to %08x",
				  op_text(p), stream_peer(t->end));
		if (n->world->tap)
			n->world->tap->says(n, t, p, PFSNL_FRAME_HEAD +
					    get_unaligned_be32(p + 4));
	}
	if (p != end)
		sim_fail("%08x: %zu bytes are no whole frames", n->host.addr,
			 len);
	if (n->garbles)
		garble((u8 *)data, end);
	return ledger_grants(&n->ledger) ?
	       stream_write_bulk(t->end, data, len) : -ENOMEM;
}

static void op_order(void *ctx, const struct pfsnl_order_event *ev)
{
	struct node *n = node_of(ctx);

	world_digest(n->world, ev->kind ^ ev->n << 8);
	hearer_hear(&n->hearer, n, ev);
	if (n->keeper && ev->kind == PFSNL_ORDER_ROOM)
		keeper_room(n->keeper);
}

static void op_group(void *ctx, const struct pfsnl_group_event *ev)
{
	struct node *n = node_of(ctx);

	world_digest(n->world, ev->kind ^ ev->number << 8 ^ ev->place << 16);
	process_told(n, ev);
}

static int op_sync(void *ctx, const struct pfsnl_sync_event *ev)
{
	struct node *n = node_of(ctx);

	world_digest(n->world, ev->kind ^ ev->service << 8 ^ ev->place << 24);
	return n->keeper && ev->who == n->keeper ? keeper_told(n->keeper, ev) :
						   replica_told(n, ev);
}

static void op_tether_close(void *ctx, u32 id)
{
	struct node *n = node_of(ctx);
	struct node_tether *t = node_tether_get(n, id);

	stream_close(t->end);
	node_tether_free(n, t);
}

static void op_event(void *ctx, const struct pfsnl_event *ev)
{
	struct node *n = node_of(ctx);
	u32 i;

	world_digest(n->world, ev->kind ^ ev->generation << 8 ^ ev->ring.seq << 32);
	if (ev->kind == PFSNL_EVENT_UPDATE && n->world->trace)
		for (i = 0; i < ev->n; i++)
			world_say(n->world, &n->host, "%s %u of %u: %08x",
				  ev->op ? "add" : "remove", i + 1, ev->n,
				  be32_to_cpu(ev->addrs[i]));
	watch_hear(&n->watch, n->world->sim.now, ev);
}

static void op_deadline(void *ctx, u64 when)
{
	struct node *n = node_of(ctx);

	n->alarm_when = when;
	sim_at(&n->world->sim, &n->alarm, node_when(n, when));
}

static void op_note(void *ctx, enum pfsnl_note note, u32 addr, u32 reason,
		    u64 number)
{
	struct node *n = node_of(ctx);

	world_digest(n->world, note ^ (u64)addr << 8 ^ reason << 4 ^ number);
	if (n->world->trace)
		world_say(n->world, &n->host, "%s %08x, %s, %llu",
			  pfsnl_note_text(note), addr,
			  pfsnl_reason_text(reason),
			  (unsigned long long)number);
	if (n->on_note)
		n->on_note(n, note, addr, reason, number);
	if (n->world->tap)
		n->world->tap->note(n, note, addr, reason, number);
}

static void op_left(void *ctx)
{
	struct node *n = node_of(ctx);

	if (n->left)
		sim_fail("%08x: left twice", n->host.addr);
	n->left = true;
	sim_at(&n->world->sim, &n->gone, n->world->sim.now);
}

/* for pfsnl_core_create(); the context is the node */
const struct pfsnl_core_ops node_core_ops = {
	.alloc = op_alloc,
	.alloc_raw = op_alloc_raw,
	.free = op_free,
	.beacon = op_beacon,
	.lease = op_lease,
	.datagram = op_datagram,
	.tether_open = op_tether_open,
	.tether_write = op_tether_write,
	.tether_bulk = op_tether_bulk,
	.tether_close = op_tether_close,
	.event = op_event,
	.order = op_order,
	.group = op_group,
	.sync = op_sync,
	.deadline = op_deadline,
	.note = op_note,
	.left = op_left,
};
