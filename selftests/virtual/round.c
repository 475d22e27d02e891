// SPDX-License-Identifier: GPL-2.0
/* What is drawn for each round, and what is asked for at its end. */
#include <string.h>

#include "chance.h"
#include "fault.h"
#include "judge.h"
#include "round.h"
#include "story.h"

uint64_t chance_state;
struct took took_boot, took_split, took_heal, took_leader, took_leave, took_calm;

#define INTERVAL	(1000ULL * node_interval)
#define DEAD		(node_dead * INTERVAL)
#define MS		1000ULL
#define S		1000000ULL

/* so many nodes start at the same moment */
#define BOOT_AT_ONCE	32

static bool agree(void *arg)
{
	return judge_agree(arg);
}

/* These must be one ring within that time. */
static void must_agree(struct set who, uint64_t limit, struct took *took,
		       const char *after)
{
	uint64_t begin = now_us(), time;

	if (!can_lead(&who))
		return;
	if (!pass_until(agree, &who, limit)) {
		judge_describe();
		violated("converges", "%d nodes are not one ring within %u ms after %s: %s",
			 set_count(&who), (unsigned int)(limit / 1000), after,
			 set_text(&who));
	}
	time = now_us() - begin;
	took->n++;
	took->sum += time;
	if (took->max < time)
		took->max = time;
	if (took->share < 100 * time / limit)
		took->share = 100 * time / limit;
}

/* Nobody was told of anything. */
static void must_be_quiet(const char *why)
{
	struct node *n;

	for_each_node(n)
		if (n->updates || n->rings)
			violated("stays", "n%d was told of %u updates and %u rings, and %s",
				 n->number, n->updates, n->rings, why);
}

/* Nothing happens, and nothing changes. */
static void rest(uint64_t us)
{
	struct set who = nodes_on();

	if (!can_lead(&who))
		return;
	pass(INTERVAL > 50 * MS ? INTERVAL : 50 * MS);
	changes_forget();
	pass(us);
	must_be_quiet("nothing happened");
	if (!judge_agree(&who))
		violated("stays", "they are one ring no longer");
	judge_lists();
}

static bool nobody_leaves(void *arg)
{
	struct node *n;

	for_each_node(n)
		if (n->power == POWER_LEAVING)
			return arg;
	return true;
}

/* Faults are over, after so long; who is off is switched on, most of them. */
static void calm(uint64_t before)
{
	struct node *n;

	fault_heal();
	/* a silence that began before may be believed now */
	pass(DEAD + MS);
	if (!pass_until(nobody_leaves, NULL, 20 * S))
		violated("leaves", "a node is not down 20 s after it said goodbye");
	for_each_node(n)
		if (n->power == POWER_OFF && (n->number == 1 || draw(8)))
			fault_to(FAULT_JOIN, n, 0);
	/* what TCP lost on the way it repeats after as long again at most */
	must_agree(nodes_on(), 3 * DEAD + 4 * INTERVAL + 5 * S / 2 + before,
		   &took_calm, "all was well again");
	rest(draw(8) ? 2 * DEAD : 5 * DEAD);
}

void round_boot(void)
{
	unsigned long rings = sums.distinct;
	bool at_once = node_count <= BOOT_AT_ONCE;
	struct node *n;

	story_round(0, "boot");
	for_each_node(n) {
		n->priority = n->number == 1 || draw(8) ? 100 : draw(3);
		fault_to(FAULT_JOIN, n, 0);
		/* a crowd of newcomers broadcasts, and each ring goes to all */
		if (n->number % BOOT_AT_ONCE == 0)
			pass(50 * MS);
	}
	must_agree(nodes_on(), 2 * DEAD + 4 * INTERVAL, &took_boot, "the start");
	if (at_once && sums.distinct - rings > 4)
		violated("gathered", "%d nodes that start at once make %lu rings",
			 node_count, sums.distinct - rings);
	rest(2 * DEAD);
}

static void storm(void)
{
	uint64_t begin = now_us(), pace = draw(2) ? INTERVAL : DEAD;
	int i;

	for (i = 1 + draw(12); i; i--) {
		enum fault fault = draw(FAULT_N);

		fault_inject(fault, fault == FAULT_RESTART ? draw(2 * DEAD) :
			     10 * MS + draw(4 * DEAD));
		pass(draw(pace));
	}
	calm(now_us() - begin);
}

