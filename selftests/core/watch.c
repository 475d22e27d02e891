// SPDX-License-Identifier: GPL-2.0
/*
 * A listener that believes nothing: updates must fold, and what they fold to
 * must be the list.
 */
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "watch.h"

/**
 * watch_mix - what an address adds to the sum of a list
 * @addr: host order
 */
u64 watch_mix(u32 addr)
{
	return sim_mix(addr + 0x9e3779b97f4a7c15ULL);
}

/**
 * watch_forget - throw away the log
 * @w: the listener; its list stays
 */
void watch_forget(struct watch *w)
{
	u32 i;

	for (i = 0; i < w->n_log; i++) {
		free(w->log[i].addrs);
		free(w->log[i].why);
	}
	free(w->log);
	w->log = NULL;
	w->n_log = 0;
}

/**
 * watch_reset - begin anew, with an empty list
 * @w: the listener
 */
void watch_reset(struct watch *w)
{
	bool keep = w->keep;

	watch_forget(w);
	free(w->addrs);
	*w = (struct watch) { .keep = keep };
}

/* where an address stands in the list, or would stand */
static u32 place(const struct watch *w, u32 addr)
{
	u32 low = 0, high = w->n;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (w->addrs[mid] < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/**
 * watch_has - whether a node is in the list
 * @w: the listener
 * @addr: host order
 */
bool watch_has(const struct watch *w, u32 addr)
{
	u32 i = place(w, addr);

	return i < w->n && w->addrs[i] == addr;
}

static void fold(struct watch *w, u32 op, u32 addr)
{
	u32 i = place(w, addr);
	bool there = i < w->n && w->addrs[i] == addr;

	if (op == PFSNL_OP_ADD) {
		if (there)
			sim_violated("updates-fold",
				     "%08x is added and is in the list", addr);
		if (w->n == w->space) {
			w->space = w->space ? 2 * w->space : 16;
			w->addrs = sim_resize(w->addrs,
					      w->space * sizeof(*w->addrs));
		}
		memmove(w->addrs + i + 1, w->addrs + i,
			(w->n++ - i) * sizeof(*w->addrs));
		w->addrs[i] = addr;
	} else {
		if (!there)
			sim_violated("updates-fold",
				     "%08x is removed and not in the list", addr);
		memmove(w->addrs + i, w->addrs + i + 1,
			(--w->n - i) * sizeof(*w->addrs));
	}
	w->sum ^= watch_mix(addr);
}

/* reasons to come are not reasons to go */
static void fits(const struct pfsnl_event *ev, u32 i)
{
	bool adds = ev->op == PFSNL_OP_ADD;
	bool came = ev->why[i] == PFSNL_WHY_JOINED ||
		    ev->why[i] == PFSNL_WHY_MERGED;

	if (came != adds)
		sim_fail("%08x %s because of %u", be32_to_cpu(ev->addrs[i]),
			 came ? "goes" : "comes", ev->why[i]);
}

static void keep(struct watch *w, u64 now, const struct pfsnl_event *ev)
{
	struct update *up;
	u32 i;

	w->log = sim_resize(w->log, (w->n_log + 1) * sizeof(*w->log));
	up = &w->log[w->n_log++];
	*up = (struct update) {
		.when = now,
		.op = ev->op,
		.ring = ev->ring,
		.n = ev->n,
		.addrs = sim_alloc(ev->n * sizeof(u32)),
		.why = sim_alloc(ev->n),
	};
	for (i = 0; i < ev->n; i++) {
		up->addrs[i] = be32_to_cpu(ev->addrs[i]);
		up->why[i] = ev->why[i];
	}
}

/* a ring has just those nodes that the updates lead to */
static void hear_ring(struct watch *w, const struct pfsnl_event *ev)
{
	u32 i;

	w->quorate = ev->quorate;
	/* without memory its nodes can't be named */
	if (!ev->addrs)
		return;
	if (ev->n != w->n)
		sim_fail("ring of %u nodes, updates lead to %u", ev->n, w->n);
	for (i = 0; i < ev->n; i++)
		if (be32_to_cpu(ev->addrs[i]) != w->addrs[i])
			sim_fail("ring with %08x, updates lead to %08x",
				 be32_to_cpu(ev->addrs[i]), w->addrs[i]);
}

/**
 * watch_hear - something happened
 * @w: the listener
 * @now: nanoseconds
 * @ev: what
 */
void watch_hear(struct watch *w, u64 now, const struct pfsnl_event *ev)
{
	u32 i, last = 0;

	if (ev->ring.seq < w->ring.seq ||
	    (ev->ring.seq == w->ring.seq && !ring_same(&ev->ring, &w->ring)))
		sim_violated("seq-grows", "ring %llu after %llu",
			     (unsigned long long)ev->ring.seq,
			     (unsigned long long)w->ring.seq);
	w->fresh = true;
	w->role = ev->role;
	w->ring = ev->ring;
	if (ev->kind == PFSNL_EVENT_STATE) {
		if (ev->generation != w->generation)
			sim_violated("updates-fold",
				     "state of generation %llu after update %llu",
				     (unsigned long long)ev->generation,
				     (unsigned long long)w->generation);
		return;
	}
	if (ev->kind == PFSNL_EVENT_RING) {
		hear_ring(w, ev);
		return;
	}
	if (ev->kind != PFSNL_EVENT_UPDATE)
		sim_violated("updates-fold", "event of kind %d", ev->kind);
	if (ev->op != PFSNL_OP_ADD && ev->op != PFSNL_OP_REMOVE)
		sim_violated("updates-fold", "update with op %08x", ev->op);
	if (!ev->n)
		sim_violated("updates-fold", "update of no node");
	if (ev->generation != w->generation + 1)
		sim_violated("updates-fold", "update %llu after %llu",
			     (unsigned long long)ev->generation,
			     (unsigned long long)w->generation);
	w->generation = ev->generation;
	for (i = 0; i < ev->n; i++) {
		u32 addr = be32_to_cpu(ev->addrs[i]);

		if (addr <= last)
			sim_violated("updates-fold",
				     "update with %08x after %08x", addr, last);
		last = addr;
		fits(ev, i);
		fold(w, ev->op, addr);
	}
	if (w->keep)
		keep(w, now, ev);
}

/**
 * watch_compare - what was heard must agree with what can be asked for
 * @w: the listener
 * @core: what it listens to, not in the middle of a call
 * @now: by its clock
 */
void watch_compare(struct watch *w, const struct pfsnl_core *core, u64 now)
{
	struct pfsnl_peer peer = {};
	struct pfsnl_state st;
	u32 i, self = 0, after = 0;

	w->fresh = false;
	for (i = 0; pfsnl_core_peer_next(core, after, &peer); i++) {
		after = peer.member.addr;
		if (i == w->n || w->addrs[i] != after)
			sim_violated("updates-fold",
				     "%08x is in the list, not in the updates", after);
		self += peer.self;
	}
	if (i != w->n)
		sim_violated("updates-fold",
			     "%08x is in the updates, not in the list", w->addrs[i]);
	if (w->n && self != 1)
		sim_violated("updates-fold",
			     "the node itself is %u times in its list", self);

	pfsnl_core_state(core, now, &st);
	if (st.peers != w->n)
		sim_violated("updates-fold",
			     "%u nodes stated, %u in the list", st.peers, w->n);
	if (st.generation != w->generation)
		sim_violated("updates-fold",
			     "generation stated is not that of the last update");
	if (st.role != w->role)
		sim_violated("updates-fold",
			     "role %s, but told %s", pfsnl_role_text(st.role),
			     pfsnl_role_text(w->role));
	if (!ring_same(&st.ring, &w->ring))
		sim_violated("updates-fold", "ring %llu, but told %llu",
			     (unsigned long long)st.ring.seq,
			     (unsigned long long)w->ring.seq);
}
