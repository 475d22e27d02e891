// SPDX-License-Identifier: GPL-2.0
/*
 * Who leads, who follows and which list holds: succession with completion of
 * the record, and the merge of two leaders. README.rst beside it says what is
 * modelled, what is left out and what the switches are for.
 *
 * Switches (spin -DNAME[=VALUE]):
 *	NODES		how many nodes, 3 or 4
 *	FORMED		node 0 leads all of them at the beginning
 *	SPLIT		node 0 leads, and so does node 1, that has the others
 *			without either: all start
 *	PHANTOM=N	if node N leads, it leads others that are not modelled
 *	LOSSES CRASHES	how many faults of each kind may happen
 *	RESTARTS	how many of the crashed nodes may come back, 0 or 1
 *	CHOOSE		the numbers of faults are chosen, up to these
 *	CALM		waits for others are long enough; for what nothing fails
 *	ONEWAY		node 0 is heard, but hears and reaches nobody
 *	STEPS=atomic	statements count one by one, for the list of unreached
 *			ones; the same runs as with d_step, but slower
 *	BROKEN_...	one rule left out
 *	PROBE_...=true	show a run that gets to that place
 */
#ifndef NODES
#define NODES		3
#endif
#ifndef LOSSES
#define LOSSES		0
#endif
#ifndef CRASHES
#define CRASHES		0
#endif
#ifndef RESTARTS
#define RESTARTS	0
#endif
#ifndef STEPS
#define STEPS		d_step
#endif

#ifndef PROBE_SUPERSEDED
#define PROBE_SUPERSEDED false
#endif
#ifndef PROBE_LATER
#define PROBE_LATER	false
#endif
#define NOBODY		7
#ifndef PHANTOM
#define PHANTOM		NOBODY
#endif
#define PAIRS		(NODES * (NODES - 1))
#define DEPTH		6		/* frames under way, one direction */

/*
 * A ring is one number: its own, then its leader and the leader's incarnation,
 * which together are its identity, and its list, two bits for each node: 0 not
 * in it, else one more than the incarnation. The ring of a node alone has no
 * leader. 0 is no ring.
 */
#if NODES == 3
#define ring_t		short
#define SEQ_MAX		31
#else
#define ring_t		int
#define SEQ_MAX		60
#endif
#define LISTBITS	(2 * NODES)
#define RING(s, l, i, list) \
	(((s) << (LISTBITS + 4)) | ((l) << (LISTBITS + 1)) | \
	 ((i) << LISTBITS) | (list))
#define SEQ(r)		((r) >> (LISTBITS + 4))
#define HEAD(r)		(((r) >> (LISTBITS + 1)) & 7)
#define HEADINC(r)	(((r) >> LISTBITS) & 1)
#define LIST(r)		((r) & ((1 << LISTBITS) - 1))
#define ID(r)		((r) >> LISTBITS)
#define LIFE(n, i)	(((i) + 1) << (2 * (n)))
#define SLOT(r, n)	(((r) >> (2 * (n))) & 3)
#define ME(n)		LIFE(n, inc[n])
#define LISTS(r, n)	(SLOT(r, n) == inc[n] + 1)

#ifdef BROKEN_IDENTITY		/* a ring's name has no incarnation */
#define SAMEID(r, q)	((ID(r) >> 1) == (ID(q) >> 1))
#else
#define SAMEID(r, q)	(ID(r) == ID(q))
#endif
/* both are of one life of one leader */
#define AKIN(r, q)	((r) != 0 && (q) != 0 && HEAD(r) != NOBODY && \
			 (ID(r) & 15) == (ID(q) & 15))

mtype = { down, listening, client, orphan, leader };	/* roles */

/*
 * A tether has two ends. The lower one, of the node that was dialled: no, open
 * (not yet claimed), accepted, standby, dead (that node crashed).
 */
mtype = { no, dead, open, accepted, standby };
/*
 * The upper one, of the leader that dialled: no, claimed (no answer yet), asked
 * (for the record), fresh (a client that has no list yet), ahead (likewise, and
 * its ring is newer than ours), synced (a client), ready (stands by), yielding
 * (a leader that hands over to us), parting (was told LEAVE), dead.
 */
mtype = { claimed, asked, fresh, ahead, synced, ready, yielding, parting };

mtype = { CLAIM, INSTALL, GIVE, GET, HANDOVER, LEAVE };		/* go down */
mtype = { ACCEPT, STANDBY, YIELD, BUSY, SUPERSEDED, RECORD };	/* go up */