/*
 * Of two sides, each sees the other go, one after the other as they fall silent,
 * and come in one update.
 */
static void check_net(const struct set *side, const struct set *other)
{
	struct node *n;

	for_each_node(n) {
		if (!set_has(side, n->number))
			continue;
		if (n->adds != 1 || !set_same(&n->gone, other) ||
		    !set_same(&n->come, other))
			violated("net-difference", "n%d was told of %u updates that add nodes, where the other side went and came",
				 n->number, n->adds);
	}
}

static void split(void)
{
	int sides = 2 + draw(2), i;
	struct set who[SIDES];
	uint64_t begin, lasts = 3 * DEAD + 3 * S + draw(10 * S);
	bool each = true;

	changes_forget();
	begin = now_us();
	fault_split(sides, 3600 * S);
	for (i = 0; i < sides; i++) {
		uint64_t limit = begin + 2 * DEAD + 4 * INTERVAL + 100 * MS;

		who[i] = nodes_side(i);
		each = each && can_lead(&who[i]);
		must_agree(who[i], limit - now_us(), &took_split, "the split");
	}
	if (begin + lasts > now_us())
		pass(begin + lasts - now_us());
	fault_heal();
	if (!each) {
		calm(lasts);
		return;
	}
	must_agree(nodes_on(), DEAD + 4 * INTERVAL, &took_heal, "the split was mended");
	if (sides == 2) {
		check_net(&who[0], &who[1]);
		check_net(&who[1], &who[0]);
	}
	rest(2 * DEAD);
}

/* Who remains sees one node go, in one update. */
static void check_gone(const struct set *who, const struct node *gone)
{
	struct set one = {}, none = {};
	struct node *n;

	set_add(&one, gone->number);
	for_each_node(n) {
		if (!set_has(who, n->number))
			continue;
		if (n->updates != 1 || !set_same(&n->gone, &one) ||
		    !set_same(&n->come, &none))
			violated("net-difference", "n%d was told of %u updates, when n%d went",
				 n->number, n->updates, gone->number);
	}
}

/* All have the same list, so all know whose turn it is. */
static void check_successor(const struct set *who, const struct node *gone)
{
	unsigned int leads = 0;
	struct node *n;

	for_each_node(n)
		if (set_has(who, n->number))
			leads += n->leads;
	if (leads != 1)
		violated("one-successor", "%u nodes led after n%d", leads,
			 gone->number);
}

static void lose_leader(void)
{
	static const enum fault ways[] = {
		FAULT_CRASH, FAULT_LEAVE, FAULT_HURRY, FAULT_CABLE,
	};
	enum fault way = ways[draw(4)];
	struct set who = nodes_on();
	struct node *leader = leader_of(&who);
	bool told = way == FAULT_LEAVE || way == FAULT_HURRY;
	uint64_t begin = now_us();

	if (!leader || set_count(&who) < 2)
		return;
	/* at any moment between two of its beacons */
	pass(draw(INTERVAL));
	changes_forget();
	fault_to(way, leader, 3600 * S);
	set_remove(&who, leader->number);
	must_agree(who, told ? INTERVAL : DEAD + 2 * INTERVAL + 50 * MS,
		   told ? &took_leave : &took_leader,
		   told ? "a leader left" : "a leader was lost");
	if (can_lead(&who)) {
		pass(2 * INTERVAL);
		check_gone(&who, leader);
		check_successor(&who, leader);
	}
	calm(now_us() - begin);
}

/* Shorter than anybody can notice, whoever it befalls. */
static void blink(void)
{
	uint64_t lasts = INTERVAL * (node_dead - 2);
	struct set who = nodes_on();
	struct node *leader = leader_of(&who), *n;
	enum fault fault;

	lasts = 10 * MS + draw(lasts - 10 * MS);
	changes_forget();
	switch (draw(3)) {
	case 0:
		fault_split(2, lasts);
		break;
	case 1:
		for_each_node(n)
			if (n->power == POWER_ON && draw(2))
				fault_to(FAULT_CABLE, n, lasts);
		break;
	case 2:
		n = &nodes[1 + draw(node_count)];
		fault = draw(2) ? FAULT_LINK : FAULT_CARRIER;
		if (n->power == POWER_ON && n != leader)
			fault_to(fault, n, lasts);
		break;
	}
	pass(lasts + DEAD);
	must_be_quiet("nothing lasted long enough to be noticed");
	calm(lasts);
}

