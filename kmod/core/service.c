// SPDX-License-Identifier: GPL-2.0
/*
 * Services of this node: which there are, what they transmit, and their operations.
 * What of a round gets lost with its leader need not be said again: the next leader
 * begins with a ring, and so with another round.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "state.h"

static const char * const phase_texts[] = {
	[PFSNL_SYNC_PHASE_NEW]		= "new",
	[PFSNL_SYNC_PHASE_REPORT]	= "report",
	[PFSNL_SYNC_PHASE_TURN]		= "turn",
	[PFSNL_SYNC_PHASE_PROCESS]	= "process",
	[PFSNL_SYNC_PHASE_BARRIER]	= "barrier",
	[PFSNL_SYNC_PHASE_ACTIVE]	= "active",
	[PFSNL_SYNC_PHASE_GONE]		= "gone",
};

/**
 * pfsnl_sync_phase_text - a phase in a word
 * @phase: the phase
 */
const char *pfsnl_sync_phase_text(enum pfsnl_sync_phase phase)
{
	return phase_texts[phase];
}

/**
 * pfsnl_service_find - a service of this node
 * @core: the core
 * @id: which
 *
 * Return: the service or NULL.
 */
struct pfsnl_service *pfsnl_service_find(struct pfsnl_core *core, u16 id)
{
	struct pfsnl_service *svc;

	list_for_each_entry(svc, &core->sync.services, list)
		if (svc->served.id == id)
			return svc;
	return NULL;
}

/**
 * pfsnl_service_tell - tell a service something
 * @core: the core
 * @svc: the service
 * @ev: what; that which is the same for all kinds is filled in
 *
 * Return: what the service says to it.
 */
int pfsnl_service_tell(struct pfsnl_core *core, struct pfsnl_service *svc,
		       struct pfsnl_sync_event *ev)
{
	int ret;

	ev->service = svc->served.id;
	ev->who = svc->who;
	if (svc->in_round) {
		if (!ev->ring)
			ev->ring = &core->groups.ring;
		ev->members = svc->members;
		ev->transmits = svc->transmits;
	}
	core->sync.telling = ev->kind != PFSNL_SYNC_PROCESS;
	ret = core->ops->sync(core->ctx, ev);
	core->sync.telling = false;
	return ret;
}

/**
 * pfsnl_core_service_add - this node has a service
 * @core: created
 * @now: nanoseconds
 * @id: which, not 0; those of lower ids are synchronized first
 * @who: handed back with each event
 *
 * It takes part from the next ring on, which this brings about. What happens is told
 * by the operation sync().
 *
 * Return: 0; -EINVAL; -EEXIST when this node has it; -ENOSPC when it has
 * PFSNL_SERVICES_MAX; -ESHUTDOWN when it leaves; -ENOMEM.
 */
int pfsnl_core_service_add(struct pfsnl_core *core, u64 now, u16 id, void *who)
{
	const struct pfsnl_served never = { .id = id };

	return pfsnl_core_service_resume(core, now, &never, who);
}

/**
 * pfsnl_core_service_resume - this node has a service again
 * @core: created
 * @now: nanoseconds
 * @served: which, and when its state was activated last, as pfsnl_core_sync_state()
 *	said before pfsnl_core_service_remove()
 * @who: handed back with each event
 *
 * Otherwise what only this node has would be transmitted by nobody.
 *
 * Return: as pfsnl_core_service_add().
 */
int pfsnl_core_service_resume(struct pfsnl_core *core, u64 now,
			      const struct pfsnl_served *served, void *who)
{
	struct pfsnl_sync *s = &core->sync;
	struct pfsnl_service *svc, *above;
	const u16 id = served->id;

	if (!id)
		return -EINVAL;
	if (core->role == PFSNL_ROLE_LEAVING)
		return -ESHUTDOWN;
	if (pfsnl_service_find(core, id))
		return -EEXIST;
	if (s->n >= PFSNL_SERVICES_MAX)
		return -ENOSPC;
	pfsnl_core_enter(core, now);
	svc = pfsnl_alloc(core, sizeof(*svc));
	if (svc) {
		svc->served = *served;
		svc->who = who;
		svc->born = core->order.n;
		svc->phase_at = now;
		list_for_each_entry(above, &s->services, list)
			if (above->served.id > id)
				break;
		list_add_tail(&svc->list, &above->list);
		s->n++;
		s->changed = true;
		s->said = false;
		pfsnl_sync_due(core);
	}
	pfsnl_core_done(core);
	return svc ? 0 : -ENOMEM;
}

