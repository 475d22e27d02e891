// SPDX-License-Identifier: GPL-2.0
/*
 * The round in which services become one after a ring: how far it is, as the messages
 * that were delivered say. What they need to be delivered is allocated before, so that
 * the same happens on all nodes. See sync.h.
 */
#include <linux/errno.h>
#include <linux/minmax.h>

#include "state.h"

static void retry_fire(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	struct pfsnl_service *svc;

	list_for_each_entry(svc, &core->sync.services, list)
		svc->more = false;
	pfsnl_sync_due(core);
}

/* Time that nodes have to say something, nanoseconds; 0: as long as they like. */
static u64 deadline(const struct pfsnl_core *core)
{
	return core->cfg.sync_deadline_ms * PFSNL_MS;
}

/*
 * It is we who say nothing: another one is to lead, and to look whether we do. Of
 * those that nobody waits for it is the one of the highest priority, and of these the
 * lowest. Return: false when there is none at present.
 */
static bool hand_over(struct pfsnl_core *core)
{
	const struct pfsnl_groups *g = &core->groups;
	const struct pfsnl_mate *heir = NULL;
	struct pfsnl_node *n, *best = NULL;
	u32 i;

	for (i = 0; i < g->n; i++) {
		n = pfsnl_roster_find(&core->roster, g->mates[i].addr);
		if (!n || !n->c->tether || !n->c->tether->level ||
		    n->next.incarnation != g->mates[i].incarnation ||
		    !n->c->tether->member.priority ||
		    pfsnl_sync_awaits(core, &g->mates[i]) ||
		    !pfsnl_handover_possible(core, n))
			continue;
		if (best && n->c->tether->member.priority <=
		    best->c->tether->member.priority)
			continue;
		best = n;
		heir = &g->mates[i];
	}
	if (!best)
		return false;
	core->sync.yields = true;
	pfsnl_handover_give(core, best, heir->incarnation);
	return true;
}

/*
 * Drop who is waited for and said nothing for so long. What a node transmits shows
 * that it goes on; that others transmit does not excuse one that does not.
 */
static void overdue_fire(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	struct pfsnl_groups *g = &core->groups;
	u64 limit, next = PFSNL_NEVER;
	bool late = false;
	u32 i;

	if (!core->order.leads || !deadline(core) || PFSNL_BROKEN(DEADLINE))
		return;
	/* nobody can transmit yet */
	if (core->sync.begun && g->apart)
		core->sync.since = core->now;
	for (i = 0; i < g->n; i++) {
		struct pfsnl_mate *mate = &g->mates[i];

		if (!pfsnl_sync_awaits(core, mate) && !PFSNL_BROKEN(SPARED))
			continue;
		limit = max(core->sync.since, mate->said_at) + deadline(core);
		if (pfsnl_is_self(core, mate->addr, mate->incarnation)) {
			late = limit <= core->now;
		} else if (limit <= core->now && pfsnl_mate_drop(core, mate)) {
			pfsnl_count(core, PFSNL_COUNT_SYNC_SLOW);
			continue;
		}
		next = min(next, limit > core->now ? limit :
			   core->now + deadline(core));
	}
	if (late && !PFSNL_BROKEN(YIELD) && hand_over(core))
		return;
	pfsnl_timer_at(core, &core->sync.overdue, next);
}

/**
 * pfsnl_sync_wait - who leads looks from now on whether nodes say what they have to
 * @core: the core
 */
void pfsnl_sync_wait(struct pfsnl_core *core)
{
	core->sync.since = core->now;
	if (core->order.leads && deadline(core) && core->sync.asked)
		pfsnl_timer_at(core, &core->sync.overdue,
			       core->now + deadline(core));
}

/**
 * pfsnl_sync_init - there are no services yet
 * @core: created
 */
void pfsnl_sync_init(struct pfsnl_core *core)
{
	INIT_LIST_HEAD(&core->sync.services);
	pfsnl_timer_init(&core->sync.retry, retry_fire);
	pfsnl_timer_init(&core->sync.overdue, overdue_fire);
}