static void lose_packets(void)
{
	struct weather w = { .loss = 100000 + draw(200000) };
	uint64_t seconds = 60 + draw(60), i;
	unsigned long before;

	fault_storm(&w, 3600 * S);
	pass(2 * DEAD);
	before = judge_silences();
	for (i = 0; i < seconds; i++) {
		pass(S);
		judge_lossy_time(S);
	}
	sums.silent += judge_silences() - before;
	calm(10 * S);
}

/* It may blow as it will, while nothing is lost nobody is taken for dead. */
static void blow(void)
{
	struct weather w = {
		.delay = 1000 + draw(40000),
		.duplicate = draw(2) ? draw(300000) : 0,
		.reorder = draw(2) ? draw(300000) : 0,
	};

	w.jitter = draw(w.delay);
	changes_forget();
	fault_storm(&w, 3600 * S);
	pass(20 * S + draw(20 * S));
	must_be_quiet("packets were late, but did come");
	calm(S);
}

static void churn(void)
{
	static const enum fault ways[] = {
		FAULT_CRASH, FAULT_RESTART, FAULT_LEAVE, FAULT_HURRY,
		FAULT_JOIN, FAULT_JOIN, FAULT_PRIORITY,
	};
	uint64_t begin = now_us();
	int i;

	for (i = 3 + draw(20); i; i--) {
		fault_inject(ways[draw(7)], draw(2 * DEAD));
		pass(draw(draw(2) ? 2 * INTERVAL : 20 * MS));
	}
	calm(now_us() - begin);
}

/* Rings may change for a while, not for ever. */
static void stand_still(void)
{
	static const enum fault ways[] = {
		FAULT_SPLIT, FAULT_ONE_WAY, FAULT_PAIR, FAULT_UDP_CUT,
		FAULT_TCP_CUT, FAULT_MUTE, FAULT_DEAF, FAULT_CABLE,
	};
	uint64_t begin = now_us();
	struct node *n;
	int i;

	for (i = 1 + draw(4); i; i--)
		fault_inject(ways[draw(8)], 3600 * S);
	pass(12 * DEAD + 4 * S);
	changes_forget();
	pass(20 * DEAD);
	for_each_node(n) {
		if (n->rings <= 4)
			continue;
		judge_describe();
		violated("rings-bounded", "n%d installed %u rings in %u ms in which nothing changed",
			 n->number, n->rings, (unsigned int)(20 * DEAD / 1000));
	}
	calm(now_us() - begin);
}

static void idle(void)
{
	rest(10 * S + draw(50 * S));
}

void round_play(uint64_t seed, int number, const char *only)
{
	static const struct {
		const char *name;
		unsigned int often;
	} kinds[] = {
#define KIND(name, text, often, what) [ROUND_##name] = { text, often },
		ROUNDS(KIND)
	};
	static void (*const play[ROUND_N])(void) = {
		[ROUND_STORM] = storm,
		[ROUND_SPLIT] = split,
		[ROUND_LEADER] = lose_leader,
		[ROUND_BLINK] = blink,
		[ROUND_LOSS] = lose_packets,
		[ROUND_WEATHER] = blow,
		[ROUND_CHURN] = churn,
		[ROUND_STILL] = stand_still,
		[ROUND_IDLE] = idle,
	};
	unsigned int sum = 0, at, i;

	chance_begin(seed, number);
	for (i = 0; i < ROUND_N; i++)
		sum += kinds[i].often;
	at = draw(sum);
	for (i = 0; at >= kinds[i].often; i++)
		at -= kinds[i].often;
	if (only)
		for (i = 0; i < ROUND_N - 1 && strcmp(only, kinds[i].name); i++)
			;
	story_round(number, kinds[i].name);
	play[i]();
}
