// SPDX-License-Identifier: LGPL-2.1
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static __thread char errmsg[512];

#define MEANING(error, text, hint) { error, text, hint, text " (" hint ")" }

static const struct meaning {
	int error;
	const char *text;
	const char *hint;
	const char *both;
} meanings[] = {
	MEANING(EPROTONOSUPPORT, "the module pfsnl is not loaded",
		"load it: modprobe pfsnl"),
	MEANING(EPERM, "not permitted",
		"needs CAP_NET_ADMIN in this network namespace: be root or use sudo"),
	MEANING(ENETDOWN, "no instance runs in this network namespace",
		"start one: pfsnl up INTERFACE"),
	MEANING(EALREADY, "an instance runs already in this network namespace",
		"change it with pfsnl set, or stop it first with pfsnl down"),
	MEANING(EOPNOTSUPP, "the loaded module does not know this",
		"it is older than this library: load a newer one"),
	MEANING(ENODEV, "no such interface",
		"see which there are: ip link"),
	MEANING(EADDRNOTAVAIL, "no such address on the interface",
		"see which there are: ip address"),
	MEANING(EADDRINUSE, "the port is in use",
		"choose another, or see who has it: ss -lntup"),
	MEANING(ECONNABORTED, "nobody knows what became of it",
		"it may have been done or not: look, or do it again"),
	MEANING(ESTALE, "it is not open any longer",
		"close it and open it again"),
	MEANING(ECHILD, "the handle was opened before fork()",
		"open one in the child"),
};

static const struct meaning *meaning_of(int error)
{
	size_t i;

	for (i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (meanings[i].error == error)
			return &meanings[i];
	return NULL;
}

static const char *system_text(int error)
{
	const char *text = strerrordesc_np(error);

	return text ? text : "unknown error";
}

int pfsnl_fail(int err, const char *what, const char *why)
{
	const struct meaning *meaning = meaning_of(-err);

	if (!why || !*why)
		why = meaning ? meaning->text : system_text(-err);
	if (meaning)
		snprintf(errmsg, sizeof(errmsg), "%s: %s (%s)", what, why,
			 meaning->hint);
	else
		snprintf(errmsg, sizeof(errmsg), "%s: %s", what, why);
	return err;
}

int pfsnl_failf(int err, const char *what, const char *why, ...)
{
	va_list args;
	int used;

	used = snprintf(errmsg, sizeof(errmsg), "%s: ", what);
	va_start(args, why);
	if (used >= 0 && (size_t)used < sizeof(errmsg))
		vsnprintf(errmsg + used, sizeof(errmsg) - used, why, args);
	va_end(args);
	return err;
}

PFSNL_EXPORT const char *pfsnl_errmsg(void)
{
	return errmsg;
}

PFSNL_EXPORT const char *pfsnl_strerror(int error)
{
	const struct meaning *meaning;

	if (!error)
		return "no error";
	if (error < 0)
		error = error == INT_MIN ? INT_MAX : -error;
	meaning = meaning_of(error);
	return meaning ? meaning->both : system_text(error);
}