mtype role[NODES];
byte inc[NODES];		/* incarnation */
ring_t ring[NODES];		/* ring, list and install record */
byte seen[NODES];		/* largest ring number seen */
byte boss[NODES];		/* client, orphan: whose it is */
byte bossinc[NODES];		/* in which life */
bool gone[NODES];		/* orphan: that one is gone */
byte named[NODES];		/* whom its leader named, in which life */
byte hand[NODES];		/* leader: hands over to this one */
byte merge[NODES];		/* leader: this one hands over to it */
ring_t theirs[NODES];		/* with the members of this ring */

mtype upper[PAIRS];
mtype lower[PAIRS];
chan dn[PAIRS] = [DEPTH] of { mtype, ring_t, ring_t };
chan up[PAIRS] = [DEPTH] of { mtype, ring_t, ring_t };

byte losses = LOSSES;
byte crashes = CRASHES;
byte restarts = RESTARTS;

/* the tether that d dialled to m */
#define T(d, m)		((d) * (NODES - 1) + (m) - ((m) > (d)))
#define IS(end, t)	(end[t] != no && end[t] != dead)
/* in which life each end is */
#define LIFEAT(end, t, n) \
	(end[t] == dead && role[n] != down -> inc[n] - 1 : inc[n])
#define NAME(n, i)	((n) + 8 * (i))

#define LEADS(n, i)	(role[n] == leader && inc[n] == (i))
#ifdef BROKEN_SUCCESSOR		/* its clients don't ask whom it follows */
#define FOLLOWER(n, i)	false
#else
#define FOLLOWER(n, i)	(role[n] == client && inc[n] == (i))
#endif
/* client, or orphan whose leader is not gone */
#define FOLLOWS(n)	(role[n] == client || (role[n] == orphan && !gone[n]))
/* it leads by a ring of its own already */
#define OWNS(n, i, r)	((r) != 0 && HEAD(r) == (n) && HEADINC(r) == (i))
#define SETTLED(n)	OWNS(n, inc[n], ring[n])
#define BIG(n, r)	((n) == PHANTOM || LIST(r) != (3 << (2 * (n)) & LIST(r)))
#define BETTER(d, rd, m, rm) \
	(BIG(d, rd) != BIG(m, rm) -> BIG(d, rd) : (d) < (m))

#ifdef CALM
#define PATIENT		true
#else
#define PATIENT		false
#endif
#ifdef ONEWAY
#define HEARS(n, o)	((n) != 0)
#define REACHES(n, o)	((n) != 0 && (o) != 0)
#else
#define HEARS(n, o)	true
#define REACHES(n, o)	true
#endif

/* who would be in the next ring of leader d */
#define MEMBER(t)	(upper[t] == fresh || upper[t] == ahead || \
			 upper[t] == synced)
#define COMING(t)	(upper[t] == ready || upper[t] == yielding)
#define COMES(t)	(MEMBER(t) || COMING(t))
#define IN(d, m, cond) \
	((d) != (m) && cond(T(d, m)) -> LIFE(m, LIFEAT(lower, T(d, m), m)) : 0)
#define ANY(d, m, state) \
	((d) != (m) -> upper[T(d, m)] == (state) : false)
#define STANDS(d, m) \
	((d) != (m) -> lower[T(d, m)] == standby : false)
/* of the others' ring, and not on its way to d */
/* a leader whose beacons say so for long enough */
#define HEARD(n, o) \
	((o) != (n) && HEARS(n, o) && role[o] == leader && SETTLED(o))
#define AWAITED(d, m) \
	((d) != (m) && (m) != merge[d] && SLOT(theirs[d], m) != 0 && \
	 !MEMBER(T(d, m)) && !COMING(T(d, m)))
#if NODES == 3
#define ALL(what, d, arg) \
	(what(d, 0, arg) | what(d, 1, arg) | what(d, 2, arg))
#define SOME(what, d)	(what(d, 0) || what(d, 1) || what(d, 2))
#define SOMEONE(d)	(STANDS(0, d) || STANDS(1, d) || STANDS(2, d))
#else
#define ALL(what, d, arg) \
	(what(d, 0, arg) | what(d, 1, arg) | what(d, 2, arg) | what(d, 3, arg))
#define SOME(what, d)	(what(d, 0) || what(d, 1) || what(d, 2) || what(d, 3))
#define SOMEONE(d) \
	(STANDS(0, d) || STANDS(1, d) || STANDS(2, d) || STANDS(3, d))
#endif
#define NEXT(d)		(ME(d) | ALL(IN, d, MEMBER))
/* leader d is to make a ring, or to give its own to a client without a list */
#define CHANGED(d) \
	(!SETTLED(d) || LIST(ring[d]) != NEXT(d) || ANYNEW(d))
#ifdef BROKEN_DUE		/* hands over while it owes somebody its ring */
#define DUE(d)		false
#else
#define DUE(d)		CHANGED(d)
#endif
#define ANYNEW(d) \
	(ALL(ANY, d, fresh) || ALL(ANY, d, ahead))