/**
 * pfsnl_sync_due - something may be to send before the call ends
 * @core: the core
 */
void pfsnl_sync_due(struct pfsnl_core *core)
{
	core->sync.due = true;
	core->order.work = true;
}

/**
 * pfsnl_sync_later - there was no memory to send something
 * @core: the core
 */
void pfsnl_sync_later(struct pfsnl_core *core)
{
	pfsnl_timer_at(core, &core->sync.retry,
		       core->now + PFSNL_RETRY_MS * PFSNL_MS);
}

/**
 * pfsnl_sync_record - what a node reported of a service
 * @mate: the node
 * @id: the service
 *
 * Return: the record, or NULL if it did not.
 */
struct pfsnl_sync_record *pfsnl_sync_record(const struct pfsnl_mate *mate, u16 id)
{
	struct pfsnl_sync_record *r = mate->records;

	while (r && r->served.id < id)
		r = r->next;
	return r && r->served.id == id ? r : NULL;
}

/**
 * pfsnl_sync_awaits - whether the round waits for a node
 * @core: the core
 * @mate: the node
 */
bool pfsnl_sync_awaits(const struct pfsnl_core *core, const struct pfsnl_mate *mate)
{
	const struct pfsnl_sync *s = &core->sync;
	const struct pfsnl_sync_record *r;

	if (!s->begun)
		return mate->called && !mate->reported;
	r = pfsnl_sync_record(mate, s->turn);
	return r && !r->done;
}

static void forget_records(struct pfsnl_core *core, struct pfsnl_sync_record **at)
{
	struct pfsnl_sync_record *r;

	while ((r = *at)) {
		*at = r->next;
		pfsnl_free(core, r);
	}
}

static int reserve_records(struct pfsnl_core *core, u32 n)
{
	struct pfsnl_sync_record *r;

	while (n--) {
		r = pfsnl_alloc(core, sizeof(*r));
		if (!r)
			return -ENOMEM;
		r->next = core->sync.spare;
		core->sync.spare = r;
	}
	return 0;
}

/**
 * pfsnl_sync_reserve - have the memory that a message needs
 * @core: the core
 * @e: a message that is about to be delivered, on any port
 *
 * What several messages need adds up, until pfsnl_sync_trim().
 *
 * Return: 0 or -ENOMEM.
 */
int pfsnl_sync_reserve(struct pfsnl_core *core, const struct pfsnl_entry *e)
{
	struct pfsnl_sync_event ev = {
		.kind = PFSNL_SYNC_RESERVE,
		.place = e->number,
	};
	struct pfsnl_service *svc;
	struct pfsnl_syncmsg m;

	if (e->port != PFSNL_PORT_SYNC ||
	    pfsnl_syncmsg_open(&m, e))
		return 0;
	if (m.kind == PFSNL_SYNCMSG_REPORT)
		return reserve_records(core, m.n);
	if (m.kind != PFSNL_SYNCMSG_DATA && m.kind != PFSNL_SYNCMSG_SAY)
		return 0;
	svc = pfsnl_service_find(core, m.service);
	if (!svc)
		return 0;
	core->sync.reserved = true;
	ev.whole = m.whole;
	ev.kept = m.kept;
	ev.said = m.kind == PFSNL_SYNCMSG_SAY;
	ev.data = m.rest;
	ev.len = m.len;
	return pfsnl_service_tell(core, svc, &ev) ? -ENOMEM : 0;
}

/**
 * pfsnl_sync_trim - give back what was reserved and not needed
 * @core: the core
 */
void pfsnl_sync_trim(struct pfsnl_core *core)
{
	struct pfsnl_sync_event ev = { .kind = PFSNL_SYNC_TRIM };
	struct pfsnl_sync *s = &core->sync;
	struct pfsnl_service *svc;

	forget_records(core, &s->spare);
	if (!s->reserved)
		return;
	s->reserved = false;
	list_for_each_entry(svc, &s->services, list)
		pfsnl_service_tell(core, svc, &ev);
}

