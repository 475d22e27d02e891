// SPDX-License-Identifier: GPL-2.0
/*
 * Synchronization: what one node has comes to others through a temporary store, and
 * only what they have not got. Sides that both changed something are in
 * test_conflict.c.
 */
#include <errno.h>

#include "depot.h"
#include "test.h"

/* some checkpoints with sections, one of them longer than a record */
static void furnish(struct depots *all)
{
	static u8 big[3 << 20];
	u64 seed = 3;
	u32 i;

	for (i = 0; i < sizeof(big); i += 8)
		memcpy(big + i, &(u64){ test_random(&seed) }, 8);
	assert_int_equal(depots_open(all, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_open(all, 0, 2, "h", DEPOT_RW).err, 0);
	assert_int_equal(depots_create(all, 0, 1, "small", "text", 4), 0);
	assert_int_equal(depots_create(all, 0, 1, "", "no id", 5), 0);
	assert_int_equal(depots_create(all, 0, 1, "big", big, sizeof(big)), 0);
	assert_int_equal(depots_create(all, 0, 2, "empty", "", 0), 0);
	assert_int_equal(depots_write(all, 0, 2, "empty", 400000, "x", 1), 0);
	assert_int_equal(depots_write(all, 0, 2, "empty", 900000, "\0", 1), 0);
}

static struct depots with_newcomer(struct depots *all)
{
	struct depots more = *all;

	more.at[more.n] = depot_new(more.n);
	more.n++;
	return more;
}

static void newcomer_gets_everything(void **state)
{
	struct depots all = depots_new(2), more;
	struct pfsnl_section *s;
	char there[4];

	furnish(&all);
	more = with_newcomer(&all);
	assert_int_equal(depots_meet(&more), 0);
	assert_true(depots_same(&more));
	s = depot_section(more.at[2], "g", "small");
	assert_int_equal(pfsnl_section_read(s, 0, there, 4), 4);
	assert_memory_equal(there, "text", 4);
	assert_int_equal(depot_section(more.at[2], "h", "empty")->len, 900001);
	assert_int_equal(depot_named(more.at[2], "g")->refs, 1);
	/* and takes part from now on */
	assert_int_equal(depots_open(&more, 2, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_write(&more, 2, 1, "big", 1000, "y", 1), 0);
	assert_true(depots_same(&more));
	depots_free(&more);
}

static void section_above_1_mib_comes_in_pieces(void **state)
{
	struct depots all = depots_new(1), more;

	furnish(&all);
	more = with_newcomer(&all);
	more.moved = 0;
	assert_int_equal(depots_meet(&more), 0);
	assert_int_equal(depot_section(more.at[1], "g", "big")->len, 3 << 20);
	/* once, and holes not at all */
	assert_true(more.moved > (3 << 20));
	assert_true(more.moved < (3 << 20) + (150 << 10));
	depots_free(&more);
}

static void who_has_the_same_is_sent_digests_only(void **state)
{
	struct depots all = depots_new(3);

	furnish(&all);
	all.moved = 0;
	assert_int_equal(depots_meet(&all), 0);
	assert_true(all.moved < 4096);
	depots_free(&all);
}

static void who_comes_again_is_sent_what_changed(void **state)
{
	struct depots all = depots_new(3), rest;
	struct pfsnl_section *s;
	char there[2];
	u32 i;

	furnish(&all);
	for (i = 0; i < 1000; i++) {
		char id[8] = {};

		snprintf(id, sizeof(id), "%u", i);
		assert_int_equal(depots_create(&all, 0, 2, id, id, 7), 0);
	}
	rest = depots_of(&all, 0, 2);
	assert_int_equal(depots_meet(&rest), 0);
	assert_int_equal(depots_write(&rest, 0, 2, "17", 0, "!", 1), 0);
	all.time = rest.time;
	all.moved = 0;
	assert_int_equal(depots_meet(&all), 0);
	s = depot_section(all.at[2], "h", "17");
	assert_int_equal(pfsnl_section_read(s, 0, there, 2), 2);
	assert_memory_equal(there, "!7", 2);
	/* the digests of all sections of one checkpoint, and one section */
	assert_true(all.moved < 1000 * 100 + 8192);
	depots_free(&all);
}

/* two versions of a checkpoint have the section in common that neither side changed */
static void writing_to_one_version_does_not_show_in_what_shares_its_data(void **state)
{
	struct depots all = depots_new(2), a, b, both;
	const struct pfsnl_section *s;
	struct pfsnl_ckpt *loser;
	u8 before[3], after[3];

	furnish(&all);
	assert_int_equal(depots_open(&all, 1, 1, "g", DEPOT_RW).err, 0);
	a = depots_of(&all, 0, 1);
	b = depots_of(&all, 1, 1);
	assert_int_equal(depots_meet(&a), 0);
	assert_int_equal(depots_meet(&b), 0);
	assert_int_equal(depots_write(&a, 0, 1, "small", 1, "E", 1), 0);
	assert_int_equal(depots_write(&a, 0, 1, "small", 1, "e", 1), 0);
	assert_int_equal(depots_write(&b, 0, 1, "small", 1, "x", 1), 0);
	both = depots_both(&a, &b);
	assert_int_equal(depots_meet(&both), 0);
	assert_int_equal(both.at[0]->n_conflicts, 1);
	loser = pfsnl_ckpts_find(both.at[0]->store, &both.at[0]->conflicts[0].loser);
	s = pfsnl_section_find(loser, "big", 3);
	assert_int_equal(pfsnl_section_read(s, 70000, before, 3), 3);
	assert_int_equal(depots_write(&both, 0, 1, "big", 70000, "zzz", 3), 0);
	s = pfsnl_section_find(loser, "big", 3);
	assert_int_equal(pfsnl_section_read(s, 70000, after, 3), 3);
	assert_memory_equal(before, after, 3);
	s = depot_section(both.at[0], "g", "big");
	assert_int_equal(pfsnl_section_read(s, 70000, after, 3), 3);
	assert_memory_equal(after, "zzz", 3);
	assert_true(depots_same(&both));
	depots_free(&both);
}

static void abort_leaves_the_store_as_it_was(void **state)
{
	u8 before[PFSNL_CKPT_DIGEST], after[PFSNL_CKPT_DIGEST];
	struct depots all = depots_new(2), more;
	u64 live;

	furnish(&all);
	more = with_newcomer(&all);
	pfsnl_ckpts_digest(all.at[1]->store, before);
	live = more.at[1]->ledger.live;
	assert_int_equal(depots_carry(&more), 0);
	pfsnl_ckpts_abort(more.at[1]->store);
	assert_int_equal(more.at[1]->ledger.live, live);
	pfsnl_ckpts_digest(all.at[1]->store, after);
	assert_memory_equal(before, after, sizeof(before));
	/* and it can't take part in what the others do */
	assert_int_equal(depots_activate(&more, 3), -ENOTCONN);
	assert_null(depot_named(more.at[2], "g"));
	assert_int_equal(depots_meet(&more), 0);
	assert_non_null(depot_named(more.at[2], "g"));
	depots_free(&more);
}

static void state_outlives_a_round_that_was_aborted(void **state)
{
	struct depots one = depots_new(1), two = depots_new(2), both, four;

	/* {1} and {2, 3} meet, it is aborted, then a fourth comes */
	two.at[0]->from.addr += 100;
	two.at[1]->from.addr += 100;
	depots_open(&one, 0, 1, "of one", DEPOT_RW);
	depots_open(&two, 0, 1, "of two", DEPOT_RW);
	both = depots_both(&one, &two);
	assert_int_equal(depots_carry(&both), 0);
	pfsnl_ckpts_abort(both.at[0]->store);
	pfsnl_ckpts_abort(both.at[1]->store);
	pfsnl_ckpts_abort(both.at[2]->store);
	four = with_newcomer(&both);
	assert_int_equal(depots_meet(&four), 0);
	assert_non_null(depot_named(four.at[3], "of one"));
	assert_non_null(depot_named(four.at[0], "of two"));
	depots_free(&four);
}

static void who_did_not_activate_is_behind_and_not_another_side(void **state)
{
	struct depots all = depots_new(3), rest;
	u32 i;

	furnish(&all);
	assert_int_equal(depots_unlink(&all, 1, "h"), 0);
	assert_int_equal(depots_close(&all, 0, 2), 0);
	/* the third misses the last moment */
	assert_int_equal(depots_carry(&all), 0);
	assert_int_equal(depots_activate(&all, 2), 0);
	pfsnl_ckpts_abort(all.at[2]->store);
	rest = depots_of(&all, 0, 2);
	rest.time = all.time;
	assert_int_equal(depots_unlink(&rest, 0, "g"), 0);
	assert_int_equal(depots_close(&rest, 0, 1), 0);
	all.time = rest.time;
	assert_int_equal(pfsnl_lineage_compare(pfsnl_ckpts_lineage(all.at[2]->store),
					       pfsnl_ckpts_lineage(all.at[0]->store)),
			 PFSNL_LINEAGE_BEHIND);
	assert_int_equal(depots_meet(&all), 0);
	for (i = 0; i < 3; i++) {
		assert_null(depot_named(all.at[i], "g"));
		assert_int_equal(all.at[i]->n_conflicts, 0);
	}
	depots_free(&all);
}

static void what_expires_does_so_also_after_it_was_synchronized(void **state)
{
	struct depots all = depots_new(1), more;
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_SECTION_CREATE,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.expires = 99000,
		.name = (const u8 *)"s",
		.name_len = 1,
	};
	struct pfsnl_ckptmsg r = {
		.kind = PFSNL_CKPTMSG_RETENTION,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.attr = { .retention = 100000 },
	};
	struct pfsnl_ckpt_expiry e;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	assert_int_equal(depots_apply(&all, 0, &r).err, 0);
	all.time = 5000;
	assert_int_equal(depots_close(&all, 0, 1), 0);
	more = with_newcomer(&all);
	assert_int_equal(depots_meet(&more), 0);
	assert_true(pfsnl_ckpts_due(more.at[1]->store, &e));
	assert_int_equal(e.when, 99000);
	assert_non_null(e.section);
	m.kind = PFSNL_CKPTMSG_EXPIRE;
	m.flags = PFSNL_EXPIRE_SECTION;
	m.number = e.number;
	m.time = 99000;
	assert_int_equal(depots_apply(&more, 1, &m).err, 0);
	assert_true(pfsnl_ckpts_due(more.at[1]->store, &e));
	assert_int_equal(e.when, 105000);
	assert_null(e.section);
	depots_free(&more);
}

static void what_a_lost_node_had_open_is_idle_from_that_ring_on(void **state)
{
	struct depots all = depots_new(2), rest;
	struct pfsnl_ckptmsg r = {
		.kind = PFSNL_CKPTMSG_RETENTION,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.attr = { .retention = 1000 },
	};
	struct pfsnl_ckpt_expiry e;

	depots_open(&all, 1, 1, "g", DEPOT_RW);
	assert_int_equal(depots_apply(&all, 1, &r).err, 0);
	rest = depots_of(&all, 0, 1);
	rest.time = 8000;
	assert_int_equal(depots_meet(&rest), 0);
	assert_true(pfsnl_ckpts_due(rest.at[0]->store, &e));
	assert_int_equal(e.when, 9000);
	depots_free(&all);
}

static void counts_are_those_of_the_side_that_heard_more_of_a_node(void **state)
{
	struct depots all = depots_new(3), ab, c;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	depots_open(&all, 2, 1, "g", DEPOT_RW);
	depots_open(&all, 2, 2, "g", DEPOT_RW);
	/* C falls out and closes one; A and B never said that C is gone */
	ab = depots_of(&all, 0, 2);
	c = depots_of(&all, 2, 1);
	assert_int_equal(depots_meet(&c), 0);
	depots_open(&ab, 1, 1, "g", DEPOT_RW);
	assert_int_equal(depots_close(&c, 0, 1), 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(depot_named(all.at[0], "g")->refs, 3);
	/* nothing is counted twice by meeting again */
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(depot_named(all.at[0], "g")->refs, 3);
	assert_int_equal(depots_close(&all, 2, 1), -EBADF);
	assert_int_equal(depots_close(&all, 2, 2), 0);
	depots_free(&all);
}

/* All records of what the first has, in memory of their own. */
struct records {
	u32 n;
	u32 len[512];
	u8 *at[512];
};

static void record_all(const struct depot *d, struct records *r, u32 room)
{
	struct pfsnl_ckpt_iter it;
	u8 *wire = malloc(room);
	u32 len;

	pfsnl_ckpt_iter_all(&it, PFSNL_SEND_ALL);
	for (r->n = 0; (len = pfsnl_ckpts_send(d->store, &it, wire, room)); r->n++) {
		assert_true(r->n < 512);
		r->len[r->n] = len;
		r->at[r->n] = exact(wire, len);
	}
	free(wire);
}

static void records_free(struct records *r)
{
	while (r->n)
		free(r->at[--r->n]);
}

static int tell(struct depot *d, const struct records *r, u32 i)
{
	struct pfsnl_ckptrec rec;

	assert_int_equal(pfsnl_ckptrec_decode(&rec, r->at[i], r->len[i]), 0);
	return pfsnl_ckpts_record(d->store, DEPOT_ADDR(0), &rec);
}

static void hearing_the_same_twice_changes_nothing(void **state)
{
	struct depots all = depots_new(1), more;
	struct records r;
	u32 i, k;

	furnish(&all);
	for (i = 10; i < 60; i++)
		depots_open(&all, 0, i, "g", DEPOT_RW);
	record_all(all.at[0], &r, 70 << 10);
	more = with_newcomer(&all);
	/* the regular store is there twice, too */
	for (i = 0; i < 2; i++) {
		pfsnl_ckpts_begin(more.at[i]->store);
		for (k = 0; k < r.n && r.len[k]; k++)
			assert_true(tell(more.at[i], &r, k) >= 0);
		for (k = 0; k < r.n; k++)
			assert_true(tell(more.at[i], &r, k) >= 0);
	}
	assert_int_equal(depots_activate(&more, 2), 0);
	assert_true(depots_same(&more));
	assert_int_equal(depot_named(more.at[1], "g")->refs, 51);
	records_free(&r);
	depots_free(&more);
}

static void store_without_a_record_is_not_activated(void **state)
{
	struct depots all = depots_new(1);
	struct pfsnl_ring_id ring = { .seq = 99 };
	struct records r;
	u32 i, k, refused = 0;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	depots_create(&all, 0, 1, "a", "text", 4);
	depots_create(&all, 0, 1, "b", "", 0);
	/* in two pieces of which none is all zero */
	depots_write(&all, 0, 1, "b", 200000, "x", 1);
	depots_write(&all, 0, 1, "b", 197000, "x", 1);
	record_all(all.at[0], &r, PFSNL_SEND_ROOM);
	assert_int_equal(r.n, 6);
	for (k = 0; k < r.n; k++) {
		struct depot *d = depot_new(1);
		bool wrong = false;

		pfsnl_ckpts_begin(d->store);
		for (i = 0; i < r.n; i++)
			if (i != k)
				wrong |= tell(d, &r, i) < 0;
		/* STORE, CHECKPOINT: what follows does not fit; sections are missed */
		if (wrong || pfsnl_ckpts_ready(d->store, &ring))
			refused++;
		depot_free(d);
	}
	/* but for who has what open, which nobody can miss */
	assert_int_equal(refused, r.n - 1);
	records_free(&r);
	depots_free(&all);
}

/* Each record ends somewhere in a chunk, and the next one goes on there. */
static void what_goes_on_in_a_chunk_has_room_there(void **state)
{
	struct depots all = depots_new(1);
	static u8 data[5 << 16];
	struct records r;
	struct depot *d;
	u64 tries;
	u32 i;

	memset(data, 7, sizeof(data));
	depots_open(&all, 0, 1, "g", DEPOT_RW);
	depots_create(&all, 0, 1, "a", data, sizeof(data));
	record_all(all.at[0], &r, 5000);
	d = depot_new(1);
	pfsnl_ckpts_begin(d->store);
	for (i = 0; i < r.n && r.at[i][0] != PFSNL_CKPTREC_SECTION; i++)
		assert_true(tell(d, &r, i) >= 0);
	tries = d->ledger.tries;
	for (; i < r.n; i++)
		assert_true(tell(d, &r, i) >= 0);
	/* the section, its list of chunks as that grows, twice for each chunk, a node */
	assert_int_equal(d->ledger.tries - tries, 1 + 4 + 2 * 5 + 2);
	depot_free(d);
	records_free(&r);
	depots_free(&all);
}

/* bytes of a record of a section that are not what they were; what is said then */
static void spoil(u32 at, int said, int ready)
{
	struct depots all = depots_new(1);
	struct pfsnl_ring_id ring = { .seq = 99 };
	struct records r;
	struct depot *d;
	u32 i;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	depots_create(&all, 0, 1, "a", "text", 4);
	record_all(all.at[0], &r, PFSNL_SEND_ROOM);
	d = depot_new(1);
	pfsnl_ckpts_begin(d->store);
	for (i = 0; i < r.n; i++) {
		bool section = r.at[i][0] == PFSNL_CKPTREC_SECTION;

		if (section)
			r.at[i][at < r.len[i] ? at : r.len[i] - 1] ^= 1;
		if (section && said)
			assert_int_equal(tell(d, &r, i), said);
		else
			assert_true(tell(d, &r, i) >= 0);
	}
	assert_int_equal(pfsnl_ckpts_ready(d->store, &ring), ready);
	depot_free(d);
	records_free(&r);
	depots_free(&all);
}

static void bytes_that_are_not_what_their_sum_says_are_refused(void **state)
{
	/* the last one of the piece, and the sum */
	spoil(-1, -EBADMSG, -ENODATA);
	spoil(103, -EBADMSG, -ENODATA);
}

static void content_that_is_not_what_its_digest_says_is_not_activated(void **state)
{
	/* the digest of the chunk; that of the section; when that expires */
	spoil(80, 0, -EBADMSG);
	spoil(95, 0, -EBADMSG);
	spoil(47, 0, -EBADMSG);
}

static void pieces_of_a_chunk_follow_each_other(void **state)
{
	static const char text[10000] = { 1, 2, 3 };
	struct depots all = depots_new(1);
	struct records r;
	u32 i, k, pieces = 0;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	depots_create(&all, 0, 1, "a", text, sizeof(text));
	record_all(all.at[0], &r, PFSNL_SEND_ROOM);
	for (i = 0; i < r.n; i++)
		pieces += r.at[i][0] == PFSNL_CKPTREC_SECTION;
	assert_true(pieces > 2);
	/* each of them is missing once but the last, without which it is not whole */
	for (k = 2; k < 1 + pieces; k++) {
		struct depot *d = depot_new(1);
		int err = 0;

		pfsnl_ckpts_begin(d->store);
		for (i = 0; i < r.n && !err; i++)
			if (i != k)
				err = min(tell(d, &r, i), 0);
		assert_int_equal(err, -EPROTO);
		depot_free(d);
	}
	records_free(&r);
	depots_free(&all);
}

static void store_is_not_swapped_for_nothing(void **state)
{
	struct depots all = depots_new(2);

	furnish(&all);
	pfsnl_ckpts_begin(all.at[0]->store);
	pfsnl_ckpts_begin(all.at[1]->store);
	/* nobody transmitted */
	assert_int_equal(depots_activate(&all, 2), -ENODATA);
	assert_non_null(depot_named(all.at[0], "g"));
	depots_free(&all);
}

static void ring_that_is_not_newer_is_not_activated(void **state)
{
	struct depots all = depots_new(1);
	const struct pfsnl_lineage *l = pfsnl_ckpts_lineage(all.at[0]->store);
	struct pfsnl_ring_id ring = l->at[l->n - 1].ring;

	assert_int_equal(depots_carry(&all), 0);
	assert_int_equal(pfsnl_ckpts_ready(all.at[0]->store, &ring), -EINVAL);
	ring.seq++;
	assert_int_equal(pfsnl_ckpts_ready(all.at[0]->store, &ring), 0);
	depots_free(&all);
}

static void iterator_goes_on_after_what_it_points_to_is_gone(void **state)
{
	struct depots all = depots_new(1);
	struct pfsnl_ckpt_iter it, again;
	u8 wire[PFSNL_SEND_ROOM], twice[PFSNL_SEND_ROOM];
	u32 len, n = 0, kinds[6] = {};

	furnish(&all);
	pfsnl_ckpt_iter_all(&it, PFSNL_SEND_ALL);
	for (;;) {
		again = it;
		len = pfsnl_ckpts_send(all.at[0]->store, &it, wire, sizeof(wire));
		if (!len)
			break;
		/* what could not be queued is made again */
		assert_int_equal(pfsnl_ckpts_send(all.at[0]->store, &again, twice,
						  sizeof(twice)), len);
		assert_memory_equal(wire, twice, len);
		kinds[wire[0]]++;
		n++;
		if (n == 20) {
			/* in the middle of the big section */
			assert_int_equal(it.in_section, 1);
			assert_int_equal(depots_unlink(&all, 0, "g"), 0);
			assert_int_equal(depots_close(&all, 0, 1), 0);
		}
	}
	assert_int_equal(kinds[PFSNL_CKPTREC_STORE], 1);
	assert_int_equal(kinds[PFSNL_CKPTREC_CHECKPOINT], 2);
	assert_int_equal(kinds[PFSNL_CKPTREC_REFCOUNT], 1);
	/* the big one alone would have been 1600 */
	assert_true(kinds[PFSNL_CKPTREC_SECTION] < 100);
	depots_free(&all);
}

static void each_allocation_may_fail_once_and_the_record_is_told_again(void **state)
{
	struct depots all = depots_new(1), more;
	struct records r;
	u64 nth, failed, injected = 0;
	u32 i, k;

	depots_open(&all, 0, 1, "g", DEPOT_RW);
	depots_create(&all, 0, 1, "a", "text", 4);
	depots_create(&all, 0, 1, "b", "", 0);
	depots_write(&all, 0, 1, "b", 200000, "x", 1);
	more = with_newcomer(&all);
	assert_int_equal(depots_meet(&more), 0);
	/* so the second one has a part of it */
	depots_write(&all, 0, 1, "a", 1, "E", 1);
	depots_open(&all, 0, 2, "h", DEPOT_RW);
	record_all(all.at[0], &r, PFSNL_SEND_ROOM);
	for (nth = 1;; nth++) {
		struct ledger *l = &more.at[1]->ledger;
		u64 live = l->live;

		failed = l->failed;
		l->fail_at = l->tries + nth;
		l->fail_for = 1;
		pfsnl_ckpts_begin(more.at[1]->store);
		for (i = 0; i < r.n; i++) {
			for (k = 0; tell(more.at[1], &r, i) < 0; k++)
				assert_int_equal(k, 0);
		}
		failed = l->failed - failed;
		injected += failed;
		pfsnl_ckpts_begin(more.at[0]->store);
		for (i = 0; i < r.n; i++)
			tell(more.at[0], &r, i);
		if (!failed)
			break;
		pfsnl_ckpts_abort(more.at[1]->store);
		assert_int_equal(l->live, live);
	}
	assert_true(injected >= 8);
	assert_int_equal(depots_activate(&more, 2), 0);
	assert_true(depots_same(&more));
	records_free(&r);
	depots_free(&more);
}

static void activating_needs_no_memory(void **state)
{
	struct depots a = depots_new(2), b, both;
	u32 i;

	furnish(&a);
	b = depots_of(&a, 1, 1);
	a.n = 1;
	assert_int_equal(depots_meet(&a), 0);
	assert_int_equal(depots_meet(&b), 0);
	depots_open(&a, 0, 3, "new", DEPOT_RW);
	depots_open(&b, 0, 3, "new", DEPOT_RW);
	depots_create(&a, 0, 3, "s", "a", 1);
	depots_create(&b, 0, 3, "s", "b", 1);
	both = depots_both(&a, &b);
	assert_int_equal(depots_carry(&both), 0);
	for (i = 0; i < 2; i++) {
		both.at[i]->ledger.fail_at = 1;
		both.at[i]->ledger.fail_for = 1ULL << 60;
	}
	assert_int_equal(depots_activate(&both, 2), 0);
	assert_true(depots_same(&both));
	assert_int_equal(both.at[0]->n_conflicts, 1);
	for (i = 0; i < 2; i++)
		assert_int_equal(both.at[i]->ledger.failed, 0);
	depots_free(&both);
}

static void who_may_not_take_so_much_can_not_take_part(void **state)
{
	struct depots all = depots_new(1);
	struct depot *d = depot_new(1);
	struct records r;
	u32 i;
	int err = 0;

	furnish(&all);
	record_all(all.at[0], &r, 70 << 10);
	pfsnl_ckpts_destroy(d->store);
	d->store = pfsnl_ckpts_create(&depot_ops, d, &depot_limits, 2 << 20);
	pfsnl_ckpts_begin(d->store);
	for (i = 0; i < r.n && err >= 0; i++)
		err = tell(d, &r, i);
	assert_int_equal(err, -ENOSPC);
	pfsnl_ckpts_abort(d->store);
	depot_free(d);
	records_free(&r);
	depots_free(&all);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(newcomer_gets_everything),
	cmocka_unit_test(section_above_1_mib_comes_in_pieces),
	cmocka_unit_test(who_has_the_same_is_sent_digests_only),
	cmocka_unit_test(who_comes_again_is_sent_what_changed),
	cmocka_unit_test(writing_to_one_version_does_not_show_in_what_shares_its_data),
	cmocka_unit_test(abort_leaves_the_store_as_it_was),
	cmocka_unit_test(state_outlives_a_round_that_was_aborted),
	cmocka_unit_test(who_did_not_activate_is_behind_and_not_another_side),
	cmocka_unit_test(what_expires_does_so_also_after_it_was_synchronized),
	cmocka_unit_test(what_a_lost_node_had_open_is_idle_from_that_ring_on),
	cmocka_unit_test(counts_are_those_of_the_side_that_heard_more_of_a_node),
	cmocka_unit_test(hearing_the_same_twice_changes_nothing),
	cmocka_unit_test(store_without_a_record_is_not_activated),
	cmocka_unit_test(bytes_that_are_not_what_their_sum_says_are_refused),
	cmocka_unit_test(what_goes_on_in_a_chunk_has_room_there),
	cmocka_unit_test(content_that_is_not_what_its_digest_says_is_not_activated),
	cmocka_unit_test(pieces_of_a_chunk_follow_each_other),
	cmocka_unit_test(store_is_not_swapped_for_nothing),
	cmocka_unit_test(ring_that_is_not_newer_is_not_activated),
	cmocka_unit_test(iterator_goes_on_after_what_it_points_to_is_gone),
	cmocka_unit_test(each_allocation_may_fail_once_and_the_record_is_told_again),
	cmocka_unit_test(activating_needs_no_memory),
	cmocka_unit_test(who_may_not_take_so_much_can_not_take_part),
};

int main(void)
{
	return RUN_TESTS(tests);
}
