// SPDX-License-Identifier: GPL-2.0
/*
 * A node comes late: it is stopped, and started again with nothing. Or it is away: its
 * cable is cut until the others go on without it, and is plugged in again when some
 * sections are not any more what it has. The time ends when it is told that checkpoints
 * are activated and has the same as the others.
 */
#include <stdio.h>
#include <string.h>

#include "cluster.h"
#include "keeper.h"
#include "late.h"
#include "stream.h"
#include "usage.h"

/* of that many sections one changes while a node is away */
#define CHANGED 100
/* for all to have what there is */
#define TAKE_MS 300000
/* until the kernel asks for a hardware address again: see scenario.c */
#define FORGET_MS 3100

static const struct pace usual = { .interval = 200, .dead = 5 };

static const struct content *content;
static struct keeper keeper;
static char name[64];

/*
 * Who has to be told, what, and when it was; and of the last round the bytes on its
 * cable, how long that took, and of that since the ring has it, ns.
 */
static struct {
	int number;
	unsigned char digest[PFSNL_CKPT_DIGEST];
	uint64_t done;
	uint64_t bytes;
	uint64_t whole;
	uint64_t rest;
} late;

/* Of all rounds with a node that had nothing. */
static double full_bytes, full_ns;
static int fulls;

static void say(const char *what, double value)
{
	char whole[96];

	snprintf(whole, sizeof(whole), "%s:%s", name, what);
	figure(whole, value);
}

static bool give_up(const char *text)
{
	say_failed(name, text);
	return false;
}

/* ---- when it has all ------------------------------------------------ */

static bool active(int number)
{
	struct pfsnl_ckpt_state *state;
	bool is;

	if (pfsnl_ckpt_state_get(nodes[number].handle, &state))
		return false;
	is = state->active;
	pfsnl_ckpt_state_free(state);
	return is;
}

static void look(void)
{
	unsigned char digest[PFSNL_CKPT_DIGEST];
	uint64_t now = now_ns();

	if (!late.done && active(late.number) &&
	    kept_digest(nodes[late.number].handle, digest) &&
	    !memcmp(digest, late.digest, sizeof(digest)))
		late.done = now;
}

static void on_refresh(void *arg)
{
	(void)arg;
	look();
}

static void on_event(void *arg, const struct pfsnl_ckpt_notice *notice)
{
	(void)arg;
	if (notice->event == PFSNL_CKPT_EVENT_ACTIVATED)
		look();
}

static const struct pfsnl_ckpt_calls calls = {
	.size = sizeof(calls),
	.refresh = on_refresh,
	.event = on_event,
};

static bool has_all(void)
{
	return late.done && settled();
}

static bool others_active(void)
{
	int i;

	if (!settled())
		return false;
	for (i = 1; i <= count; i++)
		if (nodes[i].up && !nodes[i].apart && !active(i))
			return false;
	return true;
}

/* Nobody tells of all of it, so it is looked at again and again. */
static bool wait_for_others(void)
{
	uint64_t end = now_ns() + (uint64_t)TAKE_MS * 1000000;

	while (!others_active()) {
		if (now_ns() >= end)
			return false;
		loop_for(10);
	}
	return true;
}

/* ---- what there is -------------------------------------------------- */

static uint64_t all_bytes(void)
{
	return content->sections * content->size;
}

static bool write_section(uint32_t i, uint64_t round)
{
	static char data[PFSNL_CKPT_WRITE_MAX];
	struct pfsnl_ckpt_vec vec = { .data = data };
	char id[16];
	struct pfsnl_ckpt_op op = {
		.size = sizeof(op),
		.kind = PFSNL_CKPT_OP_WRITE,
		.id = id,
		.vecs = &vec,
		.count = 1,
	};

	op.id_len = (size_t)snprintf(id, sizeof(id), "s%u", i);
	memset(data, (int)(i + round + 1) | 1, sizeof(data));
	for (; vec.offset < content->size; vec.offset += vec.len) {
		uint64_t left = content->size - vec.offset;

		/* no two pieces are the same */
		memcpy(data, &vec.offset, sizeof(vec.offset));
		vec.len = left < sizeof(data) ? left : sizeof(data);
		if (!keeper_submit(&keeper, &op, true))
			return false;
	}
	return true;
}

static bool create_section(uint32_t i)
{
	char id[16];
	struct pfsnl_ckpt_op op = {
		.size = sizeof(op),
		.kind = PFSNL_CKPT_OP_CREATE,
		.id = id,
		.time = PFSNL_NEVER,
	};

	op.id_len = (size_t)snprintf(id, sizeof(id), "s%u", i);
	return keeper_submit(&keeper, &op, false);
}

/* Not what is there, and another one in each round. */
static bool write_byte(uint32_t i, uint64_t round)
{
	char byte = (char)(0x80 | (round & 0x7f));
	struct pfsnl_ckpt_vec vec = {
		.data = &byte,
		.len = 1,
		.offset = content->size / 2 + 100 + round % 1000,
	};
	char id[16];
	struct pfsnl_ckpt_op op = {
		.size = sizeof(op),
		.kind = PFSNL_CKPT_OP_WRITE,
		.id = id,
		.vecs = &vec,
		.count = 1,
	};

	op.id_len = (size_t)snprintf(id, sizeof(id), "s%u", i);
	return keeper_submit(&keeper, &op, true);
}

