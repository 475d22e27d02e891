// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints of whole nodes, between rounds: operations and what becomes of them, what
 * expires, and handles that end with whoever had them.
 */
#include <linux/minmax.h>

#include "test_keeper.h"

#define SEEDS	20

static void what_one_node_does_all_have(void **state)
{
	struct world *w = keeping(1, 3);
	struct deed *d = opened(w, 0, "g");

	did(w, keeper_create(keeper_at(w, 0), d->h, "s", "text", 4), 0);
	did(w, keeper_write(keeper_at(w, 0), d->h, "s", 1, "oa", 2), 0);
	assert_kept(w, 1000);
	assert_true(holds(w, 2, "g", "s", "toat"));
	did(w, keeper_close(keeper_at(w, 0), d->h), 0);
	did(w, keeper_unlink(keeper_at(w, 2), "g"), 0);
	assert_kept(w, 1000);
	assert_null(keeper_named(keeper_at(w, 1), "g"));
	world_free(w);
}

/* ids are counted, so they tell in which order sections were made */
static void operations_of_a_node_keep_their_order_whatever_rings_come(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = keeping(seed, 3);
		struct keeper *k = keeper_at(w, 2);
		struct keeper_handle *h = opened(w, 2, "g")->h;
		struct deed *d[200], *last = NULL;
		u32 i, rings = k->n_active;

		keeper_new(world_node(w, 3));
		for (i = 0; i < ARRAY_SIZE(d); i++) {
			struct pfsnl_ckptmsg m = {
				.kind = PFSNL_CKPTMSG_SECTION_CREATE,
				.flags = PFSNL_CREATE_ID,
				.process = h->process,
				.handle = h->handle,
				.expires = PFSNL_NEVER,
			};

			d[i] = keeper_do(k, &m);
			if (i == 20)
				node_start(w->nodes[3]);
			if (i == 100)
				node_kill(w->nodes[3]);
			world_run(w, sim_below(&w->sim, 20 * SIM_MS));
		}
		did(w, d[i - 1], 0);
		assert_kept(w, 5000);
		for (i = 0; i < ARRAY_SIZE(d); i++) {
			assert_true(d[i]->answered);
			assert_int_equal(d[i]->err, 0);
			assert_int_equal(d[i]->applied, 1);
			assert_true(!last || memcmp(last->result.id, d[i]->result.id,
						    PFSNL_SECTION_ID_MADE) < 0);
			last = d[i];
		}
		assert_int_equal(keeper_named(k, "g")->n_sections, ARRAY_SIZE(d));
		assert_true(k->n_active >= rings + 2);
		world_free(w);
	}
}

static void what_nobody_applied_is_said_again(void **state)
{
	u64 seed, retries = 0;
	u32 i, k;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = keeping(seed, 3);
		struct keeper_handle *h = opened(w, 1, "g")->h;
		struct deed *d[60];

		keeper_new(world_node(w, 3));
		node_start(w->nodes[3]);
		for (i = 0; i < ARRAY_SIZE(d); i++) {
			char id[8];

			snprintf(id, sizeof(id), "%u", i);
			d[i] = keeper_create(keeper_at(w, 1), h, id, id, 1);
			world_run(w, sim_below(&w->sim, 4 * SIM_MS));
		}
		did(w, d[i - 1], 0);
		assert_kept(w, 5000);
		for (k = 0; k < ARRAY_SIZE(d); k++)
			assert_int_equal(d[k]->err, 0);
		assert_int_equal(keeper_named(keeper_at(w, 3), "g")->n_sections, i);
		retries += node_count(w->nodes[1], PFSNL_COUNT_SYNC_RETRY);
		world_free(w);
	}
	assert_true(retries > 0);
}