/* scratch; no part of the state */
hidden byte t_, u_, k_, j_, w_;
hidden ring_t r_, x_;
hidden byte b_;
hidden mtype f_;

/* ---------------------------------------------------------------- tethers */

inline tell(t, type, r, x)
{
	if
	:: IS(lower, t) ->
		assert(nfull(dn[t]));			/* few_frames */
		dn[t]!type, r, x
	:: else
	fi
}

inline answer(t, type, r, x)
{
	if
	:: IS(upper, t) ->
		assert(nfull(up[t]));			/* few_frames */
		up[t]!type, r, x
	:: else
	fi
}

inline drain(q)
{
	do
	:: len(q) > 0 -> q?_, _, _
	:: else -> break
	od
}

/* The leader closes. What it sent may still come. */
inline close_upper(t)
{
	drain(up[t]);
	upper[t] = no;
	if
	:: lower[t] == dead -> lower[t] = no
	:: else
	fi
}

inline close_lower(t)
{
	drain(dn[t]);
	lower[t] = no;
	if
	:: upper[t] == dead -> upper[t] = no
	:: else
	fi
}

inline dial(d, m)
{
	t_ = T(d, m);
	if
	:: upper[t_] == no && lower[t_] == no && role[m] != down &&
	   REACHES(d, m) ->
		upper[t_] = claimed;
		lower[t_] = open;
		printf("%d: dials %d\n", d, m);
		tell(t_, CLAIM, ring[d], 0)
	:: else
	fi
}

/* ------------------------------------------------------------------ rings */

inline saw(n, s)
{
	if
	:: seen[n] < (s) -> seen[n] = (s)
	:: else
	fi
}

/* The only place where the list of a node changes. */
inline install(n, r)
{
	assert(SEQ(r) < SEQ_MAX);			/* few_rings */
	assert(LISTS(r, n));				/* in_own_list */
	assert(SEQ(r) > SEQ(ring[n]));			/* numbers_grow */
	for (k_ : 0 .. NODES - 1) {
		assert(HEAD(r) == NOBODY || !SAMEID(r, ring[k_]) ||
		       LIST(r) == LIST(ring[k_]));	/* identity */
	}
#ifdef CALM
	assert((LIST(ring[n]) & LIST(r)) == LIST(ring[n])); /* no_removal */
#endif
	ring[n] = r;
	saw(n, SEQ(r));
	printf("%d: ring %d of %d, list %x\n", n, SEQ(r), HEAD(r), LIST(r))
}

/*
 * r came to n from d, whose first ring this is after x. Whoever held a ring of
 * the leader before goes on from the same one, unless it was left out there.
 */
inline check_together(n, d, x)
{
	assert((x) == 0 || !AKIN(ring[n], x) || ring[n] == (x) ||
	       (SEQ(ring[n]) < SEQ(x) && !LISTS(x, n)) ||
	       (SEQ(ring[n]) > SEQ(x) && !LISTS(ring[n], d))) /* together */
}

inline alone(n)
{
	r_ = RING(seen[n] + 1, NOBODY, 0, ME(n));
	install(n, r_)
}

/* ------------------------------------------------------------------ roles */

inline follow_nobody(n)
{
	boss[n] = NOBODY;
	bossinc[n] = 0;
	gone[n] = false;
	named[n] = NOBODY
}

inline drop_standbys(n)
{
	for (u_ : 0 .. NODES - 1) {
		if
		:: u_ != n ->
			if
			:: lower[T(u_, n)] == standby -> close_lower(T(u_, n))
			:: else
			fi
		:: else
		fi
	}
}

inline listen(n)
{
	printf("%d: listens\n", n);
	drop_standbys(n);
	follow_nobody(n);
	role[n] = listening
}

/* Begin to lead: dial the whole list, but for a leader that is gone. */
inline lead(n)
{
	printf("%d: leads\n", n);
	drop_standbys(n);
	w_ = (gone[n] -> boss[n] : NOBODY);
	follow_nobody(n);
	role[n] = leader;
	for (u_ : 0 .. NODES - 1) {
		if
		:: u_ != n && u_ != w_ && SLOT(ring[n], u_) != 0 -> dial(n, u_)
		:: else
		fi
	}
}

/* n goes on as if nobody led. If somebody does, its beacons were lost. */
inline unheard(n)
{
	if
	:: SOME(HEARD, n) -> losses--
	:: else
	fi
}

