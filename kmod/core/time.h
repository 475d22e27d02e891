/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Time: unsigned nanoseconds on a clock that never goes back.
 */
#ifndef PFSNL_CORE_TIME_H
#define PFSNL_CORE_TIME_H

#define PFSNL_MS	1000000ULL
#define PFSNL_NEVER	(~0ULL)

#endif /* PFSNL_CORE_TIME_H */