static void what_nobody_knows_is_answered_so(void **state)
{
	u64 seed, unknown = 0;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = keeping(seed, 3);
		struct keeper *k = keeper_at(w, 2);
		struct keeper_handle *h = opened(w, 2, "g")->h;
		struct deed *d[20];

		for (i = 0; i < ARRAY_SIZE(d); i++) {
			char id[8];

			snprintf(id, sizeof(id), "%u", i);
			d[i] = keeper_create(k, h, id, id, 1);
			if (i == 10)
				node_kill(w->nodes[0]);
			world_run(w, sim_below(&w->sim, SIM_MS / 4));
		}
		world_run(w, SIM_S);
		assert_kept(w, 5000);
		for (i = 0; i < ARRAY_SIZE(d); i++) {
			assert_true(d[i]->answered);
			assert_true(!d[i]->err || d[i]->err == -ECONNABORTED);
			unknown += !!d[i]->err;
		}
		world_free(w);
	}
	assert_true(unknown > 0);
}

static void who_ends_answers_all(void **state)
{
	struct world *w = keeping(1, 2);
	struct keeper *k = keeper_at(w, 1);
	struct deed *said, *waiting;

	/* one is under way; for the other there is no ring */
	said = keeper_open(k, 1, "g", DEPOT_RW);
	world_split(w, 1);
	node_hang(w->nodes[1]);
	assert_false(said->answered);
	node_resume(w->nodes[1]);
	keeper_leave(k);
	assert_true(said->answered);
	assert_int_equal(said->err, -ECONNABORTED);
	waiting = keeper_open(k, 1, "h", DEPOT_RW);
	world_run(w, 100 * SIM_MS);
	assert_false(waiting->answered);
	node_stop(w->nodes[1]);
	assert_true(waiting->answered);
	assert_int_equal(waiting->err, -ESHUTDOWN);
	world_free(w);
}

static void what_was_not_said_can_be_taken_back(void **state)
{
	struct world *w = keeping(1, 2);
	struct keeper *k = keeper_at(w, 1);
	struct deed *d;

	keeper_leave(k);
	d = keeper_unlink(k, "g");
	assert_true(pfsnl_ckptsvc_cancel(k->svc, &d->r));
	d->answered = true;
	assert_int_equal(keeper_state(k).waiting, 0);
	assert_int_equal(keeper_join(k), 0);
	world_run(w, SIM_MS);
	assert_kept(w, 1000);
	/* what is under way can't */
	d = keeper_unlink(k, "g");
	assert_false(d->answered);
	assert_false(pfsnl_ckptsvc_cancel(k->svc, &d->r));
	did(w, d, -ENOENT);
	world_free(w);
}

static void operation_that_is_too_long_is_refused(void **state)
{
	struct world *w = keeping(1, 2);
	struct keeper_handle *h = opened(w, 1, "g")->h;
	u32 longest = pfsnl_ckptsvc_longest(keeper_at(w, 1)->svc);
	u8 *data = sim_alloc(longest);

	did(w, keeper_create(keeper_at(w, 1), h, "s", data, longest - 33), 0);
	did(w, keeper_create(keeper_at(w, 1), h, "t", data, longest - 32), -EMSGSIZE);
	assert_kept(w, 1000);
	assert_int_equal(keeper_named(keeper_at(w, 0), "g")->n_sections, 1);
	free(data);
	world_free(w);
}

static void nonsense_is_ignored_by_all_and_answered(void **state)
{
	struct world *w = keeping(1, 3);
	struct pfsnl_ckptmsg m = { .kind = PFSNL_CKPTMSG_UNLINK, .name_len = 0 };
	struct deed *d = keeper_do(keeper_at(w, 1), &m);

	did(w, d, -EBADMSG);
	assert_int_equal(d->applied, 0);
	world_run(w, 100 * SIM_MS);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_SYNC_MALFORMED), 1);
	assert_int_equal(node_count(w->nodes[2], PFSNL_COUNT_SYNC_MALFORMED), 1);
	assert_kept(w, 1000);
	world_free(w);
}

