// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints in a run, see keep.h.
 */
#include <linux/minmax.h>
#include <stdio.h>
#include <string.h>

#include "keep.h"
#include "witness.h"

/* what a node may have open, and under way, before it waits */
#define HANDLES		6
#define UNDER_WAY	24
/* most bytes in a section */
#define SECTION		1500

static const char * const names[] = { "a", "b", "c", "somewhat longer" };
static const char * const ids[] = { "", "x", "y", "another" };

/**
 * keep_draw - in this run nodes have the checkpoint service
 * @r: the run; its nodes are made, none runs
 */
void keep_draw(struct run *r)
{
	/* clocks that stamp are about right, or not at all */
	u64 skew = draw(r, 4) ? 20 * SIM_MS : 3 * SIM_S;
	u64 bytes = 6000 + draw(r, 40000);
	bool all = draw(r, 4), small = !draw(r, 16);
	u32 i;

	r->rich = !draw(r, 3);
	if (r->rich)
		bytes += 60000;

	for (i = 0; i < r->w->n; i++) {
		struct keeper *k;

		/* so that a side has much to say, and little of it may wait */
		if (r->rich) {
			r->w->nodes[i]->cfg.retain_kib = PFSNL_RETAIN_KIB_MIN;
			r->longest = min(r->longest, PFSNL_RETAIN_KIB_MIN * 1024U / 4);
		}
		if (!all && !draw(r, 4))
			continue;
		k = keeper_new(r->w->nodes[i]);
		k->limits.bytes = bytes;
		k->limits.headroom = bytes / 4;
		k->most = small ? bytes : WITNESS_MOST;
		k->skew = (s64)draw(r, 2 * skew) - (s64)skew;
	}
	witness_begin(r->w, skew);
}

static u64 soon(struct run *r)
{
	switch (draw(r, 4)) {
	case 0:
		return PFSNL_NEVER;
	case 1:
		return draw(r, 20 * SIM_MS);
	default:
		return draw(r, draw(r, 4) ? SIM_S : 10 * SIM_S);
	}
}

static u64 at_soon(struct run *r, const struct keeper *k)
{
	u64 time = soon(r);

	return time == PFSNL_NEVER ? time : keeper_stamp(k) + time;
}

static void open_one(struct run *r, struct keeper *k)
{
	struct pfsnl_ckpt_attr attr = {
		.size = (r->rich ? 8 : 2) * SECTION,
		.retention = soon(r),
		.max_section = SECTION,
		.max_sections = r->rich ? 8 : 4,
		.max_id = 16,
	};
	u8 flags = PFSNL_OPEN_READ | (draw(r, 16) ? PFSNL_OPEN_WRITE : 0) |
		   (draw(r, 8) ? PFSNL_OPEN_CREATE : 0);

	/* as somebody who has another idea of it */
	if (!draw(r, 32))
		attr.max_sections = draw(r, 6);
	keeper_open_as(k, 1 + draw(r, 3), names[draw(r, ARRAY_SIZE(names))], flags,
		       &attr);
}

/* A section's id: one of a few, or one that was made. */
static void any_id(struct run *r, struct pfsnl_ckptmsg *m, char *made)
{
	const char *id = ids[draw(r, ARRAY_SIZE(ids))];

	if (!draw(r, 6)) {
		snprintf(made, PFSNL_SECTION_ID_MADE + 1, "%016x",
			 (u32)draw(r, 3));
		id = made;
	}
	m->name = (const u8 *)id;
	m->name_len = strlen(id);
}

/* Something about a section. */
static void change(struct run *r, struct keeper *k, struct keeper_handle *h)
{
	struct pfsnl_ckptmsg m = { .process = h->process, .handle = h->handle };
	u32 len = draw(r, 8) && !r->rich ? draw(r, 100) : draw(r, SECTION + 10), i;
	u8 bytes[SECTION + 10], vectors[SECTION + 10 + 2 * PFSNL_CKPTMSG_VEC_LEN], *p;
	char made[PFSNL_SECTION_ID_MADE + 1];
	struct pfsnl_vec v = {};

	for (i = 0; i < len; i++)
		bytes[i] = draw(r, 4) * 85;
	any_id(r, &m, made);
	m.rest = bytes;
	m.len = len;
	m.expires = at_soon(r, k);
	switch (draw(r, 8)) {
	case 0:
		m.kind = PFSNL_CKPTMSG_SECTION_DELETE;
		m.len = 0;
		break;
	case 1:
		m.kind = PFSNL_CKPTMSG_SECTION_OVERWRITE;
		break;
	case 2:
	case 3:
		m.kind = PFSNL_CKPTMSG_SECTION_WRITE;
		v.bytes = bytes;
		v.len = 1 + len / 2;
		v.offset = draw(r, SECTION - v.len / 2);
		p = pfsnl_vec_encode(vectors, &v);
		m.vectors = 1;
		if (len >= 2) {
			v.offset += v.len + draw(r, 3);
			v.bytes += v.len;
			v.len = len - v.len;
			if (v.len) {
				p = pfsnl_vec_encode(p, &v);
				m.vectors = 2;
			}
		}
		m.rest = vectors;
		m.len = p - vectors;
		break;
	case 4:
		m.kind = PFSNL_CKPTMSG_SECTION_EXPIRATION;
		m.len = 0;
		break;
	default:
		m.kind = PFSNL_CKPTMSG_SECTION_CREATE;
		if (draw(r, 4))
			break;
		m.flags = PFSNL_CREATE_ID;
		m.name_len = 0;
	}
	if (pfsnl_ckptmsg_size(&m) <= pfsnl_ckptsvc_longest(k->svc))
		keeper_do(k, &m);
}

