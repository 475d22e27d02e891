// SPDX-License-Identifier: GPL-2.0
/* The nearest known word, for "did you mean". */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "suggest.h"

/* Longer words are no typing errors of ours and are not compared. */
#define WORD_MAX 32

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * Edit distance in which swapping two neighbours costs one, for that is the
 * slip of a fast typist. Letter case is ignored.
 */
static size_t distance(const char *a, const char *b)
{
	size_t row[3][WORD_MAX + 1];
	size_t *before = row[0], *above = row[1], *here = row[2], *spare;
	size_t la = strlen(a), lb = strlen(b), i, j;

	for (j = 0; j <= lb; j++)
		above[j] = j;
	for (i = 1; i <= la; i++) {
		here[0] = i;
		for (j = 1; j <= lb; j++) {
			int ca = tolower((unsigned char)a[i - 1]);
			int cb = tolower((unsigned char)b[j - 1]);

			here[j] = min3(above[j] + 1, here[j - 1] + 1,
				       above[j - 1] + (ca != cb));
			if (i > 1 && j > 1 &&
			    ca == tolower((unsigned char)b[j - 2]) &&
			    cb == tolower((unsigned char)a[i - 2]) &&
			    before[j - 2] + 1 < here[j])
				here[j] = before[j - 2] + 1;
		}
		spare = before;
		before = above;
		above = here;
		here = spare;
	}
	return above[lb];
}

void suggest_begin(struct suggest *s, const char *typed)
{
	s->typed = typed;
	s->best = NULL;
	s->also = NULL;
	s->cost = 0;
}

void suggest_offer(struct suggest *s, const char *word)
{
	size_t len = strlen(s->typed), cost, limit;

	if (len > WORD_MAX || strlen(word) > WORD_MAX)
		return;
	/* "stat" for "status" is meant, though two letters are missing. */
	if (len >= 2 && !strncmp(word, s->typed, len)) {
		cost = 1;
	} else {
		cost = distance(s->typed, word);
		limit = 1 + len / 4;
		/* A word of which little is left was not meant. */
		if (cost > limit || cost >= len)
			return;
	}
	if (s->best && s->cost <= cost) {
		if (s->cost == cost && !s->also && strcmp(s->best, word))
			s->also = word;
		return;
	}
	s->best = word;
	s->also = NULL;
	s->cost = cost;
}
