// SPDX-License-Identifier: GPL-2.0
/*
 * Ordered messages: numbers, what is known to be stable, marks of rings, and from
 * one leader to the next. Who leads and who follows is left open but for what
 * membership.pml shows. README.rst beside it says what is modelled, what is left
 * out, and what the switches are for.
 *
 * Switches (spin -DNAME[=VALUE]):
 *	MESSAGES	how many messages are given a number, at most 6
 *	CRASHES		how many nodes may crash
 *	CUTS		how often a node may be cut off for a while
 *	BREAKS		how many tethers may break
 *	CHOOSE		the numbers of faults are chosen, up to these
 *	LATE		begins with a leader that has died already, see late()
 *	HASTY		waits for others may end at any moment
 *	SHORT		a leader may lack the memory or the room to say BEGIN
 *	ONLY_SAFE	without "together", which some rules left out break sooner
 *	STEPS=atomic	statements count one by one, for the list of unreached
 *			ones; the same runs as with d_step, but slower
 *	BROKEN_...	one rule left out
 *	PROBE_...=true	show a run that gets to that place
 */
#ifndef MESSAGES
#define MESSAGES	2
#endif
#ifndef CRASHES
#define CRASHES		0
#endif
#ifndef CUTS
#define CUTS		0
#endif
#ifndef BREAKS
#define BREAKS		0
#endif
#ifndef STEPS
#define STEPS		d_step
#endif
#ifndef PROBE_MISSED
#define PROBE_MISSED	false
#endif

#define NODES		3
#define PAIRS		(NODES * NODES)
#define NOBODY		7
#define BIT(n)		(1 << (n))
#define RINGS		15
#define NUMBERS		13

/*
 * An entry of a row is a byte: the mark of a ring, or a message, which may be
 * safe. 0 is none. Rings are counted in the order in which they are made, so the
 * number of one is its name.
 */
#define MARK(r)		(16 + (r))
#define IS_MARK(e)	((e) >= 16)
#define RING_OF(e)	((e) - 16)
#define MESSAGE(k, s)	(1 + (k) + ((s) -> 8 : 0))
#define IS_SAFE(e)	((e) < 16 && ((e) & 8))
#define COUNT_OF(e)	(((e) & 7) - 1)

mtype = { down, loose, orphan, client, leader };	/* roles */

/*
 * The end of a tether at the leader: no, fresh (accepted, no place in the row
 * yet), owed (new in a ring, BEGIN not said), anew (likewise, and BEGIN was said),
 * back (goes on where it was, BEGIN said), flows (the client has BEGIN).
 */
mtype = { no, fresh, owed, anew, back, flows };

mtype role[NODES];
byte boss[NODES];		/* client, orphan: whose it is */
bool leads[NODES];		/* leader: it has made its first ring */
byte fetching[NODES];		/* leader before that: from whom, or NOBODY */

byte log[NODES * NUMBERS];
byte last[NODES];		/* it has all up to this number */
byte top[NODES];		/* ring of the last mark in it: the view */
byte base[NODES];		/* what came up to here is thrown away */
byte stable[NODES];
byte known[NODES];
byte delivered[NODES];

/* tethers, by leader and client */
mtype upper[PAIRS];
byte acked[PAIRS];		/* the leader knows that it has all up to this */
byte said[PAIRS];		/* what a client that closed had said before */
byte have[PAIRS];		/* fresh: how far it is, */
byte by[PAIRS];			/* in which ring that was given, 0 not known, */
byte knew[PAIRS];		/* and what it knows to be stable */

/* rings */
byte list[RINGS];		/* a bit for each node */
byte gone[RINGS];		/* whom the mark takes away */
byte came[RINGS];		/* whom it adds */
byte safe[RINGS];		/* what it says all of the ring before had */
byte rings;

byte messages;
byte cut = NOBODY;		/* a node that the others don't reach */
byte cuts = CUTS;
byte breaks = BREAKS;
byte crashes = CRASHES;