static void limit(struct run *r, struct keeper *k)
{
	struct pfsnl_ckptmsg m = { .kind = PFSNL_CKPTMSG_LIMITS };

	m.limits.bytes = 6000 + draw(r, 40000);
	m.limits.headroom = m.limits.bytes / 4;
	keeper_do(k, &m);
}

static void retain(struct run *r, struct keeper *k, const struct keeper_handle *h)
{
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_RETENTION,
		.process = h->process,
		.handle = h->handle,
		.attr.retention = soon(r),
	};

	keeper_do(k, &m);
}

/* The handle of a process that opened something, or NULL. */
static struct keeper_handle *any_handle(struct run *r, struct keeper *k, u32 *n)
{
	struct keeper_handle *h, *best = NULL;

	*n = 0;
	list_for_each_entry(h, &k->handles, list) {
		++*n;
		if (h->open && !draw(r, *n))
			best = h;
	}
	return best;
}

/**
 * keep_act - a process does something with checkpoints
 * @r: the run
 * @n: its node, running; if it has no such service, nothing happens
 * @flags: PFSNL_MSG_*
 */
void keep_act(struct run *r, struct node *n, u16 flags)
{
	struct keeper *k = n->keeper;
	struct keeper_handle *h;
	u32 handles;

	if (!k || !k->svc)
		return;
	/* each is another ring */
	if (!keeper_state(k).joined) {
		if (r->stormy && !draw(r, 4))
			keeper_join(k);
		return;
	}
	if (r->stormy && !draw(r, 200)) {
		keeper_leave(k);
		return;
	}
	keeper_tidy(k);
	if (k->n_deeds >= UNDER_WAY)
		return;
	k->flags = flags;
	h = any_handle(r, k, &handles);
	r->totals->messages++;
	if (!h || (handles < HANDLES && !draw(r, 6))) {
		if (handles < HANDLES)
			open_one(r, k);
		return;
	}
	switch (draw(r, 24)) {
	case 0:
	case 1:
		keeper_close(k, h);
		break;
	case 2:
		keeper_unlink(k, names[draw(r, ARRAY_SIZE(names))]);
		break;
	case 3:
		retain(r, k, h);
		break;
	case 4:
		if (draw(r, 2))
			keeper_die(k, h->process);
		else
			limit(r, k);
		break;
	default:
		change(r, k, h);
	}
}

/**
 * keep_starve - a node has no memory for checkpoints for a while
 * @r: the run
 * @n: the node
 */
void keep_starve(struct run *r, struct node *n)
{
	if (r->keeps && n->keeper)
		n->keeper->starves = r->w->sim.now + draw(r, 2 * r->dead);
}

/**
 * keep_heal - all have memory again
 * @r: the run
 */
void keep_heal(struct run *r)
{
	u32 i;

	for (i = 0; r->keeps && i < r->w->n; i++)
		if (r->w->nodes[i]->keeper)
			r->w->nodes[i]->keeper->starves = 0;
}

/**
 * keep_calm - all take part again, whom there is room for
 * @r: the run
 */
void keep_calm(struct run *r)
{
	u32 i;

	for (i = 0; r->keeps && i < r->w->n; i++) {
		struct keeper *k = r->w->nodes[i]->keeper;

		if (k && k->svc && !k->out && node_runs(r->w->nodes[i]) &&
		    !keeper_state(k).joined)
			keeper_join(k);
	}
}

/**
 * keep_settled - all take part whom there is room for, have the same, and nothing is
 *	under way
 * @r: the run, in which all that run are one ring
 */
bool keep_settled(const struct run *r)
{
	const struct keeper *first = NULL, *k;
	u32 i;

	for (i = 0; r->keeps && i < r->w->n; i++) {
		k = r->w->nodes[i]->keeper;
		if (!k || !node_runs(r->w->nodes[i]) || k->out)
			continue;
		if (!keeper_settled(k))
			return false;
		if (first && keeper_mix(first) != keeper_mix(k))
			return false;
		first = k;
	}
	return true;
}

/**
 * keep_look - look at what must hold while nobody wants anything and nothing goes wrong
 * @r: the run
 */
void keep_look(struct run *r)
{
	if (r->keeps && r->calm_since)
		witness_rest(r->calm_since);
}

/**
 * keep_describe - say what the service of each node is at
 * @r: the run
 */
void keep_describe(struct run *r)
{
	u32 i;

	for (i = 0; r->keeps && i < r->w->n; i++) {
		struct node *n = r->w->nodes[i];
		struct pfsnl_ckptsvc_state st;

		if (!n->keeper || !n->keeper->svc)
			continue;
		st = keeper_state(n->keeper);
		world_say(r->w, &n->host,
			  "keeps: %sactive, %sjoined, error %d, step %u, %u wait, %u queued, %llx",
			  st.active ? "" : "in", st.joined ? "" : "not ", st.error,
			  st.step, st.waiting, st.queued,
			  (unsigned long long)keeper_mix(n->keeper));
	}
}
