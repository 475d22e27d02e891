// SPDX-License-Identifier: GPL-2.0
/*
 * A service that keeps a set of numbers the same on all nodes, and checks that this
 * can be done.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* what a mixed number is about, so that they are told apart */
enum about {
	ABOUT_MEMBERS = 1,
	ABOUT_ACTIVATED,
	ABOUT_APPLIED,
	ABOUT_FATE,
};

static u32 place(const struct set *s, u64 number)
{
	u32 low = 0, high = s->n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (s->at[mid] < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool has(const struct set *s, u64 number)
{
	u32 i = place(s, number);

	return i < s->n && s->at[i] == number;
}

static void insert(struct set *s, u64 number)
{
	u32 i = place(s, number);

	if (i < s->n && s->at[i] == number)
		return;
	if (s->n == s->size) {
		s->size = 2 * s->size + 16;
		s->at = sim_resize(s->at, s->size * sizeof(*s->at));
	}
	memmove(s->at + i + 1, s->at + i, (s->n - i) * sizeof(*s->at));
	s->at[i] = number;
	s->n++;
}

static void empty(struct set *s)
{
	free(s->at);
	*s = (struct set) {};
}

static u64 mix_set(const struct set *s)
{
	u64 sum = s->n;
	u32 i;

	for (i = 0; i < s->n; i++)
		sum = sim_mix(sum ^ s->at[i]);
	return sum;
}

static u64 mix_ring(const struct pfsnl_ring_id *ring)
{
	return sim_mix(ring->seq ^ sim_mix(ring->incarnation ^ ring->leader));
}

/* What all who see it must see alike. */
static void compare(const struct replica *r, enum about which, u64 key, u64 sum,
		    const char *rule, const char *what)
{
	struct node *n = r->node;

	if (!n->world->hearings)
		return;
	key = sim_mix(key ^ sim_mix(which ^ (u64)r->id << 8));
	if (hearings_step(n->world->hearings, key, sum, n->host.addr) != sum)
		sim_violated(rule, "%08x, service %u, ring %llu: %s",
			     n->host.addr, r->id,
			     (unsigned long long)r->ring.seq, what);
}

static void illegal(const struct replica *r, const char *what)
{
	sim_violated("sync-legal", "%08x, service %u: %s", r->node->host.addr,
		     r->id, what);
}

static void check_round(const struct replica *r, const struct pfsnl_sync_event *ev,
			const char *what)
{
	if (!r->in_round)
		illegal(r, what);
	if (!ring_same(&r->ring, ev->ring))
		illegal(r, "an event of another ring");
}

/* The lowest of those who have applied most since the ring that both report. */
static bool is_transmitter(const struct replica *r,
			   const struct pfsnl_sync_member *m)
{
	struct pfsnl_sync_member other = {};

	if (!m->served.times)
		return false;
	while (pfsnl_core_sync_member(r->node->core, r->id, other.addr, &other))
		if (other.served.times &&
		    ring_same(&other.served.ring, &m->served.ring) &&
		    (other.served.ops > m->served.ops ||
		     (other.served.ops == m->served.ops &&
		      other.addr < m->addr)))
			return false;
	return true;
}

static void init(struct replica *r, const struct pfsnl_sync_event *ev)
{
	struct pfsnl_sync_member m = {};
	bool self = false;
	u64 sum = 0;
	u32 n = 0;

	if (r->in_round)
		illegal(r, "a round begins within a round");
	if (r->active && ring_same(&r->ring, ev->ring))
		illegal(r, "a second round in the same ring");
	r->in_round = true;
	r->active = false;
	r->done = false;
	r->ring = *ev->ring;
	r->transmits = ev->transmits;
	r->sent = 0;
	while (pfsnl_core_sync_member(r->node->core, r->id, m.addr, &m)) {
		n++;
		if (m.transmits != is_transmitter(r, &m))
			sim_violated("sync-transmitter",
				     "%08x: whether %08x transmits is wrong",
				     r->node->host.addr, m.addr);
		sum = sim_mix(sum ^ m.addr ^ sim_mix(m.incarnation ^ m.transmits));
		sum = sim_mix(sum ^ mix_ring(&m.served.ring) ^ m.served.ops ^
			      m.served.times << 32);
		if (m.addr != r->node->host.addr)
			continue;
		self = true;
		if (m.transmits != ev->transmits)
			illegal(r, "it transmits, and does not");
		if (m.served.times < r->times && r->node->world->hearings)
			illegal(r, "it was activated more often than it reported");
	}
	if (!self || n != ev->members)
		illegal(r, "members of the round are not those that were counted");
	compare(r, ABOUT_MEMBERS, mix_ring(ev->ring), sum, "sync-transmitter",
		"members differ");
}

static int transmit(struct replica *r)
{
	u32 i, n, len;
	u8 *data;
	int err;

	n = r->set.n - r->sent;
	if (n > r->chunk)
		n = r->chunk;
	len = n * sizeof(u64) + r->filler;
	data = sim_alloc(len + 4);
	memcpy(data, &n, 4);
	for (i = 0; i < n; i++)
		memcpy(data + 4 + i * sizeof(u64), &r->set.at[r->sent + i],
		       sizeof(u64));
	err = pfsnl_core_sync_data(r->node->core, node_clock(r->node), r->id, data,
				   len + 4);
	free(data);
	if (!err)
		r->sent += n;
	return err;
}

static int process(struct replica *r, const struct pfsnl_sync_event *ev)
{
	int err = 0;

	check_round(r, ev, "it is to transmit outside of a round");
	if (r->done)
		illegal(r, "it is to transmit although it is done");
	r->n_asked++;
	if (r->more && r->asked_in == r->node->calls)
		illegal(r, "asked again before anything else had its turn");
	r->asked_in = r->node->calls;
	if (r->stuck)
		return r->waits ? PFSNL_SYNC_WAIT : PFSNL_SYNC_AGAIN;
	while (r->transmits && r->sent < r->set.n && !err) {
		err = transmit(r);
		if (!err && r->lazy && r->sent < r->set.n)
			return PFSNL_SYNC_AGAIN;
		if (!err && r->more && r->sent < r->set.n)
			return PFSNL_SYNC_MORE;
		if (!err && r->waits && r->sent < r->set.n)
			return PFSNL_SYNC_WAIT;
	}
	if (err == -EAGAIN) {
		r->n_again++;
		return PFSNL_SYNC_AGAIN;
	}
	r->done = !err;
	return err;
}

static void use_spare(struct replica *r)
{
	if (!r->n_spares)
		illegal(r, "no memory was reserved");
	ledger_free(&r->node->ledger, r->spares[--r->n_spares]);
}

static void take(struct replica *r, const struct pfsnl_sync_event *ev)
{
	struct pfsnl_sync_member m = {};
	const u8 *p = ev->data;
	u64 number;
	u32 i, n;

	check_round(r, ev, "data outside of a round");
	use_spare(r);
	if (r->node->world->hearings) {
		while (pfsnl_core_sync_member(r->node->core, r->id, m.addr, &m) &&
		       m.addr != ev->sender)
			;
		if (m.addr != ev->sender || !m.transmits)
			sim_violated("sync-transmitter",
				     "%08x hears data of %08x, which is not to transmit",
				     r->node->host.addr, ev->sender);
	}
	if (ev->len < 4)
		return;
	memcpy(&n, p, 4);
	if (n > (ev->len - 4) / sizeof(u64))
		n = (ev->len - 4) / sizeof(u64);
	for (i = 0; i < n; i++) {
		memcpy(&number, p + 4 + i * sizeof(u64), sizeof(u64));
		insert(&r->temp, number);
	}
}

static void activate(struct replica *r, const struct pfsnl_sync_event *ev)
{
	struct hearer *h = &r->node->hearer;
	u32 i;

	check_round(r, ev, "activated outside of a round");
	if (!r->done && r->node->world->hearings)
		illegal(r, "activated before it is done");
	for (i = 0; i < r->set.n && r->node->world->hearings; i++)
		if (!has(&r->temp, r->set.at[i]))
			sim_violated("sync-keeps",
				     "%08x, service %u: a number of %u is lost in ring %llu",
				     r->node->host.addr, r->id, r->set.n,
				     (unsigned long long)r->ring.seq);
	empty(&r->set);
	r->set = r->temp;
	r->temp = (struct set) {};
	r->in_round = false;
	r->active = true;
	r->times++;
	r->trail = mix_set(&r->set);
	compare(r, ABOUT_ACTIVATED, mix_ring(&r->ring),
		sim_mix(r->trail ^ sim_mix(h->count)), "sync-same",
		"activated with another state, or elsewhere");
}

static u64 number_of(const struct pfsnl_sync_event *ev)
{
	u64 number = 0;

	if (ev->len >= sizeof(number))
		memcpy(&number, ev->data, sizeof(number));
	return number;
}

static void back(struct replica *r)
{
	r->n_back++;
	if (r->node->world->hearings && r->n_back > r->n_said)
		sim_violated("sync-own",
			     "%08x, service %u: more outcomes than operations",
			     r->node->host.addr, r->id);
}

static void said(struct replica *r, const struct pfsnl_sync_event *ev)
{
	struct hearer *h = &r->node->hearer;
	u64 number = number_of(ev);

	if (!r->active || !ring_same(&r->ring, ev->ring))
		illegal(r, "an operation while it is not active");
	use_spare(r);
	insert(&r->set, number);
	r->trail = sim_mix(r->trail ^ number);
	compare(r, ABOUT_APPLIED, mix_ring(&r->ring) ^ h->count,
		r->trail, "sync-same", "another state after an operation");
	compare(r, ABOUT_FATE, number, 1, "sync-retry",
		"applied although it is to be sent again");
	if (ev->own)
		back(r);
}

static void abort_round(struct replica *r, const struct pfsnl_sync_event *ev)
{
	check_round(r, ev, "aborted outside of a round");
	r->in_round = false;
	r->n_aborts++;
	empty(&r->temp);
}

static int reserve(struct replica *r)
{
	void *piece = ledger_alloc(&r->node->ledger, 32);

	if (!piece)
		return -ENOMEM;
	r->spares = sim_resize(r->spares, (r->n_spares + 1) * sizeof(*r->spares));
	r->spares[r->n_spares++] = piece;
	return 0;
}

static void trim(struct replica *r)
{
	while (r->n_spares)
		use_spare(r);
}

static void forget(struct replica *r)
{
	struct replica **at = &r->node->replicas;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	trim(r);
	empty(&r->set);
	empty(&r->temp);
	free(r->spares);
	free(r);
}

/**
 * replica_told - a service is told something
 * @n: its node
 * @ev: what
 *
 * Return: as struct pfsnl_sync_event says.
 */
int replica_told(struct node *n, const struct pfsnl_sync_event *ev)
{
	struct replica *r = ev->who;

	n->world->changes++;
	/* as it is with services of other modules: no node that has it says so */
	if (ev->kept < ev->whole)
		return 0;
	switch (ev->kind) {
	case PFSNL_SYNC_INIT:
		init(r, ev);
		break;
	case PFSNL_SYNC_PROCESS:
		return process(r, ev);
	case PFSNL_SYNC_DATA:
		take(r, ev);
		break;
	case PFSNL_SYNC_ABORT:
		abort_round(r, ev);
		break;
	case PFSNL_SYNC_ACTIVATE:
		activate(r, ev);
		break;
	case PFSNL_SYNC_SAID:
		said(r, ev);
		break;
	case PFSNL_SYNC_RETRY:
		compare(r, ABOUT_FATE, number_of(ev), 2, "sync-retry",
			"to be sent again although it was applied");
		r->n_retry++;
		back(r);
		break;
	case PFSNL_SYNC_UNKNOWN:
		r->n_unknown++;
		back(r);
		break;
	case PFSNL_SYNC_RESERVE:
		return reserve(r);
	case PFSNL_SYNC_TRIM:
		trim(r);
		break;
	case PFSNL_SYNC_OVER:
		if (r->in_round)
			illegal(r, "the node ends within a round");
		forget(r);
		break;
	}
	return 0;
}

/**
 * replica_add - a node has a service from now on
 * @n: the node, running
 * @id: of the service
 *
 * Return: the service, or NULL when it was refused.
 */
struct replica *replica_add(struct node *n, u16 id)
{
	struct replica *r = sim_alloc(sizeof(*r));

	r->node = n;
	r->id = id;
	r->chunk = 16;
	r->next = n->replicas;
	n->replicas = r;
	if (!node_serve(n, id, r))
		return r;
	forget(r);
	return NULL;
}

/**
 * replica_remove - a node has a service no more
 * @r: the service, freed
 *
 * Return: as pfsnl_core_service_remove().
 */
int replica_remove(struct replica *r)
{
	int err = node_unserve(r->node, r->id);

	if (r->in_round)
		illegal(r, "removed within a round");
	forget(r);
	return err;
}

/**
 * replica_say - an operation: one more number
 * @r: the service
 * @flags: PFSNL_MSG_*
 * @filler: bytes beside it
 *
 * Return: as pfsnl_core_service_say().
 */
int replica_say(struct replica *r, u16 flags, u32 filler)
{
	u64 number = sim_random(&r->node->world->sim);
	u8 *data = sim_alloc(sizeof(number) + filler);
	int err;

	memcpy(data, &number, sizeof(number));
	/* before it is sent: who leads hears it at once */
	r->n_said++;
	err = node_operate(r->node, r->id, flags, data, sizeof(number) + filler);
	if (err)
		r->n_said--;
	free(data);
	return err;
}

/**
 * replica_of - a service of a node
 * @n: the node
 * @id: of the service
 *
 * Return: the service or NULL.
 */
struct replica *replica_of(const struct node *n, u16 id)
{
	struct replica *r;

	for (r = n->replicas; r; r = r->next)
		if (r->id == id)
			return r;
	return NULL;
}

/**
 * replica_has - whether a number is in the state of a service
 * @r: the service
 * @number: which
 */
bool replica_has(const struct replica *r, u64 number)
{
	return has(&r->set, number);
}

/**
 * replicas_start - a node that starts has the services that it is to have
 * @n: the node, running
 */
void replicas_start(struct node *n)
{
	u16 id;

	for (id = 1; id < 32; id++)
		if (n->serves >> id & 1)
			replica_add(n, id);
}

/**
 * replicas_same - whether all that are active have the same state
 * @w: the world, whose nodes are one ring on each side
 */
bool replicas_same(const struct world *w)
{
	const struct replica *r, *q;
	u32 i, k;

	for (i = 0; i < w->n; i++)
		for (r = w->nodes[i]->replicas; r; r = r->next)
			for (k = 0; k < i; k++) {
				q = replica_of(w->nodes[k], r->id);
				if (!q || !node_runs(w->nodes[i]) ||
				    !node_runs(w->nodes[k]) ||
				    w->nodes[i]->host.side !=
				    w->nodes[k]->host.side)
					continue;
				if (r->set.n != q->set.n || r->trail != q->trail)
					return false;
			}
	return true;
}

/**
 * replicas_active - whether all services are active, the same, and nothing under way
 * @w: the world, whose nodes are one ring on each side
 */
bool replicas_active(const struct world *w)
{
	const struct replica *r;
	u32 i;

	for (i = 0; i < w->n; i++) {
		if (!node_runs(w->nodes[i]))
			continue;
		for (r = w->nodes[i]->replicas; r; r = r->next)
			if (!r->active ||
			    !ring_same(&r->ring, &w->nodes[i]->watch.ring) ||
			    (w->hearings && r->n_back != r->n_said))
				return false;
	}
	return replicas_same(w);
}

/**
 * replicas_settled - the same, and all nodes are one ring, and all is delivered there
 * @w: the world
 * @arg: not used, so that world_until() can ask this
 */
bool replicas_settled(struct world *w, void *arg)
{
	return world_agrees(w, arg) && (!w->hearings || hearer_same(w)) &&
	       replicas_active(w);
}