/**
 * pfsnl_core_service_remove - this node has a service no more
 * @core: created
 * @now: nanoseconds
 * @id: which
 *
 * If a round of it is under way it is told ABORT before this returns, and nothing
 * afterwards, also not what became of its operations. The others wait for it until
 * there is another ring, which this brings about.
 *
 * Return: 0; -ENOENT.
 */
int pfsnl_core_service_remove(struct pfsnl_core *core, u64 now, u16 id)
{
	struct pfsnl_service *svc = pfsnl_service_find(core, id);
	struct pfsnl_sync_event ev = { .kind = PFSNL_SYNC_ABORT };

	if (!svc)
		return -ENOENT;
	pfsnl_core_enter(core, now);
	if (svc->in_round) {
		pfsnl_count(core, PFSNL_COUNT_SYNC_ABORT);
		pfsnl_service_tell(core, svc, &ev);
	}
	list_del(&svc->list);
	pfsnl_free(core, svc);
	core->sync.n--;
	pfsnl_sync_ends_yield(core);
	core->sync.changed = true;
	core->sync.said = false;
	pfsnl_sync_due(core);
	pfsnl_core_done(core);
	return 0;
}

/**
 * pfsnl_core_sync_longest - how long what a service transmits or says may be
 * @core: the core
 *
 * Return: bytes.
 */
u32 pfsnl_core_sync_longest(const struct pfsnl_core *core)
{
	return pfsnl_order_longest(core) - PFSNL_SYNCMSG_LEN;
}

/**
 * pfsnl_core_service_say - an operation for all nodes that have a service
 * @core: created
 * @now: nanoseconds
 * @id: the service
 * @flags: PFSNL_MSG_*
 * @data: what it says, copied
 * @len: how many bytes
 * @n: set to this node's count of it, by which it is told what becomes of it
 *
 * All that have the service apply it (PFSNL_SYNC_SAID), in the same order, or a ring
 * comes before and nobody does (PFSNL_SYNC_RETRY), or, if this node falls out of the
 * ring, perhaps nobody knows (PFSNL_SYNC_UNKNOWN).
 *
 * Return: 0; -ENOENT when this node has no such service; -EAGAIN as long as that is not
 * activated, which it will be told; others as pfsnl_core_send(), -EAGAIN among them.
 */
int pfsnl_core_service_say(struct pfsnl_core *core, u64 now, u16 id, u16 flags,
			   const void *data, u32 len, u64 *n)
{
	struct pfsnl_service *svc = pfsnl_service_find(core, id);
	struct pfsnl_entry *e;
	int err;
	u8 *p;

	if (flags & ~PFSNL_MSG_SAFE)
		return -EINVAL;
	if (!svc)
		return -ENOENT;
	if (len > pfsnl_core_sync_longest(core))
		return -EMSGSIZE;
	if (core->role == PFSNL_ROLE_DOWN || core->role == PFSNL_ROLE_LEAVING)
		return -ESHUTDOWN;
	if (!svc->active) {
		pfsnl_count(core, PFSNL_COUNT_SYNC_REFUSED);
		return -EAGAIN;
	}
	err = pfsnl_outbox_room(core, PFSNL_SYNCMSG_LEN + len);
	if (err)
		return err;
	pfsnl_core_enter(core, now);
	e = pfsnl_entry_raw(core, PFSNL_SYNCMSG_LEN + len);
	if (e) {
		p = pfsnl_syncmsg_head(e->data, PFSNL_SYNCMSG_SAY, id,
				       &svc->served.ring);
		if (len)
			memcpy(p, data, len);
		*n = pfsnl_outbox_put(core, e, PFSNL_PORT_SYNC, flags);
	}
	pfsnl_core_done(core);
	return e ? 0 : -ENOMEM;
}

/* How much of what services transmit may wait for its number, bytes. */
static size_t quota(const struct pfsnl_core *core)
{
	return core->order.limit / 8;
}

/* DATA, in an envelope if it is for some. */
static struct pfsnl_entry *data_entry(struct pfsnl_core *core, u16 id, const void *data,
				      u32 len, u32 kept,
				      const struct pfsnl_sync_takers *takers)
{
	u32 head = takers ? pfsnl_envelope_len(takers->n) : 0;
	struct pfsnl_entry *e;
	u8 *p;

	e = pfsnl_entry_raw(core, head + PFSNL_SYNCMSG_LEN + len);
	if (!e)
		return NULL;
	p = e->data;
	if (takers)
		p = pfsnl_envelope_encode(p, e->len, head + PFSNL_SYNCMSG_LEN + kept,
					  takers->addrs, takers->n);
	p = pfsnl_syncmsg_head(p, PFSNL_SYNCMSG_DATA, id, &core->groups.ring);
	if (len)
		memcpy(p, data, len);
	return e;
}