/* what was promised and heard; no rule looks at any of this */
byte at[7];			/* the number of a message, */
byte under[7];			/* and the ring in which it was given */
byte due[7];			/* those who have to hear it */
byte heard[NODES];		/* messages */
byte ring[NODES];		/* the last ring */
byte since[NODES];		/* messages since that */
byte before[NODES];		/* those of them before the transitional event */
byte lost[NODES];		/* whom that named */
byte from[RINGS];		/* ring before this, for who went on; 0 nobody yet */
byte all[RINGS];		/* messages between the two */
byte told[RINGS];		/* whom the transitional event named, 255 not known */
byte till[RINGS];		/* messages before that event, */
byte who[RINGS];		/* and who was told so */

#define T(d, m)		((d) * NODES + (m))
#define L(n, i)		log[(n) * NUMBERS + (i)]
#define VIEW(n)		list[top[n]]
#define REACH(a, b)	((a) != (b) && cut != (a) && cut != (b))
/* both ends of the tether from d to m are there */
#define WHOLE(d, m)	(upper[T(d, m)] != no && role[m] == client && boss[m] == (d))
#define HAS(d, m)	(upper[T(d, m)] != no -> BIT(m) : 0)
#define MEMBERS(d)	(BIT(d) | HAS(d, 0) | HAS(d, 1) | HAS(d, 2))
#define ALONE(d)	(MEMBERS(d) == BIT(d) && VIEW(d) == BIT(d))
#define PLACED(t)	(upper[t] != no && upper[t] != fresh)
#define FRESH(d, m)	(upper[T(d, m)] == fresh)
#define NEWS(d) \
	(!leads[d] || MEMBERS(d) != VIEW(d) || FRESH(d, 0) || FRESH(d, 1) || \
	 FRESH(d, 2))
/* d, which succeeds, lacks what m has */
#ifdef BROKEN_LONGEST
#define LONGER(d, m)	false
#else
#define LONGER(d, m) \
	(upper[T(d, m)] == fresh && by[T(d, m)] != 0 && have[T(d, m)] > last[d] && \
	 (VIEW(d) & BIT(m)))
#endif
#define LACKS(d)	(LONGER(d, 0) || LONGER(d, 1) || LONGER(d, 2))
#define MOST(d, m, o) \
	(!LONGER(d, o) || have[T(d, m)] > have[T(d, o)] || \
	 (have[T(d, m)] == have[T(d, o)] && (m) <= (o)))
#define LONGEST(d, m) \
	(LONGER(d, m) && MOST(d, m, 0) && MOST(d, m, 1) && MOST(d, m, 2))
/* another leader that has a ring is heard */
#define LED(n, o) \
	(REACH(n, o) && role[o] == leader && leads[o])
/* m, which leads, gives way to d */
#define YIELDS(m, d) \
	(role[m] == leader && leads[m] && ALONE(m) && leads[d] && \
	 upper[T(m, d)] == no && (!ALONE(d) || (d) < (m)))
#define PAST(n, r)	(role[n] == down || ring[n] >= (r))
#ifdef HASTY
#define PATIENT		false
#else
#define PATIENT		true
#endif
/* another succeeds, and has no ring yet */
#define SUCCEEDS(n, o) \
	(PATIENT && REACH(n, o) && role[o] == leader && !leads[o])
/* a first ring is to have m */
#define EXPECTED(d, m) \
	(PATIENT && (VIEW(d) & BIT(m)) && REACH(d, m) && role[m] != down && \
	 role[m] != leader && upper[T(d, m)] == no && \
	 (role[m] != client || !leads[boss[m]]))

/* scratch; no part of the state */
hidden byte i_, j_, k_, q_, u_, y_, z_;
hidden byte b_, e_, l_, n_, r_, s_, x_;
hidden byte stay_;
hidden byte c_, ok_;

/* ------------------------------------------------------- what is promised */

#ifdef ONLY_SAFE
#define ALSO(p)		true
#else
#define ALSO(p)		(p)
#endif

/* What was heard before a ring that nobody hears any more does not matter. */
inline forget()
{
	for (q_ : 1 .. rings) {
		if
		:: PAST(0, q_) && PAST(1, q_) && PAST(2, q_) ->
			from[q_] = 0;
			all[q_] = 0;
			told[q_] = 0;
			till[q_] = 0;
			who[q_] = 0
		:: else
		fi
	}
}

