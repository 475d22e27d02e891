// SPDX-License-Identifier: GPL-2.0
/*
 * Parcels, byte by byte.
 */
#include <errno.h>

#include "parcel.h"
#include "test.h"

static u8 *head(u8 *p, u8 step, u8 flags, u64 time)
{
	p = put_be(p, 1, step);
	p = put_be(p, 1, flags);
	p = put_be(p, 2, 0);
	return put_be(p, 8, time);
}

static int decode(struct pfsnl_parcel *p, const u8 *wire, u32 len)
{
	u8 *copy = exact(wire, len);
	int err = pfsnl_parcel_decode(p, copy, len);

	free(copy);
	return err;
}

static void parcel_is_read_record_by_record(void **state)
{
	u8 wire[64], *end = head(wire, PFSNL_CKPT_STEP_HEADS, 0, 0);
	struct pfsnl_parcel p;
	u32 at = 0, len;
	const u8 *r;

	end = put_be(end, 4, 3);
	memcpy(end, "abc", 3);
	end = put_be(end + 3, 4, 0);
	end = put_be(end, 4, 1);
	*end++ = 'd';
	assert_int_equal(pfsnl_parcel_decode(&p, wire, end - wire), 0);
	assert_int_equal(p.step, PFSNL_CKPT_STEP_HEADS);
	assert_false(p.last);
	r = pfsnl_parcel_next(&p, &at, &len);
	assert_int_equal(len, 3);
	assert_memory_equal(r, "abc", 3);
	assert_non_null(pfsnl_parcel_next(&p, &at, &len));
	assert_int_equal(len, 0);
	r = pfsnl_parcel_next(&p, &at, &len);
	assert_int_equal(len, 1);
	assert_int_equal(*r, 'd');
	assert_null(pfsnl_parcel_next(&p, &at, &len));
}

static void head_is_written_as_it_is_read(void **state)
{
	struct pfsnl_parcel p = {
		.step = PFSNL_CKPT_STEP_LINEAGE,
		.last = true,
		.time = 0x0102030405060708ULL,
	};
	u8 wire[PFSNL_PARCEL_LEN], want[PFSNL_PARCEL_LEN];

	head(want, 1, 1, p.time);
	pfsnl_parcel_encode(&p, wire);
	assert_memory_equal(wire, want, sizeof(want));
	assert_int_equal(decode(&p, wire, sizeof(wire)), 0);
	assert_true(p.last);
	assert_true(p.time == 0x0102030405060708ULL);
	assert_int_equal(p.len, 0);

	p = (struct pfsnl_parcel) {
		.step = PFSNL_CKPT_STEP_NEED,
		.last = true,
		.takes = true,
	};
	head(want, PFSNL_CKPT_STEP_NEED, 3, 0);
	pfsnl_parcel_encode(&p, wire);
	assert_memory_equal(wire, want, sizeof(want));
	assert_int_equal(decode(&p, wire, sizeof(wire)), 0);
	assert_true(p.takes);
}

static void what_makes_no_sense_is_refused(void **state)
{
	u8 wire[64], *end;
	struct pfsnl_parcel p;
	u32 len;

	/* steps that nobody says, flags, zeros, a time where there is none */
	head(wire, PFSNL_CKPT_STEP_NONE, 0, 0);
	assert_int_equal(decode(&p, wire, PFSNL_PARCEL_LEN), -EBADMSG);
	head(wire, PFSNL_CKPT_STEP_END, 0, 0);
	assert_int_equal(decode(&p, wire, PFSNL_PARCEL_LEN), -EBADMSG);
	head(wire, PFSNL_CKPT_STEP_DATA, 4, 0);
	assert_int_equal(decode(&p, wire, PFSNL_PARCEL_LEN), -EBADMSG);
	/* only at the end of a step of wants somebody lacks something */
	head(wire, PFSNL_CKPT_STEP_DATA, 3, 0);
	assert_int_equal(decode(&p, wire, PFSNL_PARCEL_LEN), -EBADMSG);
	head(wire, PFSNL_CKPT_STEP_NEED, 2, 0);
	assert_int_equal(decode(&p, wire, PFSNL_PARCEL_LEN), -EBADMSG);
	head(wire, PFSNL_CKPT_STEP_DATA, 1, 5);
	assert_int_equal(decode(&p, wire, PFSNL_PARCEL_LEN), -EBADMSG);
	head(wire, PFSNL_CKPT_STEP_LINEAGE, 0, 5);
	assert_int_equal(decode(&p, wire, PFSNL_PARCEL_LEN), -EBADMSG);
	head(wire, PFSNL_CKPT_STEP_DATA, 1, 0);
	wire[3] = 1;
	assert_int_equal(decode(&p, wire, PFSNL_PARCEL_LEN), -EBADMSG);
	/* any length but the right ones: what its head says counts all the same */
	end = head(wire, PFSNL_CKPT_STEP_DATA, 1, 0);
	end = put_be(end, 4, 2);
	end = put_be(end, 2, 0);
	for (len = 0; len < PFSNL_PARCEL_LEN; len++)
		assert_int_equal(decode(&p, wire, len), -EBADMSG);
	for (; len <= end - wire; len++) {
		u8 *copy = exact(wire, len);

		assert_int_equal(pfsnl_parcel_decode(&p, copy, len), 0);
		assert_true(p.last);
		assert_int_equal(pfsnl_parcel_is_whole(&p),
				 len == PFSNL_PARCEL_LEN || len == end - wire);
		free(copy);
	}
	put_be(wire + PFSNL_PARCEL_LEN, 4, 0xffffffff);
	assert_int_equal(pfsnl_parcel_decode(&p, wire, end - wire), 0);
	assert_false(pfsnl_parcel_is_whole(&p));
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(parcel_is_read_record_by_record),
		cmocka_unit_test(head_is_written_as_it_is_read),
		cmocka_unit_test(what_makes_no_sense_is_refused),
	};

	return RUN_TESTS(tests);
}