static void who_finds_no_room_in_the_outbox_goes_on_when_there_is(void **state)
{
	struct world *w = world_new(1);
	struct keeper_handle *h;
	struct deed *d = NULL;
	static u8 data[12000];
	u32 i;

	world_nodes(w, 2);
	for (i = 0; i < 2; i++) {
		w->nodes[i]->cfg.retain_kib = PFSNL_RETAIN_KIB_MIN;
		keeper_new(w->nodes[i]);
	}
	world_start(w);
	assert_kept(w, 1000);
	h = opened(w, 1, "g")->h;
	for (i = 0; i < 200; i++) {
		char id[8];

		snprintf(id, sizeof(id), "%u", i);
		d = keeper_create(keeper_at(w, 1), h, id, data, sizeof(data));
	}
	did(w, d, 0);
	assert_kept(w, 1000);
	assert_true(node_count(w->nodes[1], PFSNL_COUNT_SEND_REFUSED) > 0);
	assert_int_equal(keeper_named(keeper_at(w, 0), "g")->n_sections, 200);
	world_free(w);
}

static void what_expires_does_so_once_and_in_time(void **state)
{
	struct world *w = keeping(1, 4);
	struct keeper_handle *h = opened(w, 2, "g")->h;
	u64 before;

	made_to_expire(w, 2, h, "s", 500);
	made_to_expire(w, 2, h, "t", 500);
	made_to_expire(w, 2, h, "u", 900);
	assert_kept(w, 1000);
	before = keeper_at(w, 3)->n_applied;
	world_run(w, 400 * SIM_MS);
	assert_int_equal(keeper_named(keeper_at(w, 3), "g")->n_sections, 3);
	world_run(w, 200 * SIM_MS);
	assert_int_equal(keeper_named(keeper_at(w, 3), "g")->n_sections, 1);
	world_run(w, 10 * SIM_S);
	assert_int_equal(keeper_named(keeper_at(w, 3), "g")->n_sections, 0);
	/* one of them said so, each once */
	assert_int_equal(keeper_at(w, 3)->n_applied, before + 3);
	world_free(w);
}

static void what_nobody_has_open_goes_after_its_retention(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper_handle *h = opened(w, 2, "g")->h;

	retained(w, 2, h, 500);
	world_run(w, SIM_S);
	assert_non_null(keeper_named(keeper_at(w, 0), "g"));
	did(w, keeper_close(keeper_at(w, 2), h), 0);
	/* opened again in between it begins anew */
	world_run(w, 300 * SIM_MS);
	h = opened(w, 1, "g")->h;
	world_run(w, 300 * SIM_MS);
	did(w, keeper_close(keeper_at(w, 1), h), 0);
	world_run(w, 400 * SIM_MS);
	assert_non_null(keeper_named(keeper_at(w, 0), "g"));
	world_run(w, 200 * SIM_MS);
	assert_null(keeper_named(keeper_at(w, 0), "g"));
	assert_kept(w, 1000);
	world_free(w);
}

static void what_expires_at_the_same_time_does_so_soon(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper_handle *h = opened(w, 2, "g")->h;
	u64 start, before;
	u32 i;

	for (i = 0; i < 200; i++) {
		char id[8];

		snprintf(id, sizeof(id), "%u", i);
		made_to_expire(w, 2, h, id, 20000 - i);
	}
	assert_kept(w, 1000);
	before = keeper_at(w, 1)->n_applied;
	world_run(w, 19500 * SIM_MS);
	start = w->sim.now;
	while (keeper_named(keeper_at(w, 1), "g")->n_sections)
		world_run(w, SIM_MS);
	assert_true(w->sim.now - start < SIM_S);
	assert_int_equal(keeper_at(w, 1)->n_applied, before + 200);
	world_free(w);
}

/* as it was with openais: after a ring no timer ran any more */
static void what_expires_does_so_also_after_a_ring(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper_handle *h = opened(w, 2, "g")->h;

	made_to_expire(w, 2, h, "s", 5000);
	made_to_expire(w, 2, h, "t", 7000);
	/* who would say it is gone; another comes that never saw it made */
	node_kill(w->nodes[0]);
	keeper_new(world_node(w, 3));
	node_start(w->nodes[3]);
	world_run(w, 3 * SIM_S);
	assert_kept(w, 1000);
	assert_int_equal(keeper_named(keeper_at(w, 3), "g")->n_sections, 2);
	world_run(w, 2100 * SIM_MS);
	assert_int_equal(keeper_named(keeper_at(w, 3), "g")->n_sections, 1);
	/* and where only the newcomer is left */
	node_kill(w->nodes[1]);
	node_kill(w->nodes[2]);
	world_run(w, 4 * SIM_S);
	assert_int_equal(keeper_named(keeper_at(w, 3), "g")->n_sections, 0);
	world_free(w);
}

