// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints as such: names, opening and closing, who keeps them alive, what expires
 * when. Those of sections are in test_sections.c.
 */
#include <errno.h>

#include "depot.h"
#include "test.h"

#define RW	(PFSNL_OPEN_READ | PFSNL_OPEN_WRITE)

static struct pfsnl_ckptmsg op(u8 kind, u32 handle)
{
	return (struct pfsnl_ckptmsg) {
		.kind = kind, .process = DEPOT_PROCESS, .handle = handle,
	};
}

static int gone(struct depots *all, u32 sender, const struct depot *who)
{
	struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_GONE, 0);

	m.addr = who->from.addr;
	m.incarnation = who->from.incarnation;
	return depots_apply(all, sender, &m).err;
}

static int retain(struct depots *all, u32 sender, u32 handle, u64 retention)
{
	struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_RETENTION, handle);

	m.attr.retention = retention;
	return depots_apply(all, sender, &m).err;
}

/* What a timer would send; @e is what the store said when it was set. */
static int expire(struct depots *all, const struct pfsnl_ckpt_expiry *e, const char *id)
{
	struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_EXPIRE, 0);

	m.number = e->number;
	m.expires = e->when;
	m.time = e->when;
	if (id) {
		m.flags = PFSNL_EXPIRE_SECTION;
		m.name = (const u8 *)id;
		m.name_len = strlen(id);
	}
	return depots_apply(all, 0, &m).err;
}

static void names_are_told_apart_by_every_byte(void **state)
{
	struct depots all = depots_new(2);
	struct pfsnl_ckpt_number a, b;

	a = depots_open(&all, 0, 1, "g", DEPOT_RW).number;
	b = depots_open(&all, 0, 2, "gg", DEPOT_RW).number;
	assert_int_not_equal(a.counter, b.counter);
	assert_int_equal(depots_open(&all, 1, 1, "g", RW).number.counter, a.counter);
	assert_int_equal(depots_open(&all, 1, 2, "gg", RW).number.counter, b.counter);
	assert_int_equal(depots_open(&all, 1, 3, "ggg", RW).err, -ENOENT);
	assert_int_equal(depots_open(&all, 1, 3, "G", RW).err, -ENOENT);
	assert_null(pfsnl_ckpts_named(all.at[0]->store, "", 0));
	assert_int_equal(depots_unlink(&all, 0, "gg"), 0);
	assert_non_null(depot_named(all.at[1], "g"));
	assert_null(depot_named(all.at[1], "gg"));
	depots_free(&all);
}

static void longest_name_is_one_like_others(void **state)
{
	struct depots all = depots_new(2);
	char name[PFSNL_CKPT_NAME_MAX + 1];

	memset(name, 'x', sizeof(name));
	name[PFSNL_CKPT_NAME_MAX] = 0;
	assert_int_equal(depots_open(&all, 0, 1, name, DEPOT_RW).err, 0);
	name[PFSNL_CKPT_NAME_MAX - 1] = 0;
	assert_int_equal(depots_open(&all, 0, 2, name, RW).err, -ENOENT);
	assert_int_equal(depots_open(&all, 0, 2, name, DEPOT_RW).err, 0);
	name[PFSNL_CKPT_NAME_MAX - 1] = 'x';
	assert_non_null(depot_named(all.at[1], name));
	assert_false(pfsnl_ckpt_name_ok(name, PFSNL_CKPT_NAME_MAX + 1));
	assert_false(pfsnl_ckpt_name_ok(name, 0));
	assert_false(pfsnl_ckpt_name_ok("a\nb", 3));
	assert_false(pfsnl_ckpt_name_ok("a\0b", 3));
	assert_true(pfsnl_ckpt_name_ok("\xc3\xa9", 2));
	depots_free(&all);
}

static void opening_with_another_retention_is_not_refused(void **state)
{
	struct depots all = depots_new(1);
	struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_OPEN, 2);

	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	m.flags = DEPOT_RW;
	m.name = (const u8 *)"g";
	m.name_len = 1;
	m.attr = depot_attr();
	m.attr.retention = 5;
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	/* and changes nothing: there is an operation for that */
	assert_int_equal(depot_named(all.at[0], "g")->attr.retention, PFSNL_NEVER);
	assert_int_equal(retain(&all, 0, 2, 5), 0);
	assert_int_equal(depot_named(all.at[0], "g")->attr.retention, 5);
	depots_free(&all);
}