/* What the round was about is over. */
static void end_round(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_sync *s = &core->sync;
	u32 i;

	for (i = 0; i < g->n; i++) {
		struct pfsnl_mate *mate = &g->mates[i];

		forget_records(core, &mate->records);
		mate->called = false;
		mate->reported = false;
	}
	s->rounded = false;
	s->asked = false;
	s->awaited = 0;
	s->reported = false;
	s->begun = false;
	s->turn = 0;
	s->again_at = 0;
	pfsnl_timer_at(core, &s->overdue, PFSNL_NEVER);
}

/* In the barrier nothing is aborted: a fault, to show that it is noticed. */
static bool spared(const struct pfsnl_service *svc)
{
	return PFSNL_BROKEN(NO_ABORT) && svc->sent;
}

static void abort_all(struct pfsnl_core *core)
{
	struct pfsnl_sync_event ev = { .kind = PFSNL_SYNC_ABORT };
	struct pfsnl_service *svc;

	list_for_each_entry(svc, &core->sync.services, list) {
		if (svc->in_round && !spared(svc)) {
			pfsnl_count(core, PFSNL_COUNT_SYNC_ABORT);
			pfsnl_service_tell(core, svc, &ev);
			svc->aborts++;
		}
		/* it may come to the same phase again within this input */
		svc->phase_at = core->now;
		svc->in_round = false;
		svc->active = false;
		svc->reported = false;
	}
}

/**
 * pfsnl_sync_ring - a ring is about to take its turn among the messages
 * @core: the core; its groups are still those of the ring before
 *
 * Whatever was not activated is aborted, in whatever phase, and begins anew.
 */
void pfsnl_sync_ring(struct pfsnl_core *core)
{
	abort_all(core);
	end_round(core);
	pfsnl_sync_due(core);
}

/**
 * pfsnl_sync_exit - free all of it
 * @core: the core, with its groups
 */
void pfsnl_sync_exit(struct pfsnl_core *core)
{
	struct pfsnl_sync_event ev = { .kind = PFSNL_SYNC_OVER };
	struct pfsnl_service *svc, *tmp;

	pfsnl_sync_trim(core);
	abort_all(core);
	end_round(core);
	list_for_each_entry_safe(svc, tmp, &core->sync.services, list) {
		list_del(&svc->list);
		core->sync.n--;
		pfsnl_service_tell(core, svc, &ev);
		pfsnl_free(core, svc);
	}
}

/**
 * pfsnl_sync_ends_yield - nobody waits for us any more: we may want to lead again
 * @core: the core
 */
void pfsnl_sync_ends_yield(struct pfsnl_core *core)
{
	if (!core->sync.yields)
		return;
	core->sync.yields = false;
	pfsnl_plan(core, 1);
}

/* The lowest id above one that anybody reported, 0 if there is none. */
static u16 next_turn(const struct pfsnl_core *core, u16 after)
{
	const struct pfsnl_groups *g = &core->groups;
	const struct pfsnl_sync_record *r;
	u16 best = 0;
	u32 i;

	for (i = 0; i < g->n; i++) {
		r = g->mates[i].records;
		while (r && r->served.id <= after)
			r = r->next;
		if (r && (!best || r->served.id < best))
			best = r->served.id;
	}
	return best;
}

static void take_turn(struct pfsnl_core *core, u16 after)
{
	core->sync.turn = next_turn(core, after);
	core->sync.again_at = 0;
	if (core->sync.turn) {
		pfsnl_sync_wait(core);
	} else {
		pfsnl_timer_at(core, &core->sync.overdue, PFSNL_NEVER);
		pfsnl_sync_ends_yield(core);
	}
	pfsnl_sync_due(core);
}

/* Whether nobody else is to transmit what a node has of a service. */
static bool is_best(const struct pfsnl_core *core, const struct pfsnl_mate *mate,
		    const struct pfsnl_sync_record *mine)
{
	const struct pfsnl_groups *g = &core->groups;
	const struct pfsnl_sync_record *r;
	u32 i;

	if (!mine->served.times)
		return false;
	for (i = 0; i < g->n; i++) {
		r = pfsnl_sync_record(&g->mates[i], mine->served.id);
		if (!r || !r->served.times || &g->mates[i] == mate ||
		    !pfsnl_same_ring(&r->served.ring, &mine->served.ring))
			continue;
		if (r->served.ops > mine->served.ops ||
		    (r->served.ops == mine->served.ops && &g->mates[i] < mate))
			return false;
	}
	return true;
}

