// SPDX-License-Identifier: GPL-2.0
/* Readers of option values: strict, whole text or nothing. */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "value.h"

/* Reads digits into @out, at most up to @max; returns where they end. */
static const char *digits(const char *p, uint64_t max, uint64_t *out)
{
	const char *start = p;
	uint64_t n = 0;

	for (; isdigit((unsigned char)*p); p++) {
		n = n * 10 + (uint64_t)(*p - '0');
		if (n > max)
			return NULL;
	}
	*out = n;
	return p == start ? NULL : p;
}

int value_number(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t n;
	const char *end = digits(text, max, &n);

	if (!end || *end || n < min)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

int value_time(const char *text, uint32_t unit, uint32_t min, uint32_t max,
	       uint32_t *out)
{
	uint64_t whole, thousandths = 0, scale = 1000;
	const char *p = digits(text, UINT32_MAX, &whole);

	if (!p)
		return -1;
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p); p++) {
			scale /= 10;
			if (!scale)
				return -1;
			thousandths += (uint64_t)(*p - '0') * scale;
		}
		if (scale == 1000)
			return -1;
	}
	if (!strcmp(p, "ms"))
		unit = 1;
	else if (!strcmp(p, "s"))
		unit = 1000;
	else if (*p)
		return -1;
	if (unit == 1 && thousandths)
		return -1;
	whole = whole * unit + thousandths;
	if (whole < min || whole > max)
		return -1;
	*out = (uint32_t)whole;
	return 0;
}

int value_size(const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *unit, *p;
	unsigned int shift = 0;
	uint64_t n;

	p = digits(text, UINT64_MAX / 10 - 1, &n);
	if (!p)
		return -1;
	unit = *p ? strchr(units, toupper((unsigned char)*p)) : NULL;
	if (unit) {
		shift = 10 * (unsigned int)(unit - units + 1);
		p++;
		if (!strcasecmp(p, "iB"))
			p += 2;
	}
	if (*p || n > UINT64_MAX >> shift)
		return -1;
	*out = n << shift;
	return 0;
}

int value_span(const char *text, uint64_t *out)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "", 1000000000 }, { "ms", 1000000 }, { "s", 1000000000 },
		{ "m", 60000000000 }, { "h", 3600000000000 },
		{ "d", 86400000000000 },
	};
	const char *p;
	uint64_t n;
	size_t i;

	if (!strcmp(text, "never")) {
		*out = VALUE_NEVER;
		return 0;
	}
	p = digits(text, UINT64_MAX / 10 - 1, &n);
	for (i = 0; p && i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(p, units[i].name))
			continue;
		/* Some room, as it is added to the time that it is. */
		if (n > INT64_MAX / 4 / units[i].ns)
			return -1;
		*out = n * units[i].ns;
		return 0;
	}
	return -1;
}

int value_truth(const char *text)
{
	static const char *const words[] = { "no", "yes", "false", "true",
					     "off", "on" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcasecmp(text, words[i]))
			return i & 1;
	return -1;
}

int value_address(const char *text, struct in_addr *out)
{
	return inet_pton(AF_INET, text, out) == 1 ? 0 : -1;
}

int value_addresses(const char *text, struct in_addr *out, size_t room,
		    size_t *count, const char **bad, size_t *bad_len)
{
	static const char gap[] = ", \t";
	const char *p = text + strspn(text, gap);
	char one[INET_ADDRSTRLEN];
	size_t n = 0, len, i;

	*bad = NULL;
	*bad_len = 0;
	for (; *p; p += len, p += strspn(p, gap)) {
		len = strcspn(p, gap);
		*bad = p;
		*bad_len = len;
		if (len >= sizeof(one))
			return -1;
		memcpy(one, p, len);
		one[len] = '\0';
		if (n == room) {
			*bad = NULL;
			return -1;
		}
		if (value_address(one, &out[n]))
			return -1;
		for (i = 0; i < n; i++)
			if (out[i].s_addr == out[n].s_addr)
				return -1;
		n++;
	}
	*bad = NULL;
	*count = n;
	return n ? 0 : -1;
}