/* Our leader is gone. Who is first in line leads at once. */
inline lose_boss(n)
{
	printf("%d: its leader %d is gone\n", n, boss[n]);
	if
	:: lower[T(boss[n], n)] == accepted -> close_lower(T(boss[n], n))
	:: else
	fi;
	gone[n] = true;
	named[n] = NOBODY;
	role[n] = orphan;
	b_ = true;
	for (k_ : 0 .. NODES - 1) {
		b_ = b_ && (k_ >= n || k_ == boss[n] || SLOT(ring[n], k_) == 0)
	}
	if
	:: b_ -> lead(n)
	:: else
	fi
}

/* The merge came to nothing, or is done: whom we only just dialled can wait. */
inline end_merge(d)
{
	for (u_ : 0 .. NODES - 1) {
		if
		:: u_ != d ->
			if
			:: upper[T(d, u_)] == claimed || COMING(T(d, u_)) ->
				close_upper(T(d, u_))
			:: else
			fi
		:: else
		fi
	}
	merge[d] = NOBODY;
	theirs[d] = 0
}

inline tell_members(d, type, x)
{
	for (u_ : 0 .. NODES - 1) {
		if
		:: u_ != d ->
			if
			:: MEMBER(T(d, u_)) -> tell(T(d, u_), type, 0, x)
			:: else
			fi
		:: else
		fi
	}
}

/* Lead no more. Clients are told who takes over, if anybody does. */
inline stop_leading(n, x)
{
	for (u_ : 0 .. NODES - 1) {
		if
		:: u_ != n ->
			if
			:: MEMBER(T(n, u_)) && (x) != NOBODY ->
				tell(T(n, u_), LEAVE, 0, x);
				upper[T(n, u_)] = parting
			:: else ->
				if
				:: IS(upper, T(n, u_)) &&
				   upper[T(n, u_)] != parting ->
					close_upper(T(n, u_))
				:: else
				fi
			fi
		:: else
		fi
	}
}

/* The upper end of a tether learned that there is no other end any more. */
inline upper_ended(d, m)
{
	printf("%d: tether to %d ended, was %e\n", d, m, upper[T(d, m)]);
	b_ = (upper[T(d, m)] == yielding);
	close_upper(T(d, m));
	if
	:: b_ -> end_merge(d)
	:: else
	fi
}

/* And the lower end. */
inline lower_ended(d, m)
{
	printf("%d: tether from %d ended, was %e\n", m, d, lower[T(d, m)]);
	f_ = lower[T(d, m)];
	close_lower(T(d, m));
	if
	:: f_ == accepted ->
		if
		:: OWNS(boss[m], bossinc[m], ring[m]) -> role[m] = orphan
		:: else -> listen(m)	/* had no list yet: not its client */
		fi
	:: f_ == standby && role[m] == leader ->
#ifndef BROKEN_RESUME
		hand[m] = NOBODY;
		tell_members(m, HANDOVER, NOBODY)
#else
		skip
#endif
	:: else
	fi
}

/* --------------------------------------------------- frames that go down */

/* m is d's from now on */
inline follow(d, m)
{
	assert(role[m] != leader);
	assert(boss[m] == NOBODY || boss[m] == d || gone[m] ||
	       named[m] == NAME(d, LIFEAT(upper, T(d, m), d))); /* no_theft */
	lower[T(d, m)] = accepted;
	drop_standbys(m);
	follow_nobody(m);
	role[m] = client;
	boss[m] = d;
	bossinc[m] = LIFEAT(upper, T(d, m), d);
	w_ = 0;
	for (k_ : 0 .. NODES - 1) {
		if
		:: k_ != m -> w_ = w_ + (lower[T(k_, m)] == accepted)
		:: else
		fi
	}
	assert(w_ == 1)						/* one_tether */
}

#ifdef BROKEN_THEFT		/* a node takes any leader at once */
#define THEFT(m)	(role[m] == client || role[m] == orphan)
#else
#define THEFT(m)	false
#endif

inline take_claim(d, m, r, x)
{
	j_ = LIFEAT(upper, T(d, m), d);
	if
	:: role[m] == listening || THEFT(m) ||
	   (role[m] == orphan && (gone[m] || boss[m] == d)) ->
		if
		:: AKIN(r, ring[m]) && !OWNS(d, j_, r) &&
		   SEQ(ring[m]) > SEQ(r) && SLOT(ring[m], d) != j_ + 1 ->
			assert(!PROBE_SUPERSEDED);		/* reached */
			answer(T(d, m), SUPERSEDED, ring[m], seen[m]);
			close_lower(T(d, m))
		:: else ->
			answer(T(d, m), ACCEPT, ring[m], seen[m]);
			follow(d, m)
		fi
	:: (role[m] == client || (role[m] == orphan && !gone[m])) &&
	   named[m] == NAME(d, j_) ->
		answer(T(d, m), STANDBY, ring[m], seen[m]);
		lower[T(d, m)] = standby
	:: role[m] == leader && hand[m] == NOBODY && merge[m] == NOBODY &&
	   SETTLED(m) && OWNS(d, j_, r) && BETTER(d, r, m, ring[m]) &&
	   !MEMBER(T(m, d)) && !DUE(m) ->
		for (u_ : 0 .. NODES - 1) {
			if
			:: u_ != m ->
				if
				:: upper[T(m, u_)] == claimed ->
					close_upper(T(m, u_))
				:: else
				fi
			:: else
			fi
		}
		hand[m] = d;
		lower[T(d, m)] = standby;
		tell_members(m, HANDOVER, NAME(d, j_));
		answer(T(d, m), YIELD, ring[m], seen[m])
	:: else ->
		answer(T(d, m), BUSY, 0, 0);
		close_lower(T(d, m))
	fi
}