static void what_expires_while_there_is_no_ring_goes_with_the_next(void **state)
{
	struct world *w = keeping(1, 2);
	struct keeper_handle *h = opened(w, 1, "g")->h;

	made_to_expire(w, 1, h, "s", 500);
	keeper_leave(keeper_at(w, 0));
	keeper_leave(keeper_at(w, 1));
	world_run(w, SIM_S);
	assert_int_equal(keeper_named(keeper_at(w, 1), "g")->n_sections, 1);
	assert_int_equal(keeper_join(keeper_at(w, 0)), 0);
	assert_int_equal(keeper_join(keeper_at(w, 1)), 0);
	world_run(w, 500 * SIM_MS);
	assert_kept(w, 1000);
	assert_int_equal(keeper_named(keeper_at(w, 1), "g")->n_sections, 0);
	world_free(w);
}

static void next_node_says_what_expires_if_the_lowest_does_not(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper_handle *h = opened(w, 2, "g")->h;

	/* its clock is an hour behind, so it would be late */
	keeper_at(w, 0)->skew = -3600 * (s64)SIM_S;
	made_to_expire(w, 2, h, "s", 500);
	world_run(w, 1400 * SIM_MS);
	assert_int_equal(keeper_named(keeper_at(w, 2), "g")->n_sections, 1);
	world_run(w, 200 * SIM_MS);
	assert_int_equal(keeper_named(keeper_at(w, 2), "g")->n_sections, 0);
	world_free(w);
}

static void expiry_is_idempotent_whoever_says_it(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = keeping(seed, 3);
		struct keeper_handle *h = opened(w, 2, "g")->h;
		u32 i;

		/* clocks so that all say it at about the same time */
		for (i = 0; i < 3; i++)
			keeper_at(w, i)->skew = i * SIM_S;
		for (i = 0; i < 5; i++) {
			char id[2] = { 'a' + i };

			made_to_expire(w, 0, opened(w, 0, "g")->h, id, 700);
		}
		did(w, keeper_create(keeper_at(w, 2), h, "stays", "", 0), 0);
		world_run(w, 2 * SIM_S);
		assert_kept(w, 1000);
		assert_int_equal(keeper_named(keeper_at(w, 1), "g")->n_sections, 1);
		world_free(w);
	}
}

/* which a service that went by the name would have deleted */
static void what_was_created_anew_does_not_expire_with_what_had_its_name(void **state)
{
	struct world *w = keeping(1, 2);
	struct keeper_handle *h = opened(w, 1, "g")->h;

	retained(w, 1, h, 500);
	did(w, keeper_close(keeper_at(w, 1), h), 0);
	world_run(w, 490 * SIM_MS);
	did(w, keeper_unlink(keeper_at(w, 0), "g"), 0);
	h = opened(w, 0, "g")->h;
	did(w, keeper_close(keeper_at(w, 0), h), 0);
	world_run(w, 5 * SIM_S);
	assert_non_null(keeper_named(keeper_at(w, 1), "g"));
	world_free(w);
}

static bool is_gone(struct world *w, void *arg)
{
	return !((struct node *)arg)->core;
}

