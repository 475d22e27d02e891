// SPDX-License-Identifier: GPL-2.0
/* The last lines of what happened, in a ring. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "story.h"

#define LINES		16384
#define LINE_SIZE	120
/* so many lines are printed, each of which may stand for many nodes */
#define LINES_SHOWN	120

struct line {
	uint64_t when;
	int node;
	char text[LINE_SIZE];
};

static struct line lines[LINES];
static unsigned long told;
static const char *again_text = "";
static int loud, round_now;
static const char *round_what = "boot";

uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

const char *set_text(const struct set *s)
{
	static char text[2048];
	size_t at = 0;
	int i, first;

	text[0] = '\0';
	for (i = 1; i <= NODES_MAX; i++) {
		if (!set_has(s, i))
			continue;
		for (first = i; i < NODES_MAX && set_has(s, i + 1);)
			i++;
		at += snprintf(text + at, sizeof(text) - at,
			       first == i ? "%sn%d" : "%sn%d-n%d",
			       at ? " " : "", first, i);
		if (at > sizeof(text) - 16)
			break;
	}
	return text;
}

static void print(uint64_t when, const char *who, const char *text)
{
	printf("#   %4u:%02u:%02u.%03u %s: %s\n", (unsigned int)(when / 3600000000),
	       (unsigned int)(when / 60000000 % 60),
	       (unsigned int)(when / 1000000 % 60),
	       (unsigned int)(when / 1000 % 1000), who, text);
}

void tell(int node, const char *format, ...)
{
	struct line *l = &lines[told++ % LINES];
	char who[16] = "world";
	va_list args;

	l->when = now_us();
	l->node = node;
	va_start(args, format);
	vsnprintf(l->text, sizeof(l->text), format, args);
	va_end(args);
	if (!loud)
		return;
	if (node)
		snprintf(who, sizeof(who), "n%d", node);
	print(l->when, who, l->text);
}

/*
 * What several nodes are told at the same time is one line. Lines of the same
 * moment that say the same need not be neighbours.
 */
static void print_story(void)
{
	unsigned long first = told > LINES ? told - LINES : 0, i, k;
	static char shown[LINES];
	unsigned long groups = 0;

	/* how far back: count the groups from the end */
	for (i = told; i > first && groups < LINES_SHOWN; i--) {
		const struct line *l = &lines[(i - 1) % LINES];

		groups++;
		for (k = i; k < told; k++) {
			const struct line *m = &lines[k % LINES];

			if (m->when / 1000 != l->when / 1000)
				break;
			if (m->node && l->node && !strcmp(m->text, l->text)) {
				groups--;
				break;
			}
		}
	}
	memset(shown, 0, sizeof(shown));
	for (; i < told; i++) {
		const struct line *l = &lines[i % LINES];
		struct set who = {};

		if (shown[i % LINES])
			continue;
		if (!l->node) {
			print(l->when, "world", l->text);
			continue;
		}
		set_add(&who, l->node);
		for (k = i + 1; k < told; k++) {
			const struct line *m = &lines[k % LINES];

			if (m->when / 1000 != l->when / 1000)
				break;
			if (m->node && !strcmp(m->text, l->text)) {
				set_add(&who, m->node);
				shown[k % LINES] = 1;
			}
		}
		print(l->when, set_text(&who), l->text);
	}
}

void story_begin(const char *again, int aloud)
{
	again_text = again;
	loud = aloud;
}

void story_round(int round, const char *what)
{
	round_now = round;
	round_what = what;
	tell(0, "---- round %d: %s", round, what);
}

void violated(const char *assertion, const char *format, ...)
{
	uint64_t now = now_us();
	va_list args;

	printf("# violated: %s: ", assertion);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n# in round %d (%s), at %.3f s of virtual time; what happened, h:mm:ss:\n",
	       round_now, round_what, now / 1e6);
	if (!loud)
		print_story();
	printf("# again, the same schedule: %s\n# only this round:          %s --round %d\n",
	       again_text, again_text, round_now);
	fflush(stdout);
	_Exit(1);
}

void die(const char *format, ...)
{
	va_list args;

	printf("# virtual: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_Exit(2);
}