/* n is told of a message, which is at number i */
inline hear(n, i, e)
{
	k_ = COUNT_OF(e);
	assert((heard[n] & BIT(k_)) == 0);			/* once */
	assert(under[k_] == ring[n] && at[k_] == (i));		/* agreed */
	for (q_ : 0 .. MESSAGES - 1) {
		assert(under[q_] != ring[n] || at[q_] >= (i) ||
		       (heard[n] & BIT(q_)));			/* agreed */
	}
	printf("%d: hears %d\n", n, k_);
	heard[n] = heard[n] | BIT(k_);
	since[n] = since[n] | BIT(k_);
	if
	:: IS_SAFE(e) ->
		x_ = list[ring[n]] & ~lost[n];
		due[k_] = due[k_] | x_;
		for (q_ : 0 .. NODES - 1) {
			assert(!(x_ & BIT(q_)) || role[q_] == down ||
			       ring[q_] <= under[k_] ||
			       (heard[q_] & BIT(k_)));		/* safe */
		}
	:: else
	fi
}

/* n is told whom the ring lost */
inline hear_lost(n, them)
{
	printf("%d: lost %x\n", n, them);
	lost[n] = them;
	before[n] = since[n]
}

/*
 * n is told of a ring. It went on in its row, or ends it (ends: goes on for the
 * present, but knows that it does not come along), or begins there.
 */
inline hear_ring(n, r, goes_on, ends)
{
	printf("%d: hears ring %d, list %x\n", n, r, list[r]);
	for (q_ : 0 .. MESSAGES - 1) {
		assert(under[q_] >= (r) || !(due[q_] & BIT(n)) ||
		       (heard[n] & BIT(q_)));			/* safe */
	}
	if
	:: (goes_on) && from[r] == 0 ->
		from[r] = ring[n];
		all[r] = since[n]
	:: (goes_on) && from[r] != 0 ->
		assert(ALSO(from[r] == ring[n] && all[r] == since[n])) /* together */
	:: else
	fi;
	if
	:: (goes_on) && !(ends) &&
	   (told[r] == 255 || (told[r] & BIT(n)) || (lost[n] & BIT(who[r]))) ->
		/* the first, or one of them says that the other was lost */
		told[r] = lost[n];
		till[r] = before[n];
		who[r] = n
	:: (goes_on) && !(ends) && told[r] != 255 && !(told[r] & BIT(n)) &&
	   !(lost[n] & BIT(who[r])) ->
		assert(ALSO(told[r] == lost[n] && till[r] == before[n])) /* together */
	:: else
	fi;
	ring[n] = r;
	since[n] = 0;
	before[n] = 0;
	lost[n] = 0;
	forget()
}

/* ---------------------------------------------------- having and delivering */

/* r_: the ring in which n was given a number, 0 if it can't tell */
inline given(n, i)
{
	r_ = 0;
	if
	:: (i) >= base[n] && (i) <= last[n] ->
		y_ = i;
		do
		:: IS_MARK(L(n, y_)) -> r_ = RING_OF(L(n, y_)); break
		:: else -> y_--
		od
	:: else
	fi
}

/*
 * l_: whom the ring of a message, or of a mark, lost before it was known that
 * everybody has it. If the row ends here nobody else comes along.
 */
inline take_lost(n, i, ends)
{
	l_ = 0;
	if
	:: IS_MARK(L(n, i)) -> l_ = gone[RING_OF(L(n, i))]
	:: else ->
		for (j_ : (i) + 1 .. last[n]) {
			if
			:: IS_MARK(L(n, j_)) && safe[RING_OF(L(n, j_))] < (i) ->
				l_ = l_ | gone[RING_OF(L(n, j_))]
			:: else
			fi
		}
		if
		:: (ends) && (i) > stable[n] -> l_ = l_ | (VIEW(n) & ~BIT(n))
		:: else
		fi
	fi
}

#ifdef BROKEN_LOST		/* nobody is told whom the ring lost */
#define TELLS		false
#else
#define TELLS		true
#endif

inline deliver_one(n, ends)
{
	i_ = delivered[n] + 1;
	e_ = L(n, i_);
	if
	:: lost[n] == 0 && (IS_MARK(e_) || IS_SAFE(e_)) && TELLS ->
		take_lost(n, i_, ends);
		if
		:: l_ != 0 -> hear_lost(n, l_)
		:: else
		fi
	:: else
	fi;
	delivered[n] = i_;
	if
	:: IS_MARK(e_) -> hear_ring(n, RING_OF(e_), true, ends)
	:: else -> hear(n, i_, e_)
	fi
}