/* it was refused, found out again and tried again, in one moment without an end */
static void who_says_goodbye_says_no_more_what_expires(void **state)
{
	u32 who;

	for (who = 0; who < 3; who++) {
		struct world *w = keeping(1, 3);
		struct node *n = w->nodes[who];
		struct deed *d;

		made_to_expire(w, 1, opened(w, 1, "g")->h, "s", 2000);
		made_to_expire(w, 1, opened(w, 1, "g")->h, "t", 20000);
		assert_kept(w, 1000);
		/* the goodbye takes a while, as nobody answers, and something is due */
		n->host.side = 1;
		node_leave(n, 3 * SIM_S);
		keeper_set_clock(n->keeper, 10 * (s64)SIM_S);
		w->sim.steps_max = w->sim.steps + 20000;
		/* of its processes' requests each is answered */
		d = keeper_unlink(n->keeper, "g");
		world_run(w, 10 * SIM_MS);
		assert_true(d->answered);
		assert_int_equal(d->err, -ESHUTDOWN);
		assert_until(w, is_gone, n, 5000);
		/* the others say it when it is due */
		world_run(w, 5 * SIM_S);
		assert_kept(w, 1000);
		assert_int_equal(keeper_named(keeper_at(w, who ? 0 : 1), "g")->n_sections,
				 1);
		world_free(w);
	}
}

static void process_that_ends_has_nothing_open(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper *k = keeper_at(w, 1);
	u32 i;

	for (i = 0; i < 30; i++)
		did(w, keeper_open(k, 1 + i % 2, "g", DEPOT_RW), 0);
	did(w, keeper_unlink(k, "g"), 0);
	did(w, keeper_die(k, 1), 0);
	assert_kept(w, 1000);
	assert_int_equal(n_handles(w, 0), 15);
	did(w, keeper_die(k, 2), 0);
	assert_kept(w, 1000);
	assert_int_equal(n_handles(w, 0), 0);
	/* and with the last handle what was unlinked is gone */
	assert_int_equal(n_ckpts(w, 2), 0);
	world_free(w);
}

static void what_is_unlinked_goes_with_the_node_that_had_it_open_last(void **state)
{
	struct world *w = keeping(1, 4);
	struct keeper_handle *h = opened(w, 3, "g")->h;

	did(w, keeper_create(keeper_at(w, 3), h, "s", "text", 4), 0);
	did(w, keeper_unlink(keeper_at(w, 0), "g"), 0);
	assert_kept(w, 1000);
	assert_int_equal(n_ckpts(w, 0), 1);
	node_kill(w->nodes[3]);
	world_run(w, SIM_MS);
	assert_kept(w, 5000);
	/* nobody had to say that it is gone */
	assert_int_equal(n_ckpts(w, 0), 0);
	assert_int_equal(n_handles(w, 0), 0);
	assert_int_equal(pfsnl_ckpts_used(keeper_store(keeper_at(w, 0))), 0);
	world_free(w);
}

static void what_a_process_gave_up_is_closed_after_the_ring(void **state)
{
	u64 seed, closed = 0;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = keeping(seed, 3);
		struct keeper *k = keeper_at(w, 2);

		/* nobody knows what became of these: given up, but perhaps open */
		for (i = 0; i < 20; i++) {
			keeper_open(k, 1, "g", DEPOT_RW);
			if (i == 10)
				node_kill(w->nodes[0]);
			world_run(w, sim_below(&w->sim, SIM_MS / 4));
		}
		world_run(w, 2 * SIM_S);
		assert_kept(w, 5000);
		for (i = 0; i < 2; i++) {
			struct keeper_handle *h;
			u32 known = 0;

			list_for_each_entry(h, &k->handles, list)
				known++;
			assert_int_equal(n_handles(w, 1 + i), known);
			closed += 20 - known;
		}
		world_free(w);
	}
	assert_true(closed > 0);
}

static void who_was_away_too_long_learns_what_it_lost(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper *k = keeper_at(w, 2);
	struct keeper_handle *h = opened(w, 2, "g")->h;

	assert_true(pfsnl_ckptsvc_holds(k->svc, h->process, h->handle));
	/* others went on without it, and it did nothing alone */
	node_freeze(w->nodes[2]);
	world_run(w, 5 * SIM_S);
	node_resume(w->nodes[2]);
	world_run(w, 500 * SIM_MS);
	assert_kept(w, 5000);
	assert_int_equal(k->n_lost, 1);
	assert_int_equal(n_handles(w, 0), 0);
	/* it can open it again */
	opened(w, 2, "g");
	assert_kept(w, 1000);
	world_free(w);
}

static bool waits_for_a_ring(struct world *w, void *k)
{
	return !keeper_state(k).active;
}