inline take_install(d, m, r, x)
{
	assert(OWNS(d, LIFEAT(upper, T(d, m), d), r));		/* own_leader */
	if
	:: lower[T(d, m)] == standby ->
		if
		:: role[m] == leader ->
			stop_leading(m, NAME(d, HEADINC(r)));
			hand[m] = NOBODY;
			role[m] = client
		:: else ->
			/* the commit: away from its own */
#ifndef BROKEN_COMMIT
			if
			:: lower[T(boss[m], m)] == accepted ->
				close_lower(T(boss[m], m))
			:: else
			fi
#else
			skip
#endif
		fi;
		follow(d, m)
	:: else ->
		assert(lower[T(d, m)] == accepted && role[m] == client)
	fi;
	if
	:: ring[m] == r					/* given once more */
	:: else ->
		check_together(m, d, x);
		install(m, r)
	fi
}

/*
 * The leader leads no more, x takes over. Who stood by for that one is its
 * client now.
 */
inline take_leave(d, m, x)
{
	j_ = x;
	close_lower(T(d, m));
	b_ = false;
	for (k_ : 0 .. NODES - 1) {
		if
		:: k_ != m ->
			if
			:: lower[T(k_, m)] == standby &&
			   j_ == NAME(k_, LIFEAT(upper, T(k_, m), k_)) ->
				b_ = true
			:: else
			fi
		:: else
		fi
	}
	gone[m] = true;
	role[m] = orphan;
	named[m] = j_;
	if
	:: b_ ->
		j_ = j_ & 7;
		follow(j_, m)
	:: else
	fi
}

inline lower_hears(d, m)
{
	dn[T(d, m)]?f_, r_, x_;
	printf("%d: %e from %d, ring %d of %d\n", m, f_, d, SEQ(r_), HEAD(r_));
	if
	:: f_ == CLAIM -> take_claim(d, m, r_, x_)
	:: f_ == INSTALL -> take_install(d, m, r_, x_)
	:: f_ == GIVE ->
		assert(lower[T(d, m)] == accepted);
		if
		:: AKIN(r_, ring[m]) && SEQ(r_) > SEQ(ring[m]) ->
			install(m, r_)
		:: else
		fi
	:: f_ == GET ->
		assert(lower[T(d, m)] == accepted);
		answer(T(d, m), RECORD, ring[m], seen[m])
	:: f_ == HANDOVER ->
		assert(lower[T(d, m)] == accepted);
		named[m] = x_;
		if
		:: x_ == NOBODY -> drop_standbys(m)
		:: else
		fi
	:: f_ == LEAVE -> take_leave(d, m, x_)
	fi
}

/* ----------------------------------------------------- frames that go up */

/* A successor has a newer record now. Who is in it is to have it too. */
inline complete(d, r)
{
	install(d, r);
	for (u_ : 0 .. NODES - 1) {
		if
		:: u_ != d && SLOT(r, u_) != 0 ->
			if
			:: MEMBER(T(d, u_)) -> tell(T(d, u_), GIVE, r, 0)
			:: else
			fi
		:: else
		fi
	}
}

#ifdef BROKEN_LATER		/* forgets those whose record is on its way */
#define LATER		false
#else
#define LATER		(SLOT(ring[d], m) == LIFEAT(lower, T(d, m), m) + 1)
#endif
/* m could not take our ring after its own */
#ifdef BROKEN_AHEAD
#define AHEAD(r, own)	(SEQ(r) > SEQ(own))
#else
#define AHEAD(r, own)	(SEQ(r) >= SEQ(own) && (r) != (own))
#endif

inline take_accept(d, m, r)
{
	upper[T(d, m)] = (AHEAD(r, ring[d]) -> ahead : fresh);
#ifndef BROKEN_RECORD
	if
	:: !SETTLED(d) && AKIN(r, ring[d]) && SEQ(r) > SEQ(ring[d]) ->
		assert(LISTS(r, d));
		upper[T(d, m)] = asked;
		tell(T(d, m), GET, 0, 0)
	:: !SETTLED(d) && AKIN(r, ring[d]) && SEQ(r) < SEQ(ring[d]) &&
	   SLOT(ring[d], m) == LIFEAT(lower, T(d, m), m) + 1 ->
		tell(T(d, m), GIVE, ring[d], 0)
	:: else
	fi
#endif
}