static u32 count_members(const struct pfsnl_core *core, u16 id)
{
	u32 i, n = 0;

	for (i = 0; i < core->groups.n; i++)
		n += !!pfsnl_sync_record(&core->groups.mates[i], id);
	return n;
}

/* All have reported: from here on data may come. */
static void begin(struct pfsnl_core *core)
{
	struct pfsnl_sync_event ev = { .kind = PFSNL_SYNC_INIT };
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_sync_record *r;
	struct pfsnl_service *svc;
	struct pfsnl_mate *self;
	u32 i;

	core->sync.begun = true;
	for (i = 0; i < g->n; i++)
		for (r = g->mates[i].records; r; r = r->next)
			r->transmits = is_best(core, &g->mates[i], r);
	self = pfsnl_mate_find(g, core->cfg.addr, core->incarnation);
	list_for_each_entry(svc, &core->sync.services, list) {
		r = self ? pfsnl_sync_record(self, svc->served.id) : NULL;
		/* what was added since takes part from the next ring on */
		if (!r || !svc->reported)
			continue;
		svc->in_round = true;
		svc->processing = false;
		svc->done = false;
		svc->waits = false;
		svc->more = false;
		svc->sent = false;
		svc->items = 0;
		svc->bytes = 0;
		svc->members = count_members(core, svc->served.id);
		svc->transmits = r->transmits;
		if (PFSNL_BROKEN(OLD_RING)) {
			svc->served.ring = g->ring;
			svc->served.ops = 0;
			svc->served.times += !svc->served.times;
		}
		pfsnl_service_tell(core, svc, &ev);
	}
	take_turn(core, 0);
}

static void asked(struct pfsnl_core *core, const struct pfsnl_entry *e,
		  const struct pfsnl_syncmsg *m)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_sync *s = &core->sync;
	u32 i;

	if (e->sender != g->ring.leader ||
	    e->incarnation != g->ring.incarnation || s->asked) {
		pfsnl_count(core, PFSNL_COUNT_SYNC_MALFORMED);
		return;
	}
	s->asked = true;
	for (i = 0; i < g->n; i++) {
		g->mates[i].called = pfsnl_syncmsg_asked(m, g->mates[i].addr);
		s->awaited += g->mates[i].called;
	}
	pfsnl_sync_wait(core);
	if (!s->awaited)
		begin(core);
	pfsnl_sync_due(core);
}

static void reports(struct pfsnl_core *core, struct pfsnl_mate *mate,
		    const struct pfsnl_syncmsg *m)
{
	struct pfsnl_sync_record **at = &mate->records, *r;
	struct pfsnl_sync *s = &core->sync;
	u32 i;

	if (!mate->called || mate->reported) {
		pfsnl_count(core, PFSNL_COUNT_SYNC_MALFORMED);
		return;
	}
	mate->reported = true;
	mate->serves = m->n;
	for (i = 0; i < m->n; i++) {
		r = s->spare;
		s->spare = r->next;
		*r = (struct pfsnl_sync_record) {};
		pfsnl_served_read(m, i, &r->served);
		*at = r;
		at = &r->next;
	}
	mate->said_at = core->now;
	if (!--s->awaited)
		begin(core);
}

