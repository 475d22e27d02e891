/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all tests include: cmocka, the kernel's types, and numbers in network
 * byte order written without the code under test.
 */
#ifndef CORE_TEST_H
#define CORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/kernel.h>
#include <linux/types.h>

/* write @value in @width bytes, network byte order */
static inline u8 *put_be(u8 *p, unsigned int width, u64 value)
{
	unsigned int i;

	for (i = width; i; i--, value >>= 8)
		p[i - 1] = value & 0xff;
	return p + width;
}

static inline u64 get_be(const u8 *p, unsigned int width)
{
	u64 value = 0;

	while (width--)
		value = value << 8 | *p++;
	return value;
}

/*
 * A copy that ends where the allocation ends, so that a decoder which reads one
 * byte too many is caught. malloc(0) is such a copy too.
 */
static inline u8 *exact(const void *p, size_t len)
{
	u8 *copy = malloc(len);

	assert_non_null(copy);
	memcpy(copy, p, len);
	return copy;
}

/* the runs differ in nothing but this number */
static inline u64 test_random(u64 *state)
{
	u64 z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

#define TEST_CASE	struct CMUnitTest

#define RUN_TESTS(tests)						\
	(cmocka_set_message_output(CM_OUTPUT_TAP),			\
	 cmocka_run_group_tests(tests, NULL, NULL))

#endif /* CORE_TEST_H */