inline take_record(d, m)
{
	assert(upper[T(d, m)] == asked);
	upper[T(d, m)] = fresh;
	if
	:: SEQ(r_) > SEQ(ring[d]) ->
#ifdef BROKEN_PATCH		/* leaves out who died, under the same name */
		r_ = r_ & ~(3 << (2 * HEAD(r_)));
#endif
		complete(d, r_)
	:: SEQ(r_) < SEQ(ring[d]) && LATER ->
		/* another had a newer one meanwhile */
		assert(!PROBE_LATER);				/* reached */
		tell(T(d, m), GIVE, ring[d], 0)
	:: else
	fi
}

inline upper_hears(d, m)
{
	up[T(d, m)]?f_, r_, x_;
	printf("%d: %e from %d, ring %d of %d\n", d, f_, m, SEQ(r_), HEAD(r_));
	if
	:: f_ == BUSY
	:: else -> saw(d, x_)
	fi;
	if
	:: f_ == ACCEPT -> take_accept(d, m, r_)
	:: f_ == STANDBY ->
		if
		:: merge[d] != NOBODY -> upper[T(d, m)] = ready
		:: else -> close_upper(T(d, m))
		fi
	:: f_ == YIELD ->
		if
		:: merge[d] == NOBODY && hand[d] == NOBODY ->
			upper[T(d, m)] = yielding;
			merge[d] = m;
			theirs[d] = r_
		:: else -> close_upper(T(d, m))
		fi
	:: f_ == BUSY -> close_upper(T(d, m))
	:: f_ == SUPERSEDED ->
		close_upper(T(d, m));
		if
		:: !SETTLED(d) && AKIN(r_, ring[d]) && SEQ(r_) > SEQ(ring[d]) ->
			stop_leading(d, NOBODY);
			alone(d);
			listen(d)
		:: else
		fi
	:: f_ == RECORD -> take_record(d, m)
	fi
}

/* -------------------------------------------------------- making a ring */

inline give(d, x, everybody)
{
	for (u_ : 0 .. NODES - 1) {
		if
		:: u_ != d ->
			if
			:: MEMBER(T(d, u_)) &&
			   (everybody || upper[T(d, u_)] != synced) ->
				tell(T(d, u_), INSTALL, ring[d], x);
				upper[T(d, u_)] = synced
			:: else
			fi
		:: else
		fi
	}
}

#ifdef BROKEN_SEQ		/* counts on from its own ring only */
#define NUMBER(d)	(SEQ(ring[d]) + 1)
#else
#define NUMBER(d)	(seen[d] + 1)
#endif

inline make(d)
{
	x_ = (SETTLED(d) -> 0 : ring[d]);
	if
	:: !SETTLED(d) || LIST(ring[d]) != NEXT(d) || ALL(ANY, d, ahead) ->
		r_ = RING(NUMBER(d), d, inc[d], NEXT(d));
		install(d, r_);
		give(d, x_, true)
	:: else -> give(d, x_, false)
	fi
}

inline commit(d)
{
	r_ = RING(NUMBER(d), d, inc[d], ME(d) | ALL(IN, d, COMES));
	install(d, r_);
	/* first whom the other leader hands over, who all had its ring */
	for (u_ : 0 .. NODES - 1) {
		if
		:: u_ != d ->
			if
			:: COMING(T(d, u_)) ->
				tell(T(d, u_), INSTALL, r_, theirs[d]);
				upper[T(d, u_)] = synced
			:: MEMBER(T(d, u_)) ->
				tell(T(d, u_), INSTALL, r_, 0);
				upper[T(d, u_)] = synced
			:: else
			fi
		:: else
		fi
	}
	end_merge(d)
}

/* ----------------------------------------------------------------- faults */

inline crash(n)
{
	printf("%d: crashes\n", n);
	for (u_ : 0 .. NODES - 1) {
		if
		:: u_ != n ->
			drain(up[T(n, u_)]);
			if
			:: !IS(lower, T(n, u_)) ->
				drain(dn[T(n, u_)]);
				lower[T(n, u_)] = no;
				upper[T(n, u_)] = no
			:: else ->
				if
				:: upper[T(n, u_)] != no ->
					upper[T(n, u_)] = dead
				:: else
				fi
			fi;
			drain(dn[T(u_, n)]);
			if
			:: !IS(upper, T(u_, n)) ->
				drain(up[T(u_, n)]);
				upper[T(u_, n)] = no;
				lower[T(u_, n)] = no
			:: else ->
				if
				:: lower[T(u_, n)] != no ->
					lower[T(u_, n)] = dead
				:: else
				fi
			fi
		:: else
		fi
	}
	follow_nobody(n);
	role[n] = down;
	ring[n] = 0;
	seen[n] = 0;
	hand[n] = NOBODY;
	merge[n] = NOBODY;
	theirs[n] = 0
}