static void opening_with_other_attributes_is_refused(void **state)
{
	struct depots all = depots_new(1);
	struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_OPEN, 2);
	u32 i;

	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	for (i = 0; i < 4; i++) {
		m.flags = DEPOT_RW;
		m.name = (const u8 *)"g";
		m.name_len = 1;
		m.attr = depot_attr();
		m.attr.size -= i == 0;
		m.attr.max_section += i == 1 ? 1ULL << 32 : 0;
		m.attr.max_sections += i == 2;
		m.attr.max_id -= i == 3;
		assert_int_equal(depots_apply(&all, 0, &m).err, -EEXIST);
		/* who does not want to create it does not say what it is */
		m.flags = PFSNL_OPEN_READ;
		m.handle = 100 + i;
		assert_int_equal(depots_apply(&all, 0, &m).err, 0);
		m.handle = 2;
	}
	depots_free(&all);
}

static void attributes_that_make_no_sense_create_nothing(void **state)
{
	struct depots all = depots_new(1);
	struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_OPEN, 1);

	m.flags = DEPOT_RW;
	m.name = (const u8 *)"g";
	m.name_len = 1;
	m.attr = depot_attr();
	m.attr.max_sections = 0;
	assert_int_equal(depots_apply(&all, 0, &m).err, -EINVAL);
	/* more in all than fits into its sections, by one byte, beyond 32 bits */
	m.attr.max_sections = 3;
	m.attr.max_section = 1ULL << 33;
	m.attr.size = (3ULL << 33) + 1;
	assert_int_equal(depots_apply(&all, 0, &m).err, -EINVAL);
	m.attr.max_id = PFSNL_SECTION_ID_MAX + 1;
	m.attr.size--;
	assert_int_equal(depots_apply(&all, 0, &m).err, -EINVAL);
	assert_null(depot_named(all.at[0], "g"));
	m.attr.max_id--;
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	depots_free(&all);
}

static void handle_is_that_of_one_process_of_one_node(void **state)
{
	struct depots all = depots_new(2);
	struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_CLOSE, 1);

	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, -EBUSY);
	assert_int_equal(depots_close(&all, 1, 1), -EBADF);
	m.process = DEPOT_PROCESS + 1;
	assert_int_equal(depots_apply(&all, 0, &m).err, -EBADF);
	assert_int_equal(depots_close(&all, 0, 1), 0);
	assert_int_equal(depots_close(&all, 0, 1), -EBADF);
	depots_free(&all);
}

static void only_who_opened_for_writing_changes(void **state)
{
	struct depots all = depots_new(1);

	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_open(&all, 0, 2, "g", PFSNL_OPEN_READ).err, 0);
	assert_int_equal(depots_create(&all, 0, 2, "s", "x", 1), -EACCES);
	assert_int_equal(depots_create(&all, 0, 1, "s", "x", 1), 0);
	assert_int_equal(depots_write(&all, 0, 2, "s", 0, "y", 1), -EACCES);
	depots_free(&all);
}

