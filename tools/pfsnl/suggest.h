/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PFSNL_SUGGEST_H
#define PFSNL_SUGGEST_H

#include <stddef.h>

/**
 * struct suggest - search for the known word nearest to a mistyped one
 * @typed: what the user typed, without dashes and without "=value"
 * @best: nearest word so far; NULL while none is near enough
 * @also: another one as near; NULL when there is none
 * @cost: edit distance of @best
 */
struct suggest {
	const char *typed;
	const char *best;
	const char *also;
	size_t cost;
};

/** suggest_begin() - start a search for the word nearest to @typed. */
void suggest_begin(struct suggest *s, const char *typed);

/** suggest_offer() - let @word compete; it must outlive the search. */
void suggest_offer(struct suggest *s, const char *word);

#endif
