/* SPDX-License-Identifier: GPL-2.0 */
/* cmocka wants these first, in this order. */
#ifndef PFSNL_TEST_CM_H
#define PFSNL_TEST_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Runs the group `tests` and prints TAP; the exit status of main(). */
#define cm_main(tests, setup, teardown) \
	(cmocka_set_message_output(CM_OUTPUT_TAP), \
	 cmocka_run_group_tests(tests, setup, teardown) ? 1 : 0)

#endif
