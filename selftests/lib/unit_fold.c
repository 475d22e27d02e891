// SPDX-License-Identifier: GPL-2.0
/* Sets of addresses, against a bitmap that can't be wrong. */
#include "cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fold.h"

/* Small addresses and the largest ones, so that signs and wraps show. */
#define UNIVERSE 96

static struct in_addr nth(unsigned int i)
{
	uint32_t host = i < UNIVERSE / 2 ? i : 0xffffffff - (UNIVERSE - 1 - i);

	return (struct in_addr){ .s_addr = htonl(host) };
}

static int index_of(struct in_addr addr)
{
	uint32_t host = ntohl(addr.s_addr);

	return host < UNIVERSE / 2 ? (int)host :
	       (int)(UNIVERSE - 1 - (0xffffffff - host));
}

static void assert_is(const struct pfsnl_addrset *set, const bool *model)
{
	size_t i, count = 0;

	for (i = 0; i < UNIVERSE; i++) {
		size_t at = pfsnl_addrset_find(set, nth(i));

		assert_int_equal(pfsnl_addrset_has(set, nth(i)), model[i]);
		assert_int_equal(at, model[i] ? count : set->count);
		count += model[i];
	}
	assert_int_equal(set->count, count);
	for (i = 1; i < set->count; i++)
		assert_true(ntohl(set->addrs[i - 1].s_addr) <
			    ntohl(set->addrs[i].s_addr));
}

static void random_set(struct pfsnl_addrset *set, bool *model)
{
	unsigned int i, n = rand() % (2 * UNIVERSE);

	memset(model, 0, UNIVERSE * sizeof(*model));
	for (i = 0; i < n; i++) {
		unsigned int at = rand() % UNIVERSE;

		model[at] = true;
		assert_int_equal(pfsnl_addrset_append(set, nth(at)), 0);
	}
	pfsnl_addrset_sort(set);
}

static void test_sort(void **state)
{
	bool model[UNIVERSE];
	int round;

	(void)state;
	for (round = 0; round < 500; round++) {
		struct pfsnl_addrset set = { 0 };

		random_set(&set, model);
		assert_is(&set, model);
		pfsnl_addrset_free(&set);
		assert_int_equal(set.count, 0);
		assert_null(set.addrs);
	}
}

static void test_diff(void **state)
{
	bool from_model[UNIVERSE], to_model[UNIVERSE], expect[UNIVERSE];
	int round, i;

	(void)state;
	for (round = 0; round < 500; round++) {
		struct pfsnl_addrset from = { 0 }, to = { 0 };
		struct pfsnl_addrset removed = { 0 }, added = { 0 }, none = { 0 };

		random_set(&from, from_model);
		random_set(&to, to_model);
		assert_int_equal(pfsnl_addrset_diff(&from, &to, &removed,
						    &added), 0);
		for (i = 0; i < UNIVERSE; i++)
			expect[i] = from_model[i] && !to_model[i];
		assert_is(&removed, expect);
		for (i = 0; i < UNIVERSE; i++)
			expect[i] = to_model[i] && !from_model[i];
		assert_is(&added, expect);

		/* What leads from one to the other, carried out, does so. */
		if (removed.count)
			assert_int_equal(pfsnl_addrset_apply(&from, false,
							     removed.addrs,
							     removed.count,
							     &none), 0);
		pfsnl_addrset_free(&none);
		if (added.count)
			assert_int_equal(pfsnl_addrset_apply(&from, true,
							     added.addrs,
							     added.count,
							     &none), 0);
		assert_is(&from, to_model);
		pfsnl_addrset_free(&none);
		pfsnl_addrset_free(&removed);
		pfsnl_addrset_free(&added);
		assert_int_equal(pfsnl_addrset_diff(&from, &to, &removed,
						    &added), 0);
		assert_int_equal(removed.count + added.count, 0);
		pfsnl_addrset_free(&from);
		pfsnl_addrset_free(&to);
	}
}

/*
 * Random updates, legal and not. Whether one is legal is decided by the
 * bitmap; an illegal one must leave everything as it was.
 */
static void test_apply(void **state)
{
	struct pfsnl_addrset set = { 0 };
	bool model[UNIVERSE] = { 0 };
	int round, legal_rounds = 0, illegal_rounds = 0;

	(void)state;
	for (round = 0; round < 20000; round++) {
		struct pfsnl_addrset changed = { 0 };
		bool named[UNIVERSE] = { 0 };
		struct in_addr addrs[8];
		unsigned int i, at, n = rand() % 5;
		bool adding = rand() & 1, legal = n > 0;
		int err;

		for (i = 0; i < n; i++) {
			/* Mostly legal ones, or nothing would ever change. */
			do {
				at = rand() % UNIVERSE;
			} while (rand() % 16 && (model[at] == adding ||
						 named[at]));
			if (model[at] == adding || named[at])
				legal = false;
			named[at] = true;
			addrs[i] = nth(at);
		}
		err = pfsnl_addrset_apply(&set, adding, addrs, n, &changed);
		if (legal) {
			assert_int_equal(err, 0);
			assert_is(&changed, named);
			for (i = 0; i < n; i++)
				model[index_of(addrs[i])] = adding;
			legal_rounds++;
		} else {
			assert_int_equal(err, -EILSEQ);
			assert_int_equal(changed.count, 0);
			illegal_rounds++;
		}
		assert_is(&set, model);
		pfsnl_addrset_free(&changed);
	}
	assert_true(legal_rounds > 1000);
	assert_true(illegal_rounds > 1000);
	pfsnl_addrset_free(&set);
}

static void test_move(void **state)
{
	struct pfsnl_addrset a = { 0 }, b = { 0 };

	(void)state;
	assert_int_equal(pfsnl_addrset_append(&a, nth(1)), 0);
	assert_int_equal(pfsnl_addrset_append(&b, nth(2)), 0);
	pfsnl_addrset_move(&a, &b);
	assert_int_equal(a.count, 1);
	assert_true(pfsnl_addrset_has(&a, nth(2)));
	assert_false(pfsnl_addrset_has(&a, nth(1)));
	assert_int_equal(b.count, 0);
	assert_null(b.addrs);
	pfsnl_addrset_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_move),
	};

	srand(7319);
	return cm_main(tests, NULL, NULL);
}
