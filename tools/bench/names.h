/* SPDX-License-Identifier: GPL-2.0 */
/* Lists of names, as options have them. */
#ifndef PFSNL_BENCH_NAMES_H
#define PFSNL_BENCH_NAMES_H

#include <stdbool.h>

/* Whether a list of names with commas between them has this one. */
bool names_have(const char *list, const char *name);

#endif /* PFSNL_BENCH_NAMES_H */