static void references_are_counted_by_node_and_process(void **state)
{
	struct depots all = depots_new(2);
	struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_OPEN, 1);
	const struct depot *a = all.at[0], *b = all.at[1];
	const struct pfsnl_ckpt *c;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	depots_open(&all, 0, 2, "g", DEPOT_RW);
	depots_open(&all, 1, 1, "g", DEPOT_RW);
	m.process = 8;
	m.flags = PFSNL_OPEN_READ;
	m.name = (const u8 *)"g";
	m.name_len = 1;
	depots_apply(&all, 0, &m);
	c = depot_named(b, "g");
	assert_int_equal(c->refs, 4);
	assert_int_equal(pfsnl_ckpt_refs(c, a->from.addr, a->from.incarnation), 3);
	assert_int_equal(pfsnl_ckpt_refs(c, b->from.addr, b->from.incarnation), 1);
	assert_int_equal(pfsnl_ckpt_refs(c, b->from.addr, 1), 0);
	assert_int_equal(pfsnl_ckpt_process_refs(c, a->from.addr, a->from.incarnation,
						 DEPOT_PROCESS), 2);
	assert_int_equal(pfsnl_ckpt_process_refs(c, a->from.addr, a->from.incarnation,
						 8), 1);
	m = op(PFSNL_CKPTMSG_PROCESS_GONE, 0);
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	assert_int_equal(c->refs, 2);
	assert_int_equal(pfsnl_ckpt_process_refs(c, a->from.addr, a->from.incarnation,
						 8), 1);
	assert_int_equal(gone(&all, 1, a), 0);
	assert_int_equal(c->refs, 1);
	depots_free(&all);
}

static void unlinked_checkpoint_lives_until_the_last_close_wherever_that_is(void **state)
{
	struct depots all = depots_new(3);
	struct pfsnl_ckpt_number old, new;

	old = depots_open(&all, 0, 1, "g", DEPOT_RW).number;
	depots_open(&all, 2, 1, "g", DEPOT_RW);
	assert_int_equal(depots_create(&all, 0, 1, "s", "old", 3), 0);
	assert_int_equal(depots_unlink(&all, 1, "g"), 0);
	assert_int_equal(depots_unlink(&all, 1, "g"), -ENOENT);
	/* a new one of this name is another one */
	new = depots_open(&all, 1, 1, "g", DEPOT_RW).number;
	assert_null(depot_section(all.at[0], "g", "s"));
	assert_int_equal(depots_write(&all, 2, 1, "s", 0, "OLD", 3), 0);
	assert_int_equal(depots_write(&all, 1, 1, "s", 0, "OLD", 3), -ENOENT);
	assert_int_equal(depots_close(&all, 0, 1), 0);
	assert_non_null(pfsnl_ckpts_find(all.at[1]->store, &old));
	assert_int_equal(depots_close(&all, 2, 1), 0);
	assert_null(pfsnl_ckpts_find(all.at[1]->store, &old));
	assert_non_null(pfsnl_ckpts_find(all.at[1]->store, &new));
	depots_free(&all);
}

static void unlinked_checkpoint_goes_with_the_node_that_had_it_open(void **state)
{
	struct depots all = depots_new(2);
	struct pfsnl_ckpt_number number = depots_open(&all, 1, 1, "g", DEPOT_RW).number;

	assert_int_equal(depots_unlink(&all, 0, "g"), 0);
	assert_non_null(pfsnl_ckpts_find(all.at[0]->store, &number));
	/* another life of it is another node */
	all.at[1]->from.incarnation++;
	gone(&all, 0, all.at[1]);
	assert_non_null(pfsnl_ckpts_find(all.at[0]->store, &number));
	all.at[1]->from.incarnation--;
	gone(&all, 0, all.at[1]);
	assert_null(pfsnl_ckpts_find(all.at[0]->store, &number));
	assert_int_equal(pfsnl_ckpts_used(all.at[0]->store), 0);
	depots_free(&all);
}

static void unlinked_checkpoint_goes_with_a_ring_that_lost_the_node(void **state)
{
	struct depots all = depots_new(3), rest;
	struct pfsnl_ckpt_number number = depots_open(&all, 2, 1, "g", DEPOT_RW).number;

	assert_int_equal(depots_unlink(&all, 0, "g"), 0);
	rest = depots_of(&all, 0, 2);
	assert_int_equal(depots_meet(&rest), 0);
	assert_null(pfsnl_ckpts_find(all.at[0]->store, &number));
	assert_int_equal(pfsnl_ckpts_used(all.at[0]->store), 0);
	depots_free(&all);
}

