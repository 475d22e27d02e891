// SPDX-License-Identifier: GPL-2.0
/*
 * Keepers, see keeper.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ckptround.h"
#include "depot.h"
#include "world.h"

/* what a mixed number is about, so that they are told apart */
enum about {
	ABOUT_STORE = 1,
	ABOUT_ANSWER,
};

static u64 mix_ring(const struct pfsnl_ring_id *ring)
{
	return sim_mix(ring->seq ^ sim_mix(ring->incarnation ^ ring->leader));
}

static u64 mix_bytes(u64 sum, const void *data, size_t len)
{
	const u8 *p = data;

	while (len--)
		sum = (sum ^ *p++) * 0x100000001b3ULL;
	return sim_mix(sum);
}

/* What all who see it must see alike. */
static void compare(const struct keeper *k, enum about which, u64 key, u64 sum,
		    const char *what)
{
	const struct node *n = k->node;

	if (!n->world->hearings)
		return;
	key = sim_mix(key ^ sim_mix(which ^ 0xc4e7));
	if (hearings_step(n->world->hearings, key, sum, n->host.addr) != sum)
		sim_violated("ckpt-same", "%08x, %.3f ms: %s", n->host.addr,
			     (double)(n->world->sim.now - 1000 * SIM_S) / SIM_MS, what);
}

/* A place in the history of the store: the ring, and operations since. */
static u64 mix_place(const struct keeper *k)
{
	const struct pfsnl_lineage *l = pfsnl_ckpts_lineage(keeper_store(k));
	const struct pfsnl_ckpt_dot *dot;

	if (!l->n)
		return 0;
	dot = &l->at[l->n - 1];
	return sim_mix(mix_ring(&dot->ring) ^ dot->count);
}

/* Who has what open is in no digest. */
static u64 mix_handles(const struct pfsnl_ckpts *store)
{
	const struct pfsnl_ckpt_handle *h;
	u64 sum = 0;

	for (h = pfsnl_ckpts_handle_after(store, NULL); h;
	     h = pfsnl_ckpts_handle_after(store, &h->key)) {
		sum = sim_mix(sum ^ h->key.incarnation ^ sim_mix(h->key.addr));
		sum = sim_mix(sum ^ h->key.process ^ (u64)h->key.handle << 32);
		sum = sim_mix(sum ^ h->number.counter ^ h->flags);
	}
	return sum;
}

/**
 * keeper_mix - all that is in its store, mixed
 * @k: the keeper, running
 */
u64 keeper_mix(const struct keeper *k)
{
	struct pfsnl_ckpts *store = keeper_store(k);
	u8 digest[PFSNL_CKPT_DIGEST];

	pfsnl_ckpts_digest(store, digest);
	return mix_bytes(mix_handles(store) ^ pfsnl_ckpts_used(store), digest,
			 sizeof(digest));
}

static void *op_alloc(void *ctx, size_t size)
{
	struct keeper *k = ctx;
	struct ledger *l = &k->node->ledger;
	u64 before = l->bytes;
	void *p;

	if (k->node->world->sim.now < k->starves)
		return NULL;
	p = ledger_alloc(l, size);
	k->bytes += l->bytes - before;
	return p;
}

static void *op_alloc_raw(void *ctx, size_t size)
{
	void *p = op_alloc(ctx, size);

	if (p)
		memset(p, 0xa5, size);
	return p;
}

static void op_free(void *ctx, void *p)
{
	struct keeper *k = ctx;
	struct ledger *l = &k->node->ledger;
	u64 before = l->bytes;

	ledger_free(l, p);
	k->bytes -= before - l->bytes;
}

static void op_conflict(void *ctx, const struct pfsnl_ckpt_conflict *c)
{
	struct keeper *k = ctx;

	/* who knew of it is not told */
	if (c->earlier)
		return;
	k->n_conflicts++;
	k->conflicts = mix_bytes(k->conflicts ^ c->why, c->winner_digest,
				 sizeof(c->winner_digest));
	k->conflicts = mix_bytes(k->conflicts, c->name, c->name_len);
	k->conflicts = mix_bytes(k->conflicts, c->loser_name, c->loser_name_len);
}

static u64 op_stamp(void *ctx)
{
	return keeper_stamp(ctx);
}

static void op_alarm(void *ctx, u64 when)
{
	struct keeper *k = ctx;
	struct sim *sim = &k->node->world->sim;
	u64 at = when - KEEPER_EPOCH - k->skew;

	k->when = when;
	if (when == PFSNL_NEVER)
		sim_cancel(sim, &k->alarm);
	else
		sim_at(sim, &k->alarm, when <= keeper_stamp(k) ? sim->now : at);
}