#ifdef BROKEN_SAFE		/* a safe message is delivered as it comes */
#define WAITS(n)	false
#else
#define WAITS(n) \
	(IS_SAFE(L(n, delivered[n] + 1)) && delivered[n] + 1 > stable[n])
#endif
#ifdef BROKEN_KEEP		/* what was delivered is thrown away */
#define NEEDLESS(n)	delivered[n]
#elif defined BROKEN_ACKS	/* what was sent is under way in any case */
#define NEEDLESS(n)	base[n]
#else
#define NEEDLESS(n) \
	(stable[n] < delivered[n] -> stable[n] : delivered[n])
#endif

/* All whose turn it is; and what nobody needs any more is thrown away. */
inline deliver(n)
{
	do
	:: delivered[n] == last[n] -> break
	:: delivered[n] < last[n] && WAITS(n) -> break
	:: delivered[n] < last[n] && !WAITS(n) -> deliver_one(n, false)
	od;
	if
	:: base[n] < NEEDLESS(n) ->
		x_ = NEEDLESS(n);
		given(n, x_);
		for (y_ : base[n] .. x_ - 1) {
			L(n, y_) = 0
		}
		L(n, x_) = MARK(r_);
		base[n] = x_
	:: else
	fi
}

inline append(n, e)
{
	last[n]++;
	assert(last[n] < NUMBERS);				/* few_numbers */
	L(n, last[n]) = e;
	if
	:: IS_MARK(e) ->
		top[n] = RING_OF(e);
		assert(VIEW(n) & BIT(n))			/* in_view */
	:: else
	fi
}

inline is_stable(n, s)
{
	s_ = ((s) < last[n] -> (s) : last[n]);
	known[n] = (known[n] < s_ -> s_ : known[n]);
	stable[n] = (stable[n] < s_ -> s_ : stable[n])
}

/* The row ends for n, and a ring begins, after number i of another. */
inline restart(n, r, i)
{
	do
	:: delivered[n] < last[n] -> deliver_one(n, true)
	:: else -> break
	od;
	l_ = VIEW(n) & ~BIT(n);
	if
	:: lost[n] == 0 && l_ != 0 && TELLS -> hear_lost(n, l_)
	:: else
	fi;
	hear_ring(n, r, false, false);
	for (j_ : 0 .. NUMBERS - 1) {
		L(n, j_) = 0
	}
	L(n, i) = MARK(r);
	top[n] = r;
	last[n] = i;
	base[n] = i;
	stable[n] = i;
	known[n] = 0;
	delivered[n] = i
}

/* r_: a ring that did not exist */
inline new_ring(them)
{
	rings++;
	assert(rings < RINGS);					/* few_rings */
	r_ = rings;
	list[r_] = them;
	told[r_] = 255
}

/* ---------------------------------------------------------------- leading */

/* What all who take part have. */
inline find_stable(d)
{
	s_ = last[d];
	n_ = BIT(d);
	for (q_ : 0 .. NODES - 1) {
		if
		:: PLACED(T(d, q_)) ->
			n_ = n_ | BIT(q_);
			s_ = (acked[T(d, q_)] < s_ -> acked[T(d, q_)] : s_)
		:: else
		fi
	}
#ifndef BROKEN_SURVIVORS	/* who is away for the moment is not asked */
	s_ = (n_ == VIEW(d) -> s_ : 0);
#endif
#ifndef BROKEN_CAP		/* nor is it told before all know of the loss */
	x_ = s_;
	for (q_ : x_ + 1 .. last[d]) {
		if
		:: IS_MARK(L(d, q_)) && gone[RING_OF(L(d, q_))] != 0 ->
			s_ = (safe[RING_OF(L(d, q_))] < s_ ->
			      safe[RING_OF(L(d, q_))] : s_)
		:: else
		fi
	}
#endif
	z_ = s_;
	is_stable(d, z_)
}

inline number(d, s)
{
	k_ = messages;
	messages++;
	under[k_] = top[d];
	at[k_] = last[d] + 1;
	e_ = MESSAGE(k_, s);
	printf("%d: gives %d the number %d\n", d, k_, at[k_]);
	append(d, e_);
	find_stable(d);
	deliver(d)
}

