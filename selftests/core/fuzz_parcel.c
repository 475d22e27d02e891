// SPDX-License-Identifier: GPL-2.0
/*
 * Parcels that no node would send, numbered like any other, while rounds go on and
 * processes use checkpoints: all nodes must make the same of them, or find that they
 * can't take part, and be one again when the forger is quiet.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/unaligned.h>

#include "ckptrec.h"
#include "depot.h"
#include "fuzz.h"
#include "parcel.h"
#include "syncmsg.h"

#define NODES	3
#define LONGEST	1024

/* A record that could be one of this node, or nearly. Return: its bytes. */
static u32 record(struct fuzz *f, struct node *n, u8 *to)
{
	struct pfsnl_ckpts *store = keeper_store(n->keeper);
	const struct pfsnl_ckpt *c = pfsnl_ckpts_after(store, NULL);
	struct pfsnl_ckptrec r = { .kind = fuzz_take(f, 1) % 8 };
	u8 skip = fuzz_take(f, 1) % 4, digest[PFSNL_CKPT_DIGEST] = {};
	const struct pfsnl_offer o = { .digest = digest, .id_len = 1,
				       .id = (const u8 *)"abcd" + skip };

	while (c && skip--)
		c = pfsnl_ckpts_after(store, &c->number);
	if (c) {
		r.number = c->number;
		r.origin = c->origin;
		r.attr = c->attr;
		r.born = c->born;
		r.changed = c->changed;
		r.ops = c->ops;
		r.name = c->name;
		r.name_len = c->name_len;
	}
	r.flags = fuzz_take(f, 1) % 8;
	r.addr = WORLD_ADDR(fuzz_take(f, 1) % (NODES + 1));
	if (r.kind == PFSNL_CKPTREC_STORE) {
		r.flags = 0;
		r.limits.bytes = 1ULL << 40;
		r.n = 1;
		r.len = PFSNL_CKPTREC_RING_LEN;
		r.rest = to + PFSNL_CKPTREC_STORE_LEN;
		pfsnl_dot_encode(to + PFSNL_CKPTREC_STORE_LEN, &r.changed);
		r.name_len = 0;
	} else if (r.kind == PFSNL_CKPTREC_CHECKPOINT) {
		r.n = fuzz_take(f, 1) % 4;
	} else if (r.kind == PFSNL_CKPTREC_OFFER) {
		r.flags = 0;
		r.name_len = 0;
		r.n = 1;
		r.rest = to + PFSNL_CKPTREC_OFFER_LEN;
		r.len = pfsnl_offer_encode(to + PFSNL_CKPTREC_OFFER_LEN, &o) - r.rest;
	} else if (r.kind == PFSNL_CKPTREC_SECTION) {
		r.flags = 0;
		/* or only the end of it, of some chunks */
		r.bytes = (u64)(fuzz_take(f, 1) % 8) << fuzz_take(f, 1) % 2 * 17;
		r.offset = fuzz_take(f, 1) % 2 ? r.bytes : 0;
		r.zeros = r.offset ? fuzz_take(f, 1) % 4 : 0;
		r.name = o.id;
		r.name_len = 1;
	} else if (r.kind == PFSNL_CKPTREC_WANT && r.flags & PFSNL_WANT_SECTION) {
		r.name = o.id;
		r.name_len = 1;
		if (r.flags & PFSNL_WANT_CHUNKS) {
			r.offset = (u64)(fuzz_take(f, 1) % 4) << PFSNL_CHUNK_SHIFT;
			r.bytes = r.offset + (4ULL << PFSNL_CHUNK_SHIFT);
			r.rest = digest;
			r.len = fuzz_take(f, 1) % 2 * PFSNL_CKPT_DIGEST;
		}
	} else {
		r.name_len = 0;
	}
	pfsnl_ckptrec_encode(&r, to);
	return pfsnl_ckptrec_size(&r);
}

static void forge(struct fuzz *f, struct world *w)
{
	struct node *n = w->nodes[fuzz_take(f, 1) % NODES];
	struct pfsnl_parcel parcel = {
		.step = fuzz_take(f, 1) % 9,
		.last = fuzz_take(f, 1) % 4 == 3,
	};
	struct pfsnl_ckptsvc_state st = keeper_state(n->keeper);
	u8 wire[LONGEST] = {}, *p;
	u32 count = fuzz_take(f, 1) % 4, len;

	if (fuzz_take(f, 1) % 4)
		parcel.step = st.step;
	p = pfsnl_syncmsg_head(wire, PFSNL_SYNCMSG_DATA, PFSNL_SERVICE_CKPT,
			       &n->watch.ring);
	pfsnl_parcel_encode(&parcel, p);
	p += PFSNL_PARCEL_LEN;
	while (count-- && wire + LONGEST - p > 256 + PFSNL_CKPTREC_CHECKPOINT_LEN) {
		len = record(f, n, p + PFSNL_PARCEL_RECORD);
		put_unaligned_be32(len, p);
		p += PFSNL_PARCEL_RECORD + len;
	}
	fuzz_change(f, wire + PFSNL_SYNCMSG_LEN, p - wire - PFSNL_SYNCMSG_LEN);
	fuzz_forge(f, n, wire, p - wire, PFSNL_SYNCMSG_LEN + PFSNL_PARCEL_LEN);
}

static void act(struct fuzz *f, struct world *w)
{
	struct keeper *k = w->nodes[fuzz_take(f, 1) % NODES]->keeper;
	char name[2] = { 'a' + fuzz_take(f, 1) % 3 };
	char id[2] = { 'a' + fuzz_take(f, 1) % 4 };
	struct keeper_handle *h;

	h = list_empty(&k->handles) ? NULL :
	    list_first_entry(&k->handles, struct keeper_handle, list);
	switch (fuzz_take(f, 1) % 8) {
	case 0:
		/* which makes a ring */
		if (keeper_state(k).joined)
			keeper_leave(k);
		else
			keeper_join(k);
		break;
	case 1:
		keeper_unlink(k, name);
		break;
	case 2:
	case 3:
		keeper_open(k, 1, name, DEPOT_RW);
		break;
	case 4:
		if (h)
			keeper_close(k, h);
		break;
	default:
		if (h)
			keeper_create(k, h, id, name, fuzz_take(f, 1) % 2);
	}
}

/* Whoever forges may have said that somebody is done who is not: a ring ends that. */
static void new_ring(struct world *w)
{
	u32 i;

	for (i = 0; i < w->n; i++) {
		struct keeper *k = w->nodes[i]->keeper;

		if (keeper_state(k).joined)
			keeper_leave(k);
		keeper_join(k);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct fuzz f = { .data = data, .len = len };
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, NODES);
	for (i = 0; i < NODES; i++)
		keeper_new(w->nodes[i])->back = 100 * SIM_MS;
	world_start(w);
	world_run(w, SIM_S);
	/* what a forger says makes nodes differ that find out about it, and leave */
	hearings_free(w->hearings);
	w->hearings = NULL;
	while (f.len) {
		if (fuzz_take(&f, 1) % 2)
			forge(&f, w);
		else
			act(&f, w);
		world_run(w, fuzz_take(&f, 1) % 8 * SIM_MS);
	}
	if (!world_until(w, world_agrees, NULL, 20 * SIM_S))
		sim_fail("the cluster did not recover");
	world_run(w, SIM_S);
	new_ring(w);
	if (!world_until(w, keepers_settled, NULL, 20 * SIM_S))
		sim_fail("stores are not active, or differ");
	world_free(w);
	return 0;
}
