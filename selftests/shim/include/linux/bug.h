/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In the kernel a warning is a splat that fails the test in the VM; here it
 * ends the program, so that a sanitizer's or fuzzer's run stops at it too.
 */
#ifndef SHIM_LINUX_BUG_H
#define SHIM_LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <stdio.h>
#include <stdlib.h>

#undef BUG_ON
#undef BUG
#define BUG_ON(cond)							\
	do {								\
		if (unlikely(cond)) {					\
			fprintf(stderr, "%s:%d: %s: BUG: %s\n",		\
				__FILE__, __LINE__, __func__, #cond);	\
			abort();					\
		}							\
	} while (0)
#define BUG()		BUG_ON(1)

#define WARN_ON(cond)							\
	({								\
		bool shim_warn = !!(cond);				\
									\
		if (unlikely(shim_warn)) {				\
			fprintf(stderr, "%s:%d: %s: WARNING: %s\n",	\
				__FILE__, __LINE__, __func__, #cond);	\
			abort();					\
		}							\
		shim_warn;						\
	})
#define WARN_ON_ONCE(cond)	WARN_ON(cond)
#define WARN(cond, ...)		WARN_ON(cond)
#define WARN_ONCE(cond, ...)	WARN_ON(cond)

#endif /* SHIM_LINUX_BUG_H */
