// SPDX-License-Identifier: GPL-2.0
/*
 * Only in builds for tests (tools/build-module --breakable): the parameter
 * "broken" leaves out a rule of the core, to show that a test would notice.
 */
#include <linux/module.h>

#include "core/broken.h"

#define PFSNL_BROKEN_TEXT(name) [PFSNL_BROKEN_##name] = #name,
static const char * const names[PFSNL_BROKEN_N] = {
	PFSNL_BROKENS(PFSNL_BROKEN_TEXT)
};

enum pfsnl_broken pfsnl_broken;

static int set_broken(const char *value, const struct kernel_param *kp)
{
	int i;

	for (i = 1; i < PFSNL_BROKEN_N; i++) {
		if (sysfs_streq(value, names[i])) {
			pfsnl_broken = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int get_broken(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", names[pfsnl_broken] ?: "");
}

static const struct kernel_param_ops broken_ops = {
	.set = set_broken,
	.get = get_broken,
};

module_param_cb(broken, &broken_ops, NULL, 0400);
MODULE_PARM_DESC(broken, "Rule of the protocol to leave out");