static void lost_is_told_first(struct keeper *k, const struct deed *d,
			       const struct pfsnl_ckpt_result *result)
{
	if (d->err == -EBADF)
		assert_int_equal(k->n_lost, 1);
}

static void what_waits_for_a_handle_that_is_lost_is_refused(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper *k = keeper_at(w, 2);
	struct keeper_handle *h = opened(w, 2, "g")->h;
	static const struct keeper_tap tap = { .answered = lost_is_told_first };
	struct deed *create, *close, *again;

	did(w, keeper_create(k, h, "s", "text", 4), 0);
	k->tap = &tap;
	node_freeze(w->nodes[2]);
	world_run(w, 5 * SIM_S);
	assert_kept(w, 1000);
	assert_int_equal(n_handles(w, 0), 0);
	node_resume(w->nodes[2]);
	assert_until(w, waits_for_a_ring, k, 2000);
	/* it does not know yet */
	assert_true(pfsnl_ckptsvc_holds(k->svc, h->process, h->handle));
	create = keeper_create(k, h, "t", "", 0);
	close = keeper_close(k, h);
	again = keeper_open(k, 1, "g", DEPOT_RW);
	did(w, again, 0);
	assert_true(create->answered && close->answered);
	assert_int_equal(create->err, -EBADF);
	assert_int_equal(close->err, -EBADF);
	assert_kept(w, 5000);
	assert_int_equal(k->n_lost, 1);
	assert_int_equal(keeper_named(keeper_at(w, 0), "g")->n_sections, 1);
	assert_int_equal(n_handles(w, 0), 1);
	world_free(w);
}

static void store_that_is_full_refuses_and_is_the_same(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper_handle *h = opened(w, 1, "g")->h;
	static u8 data[40000];

	did(w, keeper_resize(keeper_at(w, 0), (1 << 20) + 100000), 0);
	did(w, keeper_create(keeper_at(w, 1), h, "s", data, sizeof(data)), 0);
	did(w, keeper_create(keeper_at(w, 1), h, "t", data, sizeof(data)), 0);
	did(w, keeper_create(keeper_at(w, 1), h, "u", data, sizeof(data)), -ENOMEM);
	assert_kept(w, 1000);
	keeper_new(world_node(w, 3));
	node_start(w->nodes[3]);
	world_run(w, SIM_MS);
	assert_kept(w, 3000);
	/* the limit comes with the store */
	did(w, keeper_create(keeper_at(w, 3), opened(w, 3, "g")->h, "u", data,
			     sizeof(data)), -ENOMEM);
	world_free(w);
}

static void what_lacks_memory_waits_in_its_order(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper *k = keeper_at(w, 2);
	struct keeper_handle *h = opened(w, 1, "g")->h;
	struct ledger *l = &w->nodes[2]->ledger;
	u64 nth;

	for (nth = 1; nth < 40; nth++) {
		char id[8];

		snprintf(id, sizeof(id), "%llu", (unsigned long long)nth);
		l->fail_at = l->tries + nth;
		l->fail_for = 5;
		did(w, keeper_create(keeper_at(w, 1), h, id, "x", 1), 0);
		did(w, keeper_write(keeper_at(w, 1), h, id, 0, "y", 1), 0);
		world_run(w, 200 * SIM_MS);
		assert_kept(w, 5000);
		assert_true(holds(w, 2, "g", id, "y"));
		assert_int_equal(keeper_state(k).queued, 0);
	}
	assert_true(l->failed > 40);
	assert_kept(w, 1000);
	world_free(w);
}

static u32 dues(struct world *w, u32 i, const char *name, u64 from, u64 to, char *ids)
{
	struct pfsnl_ckpts *store = keeper_store(keeper_at(w, i));
	const struct pfsnl_ckpt *c = keeper_named(keeper_at(w, i), name);
	const struct pfsnl_section *s = NULL;
	u32 n = 0;

	for (s = pfsnl_section_due_after(store, c, from, NULL, 0);
	     s && s->expires <= to;
	     s = pfsnl_section_due_after(store, c, s->expires, s->id, s->id_len))
		ids[n++] = s->id[0];
	ids[n] = 0;
	return n;
}

