// SPDX-License-Identifier: GPL-2.0
/* Complaints, colours, times and addresses, for people and as JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "opt.h"
#include "out.h"

static bool colored;

/* Why the output could not be written, or 0. */
static int write_error;

void out_push(void)
{
	if (fflush(stdout) && !write_error)
		write_error = errno ? errno : EIO;
}

static void vsay(const char *lead, const char *fmt, va_list ap)
{
	out_push();
	fputs(lead, stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay("pfsnl: ", fmt, ap);
	va_end(ap);
}

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay("       ", fmt, ap);
	va_end(ap);
}

void out_color(unsigned int choice)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (choice == COLOR_AUTO)
		colored = isatty(STDOUT_FILENO) && !(no && *no) &&
			  term && strcmp(term, "dumb");
	else
		colored = choice == COLOR_ALWAYS;
}

const char *style(enum style s)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "",
		[STYLE_HEAD] = "\033[1m",
		[STYLE_GOOD] = "\033[32m",
		[STYLE_BAD] = "\033[31m",
		[STYLE_WARN] = "\033[33m",
		[STYLE_DIM] = "\033[2m",
		[STYLE_SELF] = "\033[1m",
	};

	return colored ? codes[s] : "";
}

const char *style_end(void)
{
	return colored ? "\033[0m" : "";
}

/* Why a write failed that was followed by other calls; errno is theirs by now. */
static int lost_error(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) ? EPIPE : EIO;
}

int out_flush(void)
{
	static bool told;

	out_push();
	if (!write_error && ferror(stdout))
		write_error = lost_error();
	if (!write_error)
		return 0;
	if (write_error != EPIPE && !told)
		complain("can't write the output: %s", strerror(write_error));
	told = true;
	return -write_error;
}

int out_json(struct json_object *object)
{
	const char *text = NULL;

	if (object)
		text = json_object_to_json_string_ext(object,
						      JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text) {
		json_object_put(object);
		complain("out of memory");
		return -ENOMEM;
	}
	puts(text);
	json_object_put(object);
	return 0;
}

const char *text_span(char room[TEXT_ROOM], uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (ms < 1000)
		snprintf(room, TEXT_ROOM, "%" PRIu64 "ms", ms);
	else if (s < 10)
		snprintf(room, TEXT_ROOM, "%" PRIu64 ".%" PRIu64 "s", s,
			 ms % 1000 / 100);
	else if (s < 60)
		snprintf(room, TEXT_ROOM, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(room, TEXT_ROOM, "%" PRIu64 "m%02" PRIu64 "s", s / 60,
			 s % 60);
	else if (s < 86400)
		snprintf(room, TEXT_ROOM, "%" PRIu64 "h%02" PRIu64 "m",
			 s / 3600, s / 60 % 60);
	else
		snprintf(room, TEXT_ROOM, "%" PRIu64 "d%02" PRIu64 "h",
			 s / 86400, s / 3600 % 24);
	return room;
}

const char *text_ms(char room[TEXT_ROOM], uint64_t ms)
{
	char *p;

	if (ms < 1000) {
		snprintf(room, TEXT_ROOM, "%" PRIu64 " ms", ms);
		return room;
	}
	snprintf(room, TEXT_ROOM, "%" PRIu64 ".%03" PRIu64, ms / 1000,
		 ms % 1000);
	p = room + strlen(room);
	while (p[-1] == '0')
		p--;
	if (p[-1] == '.')
		p--;
	strcpy(p, " s");
	return room;
}

const char *text_now(char room[TEXT_ROOM])
{
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	n = strftime(room, TEXT_ROOM, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(room + n, TEXT_ROOM - n, ".%03ld", now.tv_nsec / 1000000);
	return room;
}

const char *text_size(char room[TEXT_ROOM], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	size_t unit = 0;
	uint64_t tenths;

	if (bytes < 1024) {
		snprintf(room, TEXT_ROOM, "%" PRIu64 " byte%s", bytes,
			 bytes == 1 ? "" : "s");
		return room;
	}
	while (bytes >> (10 * (unit + 1)) >= 1024)
		unit++;
	/* Tenths of the unit, cut. */
	tenths = (bytes >> (10 * unit)) * 10 / 1024;
	if (tenths % 10)
		snprintf(room, TEXT_ROOM, "%" PRIu64 ".%" PRIu64 " %ciB",
			 tenths / 10, tenths % 10, units[unit]);
	else
		snprintf(room, TEXT_ROOM, "%" PRIu64 " %ciB", tenths / 10,
			 units[unit]);
	return room;
}

const char *text_ns(char room[TEXT_ROOM], uint64_t ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "d", 86400000000000 }, { "h", 3600000000000 },
		{ "m", 60000000000 },
	};
	size_t i;

	if (ns == UINT64_MAX)
		return "never";
	for (i = 0; ns && i < sizeof(units) / sizeof(*units); i++) {
		if (ns % units[i].ns)
			continue;
		snprintf(room, TEXT_ROOM, "%" PRIu64 "%s", ns / units[i].ns,
			 units[i].name);
		return room;
	}
	return text_ms(room, ns / 1000000);
}

const char *text_time(char room[TEXT_ROOM], uint64_t ns)
{
	time_t s = (time_t)(ns / 1000000000);
	struct tm tm;
	size_t n;

	if (ns == UINT64_MAX || !localtime_r(&s, &tm))
		return "never";
	n = strftime(room, TEXT_ROOM, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(room + n, TEXT_ROOM - n, ".%03u",
		 (unsigned int)(ns % 1000000000 / 1000000));
	return room;
}

const char *text_addr(char room[TEXT_ROOM], struct in_addr addr)
{
	return inet_ntop(AF_INET, &addr, room, TEXT_ROOM);
}

const char *text_nodes(char room[TEXT_ROOM], uint64_t count)
{
	snprintf(room, TEXT_ROOM, "%" PRIu64 " node%s", count,
		 count == 1 ? "" : "s");
	return room;
}

struct json_object *json_addr(struct in_addr addr)
{
	char room[TEXT_ROOM];

	return json_object_new_string(text_addr(room, addr));
}

struct json_object *json_hex(uint64_t number)
{
	char room[TEXT_ROOM];

	snprintf(room, sizeof(room), "0x%016" PRIx64, number);
	return json_object_new_string(room);
}

struct json_object *json_now(void)
{
	char room[TEXT_ROOM];
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(room, sizeof(room), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(room + n, sizeof(room) - n, ".%06ldZ", now.tv_nsec / 1000);
	return json_object_new_string(room);
}

struct json_object *json_time(uint64_t ns)
{
	time_t s = (time_t)(ns / 1000000000);
	char room[TEXT_ROOM];
	struct tm tm;
	size_t n;

	if (ns == UINT64_MAX || !gmtime_r(&s, &tm))
		return NULL;
	n = strftime(room, sizeof(room), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(room + n, sizeof(room) - n, ".%06uZ",
		 (unsigned int)(ns % 1000000000 / 1000));
	return json_object_new_string(room);
}

struct json_object *json_span(uint64_t ns)
{
	return ns == UINT64_MAX ? NULL : json_object_new_uint64(ns / 1000000);
}