/* c_: whether m can go on where it is */
inline can_go_on(d, m)
{
	c_ = false;
	if
	:: by[T(d, m)] != 0 ->
		given(d, have[T(d, m)]);
#ifdef BROKEN_SAME		/* what has the same number is the same */
		c_ = (r_ != 0);
#else
		c_ = (r_ == by[T(d, m)]);
#endif
#ifndef BROKEN_AWAY		/* nor is asked whether it was away */
		c_ = c_ && (VIEW(d) & BIT(m));
		for (y_ : have[T(d, m)] + 1 .. last[d]) {
			c_ = c_ && !(IS_MARK(L(d, y_)) &&
				     (came[RING_OF(L(d, y_))] & BIT(m)))
		}
#endif
	:: else
	fi
}

/* Who has a prefix of our row, and is in it, has not fallen out of it. */
inline check_goes_on(d, m)
{
	x_ = false;
	for (y_ : base[d] .. last[d]) {
		x_ = x_ || L(d, y_) == MARK(by[T(d, m)])
	}
	given(d, base[d]);
	x_ = x_ || r_ == by[T(d, m)];
	assert(!x_ || by[T(d, m)] == 0 || !(VIEW(d) & BIT(m)) ||
	       (came[top[d]] & BIT(m)))				/* goes_on */
}

/* Clients without a place get one. The mark of a new ring will be at number i. */
inline put_in(d, i)
{
	for (u_ : 0 .. NODES - 1) {
		if
		:: upper[T(d, u_)] == fresh ->
			can_go_on(d, u_);
			if
			:: c_ ->
				upper[T(d, u_)] = back;
				acked[T(d, u_)] = have[T(d, u_)]
			:: else ->
#ifdef SHORT
				upper[T(d, u_)] = owed;
#else
				upper[T(d, u_)] = anew;
#endif
				acked[T(d, u_)] = i
			fi;
			have[T(d, u_)] = 0;
			by[T(d, u_)] = 0;
			knew[T(d, u_)] = 0
		:: upper[T(d, u_)] == owed && (i) != 0 -> acked[T(d, u_)] = i
		:: else
		fi
	}
}

#ifdef BROKEN_OWED		/* who was not said BEGIN stays in the next ring */
#define STAYS(t)	PLACED(t)
#else
#define STAYS(t)	(PLACED(t) && upper[t] != owed)
#endif

/* The ring of those who are there, and its mark. */
inline make(d)
{
	stay_ = BIT(d);
	ok_ = true;
	s_ = known[d];
	for (u_ : 0 .. NODES - 1) {
		if
		:: upper[T(d, u_)] == fresh ->
			can_go_on(d, u_);
			if
			:: c_ ->
				stay_ = stay_ | BIT(u_);
				s_ = (knew[T(d, u_)] > s_ -> knew[T(d, u_)] : s_)
			:: else ->
				ok_ = false;
				assert(!PROBE_MISSED || leads[d] ||
				       by[T(d, u_)] == 0 ||
				       have[T(d, u_)] <= last[d] ||
				       (VIEW(d) & BIT(u_)) ||
				       !(list[by[T(d, u_)]] & BIT(d))); /* reached */
				if
				:: !leads[d] -> check_goes_on(d, u_)
				:: else
				fi
			fi
		:: STAYS(T(d, u_)) -> stay_ = stay_ | BIT(u_)
		:: else
		fi
	}
	if
	:: !leads[d] ->
#ifndef BROKEN_KNOWN		/* goes by what it knows itself */
		known[d] = (s_ < last[d] -> s_ : last[d]);
#endif
		stable[d] = known[d]
	:: else
	fi;
	if
	:: leads[d] && ok_ && MEMBERS(d) == VIEW(d) ->
		printf("%d: somebody is back\n", d);
		put_in(d, 0)
	:: else ->
		z_ = MEMBERS(d);
		new_ring(z_);
		b_ = r_;
		printf("%d: makes ring %d, list %x\n", d, b_, list[b_]);
		gone[b_] = VIEW(d) & ~stay_;
		came[b_] = list[b_] & ~(VIEW(d) & stay_);
		safe[b_] = stable[d];
		put_in(d, last[d] + 1);
		append(d, MARK(b_));
		leads[d] = true
	fi;
	find_stable(d);
	deliver(d)
}