/* ------------------------------------------------------------------ nodes */

#define YIELDSTO(n, o) \
	((o) == 0 && (n) != 0 && role[o] == leader && SETTLED(o) && \
	 BETTER(o, ring[o], n, ring[n]))

/* What node n does of itself. Times are left open: it may, not it must. */
proctype node(byte n)
{
end:	do
	/* orphan: the first in line did not show up */
	:: STEPS { role[n] == orphan && gone[n] && named[n] == NOBODY &&
		   (!SOME(HEARD, n) || losses > 0) ->
		unheard(n);
		lead(n);
		skip
	}
	/* orphan: nobody tethered it for the time "dead" */
	:: STEPS { role[n] == orphan && !SOMEONE(n) ->
		alone(n);
		listen(n)
	}
	/* listening: no leader is heard, no better node waits */
	:: STEPS { role[n] == listening && (!SOME(HEARD, n) || losses > 0) ->
		unheard(n);
		lead(n);
		skip
	}
	/* listening for the time "dead", with a list from before */
	:: STEPS { role[n] == listening && ring[n] != 0 &&
		   HEAD(ring[n]) != NOBODY ->
		alone(n)
	}
	/* its leader is silent, lives anew, or leads no more */
	:: STEPS { FOLLOWS(n) && !LEADS(boss[n], bossinc[n]) &&
		   !FOLLOWER(boss[n], bossinc[n]) ->
		lose_boss(n)
	}
	/* its leader says whom it follows: as if it had said LEAVE */
	:: STEPS { FOLLOWS(n) && FOLLOWER(boss[n], bossinc[n]) ->
		take_leave(boss[n], n, NAME(boss[boss[n]], bossinc[boss[n]]));
		skip
	}
	/* leader: a ring of its clients, as soon as they are not that */
	:: STEPS { role[n] == leader && hand[n] == NOBODY &&
		   !ALL(ANY, n, asked) && CHANGED(n) ->
		make(n)
	}
	/* leader: the merge is ready, or waited for long enough */
	:: STEPS { role[n] == leader && merge[n] != NOBODY &&
		   (PATIENT -> !SOME(AWAITED, n) : true) ->
		commit(n);
		skip
	}
#ifdef BROKEN_VERDICT
	/* leader: it hears a better one */
	:: STEPS { role[n] == leader && SETTLED(n) && SOME(YIELDSTO, n) ->
		stop_leading(n, NAME(0, inc[0]));
		listen(n)
	}
#endif
	/* beacons of its leader are lost for the time "dead" */
	:: STEPS { losses > 0 && FOLLOWS(n) && LEADS(boss[n], bossinc[n]) ->
		losses--;
		lose_boss(n)
	}
	:: STEPS { crashes > 0 && role[n] != down ->
		crashes--;
		crash(n)
	}
	:: STEPS { restarts > 0 && role[n] == down ->
		restarts--;
		inc[n]++;
		printf("%d: starts again\n", n);
		role[n] = listening
	}
	od
}

#ifdef BROKEN_NOTICE		/* a node may never learn that it was dropped */
#define TOLD		false
#else
#define TOLD		true
#endif

/* What happens on the tether from d to m, and what makes d dial it. */
proctype tether(byte d, m)
{
end:	do
	:: STEPS { IS(lower, T(d, m)) && nempty(dn[T(d, m)]) ->
		lower_hears(d, m)
	}
	:: STEPS { IS(upper, T(d, m)) && nempty(up[T(d, m)]) ->
		upper_hears(d, m)
	}
	/* what was under way when an end crashed may come or not */
	:: STEPS { IS(upper, T(d, m)) && (lower[T(d, m)] == dead ||
		   (lower[T(d, m)] == no && empty(up[T(d, m)]))) ->
		upper_ended(d, m)
	}
	:: STEPS { IS(lower, T(d, m)) && (upper[T(d, m)] == dead ||
		   (upper[T(d, m)] == no && empty(dn[T(d, m)]) && TOLD)) ->
		lower_ended(d, m)
	}
	/* d hears that m is free, or leads and is the worse one */
	:: STEPS { role[d] == leader && hand[d] == NOBODY &&
		   upper[T(d, m)] == no && lower[T(d, m)] == no &&
		   HEARS(d, m) && REACHES(d, m) &&
		   (role[m] == listening ||
		    (role[m] == orphan && (gone[m] || boss[m] == d)) ||
		    (role[m] == leader && merge[d] == NOBODY &&
		     !ALL(ANY, d, claimed) && SETTLED(d) &&
		     SETTLED(m) && BETTER(d, ring[d], m, ring[m])) ||
		    (role[m] == client && merge[d] != NOBODY &&
		     AWAITED(d, m))) ->
		dial(d, m)
	}
	/* the connection breaks; one end notices first, frames may be lost */
	:: STEPS { losses > 0 && IS(upper, T(d, m)) ->
		losses--;
		upper_ended(d, m)
	}
	:: STEPS { losses > 0 && IS(upper, T(d, m)) && nempty(dn[T(d, m)]) ->
		losses--;
		drain(dn[T(d, m)]);
		upper_ended(d, m)
	}
	:: STEPS { losses > 0 && IS(lower, T(d, m)) ->
		losses--;
		lower_ended(d, m)
	}
	:: STEPS { losses > 0 && IS(lower, T(d, m)) && nempty(up[T(d, m)]) ->
		losses--;
		drain(up[T(d, m)]);
		lower_ended(d, m)
	}
	od
}