/**
 * pfsnl_core_sync_data_for - a service transmits something that only some nodes need
 * @core: created
 * @now: nanoseconds
 * @id: the service, which was told PROCESS and is not done
 * @data: what it says, copied
 * @len: how many bytes
 * @kept: how many of them all get, @len at most
 * @takers: who gets all of them; NULL: everybody
 *
 * May be called while PROCESS is told, as the only one of these functions. Later, too,
 * but not while anything else is told.
 *
 * Return: 0; -ENOENT when this node has no such service; -EBUSY when it is not its
 * turn, or it is done; -EMSGSIZE when it is longer than pfsnl_core_sync_longest(), an
 * envelope for the takers included; -EAGAIN when too much waits, and then PROCESS is
 * said again when there is room; -ESHUTDOWN; -ENOMEM.
 */
int pfsnl_core_sync_data_for(struct pfsnl_core *core, u64 now, u16 id,
			     const void *data, u32 len, u32 kept,
			     const struct pfsnl_sync_takers *takers)
{
	struct pfsnl_service *svc = pfsnl_service_find(core, id);
	struct pfsnl_sync *s = &core->sync;
	struct pfsnl_entry *e;
	u32 head = 0;
	bool inside;
	size_t cost;

	if (!svc)
		return -ENOENT;
	if (core->role == PFSNL_ROLE_DOWN || core->role == PFSNL_ROLE_LEAVING)
		return -ESHUTDOWN;
	if (s->telling || !svc->in_round || !svc->processing || svc->done)
		return -EBUSY;
	if (takers && takers->n > PFSNL_ENVELOPE_MAX)
		takers = NULL;
	if (takers)
		head = pfsnl_envelope_len(takers->n);
	if (len > pfsnl_core_sync_longest(core) ||
	    head > pfsnl_core_sync_longest(core) - len)
		return -EMSGSIZE;
	cost = pfsnl_entry_cost(head + PFSNL_SYNCMSG_LEN + len);
	if (s->out_bytes && s->out_bytes + cost > quota(core)) {
		s->full = true;
		return -EAGAIN;
	}
	inside = s->asking;
	if (!inside)
		pfsnl_core_enter(core, now);
	e = data_entry(core, id, data, len, kept, takers);
	if (e) {
		e->bulk = true;
		s->out_bytes += cost;
		pfsnl_outbox_put(core, e, PFSNL_PORT_SYNC,
				 takers ? PFSNL_MSG_ENVELOPE : 0);
	}
	if (!inside)
		pfsnl_core_done(core);
	return e ? 0 : -ENOMEM;
}

/**
 * pfsnl_core_sync_data - a service transmits something for all nodes
 * @core: created
 * @now: nanoseconds
 * @id: the service, which was told PROCESS and is not done
 * @data: what it says, copied
 * @len: how many bytes
 *
 * Return: as pfsnl_core_sync_data_for().
 */
int pfsnl_core_sync_data(struct pfsnl_core *core, u64 now, u16 id,
			 const void *data, u32 len)
{
	return pfsnl_core_sync_data_for(core, now, id, data, len, len, NULL);
}

/**
 * pfsnl_service_freed - DATA of ours left the outbox
 * @core: the core
 * @cost: what it counted for
 *
 * It is not at once that PROCESS is said again, so that a node that is alone does not
 * transmit all that it has within one call.
 */
void pfsnl_service_freed(struct pfsnl_core *core, size_t cost)
{
	struct pfsnl_sync *s = &core->sync;

	s->out_bytes -= cost;
	if (!s->full || s->out_bytes > quota(core) / 2)
		return;
	s->full = false;
	s->again_at = core->now;
	pfsnl_timer_at(core, &s->retry, core->now);
}

/**
 * pfsnl_service_accepts - a leader is told whether there are services
 * @core: the core, which sends ACCEPT
 */
void pfsnl_service_accepts(struct pfsnl_core *core)
{
	if (core->sync.n)
		core->sync.said = true;
}