static void transmitted(struct pfsnl_core *core, struct pfsnl_mate *mate,
			const struct pfsnl_entry *e, const struct pfsnl_syncmsg *m)
{
	struct pfsnl_sync_record *r = pfsnl_sync_record(mate, m->service);
	struct pfsnl_sync_event ev = {
		.kind = PFSNL_SYNC_DATA,
		.ring = &m->ring,
		.sender = e->sender,
		.incarnation = e->incarnation,
		.own = pfsnl_is_self(core, e->sender, e->incarnation),
		.place = e->number,
		.n = e->n,
		.data = m->rest,
		.len = m->len,
		.whole = m->whole,
		.kept = m->kept,
	};
	struct pfsnl_service *svc;

	/* nobody has anything to say before its turn, or after that it is done */
	if (!core->sync.begun || m->service != core->sync.turn || !r || r->done) {
		pfsnl_count(core, PFSNL_COUNT_SYNC_MALFORMED);
		return;
	}
	mate->said_at = core->now;
	svc = pfsnl_service_find(core, m->service);
	if (!svc || !svc->in_round)
		return;
	svc->items++;
	svc->bytes += m->whole;
	ev.word = &r->word;
	pfsnl_service_tell(core, svc, &ev);
	if (!svc->waits)
		return;
	svc->waits = false;
	pfsnl_sync_due(core);
}

/* All are done: what was transmitted holds. */
static void activate(struct pfsnl_core *core, u64 place)
{
	struct pfsnl_service *svc = pfsnl_service_find(core, core->sync.turn);
	struct pfsnl_sync_event ev = {
		.kind = PFSNL_SYNC_ACTIVATE,
		.place = place,
	};

	if (svc && svc->in_round) {
		pfsnl_count(core, PFSNL_COUNT_SYNC_ACTIVATE);
		pfsnl_service_tell(core, svc, &ev);
		svc->in_round = false;
		svc->active = true;
		svc->served.ring = core->groups.ring;
		svc->served.times++;
		svc->served.ops = 0;
	}
	take_turn(core, core->sync.turn);
}

static void done(struct pfsnl_core *core, struct pfsnl_mate *mate, u64 place,
		 const struct pfsnl_syncmsg *m)
{
	struct pfsnl_sync_record *r = pfsnl_sync_record(mate, m->service);
	const struct pfsnl_groups *g = &core->groups;
	u32 i;

	if (!core->sync.begun || m->service != core->sync.turn || !r || r->done) {
		pfsnl_count(core, PFSNL_COUNT_SYNC_MALFORMED);
		return;
	}
	r->done = true;
	mate->said_at = core->now;
	for (i = 0; i < g->n; i++)
		if (pfsnl_sync_awaits(core, &g->mates[i]))
			return;
	activate(core, place);
}

/*
 * Whether a service was activated in this ring, for all who have it and for a node that
 * says something of it. All find the same, also who has no such service, or another of
 * the same id by now.
 */
static bool is_live(const struct pfsnl_core *core, const struct pfsnl_mate *mate,
		    const struct pfsnl_syncmsg *m)
{
	const struct pfsnl_sync *s = &core->sync;

	return s->begun && (!s->turn || s->turn > m->service) &&
	       pfsnl_same_ring(&m->ring, &core->groups.ring) &&
	       pfsnl_sync_record(mate, m->service);
}

static void says(struct pfsnl_core *core, const struct pfsnl_mate *mate,
		 const struct pfsnl_entry *e, const struct pfsnl_syncmsg *m)
{
	struct pfsnl_service *svc = pfsnl_service_find(core, m->service);
	struct pfsnl_sync_event ev = {
		.kind = PFSNL_SYNC_SAID,
		.ring = &m->ring,
		.sender = e->sender,
		.incarnation = e->incarnation,
		.own = pfsnl_is_self(core, e->sender, e->incarnation),
		.place = e->number,
		.n = e->n,
		.flags = e->flags,
		.data = m->rest,
		.len = m->len,
	};

	if (!svc)
		return;
	if (is_live(core, mate, m)) {
		if (svc->active) {
			svc->served.ops++;
			pfsnl_service_tell(core, svc, &ev);
		}
		return;
	}
	/* one of the same id may have said it that is no more */
	if (!ev.own || e->n <= svc->born)
		return;
	pfsnl_count(core, PFSNL_COUNT_SYNC_RETRY);
	ev.kind = PFSNL_SYNC_RETRY;
	pfsnl_service_tell(core, svc, &ev);
}

