// SPDX-License-Identifier: LGPL-2.1
/* Counters. */
#include <errno.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

struct pfsnl_stats {
	struct entry {
		struct pfsnl_stat stat;
		char unknown[16];	/* name of one not in the table */
	} *entries;
	size_t count;
};

/* Made from the attributes in <linux/pfsnl.h> when the library is built. */
static const char *const names[] = {
#include "stats_names.h"
};

static void take(struct entry *entry, struct nlattr *attr)
{
	size_t type = nla_type(attr);

	entry->stat.value = nla_get_u64(attr);
	if (type < sizeof(names) / sizeof(*names) && names[type]) {
		entry->stat.name = names[type];
		return;
	}
	snprintf(entry->unknown, sizeof(entry->unknown), "stat-%zu", type);
	entry->stat.name = entry->unknown;
}

static int parse_stats(struct nlmsghdr *nlh, void *arg)
{
	struct pfsnl_stats *stats = arg;
	struct nlattr *first, *attr;
	int len, left;
	size_t room = 0;

	if (!genlmsg_valid_hdr(nlh, 0) || stats->entries)
		return -EBADMSG;
	first = genlmsg_attrdata(genlmsg_hdr(nlh), 0);
	len = genlmsg_attrlen(genlmsg_hdr(nlh), 0);
	nla_for_each_attr(attr, first, len, left)
		room++;
	/* Names of unknown ones are inside, so it must never move. */
	stats->entries = calloc(room + 1, sizeof(*stats->entries));
	if (!stats->entries)
		return -ENOMEM;
	nla_for_each_attr(attr, first, len, left)
		if (nla_type(attr) != PFSNL_A_STATS_PAD && nla_len(attr) == 8)
			take(&stats->entries[stats->count++], attr);
	return 0;
}

PFSNL_EXPORT int pfsnl_stats_get(struct pfsnl *handle,
				 struct pfsnl_stats **stats)
{
	struct pfsnl_request req = {
		.what = "reading the counters",
		.cmd = PFSNL_CMD_STATS_GET,
		.parse = parse_stats,
	};
	int err = pfsnl_check(handle, req.what);

	if (err)
		return err;
	*stats = calloc(1, sizeof(**stats));
	if (!*stats)
		return pfsnl_fail(-ENOMEM, req.what, NULL);
	req.arg = *stats;
	pthread_mutex_lock(&handle->req_lock);
	err = pfsnl_ask(&handle->req, true, &req);
	pthread_mutex_unlock(&handle->req_lock);
	if (err) {
		pfsnl_stats_free(*stats);
		*stats = NULL;
	}
	return err;
}

PFSNL_EXPORT size_t pfsnl_stats_count(const struct pfsnl_stats *stats)
{
	return stats->count;
}

PFSNL_EXPORT const struct pfsnl_stat *
pfsnl_stats_at(const struct pfsnl_stats *stats, size_t i)
{
	return i < stats->count ? &stats->entries[i].stat : NULL;
}

PFSNL_EXPORT void pfsnl_stats_free(struct pfsnl_stats *stats)
{
	if (!stats)
		return;
	free(stats->entries);
	free(stats);
}