static void what_nobody_has_open_lives_for_its_retention(void **state)
{
	struct depots all = depots_new(2);
	struct pfsnl_ckpt_expiry e;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	retain(&all, 0, 1, 500);
	assert_false(pfsnl_ckpts_due(all.at[0]->store, &e));
	all.time = 7000;
	depots_close(&all, 0, 1);
	assert_true(pfsnl_ckpts_due(all.at[1]->store, &e));
	assert_int_equal(e.when, 7500);
	assert_null(e.section);
	/* it is used again */
	depots_open(&all, 1, 1, "g", DEPOT_RW);
	assert_int_equal(expire(&all, &e, NULL), -ESTALE);
	depots_close(&all, 1, 1);
	assert_int_equal(expire(&all, &e, NULL), -ESTALE);
	assert_true(pfsnl_ckpts_due(all.at[1]->store, &e));
	assert_int_equal(expire(&all, &e, NULL), 0);
	assert_null(depot_named(all.at[0], "g"));
	assert_false(pfsnl_ckpts_due(all.at[0]->store, &e));
	depots_free(&all);
}

static void time_of_the_last_close_and_not_of_another_counts(void **state)
{
	struct depots all = depots_new(2);
	struct pfsnl_ckpt_expiry e;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	depots_open(&all, 1, 1, "g", DEPOT_RW);
	retain(&all, 0, 1, 10);
	depots_close(&all, 0, 1);
	assert_false(pfsnl_ckpts_due(all.at[0]->store, &e));
	all.time = 9000;
	/* the node that had it open is gone */
	gone(&all, 0, all.at[1]);
	assert_true(pfsnl_ckpts_due(all.at[0]->store, &e));
	assert_int_equal(e.when, 9010);
	depots_free(&all);
}

static void retention_deletes_no_checkpoint_that_was_created_again(void **state)
{
	struct depots all = depots_new(2);
	struct pfsnl_ckpt_expiry e, now;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	retain(&all, 0, 1, 500);
	depots_close(&all, 0, 1);
	assert_true(pfsnl_ckpts_due(all.at[0]->store, &e));
	/* meanwhile */
	assert_int_equal(depots_unlink(&all, 1, "g"), 0);
	depots_open(&all, 1, 1, "g", DEPOT_RW);
	retain(&all, 1, 1, 500);
	depots_close(&all, 1, 1);
	assert_int_equal(expire(&all, &e, NULL), -ENOENT);
	assert_non_null(depot_named(all.at[0], "g"));
	assert_true(pfsnl_ckpts_due(all.at[0]->store, &now));
	assert_int_not_equal(now.number.creator, e.number.creator);
	depots_free(&all);
}

static void retention_for_ever_is_none_that_overflows(void **state)
{
	struct depots all = depots_new(1);
	struct pfsnl_ckpt_expiry e;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	retain(&all, 0, 1, PFSNL_NEVER - 2000);
	all.time = 1999;
	depots_close(&all, 0, 1);
	assert_true(pfsnl_ckpts_due(all.at[0]->store, &e));
	assert_int_equal(e.when, PFSNL_NEVER - 1);
	depots_open(&all, 0, 1, "g", DEPOT_RW);
	all.time = 2000;
	depots_close(&all, 0, 1);
	assert_false(pfsnl_ckpts_due(all.at[0]->store, &e));
	depots_free(&all);
}

static void section_expires_by_message_and_only_when_that_was_meant(void **state)
{
	struct depots all = depots_new(2);
	struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_SECTION_CREATE, 1);
	struct pfsnl_ckpt_expiry e;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	m.name = (const u8 *)"s";
	m.name_len = 1;
	m.expires = 50000;
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	m.name = (const u8 *)"t";
	m.expires = 60000;
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	assert_true(pfsnl_ckpts_due(all.at[1]->store, &e));
	assert_int_equal(e.when, 50000);
	assert_memory_equal(e.section->id, "s", 1);
	m.kind = PFSNL_CKPTMSG_SECTION_EXPIRATION;
	m.name = (const u8 *)"s";
	m.expires = 70000;
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	assert_int_equal(expire(&all, &e, "s"), -ESTALE);
	assert_non_null(depot_section(all.at[1], "g", "s"));
	/* its checkpoint does not by that */
	assert_int_equal(expire(&all, &e, NULL), -ESTALE);
	assert_true(pfsnl_ckpts_due(all.at[1]->store, &e));
	assert_int_equal(e.when, 60000);
	assert_int_equal(expire(&all, &e, "t"), 0);
	assert_null(depot_section(all.at[1], "g", "t"));
	/* deleted and created again: it is not that one */
	pfsnl_ckpts_due(all.at[1]->store, &e);
	m.kind = PFSNL_CKPTMSG_SECTION_DELETE;
	m.expires = 0;
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	assert_int_equal(expire(&all, &e, "s"), -ENOENT);
	assert_int_equal(depots_create(&all, 0, 1, "s", "x", 1), 0);
	assert_int_equal(expire(&all, &e, "s"), -ESTALE);
	assert_non_null(depot_section(all.at[1], "g", "s"));
	depots_free(&all);
}