static void send_report(struct pfsnl_core *core)
{
	struct pfsnl_sync *s = &core->sync;
	struct pfsnl_service *svc;
	struct pfsnl_entry *e;
	u8 *p;

	e = pfsnl_entry_new(core, PFSNL_SYNCMSG_LEN + s->n * PFSNL_SERVED_LEN);
	if (!e) {
		pfsnl_sync_later(core);
		return;
	}
	p = pfsnl_syncmsg_head(e->data, PFSNL_SYNCMSG_REPORT, s->n,
			       &core->groups.ring);
	list_for_each_entry(svc, &s->services, list) {
		p = pfsnl_served_encode(p, &svc->served);
		svc->reported = true;
	}
	pfsnl_outbox_put(core, e, PFSNL_PORT_SYNC, 0);
	s->reported = true;
	s->changed = false;
}

static void send_serve(struct pfsnl_core *core)
{
	const struct pfsnl_ring_id none = {};
	struct pfsnl_entry *e = pfsnl_entry_new(core, PFSNL_SYNCMSG_LEN);

	if (!e) {
		pfsnl_sync_later(core);
		return;
	}
	pfsnl_syncmsg_head(e->data, PFSNL_SYNCMSG_SERVE, 0, &none);
	pfsnl_outbox_put(core, e, PFSNL_PORT_SYNC, 0);
	core->sync.said = true;
}

static void send_done(struct pfsnl_core *core, struct pfsnl_service *svc)
{
	struct pfsnl_entry *e = pfsnl_entry_new(core, PFSNL_SYNCMSG_LEN);

	if (!e) {
		pfsnl_sync_later(core);
		return;
	}
	pfsnl_syncmsg_head(e->data, PFSNL_SYNCMSG_DONE, svc->served.id,
			   &core->groups.ring);
	pfsnl_outbox_put(core, e, PFSNL_PORT_SYNC, 0);
	svc->sent = true;
}

/* Let a service transmit until it is done, or can't go on for now. */
static void process(struct pfsnl_core *core, struct pfsnl_service *svc)
{
	struct pfsnl_sync_event ev = { .kind = PFSNL_SYNC_PROCESS };
	struct pfsnl_sync *s = &core->sync;
	int ret;

	if (s->full || svc->waits || svc->more || core->now < s->again_at)
		return;
	svc->processing = true;
	s->asking = true;
	ret = pfsnl_service_tell(core, svc, &ev);
	s->asking = false;
	svc->done = !ret;
	svc->waits = ret == PFSNL_SYNC_WAIT;
	if (ret < 0)
		pfsnl_count(core, PFSNL_COUNT_SYNC_SHORT);
	if (!ret || s->full || svc->waits)
		return;
	if (ret == PFSNL_SYNC_MORE) {
		svc->more = true;
		pfsnl_timer_at(core, &s->retry, core->now);
		return;
	}
	s->again_at = core->now + PFSNL_RETRY_MS * PFSNL_MS;
	pfsnl_sync_later(core);
}

/**
 * pfsnl_service_pump - say what there is to say of our services
 * @core: the core
 */
void pfsnl_service_pump(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_sync *s = &core->sync;
	struct pfsnl_service *svc;
	struct pfsnl_mate *self;

	self = pfsnl_mate_find(g, core->cfg.addr, core->incarnation);
	if (self && self->called && !self->reported && !s->reported)
		send_report(core);
	/* a leader that is still to come is told when it is accepted */
	if (s->changed && !s->said && g->ring.leader)
		send_serve(core);
	svc = pfsnl_service_find(core, s->turn);
	if (!svc || !svc->in_round || svc->sent || g->apart)
		return;
	if (!svc->done)
		process(core, svc);
	if (svc->done)
		send_done(core, svc);
}

/**
 * pfsnl_service_unknown - nobody knows what became of a message of ours
 * @core: the core
 * @e: the message
 *
 * That happens when another leader begins, and it begins with a ring. So what belongs
 * to a round does not matter any more; but the new one may have been accepted before
 * there was a reason for SERVE.
 */
void pfsnl_service_unknown(struct pfsnl_core *core, const struct pfsnl_entry *e)
{
	struct pfsnl_sync_event ev = { .kind = PFSNL_SYNC_UNKNOWN, .n = e->n };
	struct pfsnl_service *svc;
	struct pfsnl_syncmsg m;

	if (e->port != PFSNL_PORT_SYNC || pfsnl_syncmsg_open(&m, e))
		return;
	if (m.kind == PFSNL_SYNCMSG_SERVE) {
		core->sync.said = false;
		pfsnl_sync_due(core);
	}
	if (m.kind != PFSNL_SYNCMSG_SAY)
		return;
	svc = pfsnl_service_find(core, m.service);
	ev.data = m.rest;
	ev.len = m.len;
	if (svc && e->n > svc->born)
		pfsnl_service_tell(core, svc, &ev);
}

