/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ordered messages, as the rooms of the core share them.
 *
 *	ordermsg.c	what they look like on the wire
 *	envelope.c	of which only some need all
 *	log.c		numbered messages that somebody may still need
 *	view.c		who takes part
 *	order.c		having and delivering: what comes in its turn, or waits
 *	sequencer.c	being the leader: giving numbers, passing on, stability
 *	outbox.c	our own messages until they have a number
 *	recover.c	from one sequence to the next: beginning, going on, ending
 *
 * A sequence is a row of numbered messages. The leader gives the numbers, each
 * member holds a prefix. Every ring takes its place in it by a mark, itself a
 * message. Who succeeds the leader goes on with the numbers, after the longest
 * prefix that any survivor has. Who comes from elsewhere begins at the mark of
 * the ring that it enters, and ends what it had before.
 *
 * A number is told from the same number of another sequence by the ring in which
 * it was given, see pfsnl_order_epoch().
 *
 * Rules (the first two as in Totem, Amir et al. 1995; see
 * Documentation/messages.rst):
 *
 * - Agreed: a message is delivered when all before it are.
 * - Safe: it is delivered when moreover every member is known to have it. If one
 *   was lost before that was known, those who are left are told whom (the
 *   transitional event), and it is delivered after that.
 * - What is "known" is what the leader told. It does not tell that a message of a
 *   ring which lost somebody is stable before all who are left have the mark of
 *   the next ring, so that each of them knows on which side of the transitional
 *   event the message belongs.
 * - A message is kept until it is stable, because a successor may need it.
 */
#ifndef PFSNL_CORE_ORDER_H
#define PFSNL_CORE_ORDER_H

#include <linux/list.h>

#include "log.h"
#include "message.h"
#include "ordermsg.h"
#include "timer.h"
#include "view.h"

struct pfsnl_core;
struct pfsnl_tether;

/* what need not be told at once is told after this */
#define PFSNL_LAZY_MS		10
/*
 * frames are put together up to about so many bytes before they are written; with the
 * last one that is not more than 64 KiB, as memory comes in powers of two
 */
#define PFSNL_BATCH_MAX		(47 << 10)
/* the least and the most that may be under way from a client unasked, bytes */
#define PFSNL_ALLOWANCE_MIN	1024
#define PFSNL_ALLOWANCE_MAX	262144

/**
 * struct pfsnl_flow - ordered messages along a tether
 * @standing: of the other side when it accepted, or offered its nodes
 * @processes: of the other side: it had processes in groups when it accepted
 * @serves: of the other side: it had services when it accepted
 * @begun: BEGIN was sent, or came
 * @placed: ours: the other side is in the sequence from @next on
 * @continues: ours: it goes on where it was
 * @along: ours: it comes from another leader together with others
 * @tail: theirs: it succeeds our leader and is given what it lacks
 * @stuck: no room for more at present
 * @next: ours: number of the message to send next
 * @offset: ours: where its next piece begins
 * @acked: ours: it has all up to this number
 * @told: what it was told to be stable
 * @partial: a message that is coming in
 * @filled: bytes of it that came
 * @came: ours: count of the last message that came, or comes, along it
 * @served: ours: the last number that one of its messages got
 * @inbox: ours: messages that wait for a number
 * @inbox_bytes: what they and @partial count for
 * @allowance: ours: how much that may be without being asked for
 * @want: ours: count of a larger message that was asked for, 0 if none
 * @want_bytes: how large that is
 * @granted: ours: and it was told to send it
 */
struct pfsnl_flow {
	struct pfsnl_standing standing;
	bool processes;
	bool serves;
	bool begun;
	bool placed;
	bool continues;
	bool along;
	bool tail;
	bool stuck;
	u64 next;
	u32 offset;
	u64 acked;
	u64 told;
	struct pfsnl_entry *partial;
	u32 filled;
	u64 came;
	u64 served;
	struct list_head inbox;
	size_t inbox_bytes;
	u32 allowance;
	u64 want;
	u32 want_bytes;
	bool granted;
};

/**
 * struct pfsnl_order - ordered messages of a node
 * @log: numbered messages, up to the last that it has
 * @view: who takes part after the last of them
 * @next: who will, once the mark that is prepared is added
 * @stable: all members have all up to this number, as the leader says
 * @known: the same, but 0 until a leader says so: who begins at a number does not
 *	know what the others have of those before it
 * @delivered: all up to this number were delivered
 * @lossy: number of the last mark that took somebody away
 * @transitional: since the last mark delivered it was told whom the ring lost
 * @limit: of the log, bytes, marks apart
 * @mark_bytes: what marks in it count for
 * @bulk_bytes: likewise, messages in envelopes
 * @work: something may be to do before the call ends
 * @lazy: when what need not be told at once is told
 *
 * @leads: LEADER: its sequence has begun, by the mark of its first ring
 * @urge: LEADER: number of the last such one that is stable
 * @fetching: LEADER: number of the tether along which a longer prefix comes, or 0
 * @fetch: limit of that
 * @served: LEADER: the last number that one of our own messages got
 * @grants: LEADER: bytes of larger messages that clients were told to send
 * @drain: LEADER: when the slowest client has had its time
 * @window: LEADER: when more of what services transmit gets its number, so much of it may
 *	not be stable, bytes
 * @probe: LEADER: number of a message by which it is found out whether that is the right
 *	size, or 0
 * @probe_at: LEADER: when it got that
 * @lost: LEADER: the nodes of the leader that gives way; after the merge those
 *	that did not come along
 * @n_lost: how many
 * @along_safe: what all nodes of that leader had
 *
 * @begun: CLIENT: number of the tether along which messages flow, or 0
 * @acked: CLIENT: the leader was told that we have all up to this
 * @unacked: CLIENT: bytes that were sent since, to whomever
 * @eager: number of the last message that is not delivered before all have it, or
 *	is a mark
 * @allowance: CLIENT: bytes that may be under way unasked
 *
 * @outbox: our own messages that have no number yet, as far as we know
 * @unsent: CLIENT: the first of them that is not under way, or the head of the list
 * @out_bytes: what they count for
 * @under_way: what those that were sent to the leader count for
 * @n: our count of messages
 * @wanted: count of the message that the leader was asked about, 0 if none
 * @sent_to: incarnation of the leader that those were sent to
 * @full: somebody was told that there is no room
 */