/* --------------------------------------------------------------- tethers */

/* The leader closes, or learns that the client did. */
inline close_upper(d, m)
{
	upper[T(d, m)] = no;
	acked[T(d, m)] = 0;
	said[T(d, m)] = 0;
	have[T(d, m)] = 0;
	by[T(d, m)] = 0;
	knew[T(d, m)] = 0;
	if
	:: fetching[d] == (m) -> fetching[d] = NOBODY
	:: else
	fi
}

/* The client closes. What it said before may still come. */
inline close_lower(m)
{
	if
	:: role[m] == client && upper[T(boss[m], m)] == flows ->
		said[T(boss[m], m)] = last[m]
	:: else
	fi
}

inline get_loose(m)
{
	close_lower(m);
	role[m] = loose;
	boss[m] = NOBODY
}

/* d's CLAIM and m's ACCEPT, in one. */
inline claim(d, m)
{
	printf("%d: follows %d\n", m, d);
	role[m] = client;
	boss[m] = d;
	leads[m] = false;
	fetching[m] = NOBODY;
	upper[T(d, m)] = fresh;
	have[T(d, m)] = last[m];
	by[T(d, m)] = top[m];
	knew[T(d, m)] = known[m]
}

inline begin(d, m)
{
	given(d, acked[T(d, m)]);
	b_ = r_;
	printf("%d: begins at %d of ring %d\n", m, acked[T(d, m)], b_);
	if
	:: upper[T(d, m)] == back ->
		given(m, last[m]);
		assert(last[m] == acked[T(d, m)] && r_ == b_)	/* same_place */
	:: else -> restart(m, b_, acked[T(d, m)])
	fi;
	upper[T(d, m)] = flows
}

/* A mark says what was stable when it was made. */
inline believe(n, e)
{
	if
	:: IS_MARK(e) ->
		x_ = safe[RING_OF(e)];
		is_stable(n, x_)
	:: else
	fi
}

/* The next message comes down the tether. */
inline take(d, m)
{
	assert(base[d] <= last[m]);				/* kept */
	e_ = L(d, last[m] + 1);
	printf("%d: has %d\n", m, last[m] + 1);
	append(m, e_);
	believe(m, e_);
	deliver(m)
}

/* d, which succeeds, is given the next message that it lacks. */
inline fetch(d, m)
{
	e_ = L(m, last[d] + 1);
	if
	:: IS_MARK(e_) && !(list[RING_OF(e_)] & BIT(d)) ->
		/* the last ring of the leader left it out */
		close_upper(d, m)
	:: else ->
		printf("%d: fetches %d from %d\n", d, last[d] + 1, m);
		append(d, e_);
#ifndef BROKEN_TOLD		/* what a fetched mark says is not believed */
		believe(d, e_);
		is_stable(d, known[m]);
#endif
		deliver(d);
		if
		:: last[d] == have[T(d, m)] -> fetching[d] = NOBODY
		:: else
		fi
	fi
}

inline begin_fetch(d, m)
{
	given(m, last[d]);
	b_ = r_;
	given(d, last[d]);
	if
	:: r_ != 0 && b_ == r_ -> fetching[d] = m
	:: else -> by[T(d, m)] = 0
	fi
}

/* This node goes on without the others. */
inline alone(n)
{
	printf("%d: is alone\n", n);
	get_loose(n);
	new_ring(BIT(n));
	b_ = r_;
	restart(n, b_, last[n])
}

inline crash(n)
{
	printf("%d: crashes\n", n);
	close_lower(n);
	for (u_ : 0 .. NODES - 1) {
		close_upper(n, u_)
	}
	for (j_ : 0 .. NUMBERS - 1) {
		L(n, j_) = 0
	}
	role[n] = down;
	boss[n] = NOBODY;
	leads[n] = false;
	last[n] = 0;
	top[n] = 0;
	base[n] = 0;
	stable[n] = 0;
	known[n] = 0;
	delivered[n] = 0;
	heard[n] = 0;
	ring[n] = 0;
	since[n] = 0;
	before[n] = 0;
	lost[n] = 0
}

