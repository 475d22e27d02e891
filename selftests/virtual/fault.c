// SPDX-License-Identifier: GPL-2.0
/* Faults that last are in a list until their time is up. */
#include <stdlib.h>

#include "chance.h"
#include "fault.h"
#include "judge.h"
#include "sieve.h"
#include "story.h"

#define ACTIVE_MAX	64
#define NEVER		UINT64_MAX

/**
 * struct active - one that goes on
 * @fault: what; FAULT_N: none
 * @until: when it ends
 * @began: when it did
 * @next: the cable that flaps moves again
 * @in: it is in at the moment
 * @a: to whom
 * @b: and whom
 */
struct active {
	enum fault fault;
	uint64_t until, began, next;
	bool in;
	struct node *a, *b;
};

unsigned long fault_count[FAULT_N];
#define FAULT_TEXT(name, text, what) [FAULT_##name] = text,
const char * const fault_names[FAULT_N] = {
	FAULTS(FAULT_TEXT)
};

static struct active active[ACTIVE_MAX];
static int actives;
/* on which side a node is when its cable is in, and how often it is cut */
static int home[NODES_MAX + 1], cuts[NODES_MAX + 1];
static struct weather weather;
static const struct weather fine;

/* What a fault did to TCP may last as long again. */
static uint64_t aftermath(uint64_t us)
{
	return us + 3ULL * node_dead * node_interval * 1000 + 3000000;
}

static void place(struct node *n)
{
	int side = cuts[n->number] ? SIDE_NONE : home[n->number];

	if (side == n->side)
		return;
	n->side = side;
	port_side(n->number, side);
}

static void weather_all(void)
{
	struct node *n;

	tell(0, "weather: loss %u %%, delay %u +- %u ms, twice %u %%, at once %u %%",
	     weather.loss / 10000, weather.delay / 1000, weather.jitter / 1000,
	     weather.duplicate / 10000, weather.reorder / 10000);
	for_each_node(n)
		port_weather(n->number, &weather);
	judge_loss(weather.loss);
}

static bool lasts(enum fault fault)
{
	return fault < FAULT_CRASH || fault == FAULT_RESTART;
}

/* On the port of `at` only, unless that is NULL. */
static void sift(enum sieve sieve, int from, int to, bool begins,
		 const struct node *at)
{
	if (!at || sieve_port(sieve, from, to) == at->number)
		sieve_set(sieve, from, to, begins);
}

static void filters(const struct active *f, bool begins, const struct node *at)
{
	static const enum sieve sieves[FAULT_N] = {
		[FAULT_ONE_WAY] = SIEVE_ALL,
		[FAULT_PAIR] = SIEVE_ALL,
		[FAULT_UDP_CUT] = SIEVE_UDP,
		[FAULT_TCP_CUT] = SIEVE_TCP,
	};
	enum sieve sieve = sieves[f->fault];

	switch (f->fault) {
	case FAULT_PAIR:
	case FAULT_UDP_CUT:
	case FAULT_TCP_CUT:
		sift(sieve, f->b->number, f->a->number, begins, at);
		sift(sieve, f->a->number, f->b->number, begins, at);
		break;
	case FAULT_ONE_WAY:
		sift(sieve, f->a->number, f->b->number, begins, at);
		break;
	case FAULT_MUTE:
		sift(SIEVE_FROM, f->a->number, 0, begins, at);
		break;
	case FAULT_DEAF:
		sift(SIEVE_TO, 0, f->a->number, begins, at);
		break;
	default:
		break;
	}
}

/* It begins, or it ends. */
static void apply(struct active *f, bool begins)
{
	struct node *n;

	switch (f->fault) {
	case FAULT_SPLIT:
		for_each_node(n) {
			if (!begins)
				home[n->number] = 0;
			place(n);
		}
		break;
	case FAULT_FLAP:
	case FAULT_CABLE:
		if (f->in == begins)
			break;
		f->in = begins;
		cuts[f->a->number] += begins ? 1 : -1;
		place(f->a);
		break;
	case FAULT_LINK:
		eth_link(f->a->rtnl, f->a->ifindex, !begins);
		break;
	case FAULT_CARRIER:
		port_link(f->a->number, !begins);
		break;
	case FAULT_RESTART:
		if (!begins && f->a->power == POWER_OFF)
			node_start(f->a);
		break;
	default:
		filters(f, begins, NULL);
		break;
	}
}