/* On the leader, so that it is the same node that transmits it. */
static bool fill(void)
{
	struct pfsnl_ckpt_attr attr = {
		.size = all_bytes(),
		.retention_ns = PFSNL_NEVER,
		.max_section = content->size,
		.max_sections = content->sections,
		.max_id = 16,
	};
	uint64_t began = now_ns();
	uint32_t i;

	keeper = (struct keeper){ .number = leader() };
	if (pfsnl_ckpts_set_limit(nodes[leader()].handle,
				  all_bytes() + all_bytes() / 8 + (64 << 20),
				  0))
		return keeper_failed(&keeper, pfsnl_errmsg());
	if (!keeper_open(&keeper, leader(), &attr))
		return false;
	for (i = 0; i < content->sections; i++)
		if (!create_section(i) || !write_section(i, 0))
			return false;
	if (!keeper_finish(&keeper))
		return false;
	say("fill", ms_between(began, now_ns()));
	return true;
}

static bool change_some(uint64_t round)
{
	uint32_t i;

	for (i = 0; i < content->sections; i += CHANGED)
		if (!(content->byte ? write_byte(i, round) :
				      write_section(i, round)))
			return false;
	return keeper_finish(&keeper);
}

/* ---- rounds --------------------------------------------------------- */

/* Has it come; false: it did not get all in time. */
static bool come(void (*run)(struct cause *))
{
	struct pfsnl *handle = nodes[late.number].handle;
	struct members all = first(count);
	struct usage from, to;
	struct cause c = {
		.run = run,
		.number = late.number,
		.pace = &usual,
	};
	bool seen;

	if (!kept_digest(keeper.handle, late.digest))
		return give_up(pfsnl_errmsg());
	late.done = 0;
	if (pfsnl_ckpt_watch_add(handle, &calls, NULL))
		return give_up(pfsnl_errmsg());
	nodes[late.number].up = true;
	nodes[late.number].apart = false;
	aim_at(&all, 0);
	from = usage_of(late.number);
	seen = cause_within(&c, has_all, TAKE_MS);
	to = usage_of(late.number);
	pfsnl_ckpt_watch_remove(handle, &calls, NULL);
	if (!seen || !wait_for_others())
		return give_up("it does not get what there is");
	late.bytes = to.bytes - from.bytes;
	late.whole = late.done - c.began;
	late.rest = late.done - nodes[late.number].matched;
	say("whole", (double)late.whole / 1e6);
	say("ring", (double)(late.whole - late.rest) / 1e6);
	say("bytes", (double)late.bytes);
	return true;
}

static bool leave(void (*run)(struct cause *))
{
	struct cause c = { .run = run, .number = late.number };
	struct members others = first(count);

	exclude(&others, late.number);
	aim_at(&others, late.number);
	if (!cause(&c, lost_by_all) || !wait_for_others())
		return give_up("the others don't go on without it");
	return true;
}

/* Plain TCP, right before and right after; and what share of that it is. */
static bool come_late(void)
{
	uint64_t tcp;

	late.number = last_client();
	nodes[late.number].up = false;
	if (!leave(run_stop))
		return false;
	rest(&usual);
	tcp = stream_ns(leader(), late.number, all_bytes());
	if (!come(run_start))
		return false;
	tcp += stream_ns(leader(), late.number, all_bytes());
	tcp /= 2;
	say("rate", (double)all_bytes() / (double)late.whole * 1e3);
	say("tcp", (double)all_bytes() / (double)tcp * 1e3);
	say("share", (double)tcp / (double)late.whole * 100);
	say("share-rest", (double)tcp / (double)late.rest * 100);
	full_bytes += (double)late.bytes;
	full_ns += (double)late.whole;
	fulls++;
	rest(&usual);
	return true;
}

/* And what that costs, of what it cost a node that came with nothing. */
static bool come_back(uint64_t round)
{
	late.number = last_client();
	nodes[late.number].apart = true;
	if (!leave(run_unplug))
		return false;
	/* until it has given up the others, too */
	loop_for(2 * usual.interval * usual.dead + FORGET_MS);
	if (!change_some(round))
		return give_up(keeper.error);
	if (!come(run_plug))
		return false;
	say("share-bytes", (double)late.bytes / (full_bytes / fulls) * 100);
	say("share-time", (double)late.whole / (full_ns / fulls) * 100);
	rest(&usual);
	return true;
}

static bool run_rounds(int rounds, bool away)
{
	const char *changed = content->byte ? "edit" : "away";
	int i;

	snprintf(name, sizeof(name), "%s:%s", away ? changed : "late",
		 content->name);
	doing = name;
	for (i = 0; i < rounds; i++) {
		progress(i, rounds);
		/* what was not seen leaves nobody knows what behind */
		if (away ? !come_back((uint64_t)i + 1) : !come_late())
			return false;
	}
	return true;
}

void late_run(const struct content *what, int rounds, bool away)
{
	content = what;
	full_bytes = 0;
	full_ns = 0;
	fulls = 0;
	snprintf(name, sizeof(name), "late:%s", content->name);
	doing = name;
	if (!begin(&usual, 0))
		return;
	if (!wait_for_others() || !fill())
		give_up(*keeper.error ? keeper.error : "it does not begin");
	else if (run_rounds(rounds, false) && away)
		run_rounds(rounds, true);
	keeper_close(&keeper);
	dissolve();
}