static void bound_of_memory_is_exact_and_loses_nothing(void **state)
{
	struct depots all = depots_new(2);
	struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_LIMITS, 0);
	u64 used;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	assert_int_equal(depots_create(&all, 0, 1, "s", "12345", 5), 0);
	used = PFSNL_CKPT_COST + PFSNL_HANDLE_COST + PFSNL_SECTION_COST + 1 + 5;
	assert_int_equal(pfsnl_ckpts_used(all.at[1]->store), used);
	/* headroom is not for operations */
	m.limits.bytes = used + 1000 + 10;
	m.limits.headroom = 1000;
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	assert_int_equal(depots_write(&all, 0, 1, "s", 5, "abcdefghijk", 11), -ENOMEM);
	assert_int_equal(depots_write(&all, 0, 1, "s", 15, "k", 1), -ENOMEM);
	assert_int_equal(depots_create(&all, 0, 1, "t", "", 0), -ENOMEM);
	assert_int_equal(depots_open(&all, 0, 2, "g", DEPOT_RW).err, -ENOMEM);
	assert_int_equal(depots_open(&all, 0, 2, "h", DEPOT_RW).err, -ENOMEM);
	assert_int_equal(pfsnl_ckpts_used(all.at[1]->store), used);
	assert_int_equal(depots_write(&all, 0, 1, "s", 5, "abcdefghij", 10), 0);
	assert_int_equal(depots_write(&all, 0, 1, "s", 0, "ABC", 3), 0);
	/* less than there is: nothing is lost, what takes no more goes on */
	m.limits.bytes = 1000;
	m.time = 0;
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	assert_int_equal(depots_write(&all, 0, 1, "s", 14, "J", 1), 0);
	assert_int_equal(depots_write(&all, 0, 1, "s", 14, "Jk", 2), -ENOMEM);
	assert_int_equal(depot_section(all.at[1], "g", "s")->len, 15);
	assert_true(depots_same(&all));
	depots_free(&all);
}

static void nothing_is_answered_before_a_ring_was_activated(void **state)
{
	struct depots all = { .n = 1, .time = 1 };

	all.at[0] = depot_new(0);
	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, -EAGAIN);
	assert_null(depot_named(all.at[0], "g"));
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	depots_free(&all);
}

/* What a few operations of all kinds do; the last of them is about to need memory. */
static void story(struct depots *all, u32 step)
{
	static u8 data[3 * PFSNL_CHUNK];
	struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_SECTION_OVERWRITE, 1);

	m.name = (const u8 *)"s";
	m.name_len = 1;
	m.rest = data;
	m.len = 100000;
	switch (step) {
	case 0:
		assert_int_equal(depots_open(all, 0, 1, "g", DEPOT_RW).err, 0);
		break;
	case 1:
		assert_int_equal(depots_open(all, 1, 1, "g", DEPOT_RW).err, 0);
		break;
	case 2:
		assert_int_equal(depots_create(all, 0, 1, "s", data, 70000), 0);
		break;
	case 3:
		assert_int_equal(depots_write(all, 0, 1, "s", 65000, data, 150000), 0);
		break;
	case 4:
		assert_int_equal(depots_apply(all, 0, &m).err, 0);
		break;
	case 5:
		assert_int_equal(depots_unlink(all, 0, "g"), 0);
		break;
	case 6:
		assert_int_equal(depots_close(all, 0, 1), 0);
		break;
	}
}