void fault_port(struct node *n)
{
	int i;

	if (memcmp(&weather, &fine, sizeof(fine)))
		port_weather(n->number, &weather);
	for (i = 0; i < actives; i++) {
		if (active[i].fault == FAULT_CARRIER && active[i].a == n)
			port_link(n->number, false);
		filters(&active[i], true, n);
	}
}

/* Whether something like that is going on already. */
static bool goes_on(enum fault fault, const struct node *a, const struct node *b)
{
	int i;

	for (i = 0; i < actives; i++) {
		const struct active *f = &active[i];

		if (f->fault == fault &&
		    (!a || f->a == a || f->b == a || (b && (f->a == b || f->b == b))))
			return true;
	}
	return false;
}

static void touch(const struct active *f, uint64_t until)
{
	if (!f->a) {
		if (f->fault == FAULT_SPLIT || f->fault == FAULT_LOSS)
			judge_touch_all(until);
		return;
	}
	if (f->fault == FAULT_RESTART)
		judge_touch(f->a, until);
	else
		judge_touch_links(f->a, until);
	if (f->b)
		judge_touch_links(f->b, until);
}

static void begin(enum fault fault, struct node *a, struct node *b, uint64_t us)
{
	struct active *f = &active[actives++];

	*f = (struct active){
		.fault = fault,
		.began = now_us(),
		.a = a,
		.b = b,
	};
	f->until = f->began + us;
	f->next = NEVER;
	if (fault == FAULT_FLAP)
		f->next = f->began + draw(node_interval * 2000);
	fault_count[fault]++;
	touch(f, f->until + aftermath(us));
	if (b)
		tell(0, "%s n%d n%d for %u ms", fault_names[fault], a->number,
		     b->number, (unsigned int)(us / 1000));
	else if (a)
		tell(0, "%s n%d for %u ms", fault_names[fault], a->number,
		     (unsigned int)(us / 1000));
	apply(f, true);
}

static void end(int i)
{
	struct active f = active[i];

	active[i] = active[--actives];
	touch(&f, now_us() + aftermath(now_us() - f.began));
	if (f.fault == FAULT_RESTART) {
		apply(&f, false);
		return;
	}
	if (f.b)
		tell(0, "%s n%d n%d ends", fault_names[f.fault], f.a->number,
		     f.b->number);
	else if (f.a)
		tell(0, "%s n%d ends", fault_names[f.fault], f.a->number);
	else
		tell(0, "%s ends", fault_names[f.fault]);
	switch (f.fault) {
	case FAULT_LOSS:
		weather.loss = 0;
		break;
	case FAULT_DELAY:
		weather.delay = 0;
		weather.jitter = 0;
		weather.reorder = 0;
		break;
	case FAULT_DUPLICATE:
		weather.duplicate = 0;
		break;
	case FAULT_REORDER:
		weather.reorder = 0;
		break;
	default:
		apply(&f, false);
		return;
	}
	weather_all();
}

/* A node that is on, or one that is not. */
static struct node *pick(bool on)
{
	int i = draw(node_count), k;

	for (k = 0; k < node_count; k++) {
		struct node *n = &nodes[1 + (i + k) % node_count];

		if (n->power == (on ? POWER_ON : POWER_OFF) &&
		    !goes_on(FAULT_RESTART, n, NULL))
			return n;
	}
	return NULL;
}

static void gone(struct node *n)
{
	judge_touch(n, now_us() + aftermath(0));
}