/* ------------------------------------------------------------------ nodes */

proctype node(byte n)
{
end:	do
	:: STEPS { role[n] == leader && leads[n] && messages < MESSAGES ->
		number(n, true)
	}
	:: STEPS { role[n] == leader && leads[n] && messages < MESSAGES ->
		number(n, false)
	}
	/* leader: a ring of those who are there */
	:: STEPS { role[n] == leader && NEWS(n) && fetching[n] == NOBODY &&
		   (leads[n] || (!LACKS(n) && !EXPECTED(n, 0) &&
				 !EXPECTED(n, 1) && !EXPECTED(n, 2))) ->
		make(n)
	}
	/* nobody leads: it is its turn, or it waited for long enough */
	:: STEPS { role[n] == loose && !LED(n, 0) && !LED(n, 1) && !LED(n, 2) &&
		   !SUCCEEDS(n, 0) && !SUCCEEDS(n, 1) && !SUCCEEDS(n, 2) ->
		printf("%d: leads\n", n);
		role[n] = leader
	}
	/* nobody tethered it for the time "dead" */
	:: STEPS { (role[n] == loose || role[n] == orphan) &&
		   (VIEW(n) != BIT(n) || delivered[n] != last[n]) &&
		   !PATIENT ->
		alone(n)
	}
	/* its leader does not lead any more, or is silent for "dead" */
	:: STEPS { (role[n] == client || role[n] == orphan) &&
		   (role[boss[n]] != leader || !REACH(n, boss[n])) ->
		printf("%d: its leader is gone\n", n);
		get_loose(n)
	}
	/* its tether is closed */
	:: STEPS { role[n] == client && upper[T(boss[n], n)] == no &&
		   REACH(n, boss[n]) ->
		printf("%d: its tether is closed\n", n);
		close_lower(n);
		role[n] = orphan
	}
	/* its tether breaks */
	:: STEPS { breaks > 0 && role[n] == client &&
		   upper[T(boss[n], n)] != no ->
		printf("%d: its tether broke\n", n);
		breaks--;
		close_lower(n);
		role[n] = orphan
	}
	:: STEPS { crashes > 0 && role[n] != down ->
		crashes--;
		crash(n)
	}
	:: STEPS { cuts > 0 && cut == NOBODY && role[n] != down ->
		printf("%d: is cut off\n", n);
		cuts--;
		cut = n
	}
	:: STEPS { cut == n ->
		printf("%d: is back\n", n);
		cut = NOBODY
	}
	od
}

/* What happens on the tether from d to m, and what makes d dial it. */
proctype tether(byte d, m)
{
end:	do
	:: STEPS { role[d] == leader && role[m] != down && REACH(d, m) &&
		   upper[T(d, m)] == no &&
		   (role[m] == loose || (role[m] == orphan && boss[m] == d) ||
		    YIELDS(m, d)) ->
		claim(d, m);
		skip
	}
	/* the tether breaks, is closed, or its client silent for "dead" */
	:: STEPS { upper[T(d, m)] != no && (!WHOLE(d, m) || !REACH(d, m)) ->
		printf("%d: tether to %d ended\n", d, m);
		close_upper(d, m)
	}
	:: STEPS { breaks > 0 && WHOLE(d, m) ->
		printf("%d: tether to %d broke\n", d, m);
		breaks--;
		close_upper(d, m)
	}
#ifdef SHORT
	:: STEPS { upper[T(d, m)] == owed ->
		upper[T(d, m)] = anew
	}
#endif
	:: STEPS { (upper[T(d, m)] == anew || upper[T(d, m)] == back) &&
		   WHOLE(d, m) && REACH(d, m) ->
		begin(d, m);
		skip
	}
	:: STEPS { upper[T(d, m)] == flows && WHOLE(d, m) && REACH(d, m) &&
		   last[m] < last[d] ->
		take(d, m);
		skip
	}
	/* it is told what is stable, of what was sent to it */
	:: STEPS { upper[T(d, m)] == flows && WHOLE(d, m) && REACH(d, m) &&
		   known[m] < stable[d] && known[m] < last[m] ->
		is_stable(m, stable[d]);
		deliver(m);
		skip
	}
	/* it says what it has */
#ifdef BROKEN_ACKS		/* what was sent has come */
#define SAID(d, m)	last[d]
#else
#define SAID(d, m)	(WHOLE(d, m) -> last[m] : said[T(d, m)])
#endif
	:: STEPS { upper[T(d, m)] == flows && REACH(d, m) &&
		   acked[T(d, m)] < SAID(d, m) ->
		acked[T(d, m)] = SAID(d, m);
		find_stable(d);
		deliver(d);
		skip
	}
	/* d succeeds, and m has most */
	:: STEPS { role[d] == leader && !leads[d] && fetching[d] == NOBODY &&
		   LONGEST(d, m) && WHOLE(d, m) && REACH(d, m) ->
		begin_fetch(d, m);
		skip
	}
	:: STEPS { role[d] == leader && fetching[d] == m && WHOLE(d, m) &&
		   REACH(d, m) ->
		fetch(d, m);
		skip
	}
	od
}