static void op_again(void *ctx, u32 ms)
{
	struct keeper *k = ctx;
	u64 now = k->node->world->sim.now;

	sim_at(&k->node->world->sim, &k->soon, now + ms * SIM_MS);
}

static void op_due(void *ctx)
{
	struct keeper *k = ctx;

	k->due = true;
}

static void op_answer(void *ctx, struct pfsnl_ckpt_request *r, int err,
		      const struct pfsnl_ckpt_result *result)
{
	struct deed *d = container_of(r, struct deed, r);
	struct keeper *k = ctx;

	if (d->answered || d->keeper != k)
		sim_violated("ckpt-once", "%08x: a request is answered twice",
			     k->node->host.addr);
	d->answered = true;
	d->err = err;
	d->applied += !!result;
	if (result)
		d->result = *result;
	if (result && result->err != err)
		sim_violated("ckpt-once", "%08x: answered %d, applied %d",
			     k->node->host.addr, err, result->err);
	if (k->tap && k->tap->answered)
		k->tap->answered(k, d, result);
	keeper_handle_settle(k, d);
}

static void op_applied(void *ctx, const struct pfsnl_ckpt_applied *a)
{
	struct keeper *k = ctx;
	u64 sum;

	k->n_applied++;
	k->node->world->changes++;
	/* for all but its sender it is the same */
	sum = a->result->err ^ (u64)a->m->kind << 32 ^ (u64)a->result->freed << 40 ^
	      (u64)a->result->created << 41;
	sum = mix_bytes(sum ^ sim_mix(a->from.n ^ a->from.incarnation), a->name,
			a->name_len);
	sum = mix_bytes(sum, a->result->id, a->result->id_len);
	compare(k, ABOUT_ANSWER, mix_place(k), sum, "another answer, or another order");
	if (k->tap && k->tap->applied)
		k->tap->applied(k, a);
}

static bool op_open(void *ctx, u32 process, u32 handle)
{
	return keeper_handle_find(ctx, process, handle);
}

/*
 * What was said in the ring before has its outcome: the core sends in order, so it came
 * before this node was done. Else what is said now could be done before what is said
 * again.
 */
static void check_outcomes(const struct keeper *k)
{
	if (k->node->world->hearings && !list_empty(&k->svc->said))
		sim_violated("ckpt-once", "%08x: activated with requests under way",
			     k->node->host.addr);
}

/* A process that thinks it has something open learns that it has not. */
static void find_lost(struct keeper *k)
{
	struct keeper_handle *h, *tmp;

	list_for_each_entry_safe(h, tmp, &k->handles, list) {
		if ((h->under_way && !h->open) || h->gone ||
		    pfsnl_ckptsvc_holds(k->svc, h->process, h->handle))
			continue;
		k->n_lost++;
		if (k->tap && k->tap->lost)
			k->tap->lost(k, h);
		h->gone = true;
		if (!h->under_way)
			keeper_handle_forget(k, h);
	}
}

static void op_active(void *ctx, bool active)
{
	struct keeper *k = ctx;

	if (active == k->active)
		sim_violated("ckpt-legal", "%08x: %sactive twice", k->node->host.addr,
			     active ? "" : "in");
	k->active = active;
	k->node->world->changes++;
	if (!active)
		return;
	k->n_active++;
	check_outcomes(k);
	find_lost(k);
	compare(k, ABOUT_STORE, mix_place(k), keeper_mix(k) ^ k->conflicts,
		"activated with another store, or other conflicts");
	k->conflicts = 0;
}

static void op_out(void *ctx, int err)
{
	struct keeper *k = ctx;

	if (k->tap && k->tap->out)
		k->tap->out(k, err);
	k->out = err;
	k->leaves = true;
	k->due = true;
}

/* bytes that were hashed in this call of a core, and in any, of any node */
static struct {
	bool counts;
	u64 bytes;
	u64 most;
} hashed;

static void op_hash_update(void *state, const void *data, size_t len)
{
	depot_ops.hash_update(state, data, len);
	if (!hashed.counts)
		return;
	hashed.bytes += len;
	hashed.most = max(hashed.most, hashed.bytes);
}

/**
 * keeper_call - a call of a core begins or ends
 * @begins: which
 */
void keeper_call(bool begins)
{
	hashed.counts = begins;
	hashed.bytes = 0;
}

/**
 * keeper_most_hashed - how much was hashed at most in one call since the last time
 *
 * Return: bytes.
 */
u64 keeper_most_hashed(void)
{
	u64 most = hashed.most;

	hashed.most = 0;
	return most;
}