void fault_to(enum fault fault, struct node *n, uint64_t us)
{
	switch (fault) {
	case FAULT_CRASH:
		gone(n);
		node_crash(n);
		break;
	case FAULT_RESTART:
		node_crash(n);
		if (actives < ACTIVE_MAX)
			begin(fault, n, NULL, us);
		return;
	case FAULT_LEAVE:
		gone(n);
		node_leave(n);
		break;
	case FAULT_HURRY:
		gone(n);
		node_hurry(n);
		break;
	case FAULT_JOIN:
		gone(n);
		node_start(n);
		break;
	case FAULT_PRIORITY:
		node_set_priority(n, draw(4) ? 98 + draw(5) : 0);
		break;
	default:
		if (!goes_on(fault, n, NULL) && actives < ACTIVE_MAX)
			begin(fault, n, NULL, us);
		return;
	}
	fault_count[fault]++;
}

void fault_split(int sides, uint64_t us)
{
	struct node *n;

	for_each_node(n)
		home[n->number] = draw(sides);
	tell(0, "split in %d for %u ms", sides, (unsigned int)(us / 1000));
	begin(FAULT_SPLIT, NULL, NULL, us);
}

static void bad_weather(enum fault fault, uint64_t us)
{
	switch (fault) {
	case FAULT_LOSS:
		weather.loss = 10000 + draw(240000);
		break;
	case FAULT_DELAY:
		weather.delay = 1000 + draw(50000);
		weather.jitter = draw(weather.delay);
		break;
	case FAULT_DUPLICATE:
		weather.duplicate = 10000 + draw(300000);
		break;
	default:
		if (!weather.delay)
			weather.delay = 1000 + draw(20000);
		weather.reorder = 10000 + draw(300000);
		break;
	}
	begin(fault, NULL, NULL, us);
	weather_all();
}

bool fault_inject(enum fault fault, uint64_t us)
{
	struct node *a, *b;

	if (lasts(fault) && actives == ACTIVE_MAX)
		return false;
	switch (fault) {
	case FAULT_LOSS:
	case FAULT_DELAY:
	case FAULT_DUPLICATE:
	case FAULT_REORDER:
		if (goes_on(fault, NULL, NULL))
			return false;
		bad_weather(fault, us);
		return true;
	case FAULT_SPLIT:
		if (goes_on(fault, NULL, NULL))
			return false;
		fault_split(2 + draw(2), us);
		return true;
	case FAULT_ONE_WAY:
	case FAULT_PAIR:
	case FAULT_UDP_CUT:
	case FAULT_TCP_CUT:
		a = &nodes[1 + draw(node_count)];
		b = &nodes[1 + draw(node_count)];
		if (a == b || goes_on(fault, a, b) ||
		    (fault == FAULT_PAIR && goes_on(FAULT_ONE_WAY, a, b)) ||
		    (fault == FAULT_ONE_WAY && goes_on(FAULT_PAIR, a, b)))
			return false;
		begin(fault, a, b, us);
		return true;
	default:
		break;
	}
	a = pick(fault != FAULT_JOIN);
	if (!a)
		return false;
	fault_to(fault, a, us);
	return true;
}

void fault_heal(void)
{
	while (actives)
		end(0);
}

uint64_t fault_next(void)
{
	uint64_t next = NEVER;
	int i;

	for (i = 0; i < actives; i++) {
		if (active[i].until < next)
			next = active[i].until;
		if (active[i].next < next)
			next = active[i].next;
	}
	return next;
}

void fault_go_on(uint64_t now)
{
	int i;

	for (i = 0; i < actives;) {
		struct active *f = &active[i];

		if (f->until <= now) {
			end(i);
			continue;
		}
		if (f->next <= now) {
			apply(f, !f->in);
			f->next = now + 1000 + draw(node_interval * 2000);
		}
		i++;
	}
}

void fault_storm(const struct weather *w, uint64_t us)
{
	weather = *w;
	if (w->loss)
		begin(FAULT_LOSS, NULL, NULL, us);
	if (w->delay)
		begin(FAULT_DELAY, NULL, NULL, us);
	if (w->duplicate)
		begin(FAULT_DUPLICATE, NULL, NULL, us);
	if (w->reorder)
		fault_count[FAULT_REORDER]++;
	weather_all();
}