static void each_allocation_may_fail_once_and_changes_nothing(void **state)
{
	u8 before[PFSNL_CKPT_DIGEST], after[PFSNL_CKPT_DIGEST];
	u32 step, nth, injected = 0;

	for (step = 0; step < 7; step++) {
		for (nth = 1;; nth++) {
			struct depots all = depots_new(2);
			struct ledger *l = &all.at[1]->ledger;
			u64 failed;
			u32 i;

			for (i = 0; i < step; i++)
				story(&all, i);
			l->fail_at = l->tries + nth;
			l->fail_for = 1;
			story(&all, step);
			failed = l->failed;
			injected += failed;
			assert_true(depots_same(&all));
			depots_free(&all);
			if (!failed)
				break;
		}
	}
	/* more than one of each that creates something */
	assert_true(injected >= 12);

	/* and as long as it fails nothing is changed */
	for (step = 0; step < 5; step++) {
		struct depots all = depots_new(2);
		struct pfsnl_ckpt_from from = all.at[0]->from;
		struct pfsnl_ckptmsg m = op(PFSNL_CKPTMSG_OPEN, 9);
		u64 live;

		m.flags = DEPOT_RW;
		m.attr = depot_attr();
		m.name = (const u8 *)"new";
		m.name_len = 3;
		from.n = 99;
		pfsnl_ckpts_digest(all.at[1]->store, before);
		live = all.at[1]->ledger.live;
		all.at[1]->ledger.fail_at = all.at[1]->ledger.tries + 1 + step % 3;
		all.at[1]->ledger.fail_for = 1;
		assert_int_equal(pfsnl_ckpts_reserve(all.at[1]->store, &from, &m),
				 -ENOMEM);
		pfsnl_ckpts_digest(all.at[1]->store, after);
		assert_memory_equal(before, after, sizeof(before));
		assert_int_equal(all.at[1]->ledger.live, live);
		depots_free(&all);
	}
}

static void node_opens_no_more_than_it_may(void **state)
{
	struct depots all = depots_new(2);
	u32 i;

	for (i = 0; i < PFSNL_HANDLES_MAX; i++)
		assert_int_equal(depots_open(&all, 0, i, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_open(&all, 0, i, "g", DEPOT_RW).err, -EMFILE);
	assert_int_equal(depots_open(&all, 1, i, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_close(&all, 0, 5), 0);
	assert_int_equal(depots_open(&all, 0, i, "g", DEPOT_RW).err, 0);
	depots_free(&all);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(names_are_told_apart_by_every_byte),
	cmocka_unit_test(longest_name_is_one_like_others),
	cmocka_unit_test(opening_with_another_retention_is_not_refused),
	cmocka_unit_test(opening_with_other_attributes_is_refused),
	cmocka_unit_test(attributes_that_make_no_sense_create_nothing),
	cmocka_unit_test(handle_is_that_of_one_process_of_one_node),
	cmocka_unit_test(only_who_opened_for_writing_changes),
	cmocka_unit_test(references_are_counted_by_node_and_process),
	cmocka_unit_test(unlinked_checkpoint_lives_until_the_last_close_wherever_that_is),
	cmocka_unit_test(unlinked_checkpoint_goes_with_the_node_that_had_it_open),
	cmocka_unit_test(unlinked_checkpoint_goes_with_a_ring_that_lost_the_node),
	cmocka_unit_test(what_nobody_has_open_lives_for_its_retention),
	cmocka_unit_test(time_of_the_last_close_and_not_of_another_counts),
	cmocka_unit_test(retention_deletes_no_checkpoint_that_was_created_again),
	cmocka_unit_test(retention_for_ever_is_none_that_overflows),
	cmocka_unit_test(section_expires_by_message_and_only_when_that_was_meant),
	cmocka_unit_test(bound_of_memory_is_exact_and_loses_nothing),
	cmocka_unit_test(nothing_is_answered_before_a_ring_was_activated),
	cmocka_unit_test(each_allocation_may_fail_once_and_changes_nothing),
	cmocka_unit_test(node_opens_no_more_than_it_may),
};

int main(void)
{
	return RUN_TESTS(tests);
}