static void keeper_ops(struct pfsnl_ckptsvc_ops *ops)
{
	*ops = (struct pfsnl_ckptsvc_ops) {
		.store = depot_ops,
		.stamp = op_stamp,
		.alarm = op_alarm,
		.again = op_again,
		.due = op_due,
		.answer = op_answer,
		.applied = op_applied,
		.active = op_active,
		.open = op_open,
		.out = op_out,
	};
	ops->store.alloc = op_alloc;
	ops->store.alloc_raw = op_alloc_raw;
	ops->store.free = op_free;
	ops->store.hash_update = op_hash_update;
	ops->store.conflict = op_conflict;
}

/* Return: whether the host does not run, nor do its timers then. */
static bool later(struct keeper *k, struct sim_event *ev)
{
	struct sim *sim = &k->node->world->sim;

	if (k->node->host.state == HOST_ON)
		return false;
	sim_at(sim, ev, sim->now + 10 * SIM_MS);
	return true;
}

static void alarm_run(struct sim_event *ev)
{
	struct keeper *k = container_of(ev, struct keeper, alarm);
	u64 now;

	if (later(k, ev))
		return;
	k->when = PFSNL_NEVER;
	now = node_enter(k->node);
	pfsnl_ckptsvc_tick(k->svc, now);
	node_done(k->node);
}

static void soon_run(struct sim_event *ev)
{
	struct keeper *k = container_of(ev, struct keeper, soon);

	u64 now;

	if (later(k, ev))
		return;
	now = node_enter(k->node);
	pfsnl_ckptsvc_again(k->svc, now);
	node_done(k->node);
}

static void comes_run(struct sim_event *ev)
{
	struct keeper *k = container_of(ev, struct keeper, comes);
	struct sim *sim = &k->node->world->sim;

	if (!keeper_state(k).joined && keeper_join(k))
		sim_at(sim, ev, sim->now + k->back);
}

/**
 * keeper_new - a node has the checkpoint service whenever it runs
 * @n: the node, not running
 */
struct keeper *keeper_new(struct node *n)
{
	struct keeper *k = sim_alloc(sizeof(*k));

	k->node = n;
	k->limits = depot_limits;
	k->most = 1ULL << 42;
	k->when = PFSNL_NEVER;
	k->alarm.run = alarm_run;
	k->soon.run = soon_run;
	k->comes.run = comes_run;
	INIT_LIST_HEAD(&k->handles);
	INIT_LIST_HEAD(&k->deeds);
	n->keeper = k;
	return k;
}

static void forget(struct keeper *k)
{
	struct keeper_handle *h, *next;
	struct deed *d, *tmp;

	list_for_each_entry_safe(d, tmp, &k->deeds, list) {
		if (!d->answered)
			sim_violated("ckpt-once", "%08x: a request is never answered",
				     k->node->host.addr);
		list_del(&d->list);
		free(d->r.data);
		free(d);
	}
	list_for_each_entry_safe(h, next, &k->handles, list)
		keeper_handle_forget(k, h);
	k->n_deeds = 0;
}

/**
 * keeper_free - forget it
 * @k: not running; NULL is allowed
 */
void keeper_free(struct keeper *k)
{
	if (!k)
		return;
	forget(k);
	free(k);
}

/**
 * keeper_start - its node starts
 * @k: the keeper
 */
void keeper_start(struct keeper *k)
{
	struct pfsnl_ckptsvc_ops ops;

	forget(k);
	keeper_ops(&ops);
	k->starves = 0;
	k->out = 0;
	k->leaves = false;
	k->active = false;
	k->conflicts = 0;
	k->n_conflicts = 0;
	k->n_applied = 0;
	k->n_active = 0;
	k->n_lost = 0;
	while (!k->svc)
		k->svc = pfsnl_ckptsvc_create(k->node->core, &ops, k, &k->limits,
					      k->most);
	while (keeper_join(k) == -ENOMEM)
		;
}

/**
 * keeper_stop - its node has ended
 * @k: the keeper; it was told so
 */
void keeper_stop(struct keeper *k)
{
	pfsnl_ckptsvc_destroy(k->svc);
	k->svc = NULL;
	k->due = false;
	k->active = false;
	sim_cancel(&k->node->world->sim, &k->alarm);
	sim_cancel(&k->node->world->sim, &k->soon);
	sim_cancel(&k->node->world->sim, &k->comes);
	if (k->bytes)
		sim_violated("ckpt-memory", "%08x: %llu bytes remain",
			     k->node->host.addr, (unsigned long long)k->bytes);
}

/**
 * keeper_told - the core tells it something
 * @k: the keeper
 * @ev: what
 *
 * Return: as struct pfsnl_sync_event says.
 */
