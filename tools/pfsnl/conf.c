// SPDX-License-Identifier: GPL-2.0
/* The config file: lines of "key = value", the keys are the options. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "suggest.h"
#include "value.h"

/**
 * struct conf - one reading of a config file
 * @args: where values go
 * @fixed: options that were given before and win over the file
 * @seen: options the file had so far
 * @where: line of each
 */
struct conf {
	struct args *args;
	const char *path;
	unsigned int line;
	uint64_t fixed;
	uint64_t seen;
	unsigned int where[NUM_OPTS];
	bool failed;
};

static __printf(2, 3) void wrong(struct conf *c, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	complain("%s:%u: %s", c->path, c->line, text);
	c->failed = true;
}

static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

/*
 * Takes the quotes or the comment off a value. A '#' begins a comment only
 * after a blank, so that names may have one.
 */
static char *value_text(struct conf *c, char *s)
{
	char *p, *rest;

	if (*s == '"') {
		p = strchr(s + 1, '"');
		if (!p) {
			wrong(c, "the closing quote is missing");
			return NULL;
		}
		*p = '\0';
		rest = trim(p + 1);
		if (*rest && *rest != '#') {
			wrong(c, "'%s' is left over after the closing quote",
			      rest);
			return NULL;
		}
		return s + 1;
	}
	for (p = s; *p; p++) {
		if (*p == '#' && (p == s || isspace((unsigned char)p[-1]))) {
			*p = '\0';
			break;
		}
	}
	return trim(s);
}

static void unknown_key(struct conf *c, const char *key)
{
	struct suggest s;
	int id;

	suggest_begin(&s, key);
	for (id = 0; id < NUM_OPTS; id++)
		if (OPTS_CONFIG & OPT_BIT(id))
			suggest_offer(&s, opt_name(id));
	if (s.best)
		wrong(c, "unknown key '%s'; did you mean '%s'?", key, s.best);
	else
		wrong(c, "unknown key '%s'; the keys are in pfsnl.conf(5)",
		      key);
}

/* A key that is given twice, or a second way to send beacons, is a mistake. */
static bool clashes(struct conf *c, int id)
{
	uint64_t rivals = OPT_BIT(id);
	int other;

	if (rivals & OPTS_BEACON_TO)
		rivals = OPTS_BEACON_TO;
	rivals &= c->seen;
	if (!rivals)
		return false;
	other = __builtin_ctzll(rivals);
	if (other == id)
		wrong(c, "'%s' is in line %u already", opt_name(id),
		      c->where[other]);
	else
		wrong(c, "'%s' and '%s' (line %u) exclude each other: beacons go one way at a time",
		      opt_name(id), opt_name(other), c->where[other]);
	return true;
}

static void take_line(struct conf *c, char *line)
{
	struct args scratch;
	char why[320], *key, *value;
	int id, yes;

	key = trim(line);
	if (!*key || *key == '#')
		return;
	value = strchr(key, '=');
	if (!value) {
		wrong(c, "'%.40s' is not 'key = value'", key);
		return;
	}
	*value++ = '\0';
	key = trim(key);
	id = opt_find(OPTS_CONFIG, key);
	if (id == NUM_OPTS) {
		unknown_key(c, key);
		return;
	}
	value = value_text(c, trim(value));
	if (!value)
		return;
	if (id == OPT_BROADCAST || id == OPT_WAIT_RING) {
		yes = value_truth(value);
		if (id == OPT_BROADCAST && yes < 0) {
			wrong(c, "bad value '%s' for broadcast: yes or no",
			      value);
			return;
		}
		if (yes == 0)
			return;
		if (yes == 1)
			value = NULL;
	}
	if (clashes(c, id))
		return;
	c->seen |= OPT_BIT(id);
	c->where[id] = c->line;
	/* What is overruled must still be right. */
	scratch = *c->args;
	if (opt_take(&scratch, id, key, value, why, sizeof(why))) {
		wrong(c, "%s", why);
		return;
	}
	if (c->fixed & OPT_BIT(id))
		return;
	*c->args = scratch;
	c->args->line[id] = c->line;
}

int conf_read(struct args *args, const char *path)
{
	struct conf c = { .args = args, .path = path, .fixed = args->given };
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	FILE *file;

	/* A way to send beacons overrules the others, a place to be likewise. */
	if (c.fixed & OPTS_BEACON_TO)
		c.fixed |= OPTS_BEACON_TO;
	if (c.fixed & (OPT_BIT(OPT_DEVICE) | OPT_BIT(OPT_ADDRESS)))
		c.fixed |= OPT_BIT(OPT_DEVICE) | OPT_BIT(OPT_ADDRESS);
	file = fopen(path, "re");
	if (!file) {
		complain("can't read the config file %s: %s", path,
			 strerror(errno));
		return -1;
	}
	while ((len = getline(&line, &room, file)) >= 0) {
		c.line++;
		if (strlen(line) != (size_t)len)
			wrong(&c, "this is no text: it has a zero byte");
		else
			take_line(&c, line);
	}
	if (ferror(file)) {
		complain("can't read the config file %s: %s", path,
			 strerror(errno));
		c.failed = true;
	}
	free(line);
	fclose(file);
	return c.failed ? -1 : 0;
}
