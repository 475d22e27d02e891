/* SPDX-License-Identifier: GPL-2.0 */
/* What people and programs get to read. */
#ifndef PFSNL_OUT_H
#define PFSNL_OUT_H

#include <json-c/json.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __printf
#define __printf(a, b)	__attribute__((__format__(printf, a, b)))
#endif

/** complain() - print "pfsnl: ..." to standard error, after what is pending. */
void complain(const char *fmt, ...) __printf(1, 2);

/** note() - the same for a hint that follows a complaint, indented. */
void note(const char *fmt, ...) __printf(1, 2);

enum style { STYLE_PLAIN, STYLE_HEAD, STYLE_GOOD, STYLE_BAD, STYLE_WARN,
	     STYLE_DIM, STYLE_SELF };

/** out_color() - decide on colours once; @choice is an enum opt_color. */
void out_color(unsigned int choice);

/** style() - escape sequence that begins @s, "" without colours. */
const char *style(enum style s);

/** style_end() - escape sequence that ends a style, "" without colours. */
const char *style_end(void);

/** out_push() - write what was printed; out_flush() tells how that went. */
void out_push(void);

/**
 * out_flush() - write what was printed
 * Return: 0, or -errno, from then on; -EPIPE when nobody reads any more. It
 * complains of anything but -EPIPE, once.
 */
int out_flush(void);

/**
 * out_json() - print an object on one line
 * @object: is released; NULL stands for a failed allocation
 * Return: 0, or -ENOMEM after a complaint.
 */
int out_json(struct json_object *object);

/* Texts of small things; each is given its room and returns it. */
#define TEXT_ROOM 64

/** text_span() - a span of @ms milliseconds as people say it: "3m12s". */
const char *text_span(char room[TEXT_ROOM], uint64_t ms);

/** text_ms() - a setting in milliseconds, exactly: "200 ms", "1.5 s". */
const char *text_ms(char room[TEXT_ROOM], uint64_t ms);

/** text_now() - local date and time with milliseconds. */
const char *text_now(char room[TEXT_ROOM]);

/** text_addr() - dotted address. */
const char *text_addr(char room[TEXT_ROOM], struct in_addr addr);

/** text_size() - "1.5 MiB", "17 bytes". */
const char *text_size(char room[TEXT_ROOM], uint64_t bytes);

/** text_ns() - a span of nanoseconds, exactly: "1.5 s", or "never". */
const char *text_ns(char room[TEXT_ROOM], uint64_t ns);

/** text_time() - local date and time of nanoseconds since 1970, or "never". */
const char *text_time(char room[TEXT_ROOM], uint64_t ns);

/** text_nodes() - "1 node", "3 nodes". */
const char *text_nodes(char room[TEXT_ROOM], uint64_t count);

/* Members of JSON objects; numbers too large for doubles are hex strings. */
struct json_object *json_addr(struct in_addr addr);
struct json_object *json_hex(uint64_t number);
struct json_object *json_now(void);

/** json_time() - nanoseconds since 1970 as UTC; null for never. */
struct json_object *json_time(uint64_t ns);

/** json_span() - nanoseconds as milliseconds; null for never. */
struct json_object *json_span(uint64_t ns);

#endif