int keeper_told(struct keeper *k, const struct pfsnl_sync_event *ev)
{
	int ret;

	if (ev->kind != PFSNL_SYNC_PROCESS && ev->kind != PFSNL_SYNC_RESERVE)
		k->node->world->changes++;
	if (k->tap && k->tap->telling)
		k->tap->telling(k, ev);
	ret = pfsnl_ckptsvc_told(k->svc, node_clock(k->node), ev);
	if (k->tap && k->tap->told)
		k->tap->told(k, ev, ret);
	if (k->on_told)
		k->on_told(k, ev);
	return ret;
}

/**
 * keeper_room - the core takes messages again
 * @k: the keeper
 */
void keeper_room(struct keeper *k)
{
	if (k->svc)
		pfsnl_ckptsvc_room(k->svc);
}

/**
 * keeper_pump - do what a call of the core left to do
 * @k: the keeper
 */
void keeper_pump(struct keeper *k)
{
	struct sim *sim = &k->node->world->sim;
	u64 now;

	if (k->pumping)
		return;
	k->pumping = true;
	while (k->due && k->svc && k->node->core) {
		k->due = false;
		if (k->leaves) {
			k->leaves = false;
			keeper_leave(k);
			if (k->back)
				sim_at(sim, &k->comes, sim->now + k->back);
			continue;
		}
		now = node_enter(k->node);
		pfsnl_ckptsvc_pump(k->svc, now);
		node_done(k->node);
	}
	k->pumping = false;
}

/**
 * keeper_join - it takes part, again
 * @k: the keeper
 *
 * Return: as pfsnl_ckptsvc_join().
 */
int keeper_join(struct keeper *k)
{
	u64 now = node_enter(k->node);
	int err = pfsnl_ckptsvc_join(k->svc, now, k);

	if (!err)
		k->out = 0;
	node_done(k->node);
	return err;
}

/**
 * keeper_leave - it takes part no more
 * @k: the keeper
 */
void keeper_leave(struct keeper *k)
{
	u64 now = node_enter(k->node);

	pfsnl_ckptsvc_leave(k->svc, now);
	node_done(k->node);
}

/** keeper_stamp - what its clock says that all have about the same of */
u64 keeper_stamp(const struct keeper *k)
{
	return KEEPER_EPOCH + k->node->world->sim.now + k->skew;
}

/** keeper_set_clock - its clock is set and @skew ahead from now on, nanoseconds */
void keeper_set_clock(struct keeper *k, s64 skew)
{
	k->skew = skew;
	op_alarm(k, k->when);
}

/** keeper_store - its store */
struct pfsnl_ckpts *keeper_store(const struct keeper *k)
{
	return pfsnl_ckptsvc_store(k->svc);
}

/** keeper_state - what it is at */
struct pfsnl_ckptsvc_state keeper_state(const struct keeper *k)
{
	struct pfsnl_ckptsvc_state st = {};

	if (k->svc)
		pfsnl_ckptsvc_state(k->svc, &st);
	return st;
}

/** keeper_named - a checkpoint by its name, or NULL */
struct pfsnl_ckpt *keeper_named(const struct keeper *k, const char *name)
{
	return pfsnl_ckpts_named(keeper_store(k), name, strlen(name));
}

/** keeper_section - a section by names, or NULL */
struct pfsnl_section *keeper_section(const struct keeper *k, const char *name,
				     const char *id)
{
	struct pfsnl_ckpt *c = keeper_named(k, name);

	return c ? pfsnl_section_find(c, id, strlen(id)) : NULL;
}

/** keeper_settled - it is active in the ring that there is, and nothing is under way */
bool keeper_settled(const struct keeper *k)
{
	const struct pfsnl_lineage *l = pfsnl_ckpts_lineage(keeper_store(k));
	struct pfsnl_ckptsvc_state st = keeper_state(k);

	return st.active && !st.waiting && !st.queued && l->n &&
	       ring_same(&l->at[l->n - 1].ring, &k->node->watch.ring);
}

/**
 * keepers_settled - all that take part are active, in the ring that there is, have the
 *	same, and nothing is under way; in a world that is split on each side
 * @w: the world
 * @arg: not used, so that world_until() can ask this
 */
bool keepers_settled(struct world *w, void *arg)
{
	const struct node *before = NULL;
	const struct keeper *k;
	u64 sum = 0, mine;
	u32 i;

	if (!world_agrees(w, arg))
		return false;
	for (i = 0; i < w->n; i++) {
		k = w->nodes[i]->keeper;
		if (!k || !node_runs(w->nodes[i]) || !keeper_state(k).joined)
			continue;
		if (!keeper_settled(k))
			return false;
		mine = keeper_mix(k);
		/* sides are nodes that stand beside each other */
		if (before && before->host.side == k->node->host.side && mine != sum)
			return false;
		sum = mine;
		before = k->node;
	}
	return true;
}