struct pfsnl_order {
	struct pfsnl_log log;
	struct pfsnl_view view;
	struct pfsnl_view next;
	u64 stable;
	u64 known;
	u64 delivered;
	u64 lossy;
	bool transitional;
	u32 limit;
	size_t mark_bytes;
	size_t bulk_bytes;
	bool work;
	struct pfsnl_timer lazy;

	bool leads;
	u64 urge;
	u32 fetching;
	struct pfsnl_timer fetch;
	u64 served;
	u64 grants;
	struct pfsnl_timer drain;
	u32 window;
	u64 probe;
	u64 probe_at;
	u32 *lost;
	u32 n_lost;
	u64 along_safe;

	u32 begun;
	u64 acked;
	u64 unacked;
	u64 eager;
	u32 allowance;

	struct list_head outbox;
	struct list_head *unsent;
	size_t out_bytes;
	size_t under_way;
	u64 n;
	u64 wanted;
	u64 sent_to;
	bool full;
};

/* order.c */
void pfsnl_order_init(struct pfsnl_core *core);
void pfsnl_order_exit(struct pfsnl_core *core);
u64 pfsnl_order_epoch(const struct pfsnl_ring_id *ring);
u32 pfsnl_order_longest(const struct pfsnl_core *core);
struct pfsnl_entry *pfsnl_entry_new(struct pfsnl_core *core, u32 len);
struct pfsnl_entry *pfsnl_entry_raw(struct pfsnl_core *core, u32 len);
int pfsnl_order_prepare(struct pfsnl_core *core, const struct pfsnl_entry *e);
void pfsnl_order_unprepare(struct pfsnl_core *core);
void pfsnl_order_add(struct pfsnl_core *core, struct pfsnl_entry *e);
void pfsnl_order_stable(struct pfsnl_core *core, u64 stable);
void pfsnl_order_deliver(struct pfsnl_core *core);
int pfsnl_order_close(struct pfsnl_core *core, u64 safe, const u8 *lost,
		      u32 n_lost, bool alone);
void pfsnl_order_restart(struct pfsnl_core *core, u64 number, u64 by);
void pfsnl_order_pump(struct pfsnl_core *core);
void pfsnl_order_frame(struct pfsnl_tether *t);
void pfsnl_order_tether_end(struct pfsnl_tether *t);
int pfsnl_order_piece(struct pfsnl_tether *t, const struct pfsnl_piece *p,
		      struct pfsnl_entry **whole);

/* sequencer.c */
void pfsnl_sequencer_frame(struct pfsnl_tether *t);
void pfsnl_sequencer_pump(struct pfsnl_core *core);
void pfsnl_sequencer_lazy(struct pfsnl_core *core);
u64 pfsnl_drain_time(const struct pfsnl_core *core);
void pfsnl_sequencer_drain(struct pfsnl_core *core, struct pfsnl_timer *timer);
void pfsnl_sequencer_stop(struct pfsnl_core *core);
void pfsnl_sequencer_ring(struct pfsnl_core *core);
bool pfsnl_sequencer_flush(struct pfsnl_tether *t);

/* outbox.c */
int pfsnl_outbox_room(struct pfsnl_core *core, u32 len);
u64 pfsnl_outbox_put(struct pfsnl_core *core, struct pfsnl_entry *e, u16 port,
		     u16 flags);
void pfsnl_outbox_frame(struct pfsnl_tether *t);
void pfsnl_outbox_pump(struct pfsnl_core *core);
void pfsnl_outbox_lazy(struct pfsnl_core *core);
void pfsnl_outbox_freed(struct pfsnl_core *core, size_t cost, bool bulk);
void pfsnl_outbox_numbered(struct pfsnl_core *core, u64 n);
void pfsnl_outbox_again(struct pfsnl_core *core, u64 sent, bool same);

/* recover.c */
void pfsnl_recover_standing(const struct pfsnl_core *core,
			    struct pfsnl_standing *s);
bool pfsnl_recover_continues(const struct pfsnl_tether *t);
int pfsnl_recover_mark(struct pfsnl_core *core, const struct pfsnl_ring_id *ring,
		       struct pfsnl_entry **mark);
void pfsnl_recover_commit(struct pfsnl_core *core, struct pfsnl_entry *mark);
bool pfsnl_recover_return(struct pfsnl_tether *t);
bool pfsnl_recover_fetches(struct pfsnl_core *core);
void pfsnl_recover_fetch(struct pfsnl_core *core, struct pfsnl_timer *timer);
void pfsnl_recover_tail(struct pfsnl_tether *t);
bool pfsnl_recover_begin(struct pfsnl_tether *t);
void pfsnl_recover_begun(struct pfsnl_tether *t);
void pfsnl_recover_serve(struct pfsnl_tether *t);
int pfsnl_recover_list(struct pfsnl_core *core, const struct pfsnl_install *in);
void pfsnl_recover_merge(struct pfsnl_core *core);
int pfsnl_recover_alone(struct pfsnl_core *core,
			const struct pfsnl_ring_id *ring);

#endif /* PFSNL_CORE_ORDER_H */