inline lead_of(n, m)
{
	upper[T(n, m)] = synced;
	lower[T(n, m)] = accepted;
	role[m] = client;
	ring[m] = ring[n];
	seen[m] = 1;
	boss[m] = n
}

init {
	atomic {
#ifdef CHOOSE
		select(losses : 0 .. LOSSES);
		select(crashes : 0 .. CRASHES);
		if
		:: crashes > 0 -> select(restarts : 0 .. RESTARTS)
		:: else -> restarts = 0
		fi;
#endif
		for (j_ : 0 .. NODES - 1) {
			role[j_] = listening;
			boss[j_] = NOBODY;
			named[j_] = NOBODY;
			hand[j_] = NOBODY;
			merge[j_] = NOBODY
		}
		for (j_ : 0 .. PAIRS - 1) {
			upper[j_] = no;
			lower[j_] = no
		}
#ifdef FORMED
		role[0] = leader;
		seen[0] = 1;
		ring[0] = RING(1, 0, 0, (1 << LISTBITS) / 3);
		for (j_ : 1 .. NODES - 1) {
			lead_of(0, j_)
		}
#endif
#ifdef SPLIT
		role[0] = leader;
		seen[0] = 1;
		ring[0] = RING(1, 0, 0, 1);
		role[1] = leader;
		seen[1] = 1;
		ring[1] = RING(1, 1, 0, (1 << LISTBITS) / 3 - 1);
		for (j_ : 2 .. NODES - 1) {
			lead_of(1, j_)
		}
#endif
		for (j_ : 0 .. NODES - 1) {
			run node(j_);
			for (t_ : 0 .. NODES - 1) {
				if
				:: t_ != j_ -> run tether(j_, t_)
				:: else
				fi
			}
		}
	}
}

/* ------------------------------------------------------------ liveness */

/* m is dead and not in n's ring, or alive and n's client, with the same ring */
#define WITH(n, m) \
	((role[m] == down && SLOT(ring[n], m) == 0) || \
	 (role[m] != down && LISTS(ring[n], m) && \
	  ((n) == (m) || (role[m] == client && boss[m] == (n) && \
			  ring[m] == ring[n]))))
#define LEADING(n) \
	(role[n] == leader && SETTLED(n) && hand[n] == NOBODY && \
	 merge[n] == NOBODY)
#if NODES == 3
#define ONE(n)		(LEADING(n) && WITH(n, 0) && WITH(n, 1) && WITH(n, 2))
#define ONELEADER	(ONE(0) || ONE(1) || ONE(2))
#else
#define ONE(n) \
	(LEADING(n) && WITH(n, 0) && WITH(n, 1) && WITH(n, 2) && WITH(n, 3))
#define ONELEADER	(ONE(0) || ONE(1) || ONE(2) || ONE(3))
#endif
/* node 0 leads itself, node 1 the others */
#define APART		(role[0] == leader && LIST(ring[0]) == ME(0) && \
			 role[1] == leader && SETTLED(1) && \
			 role[2] == client && ring[2] == ring[1])

#ifndef REST
#define REST		ONELEADER
#endif

#ifdef LIVENESS
/* finds runs against <>[] LIVENESS, as "spin -f '[]<> !p'" gives it */
never {
waiting:
	do
	:: !(LIVENESS) -> goto accept_again
	:: true
	od;
accept_again:
	if
	:: true -> goto waiting
	fi
}
#else
/* Where nothing is left to do, all is well. The rest are runs without end. */
active proctype rest()
{
end:	timeout ->
	assert(REST)						/* at_rest */
}
#endif