/* A node has other services than it said: they take part from the next ring on. */
static void serves(struct pfsnl_core *core, struct pfsnl_mate *mate)
{
	mate->serves = true;
	if (!core->order.leads)
		return;
	core->new_ring = true;
	pfsnl_install_soon(core);
}

/**
 * pfsnl_sync_message - a message about services is delivered
 * @core: the core; what it needs is reserved
 * @e: the message
 */
void pfsnl_sync_message(struct pfsnl_core *core, const struct pfsnl_entry *e)
{
	struct pfsnl_mate *mate = pfsnl_mate_find(&core->groups, e->sender,
						  e->incarnation);
	struct pfsnl_syncmsg m;

	if (!mate || pfsnl_syncmsg_open(&m, e)) {
		pfsnl_count(core, PFSNL_COUNT_SYNC_MALFORMED);
		return;
	}
	if (m.kind == PFSNL_SYNCMSG_SERVE) {
		serves(core, mate);
		return;
	}
	if (m.kind == PFSNL_SYNCMSG_SAY) {
		says(core, mate, e, &m);
		return;
	}
	if (!pfsnl_same_ring(&m.ring, &core->groups.ring) && !PFSNL_BROKEN(FOREIGN)) {
		pfsnl_count(core, PFSNL_COUNT_SYNC_FOREIGN);
		return;
	}
	switch (m.kind) {
	case PFSNL_SYNCMSG_ROUND:
		asked(core, e, &m);
		break;
	case PFSNL_SYNCMSG_REPORT:
		reports(core, mate, &m);
		break;
	case PFSNL_SYNCMSG_DATA:
		transmitted(core, mate, e, &m);
		break;
	case PFSNL_SYNCMSG_DONE:
		done(core, mate, e->number, &m);
		break;
	}
}

/**
 * pfsnl_sync_unite - groups have become one: services may transmit
 * @core: the core
 */
void pfsnl_sync_unite(struct pfsnl_core *core)
{
	if (!core->sync.turn)
		return;
	pfsnl_sync_wait(core);
	pfsnl_sync_due(core);
}

/* Whether a node may have services that take part. */
static bool is_called(const struct pfsnl_core *core, const struct pfsnl_mate *mate)
{
	const struct pfsnl_node *n;

	if (mate->serves)
		return true;
	if (pfsnl_is_self(core, mate->addr, mate->incarnation))
		return core->sync.n;
	n = pfsnl_roster_find(&core->roster, mate->addr);
	return !n || !n->c->tether || n->c->tether->flow.serves;
}

/* Ask those that may have services which they have. */
static void call_round(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_entry *e;
	u32 i, n = 0;
	u8 *p;

	for (i = 0; i < g->n; i++)
		n += is_called(core, &g->mates[i]);
	/* who has some later says so, and that makes another ring */
	core->sync.rounded = true;
	if (!n)
		return;
	e = pfsnl_entry_new(core, PFSNL_SYNCMSG_LEN + 4 * n);
	if (!e) {
		core->sync.rounded = false;
		pfsnl_sync_later(core);
		return;
	}
	p = pfsnl_syncmsg_head(e->data, PFSNL_SYNCMSG_ROUND, 0, &g->ring);
	for (i = 0; i < g->n; i++)
		if (is_called(core, &g->mates[i]))
			p = pfsnl_groupmsg_word(p, g->mates[i].addr);
	pfsnl_outbox_put(core, e, PFSNL_PORT_SYNC, 0);
	if (core->sync.n)
		core->sync.said = true;
}

/**
 * pfsnl_sync_pump - send what became possible
 * @core: the core
 */
void pfsnl_sync_pump(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_sync *s = &core->sync;

	if (!s->due)
		return;
	s->due = false;
	if (core->role == PFSNL_ROLE_DOWN || core->role == PFSNL_ROLE_LEAVING ||
	    !g->n)
		return;
	if (core->order.leads && !s->rounded && !s->asked &&
	    g->ring.leader == core->cfg.addr &&
	    g->ring.incarnation == core->incarnation)
		call_round(core);
	pfsnl_service_pump(core);
}