static void sections_can_be_listed_by_when_they_expire(void **state)
{
	struct world *w = keeping(1, 2);
	struct keeper_handle *g = opened(w, 1, "g")->h, *h = opened(w, 1, "h")->h;
	u64 start = keeper_stamp(keeper_at(w, 1));
	static const struct {
		char id[2];
		u64 ms;
		bool other;
	} made[] = {
		{ "d", 90000, false }, { "b", 90000, false }, { "x", 90000, true },
		{ "c", 80000, false }, { "y", 70000, true }, { "a", 90000, false },
		{ "e", 99000, false },
	};
	char ids[8];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(made); i++) {
		struct pfsnl_ckptmsg m = {
			.kind = PFSNL_CKPTMSG_SECTION_CREATE,
			.process = 1,
			.handle = made[i].other ? h->handle : g->handle,
			.name = (const u8 *)made[i].id,
			.name_len = 1,
			.expires = start + made[i].ms * SIM_MS,
		};

		did(w, keeper_do(keeper_at(w, 1), &m), 0);
	}
	did(w, keeper_create(keeper_at(w, 1), g, "never", "", 0), 0);
	assert_kept(w, 1000);
	assert_int_equal(dues(w, 0, "g", 0, PFSNL_NEVER, ids), 5);
	assert_string_equal(ids, "cabde");
	assert_int_equal(dues(w, 0, "h", 0, PFSNL_NEVER, ids), 2);
	assert_string_equal(ids, "yx");
	/* from a time on, to another, both of them too */
	assert_int_equal(dues(w, 0, "g", start + 90000 * SIM_MS, start + 90000 * SIM_MS,
			      ids), 3);
	assert_string_equal(ids, "abd");
	assert_int_equal(dues(w, 0, "g", start + 90001 * SIM_MS, PFSNL_NEVER, ids), 1);
	assert_string_equal(ids, "e");
	world_free(w);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(what_one_node_does_all_have),
		cmocka_unit_test(operations_of_a_node_keep_their_order_whatever_rings_come),
		cmocka_unit_test(what_nobody_applied_is_said_again),
		cmocka_unit_test(what_nobody_knows_is_answered_so),
		cmocka_unit_test(who_ends_answers_all),
		cmocka_unit_test(what_was_not_said_can_be_taken_back),
		cmocka_unit_test(operation_that_is_too_long_is_refused),
		cmocka_unit_test(nonsense_is_ignored_by_all_and_answered),
		cmocka_unit_test(who_finds_no_room_in_the_outbox_goes_on_when_there_is),
		cmocka_unit_test(what_expires_does_so_once_and_in_time),
		cmocka_unit_test(what_nobody_has_open_goes_after_its_retention),
		cmocka_unit_test(what_expires_at_the_same_time_does_so_soon),
		cmocka_unit_test(what_expires_does_so_also_after_a_ring),
		cmocka_unit_test(what_expires_while_there_is_no_ring_goes_with_the_next),
		cmocka_unit_test(next_node_says_what_expires_if_the_lowest_does_not),
		cmocka_unit_test(expiry_is_idempotent_whoever_says_it),
		cmocka_unit_test(what_was_created_anew_does_not_expire_with_what_had_its_name),
		cmocka_unit_test(who_says_goodbye_says_no_more_what_expires),
		cmocka_unit_test(process_that_ends_has_nothing_open),
		cmocka_unit_test(what_is_unlinked_goes_with_the_node_that_had_it_open_last),
		cmocka_unit_test(what_a_process_gave_up_is_closed_after_the_ring),
		cmocka_unit_test(who_was_away_too_long_learns_what_it_lost),
		cmocka_unit_test(what_waits_for_a_handle_that_is_lost_is_refused),
		cmocka_unit_test(store_that_is_full_refuses_and_is_the_same),
		cmocka_unit_test(what_lacks_memory_waits_in_its_order),
		cmocka_unit_test(sections_can_be_listed_by_when_they_expire),
	};

	return RUN_WORLD_TESTS(tests);
}
