// SPDX-License-Identifier: GPL-2.0
/*
 * Succeeding a leader that died in the middle of an install. Its last ring may
 * have reached some members only. The successor finds that out from what they
 * answer, takes the newest ring over, gives it to those that lack it, and only
 * then makes one of its own. Otherwise members of one ring would hold different
 * lists, and different nodes would think that it is theirs to succeed.
 *
 * The installed ring and its list are the record; nothing else is kept.
 */
#include <linux/errno.h>

#include "state.h"

/**
 * pfsnl_record_newer - whether one ring came after another
 * @a: the one
 * @b: the other
 *
 * Only rings that the same life of a leader made can be told.
 */
bool pfsnl_record_newer(const struct pfsnl_ring_id *a,
			const struct pfsnl_ring_id *b)
{
	return a->leader && a->leader == b->leader &&
	       a->incarnation == b->incarnation && a->seq > b->seq;
}

/**
 * pfsnl_record_give - send RECORD, the ring that is installed here
 * @t: the tether
 *
 * Return: as pfsnl_tether_send().
 */
int pfsnl_record_give(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	size_t len;
	u8 *wire = pfsnl_install_list(core, &len);
	int err = -ENOMEM;

	if (wire)
		err = pfsnl_tether_send(t, wire, len);
	pfsnl_free(core, wire);
	return err;
}

/* The first ring waits for the members of the ring that we have now. */
static void expect_anew(struct pfsnl_core *core, u32 gone)
{
	struct pfsnl_node *n;

	pfsnl_roster_for_each(&core->roster, n) {
		bool ours = n->c->tether &&
			    n->c->tether->state == PFSNL_TETHER_MEMBER;

		if (!n->in) {
			pfsnl_lead_unexpect(core, n);
			continue;
		}
		if (n->c->expected || ours || n->addr == core->cfg.addr ||
		    n->addr == gone)
			continue;
		if (!pfsnl_node_meet(core, n))
			continue;
		pfsnl_lead_dial(core, n);
		n->c->expected = true;
		core->expected++;
	}
}

/**
 * pfsnl_record_fetched - a member sent the newer ring that it has
 * @t: our tether to it, FETCHING; perhaps ended
 */
void pfsnl_record_fetched(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_tether *other, *tmp;
	struct pfsnl_install in;
	int err = 0;

	if (pfsnl_install_decode(&in, t->stream.body, t->stream.len,
				 core->cfg.max_nodes)) {
		pfsnl_tether_malformed(t);
		return;
	}
	/* another one may have given it to us meanwhile */
	if (core->succeeds && pfsnl_record_newer(&in.ring, &core->ring)) {
		err = pfsnl_install_record(core, &in);
		if (err == -ENOMEM) {
			pfsnl_lead_failed(t, PFSNL_REASON_LOCAL);
			return;
		}
		if (err) {
			pfsnl_tether_malformed(t);
			return;
		}
		pfsnl_count(core, PFSNL_COUNT_RECORDS);
		expect_anew(core, in.ring.leader);
		list_for_each_entry_safe(other, tmp, &core->tethers, list)
			if (other->state == PFSNL_TETHER_MEMBER &&
			    other->node->in &&
			    pfsnl_record_newer(&core->ring, &other->theirs) &&
			    pfsnl_record_give(other) == -EAGAIN)
				pfsnl_lead_drop(core, other->node,
						PFSNL_REASON_BLOCKED);
	}
	pfsnl_lead_welcome(t);
}

/**
 * pfsnl_record_superseded - a member has a newer ring in which we are not
 * @core: the core, leading as a successor
 *
 * We were removed and could not know. Whoever accepted us is free again.
 */
void pfsnl_record_superseded(struct pfsnl_core *core)
{
	struct pfsnl_tether *t, *tmp;

	pfsnl_count(core, PFSNL_COUNT_SUPERSEDED);
	pfsnl_lead_farewell(core, PFSNL_REASON_HANDOVER, 0, 0);
	list_for_each_entry_safe(t, tmp, &core->tethers, list)
		if (t->state != PFSNL_TETHER_CLOSING)
			pfsnl_tether_end(t, PFSNL_REASON_SUPERSEDED);
	pfsnl_install_alone(core, PFSNL_REASON_SUPERSEDED);
	pfsnl_listen(core);
}
