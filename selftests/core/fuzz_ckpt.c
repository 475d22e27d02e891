// SPDX-License-Identifier: GPL-2.0
/*
 * Operations and records that no node would send: whatever the bytes are, two stores
 * that hear the same stay the same, and a store that is told nonsense by a peer is
 * freed without a trace.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "depot.h"
#include "fuzz.h"

#define LONGEST	512

/* Mostly right, so that it gets far. */
static u32 forge_op(struct fuzz *f, struct depots *all, u8 *wire)
{
	static const char *const names[] = { "g", "h", "", "g\n" };
	struct pfsnl_ckpt_expiry e = {};
	u8 data[64], *p = data;
	struct pfsnl_ckptmsg m = {
		.kind = 1 + fuzz_take(f, 1) % 13,
		.process = fuzz_take(f, 1) % 2,
		.handle = fuzz_take(f, 1) % 3,
		.time = 1000 + fuzz_take(f, 1),
		.attr = depot_attr(),
		.limits = { .bytes = fuzz_take(f, 2), .headroom = fuzz_take(f, 1) },
		.name = (const u8 *)names[fuzz_take(f, 1) % 4],
	};
	u32 len = fuzz_take(f, 1) % 32;

	m.name_len = strlen((const char *)m.name);
	memset(data, 'x', sizeof(data));
	switch (m.kind) {
	case PFSNL_CKPTMSG_OPEN:
		m.flags = fuzz_take(f, 1) % 8;
		m.attr.max_sections = 3;
		m.attr.size = m.attr.max_section * 3;
		break;
	case PFSNL_CKPTMSG_SECTION_CREATE:
		m.flags = fuzz_take(f, 1) % 8 == 0;
		m.expires = 1000 + fuzz_take(f, 1);
		m.name_len = m.flags ? 0 : m.name_len;
		m.rest = data;
		m.len = len;
		break;
	case PFSNL_CKPTMSG_SECTION_OVERWRITE:
		m.rest = data;
		m.len = len;
		break;
	case PFSNL_CKPTMSG_SECTION_WRITE: {
		struct pfsnl_vec v = { .bytes = data + 32, .len = 1 + len % 8 };

		v.offset = fuzz_take(f, 1) << fuzz_take(f, 1) % 32;
		p = pfsnl_vec_encode(p, &v);
		m.vectors = 1;
		m.rest = data;
		m.len = p - data;
		break;
	}
	case PFSNL_CKPTMSG_EXPIRE:
		pfsnl_ckpts_due(all->at[0]->store, &e);
		m.number = e.number;
		m.expires = e.when;
		m.time = e.when;
		m.flags = !!e.section;
		m.name_len = e.section ? m.name_len : 0;
		break;
	case PFSNL_CKPTMSG_GONE:
		m.addr = DEPOT_ADDR(fuzz_take(f, 1) % 2);
		m.incarnation = all->at[m.addr - DEPOT_ADDR(0)]->from.incarnation;
		break;
	}
	if (m.kind == PFSNL_CKPTMSG_CLOSE || m.kind == PFSNL_CKPTMSG_RETENTION ||
	    m.kind >= PFSNL_CKPTMSG_GONE)
		m.name_len = 0;
	pfsnl_ckptmsg_encode(&m, wire);
	return pfsnl_ckptmsg_size(&m);
}

static void apply(struct fuzz *f, struct depots *all)
{
	u8 wire[LONGEST] = {}, *exact;
	u32 sender = fuzz_take(f, 1) % all->n, i;
	struct pfsnl_ckpt_result result, first = {};
	struct pfsnl_ckpt_from from;
	struct pfsnl_ckptmsg m;
	u32 len = forge_op(f, all, wire);

	fuzz_change(f, wire, len);
	if (fuzz_take(f, 1) % 16 == 15)
		len = fuzz_take(f, 2) % LONGEST;
	exact = malloc(len);
	memcpy(exact, wire, len);
	from = all->at[sender]->from;
	from.n = ++all->at[sender]->from.n;
	if (!pfsnl_ckptmsg_decode(&m, exact, len)) {
		for (i = 0; i < all->n; i++) {
			struct depot *d = all->at[i];

			/* memory is lacking on one of them only */
			d->ledger.fail_at = d->ledger.tries + 1 + i;
			d->ledger.fail_for = i;
			while (pfsnl_ckpts_reserve(d->store, &from, &m))
				;
			pfsnl_ckpts_apply(d->store, &from, &m, &result);
			if (!i)
				first = result;
			else if (result.err != first.err)
				sim_fail("answers %d and %d", first.err, result.err);
		}
	}
	free(exact);
}

/* What the first would say of itself, with bytes changed, to the third and fourth. */
static void record(struct fuzz *f, struct depots *all, struct depots *told)
{
	struct pfsnl_ckpt_iter it;
	u8 wire[PFSNL_SEND_ROOM], *exact;
	struct pfsnl_ckptrec r;
	u32 len, i;

	for (i = 0; i < told->n; i++)
		pfsnl_ckpts_begin(told->at[i]->store);
	pfsnl_ckpt_iter_all(&it, PFSNL_SEND_ALL);
	while ((len = pfsnl_ckpts_send(all->at[0]->store, &it, wire, sizeof(wire)))) {
		u32 addr = DEPOT_ADDR(fuzz_take(f, 1) % 8 == 7);
		int err = 0;

		fuzz_change(f, wire, len);
		exact = malloc(len);
		memcpy(exact, wire, len);
		for (i = 0; i < told->n; i++) {
			int got;

			if (pfsnl_ckptrec_decode(&r, exact, len))
				break;
			got = pfsnl_ckpts_record(told->at[i]->store, addr, &r);
			if (i && got != err)
				sim_fail("records are taken differently: %d, %d", err,
					 got);
			err = got;
		}
		free(exact);
	}
}

/* Then it is activated or not, by all alike. */
static void activate(struct depots *told)
{
	struct pfsnl_ckpt_member member = { .addr = DEPOT_ADDR(0), .incarnation = 1 };
	struct pfsnl_ring_id ring = { .seq = PFSNL_RING_SEQ_MAX + 1 };
	int err = 0, got;
	u32 i;

	for (i = 0; i < told->n; i++) {
		got = pfsnl_ckpts_activate(told->at[i]->store, &ring, 5000, &member, 1);
		if (i && got != err)
			sim_fail("activated differently: %d, %d", err, got);
		err = got;
		pfsnl_ckpts_abort(told->at[i]->store);
	}
	if (!depots_same(told))
		sim_fail("who was told the same has something else");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct fuzz f = { .data = data, .len = len };
	struct depots all, told;

	depot_lives = 0;
	all = depots_new(2);
	/* what has a little, or nothing yet */
	told = depots_new(2);
	while (f.len) {
		if (fuzz_take(&f, 1) % 16) {
			apply(&f, &all);
		} else {
			record(&f, &all, &told);
			activate(&told);
		}
	}
	if (!depots_same(&all))
		sim_fail("who heard the same has something else");
	depots_free(&told);
	depots_free(&all);
	return 0;
}