static enum pfsnl_sync_phase phase_of(const struct pfsnl_core *core,
				      const struct pfsnl_service *svc)
{
	const struct pfsnl_sync *s = &core->sync;

	if (svc->active)
		return PFSNL_SYNC_PHASE_ACTIVE;
	if (!svc->in_round)
		return s->begun ? PFSNL_SYNC_PHASE_NEW :
				  PFSNL_SYNC_PHASE_REPORT;
	if (svc->served.id != s->turn)
		return PFSNL_SYNC_PHASE_TURN;
	return svc->done ? PFSNL_SYNC_PHASE_BARRIER : PFSNL_SYNC_PHASE_PROCESS;
}

/**
 * pfsnl_service_phases - an input has ended: see since when services are at what
 * @core: the core
 */
void pfsnl_service_phases(struct pfsnl_core *core)
{
	enum pfsnl_sync_phase phase;
	struct pfsnl_service *svc;

	list_for_each_entry(svc, &core->sync.services, list) {
		phase = phase_of(core, svc);
		if (phase == svc->phase)
			continue;
		svc->phase = phase;
		svc->phase_at = core->now;
	}
}

/**
 * pfsnl_core_sync_state - how far a service of this node is
 * @core: the core
 * @i: which, counted by rising id from 0
 * @st: filled
 *
 * Return: false when there are not so many.
 */
bool pfsnl_core_sync_state(const struct pfsnl_core *core, u32 i,
			   struct pfsnl_sync_state *st)
{
	const struct pfsnl_groups *g = &core->groups;
	const struct pfsnl_service *svc;

	list_for_each_entry(svc, &core->sync.services, list)
		if (!i--)
			break;
	if (&svc->list == &core->sync.services)
		return false;
	*st = (struct pfsnl_sync_state) {
		.served = svc->served,
		.who = svc->who,
		.phase = svc->phase,
		.since = svc->phase_at,
		.ring = g->ring,
		.turn = core->sync.turn,
		.members = svc->members,
		.transmits = svc->in_round && svc->transmits,
		.aborts = svc->aborts,
		.items = svc->items,
		.bytes = svc->bytes,
	};
	if (svc->active)
		return true;
	for (i = g->n; i; i--) {
		if (!pfsnl_sync_awaits(core, &g->mates[i - 1]))
			continue;
		st->waits++;
		st->waits_for = g->mates[i - 1].addr;
	}
	return true;
}

/**
 * pfsnl_core_sync_awaited - the next node that is waited for
 * @core: the core
 * @after: address to go on from, host order, 0 to begin
 *
 * Return: the address above it, host order, 0 when there is none.
 */
u32 pfsnl_core_sync_awaited(const struct pfsnl_core *core, u32 after)
{
	const struct pfsnl_groups *g = &core->groups;
	u32 i;

	for (i = 0; i < g->n; i++)
		if (g->mates[i].addr > after &&
		    pfsnl_sync_awaits(core, &g->mates[i]))
			return g->mates[i].addr;
	return 0;
}

/**
 * pfsnl_core_sync_member - the next node that has a service in the round at hand
 * @core: the core
 * @id: the service
 * @after: address to go on from, host order, 0 to begin
 * @m: filled with the node above it
 *
 * Changes nothing, so it may be called while a service is told something.
 *
 * Return: false when there is none.
 */
bool pfsnl_core_sync_member(const struct pfsnl_core *core, u16 id, u32 after,
			    struct pfsnl_sync_member *m)
{
	const struct pfsnl_groups *g = &core->groups;
	const struct pfsnl_sync_record *r;
	u32 i;

	for (i = 0; i < g->n; i++) {
		r = g->mates[i].addr > after ?
		    pfsnl_sync_record(&g->mates[i], id) : NULL;
		if (!r)
			continue;
		*m = (struct pfsnl_sync_member) {
			.addr = g->mates[i].addr,
			.incarnation = g->mates[i].incarnation,
			.served = r->served,
			.transmits = r->transmits,
			.done = r->done,
		};
		return true;
	}
	return false;
}