/*
 * A fourth node, 3, led all. Message 0 is with all of them. Message 1 is not with
 * node 2, which was dropped and is cut off. Only node 1 has the mark that says so,
 * and was told that 0 is stable. Then node 3 died.
 */
inline late()
{
	list[1] = 15;
	list[2] = 11;
	rings = 2;
	told[2] = 255;
	gone[2] = BIT(2);
	safe[2] = 2;
	messages = 2;
	for (i_ : 0 .. NODES - 1) {
		role[i_] = loose;
		boss[i_] = NOBODY;
		L(i_, 2) = MESSAGE(0, true);
		last[i_] = 2
	}
	for (i_ : 0 .. 1) {
		L(i_, 3) = MESSAGE(1, true);
		last[i_] = 3;
		under[i_] = 1;
		at[i_] = 2 + i_
	}
	append(1, MARK(2));
	believe(1, MARK(2));
	deliver(1);
	cut = 2
}

init {
	atomic {
#ifdef CHOOSE
		select(cuts : 0 .. CUTS);
		select(breaks : 0 .. BREAKS);
		select(crashes : 0 .. CRASHES);
#endif
		new_ring(BIT(0) | BIT(1) | BIT(2));
		for (i_ : 0 .. NODES - 1) {
			role[i_] = client;
			boss[i_] = 0;
			fetching[i_] = NOBODY;
			L(i_, 1) = MARK(1);
			last[i_] = 1;
			top[i_] = 1;
			base[i_] = 1;
			stable[i_] = 1;
			known[i_] = 1;
			delivered[i_] = 1;
			ring[i_] = 1
		}
		for (i_ : 0 .. PAIRS - 1) {
			upper[i_] = no
		}
#ifdef LATE
		late();
#else
		role[0] = leader;
		boss[0] = NOBODY;
		leads[0] = true;
		for (i_ : 1 .. NODES - 1) {
			upper[T(0, i_)] = flows;
			acked[T(0, i_)] = 1
		}
#endif
		for (i_ : 0 .. NODES - 1) {
			run node(i_);
			for (j_ : 0 .. NODES - 1) {
				if
				:: i_ != j_ -> run tether(i_, j_)
				:: else
				fi
			}
		}
	}
}

/* n is dead, or leads (d == n) or follows d, and has and heard all that d has */
#define WITH(d, n) \
	(role[n] == down || \
	 (((d) == (n) || (role[n] == client && upper[T(d, n)] == flows)) && \
	  (VIEW(d) & BIT(n)) && last[n] == last[d] && \
	  delivered[n] == last[n] && stable[n] == last[n]))
#define ONE(d) \
	(role[d] == leader && leads[d] && WITH(d, 0) && WITH(d, 1) && WITH(d, 2))
#define HEARD(k, n) \
	(role[n] == down || !(due[k] & BIT(n)) || (heard[n] & BIT(k)))
#define HEARD_BY_ALL(k)	(HEARD(k, 0) && HEARD(k, 1) && HEARD(k, 2))

/* Where nothing is left to do, all is said. */
active proctype rest()
{
end:	timeout ->
	STEPS {
		assert(ONE(0) || ONE(1) || ONE(2));		/* at_rest */
		for (k_ : 0 .. MESSAGES - 1) {
			assert(HEARD_BY_ALL(k_))		/* at_rest */
		}
	}
}
