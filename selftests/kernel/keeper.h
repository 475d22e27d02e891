/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a keeper of checkpoints is told, as text; see keeper.c.
 */
#ifndef PFSNL_TEST_KEEPER_H
#define PFSNL_TEST_KEEPER_H

#include <ctype.h>

#include "raw.h"

/* by cookie */
static const char *verbs[4096];
/* what is refused because too much is under way is tried again */
static bool waiting;
/* outcomes that came */
static uint32_t outcomes;

static inline void print_hex(const struct nlattr *a)
{
	const unsigned char *p = data((struct nlattr *)a);
	size_t i;

	for (i = 0; a && i < length((struct nlattr *)a); i++)
		printf("%02x", p[i]);
}

static inline void print_id(struct nlattr *a)
{
	const char *p = data(a);
	size_t i;

	if (!length(a))
		printf("-");
	for (i = 0; i < length(a); i++)
		printf(isgraph((unsigned char)p[i]) ? "%c" : "\\%02x",
		       (unsigned char)p[i]);
}

static inline unsigned int node(struct nlattr *a)
{
	return ((unsigned char *)data(a))[3];
}

static inline void outcome(struct nlattr **at)
{
	int32_t error = u32(at[PFSNL_A_CKPT_ERROR]);
	const char *text = data(at[PFSNL_A_CKPT_TEXT]);
	uint64_t number = u64(at[PFSNL_A_CKPT_COOKIE]);

	if (!number) {
		printf("lost %u %d\n", u32(at[PFSNL_A_CKPT_HANDLE]), -error);
		return;
	}
	outcomes++;
	if (waiting && !error)
		return;
	printf("%s ", verbs[number % 4096]);
	if (error) {
		printf("failed %d %s\n", -error, text ? text : "-");
		return;
	}
	printf("ok%s", at[PFSNL_A_CKPT_CREATED] ? " created" : "");
	if (at[PFSNL_A_CKPT_SECTION]) {
		printf(" ");
		print_id(at[PFSNL_A_CKPT_SECTION]);
	}
	printf("\n");
}

static inline void happened(struct nlattr **at)
{
	static const char *const names[] = {
		"created", "opened", "closed", "unlinked", "expired", "retention",
		"section-created", "section-deleted", "section-written",
		"section-expiration", "section-expired", "limit", "activated",
		"suspended", "out",
	};
	uint32_t what = u32(at[PFSNL_A_CKPT_EVENT_EVENT]);

	printf("event %s", what < sizeof(names) / sizeof(*names) ? names[what] : "?");
	if (at[PFSNL_A_CKPT_EVENT_NAME])
		printf(" %s", (char *)data(at[PFSNL_A_CKPT_EVENT_NAME]));
	if (at[PFSNL_A_CKPT_EVENT_SECTION]) {
		printf(" section ");
		print_id(at[PFSNL_A_CKPT_EVENT_SECTION]);
	}
	if (at[PFSNL_A_CKPT_EVENT_ADDRESS])
		printf(" from %u", node(at[PFSNL_A_CKPT_EVENT_ADDRESS]));
	if (at[PFSNL_A_CKPT_EVENT_ERROR])
		printf(" error %d", -(int32_t)u32(at[PFSNL_A_CKPT_EVENT_ERROR]));
	printf(" %llu\n", (unsigned long long)u64(at[PFSNL_A_CKPT_EVENT_GENERATION]));
}

static inline void conflict(struct nlattr **at)
{
	static const char *const whys[] = { "content", "name", "unlinked",
					    "unlinked-open" };

	printf("conflict %s", whys[u32(at[PFSNL_A_CKPT_EVENT_CONFLICT]) % 4]);
	if (at[PFSNL_A_CKPT_EVENT_NAME])
		printf(" %s", (char *)data(at[PFSNL_A_CKPT_EVENT_NAME]));
	if (at[PFSNL_A_CKPT_EVENT_LOSER_NAME])
		printf(" loser %s", (char *)data(at[PFSNL_A_CKPT_EVENT_LOSER_NAME]));
	printf(" %llu\n", (unsigned long long)u64(at[PFSNL_A_CKPT_EVENT_GENERATION]));
}

static inline void event(int cmd, struct nlattr **at)
{
	if (cmd == PFSNL_CMD_CKPT_DONE_NTF)
		outcome(at);
	else if (cmd == PFSNL_CMD_CKPT_NTF)
		happened(at);
	else if (cmd == PFSNL_CMD_CKPT_CONFLICT_NTF)
		conflict(at);
}

#endif
