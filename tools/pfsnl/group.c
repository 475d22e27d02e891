// SPDX-License-Identifier: GPL-2.0
/* Members of groups and messages, for people and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "out.h"

const char *text_member(char room[], const struct pfsnl_group_member *m)
{
	char addr[TEXT_ROOM];

	snprintf(room, TEXT_ROOM, "%s#%u", text_addr(addr, m->addr), m->number);
	return room;
}

const char *text_members(char room[], uint64_t count)
{
	snprintf(room, TEXT_ROOM, "%" PRIu64 " member%s", count,
		 count == 1 ? "" : "s");
	return room;
}

const char *text_group_why(uint32_t why)
{
	const char *word = pfsnl_group_why_name(why);

	return word && why != PFSNL_GROUP_WHY_NONE ? word : "";
}

struct json_object *json_group_member(const struct pfsnl_group_member *m)
{
	struct json_object *o = json_object_new_object();
	const char *why = pfsnl_group_why_name(m->why);

	if (!o)
		return NULL;
	json_object_object_add(o, "address", json_addr(m->addr));
	json_object_object_add(o, "number", json_object_new_uint64(m->number));
	json_object_object_add(o, "pid", json_object_new_uint64(m->pid));
	json_object_object_add(o, "here", json_object_new_boolean(m->here));
	if (m->why != PFSNL_GROUP_WHY_NONE)
		json_object_object_add(o, "why", why ?
				       json_object_new_string(why) : NULL);
	return o;
}

/* Bytes of the UTF-8 character that begins here; 0 if there is none. */
static size_t character(const unsigned char *p, size_t left)
{
	size_t n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 :
		   *p >= 0xe0 && *p < 0xf0 ? 3 :
		   *p >= 0xf0 && *p < 0xf5 ? 4 : 0;
	size_t i;

	if (!n || n > left)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* What could be said shorter, surrogates, and what is beyond the end. */
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] >= 0xa0) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] >= 0x90))
		return 0;
	return n;
}

static bool is_text(const unsigned char *p, size_t len)
{
	size_t n;

	for (; len; p += n, len -= n) {
		n = *p ? character(p, len) : 0;
		if (!n)
			return false;
	}
	return true;
}

static struct json_object *json_base64(const unsigned char *p, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct json_object *o;
	char *text, *at;
	uint32_t three;
	size_t i, n;

	text = malloc((len + 2) / 3 * 4 + 1);
	if (!text)
		return NULL;
	at = text;
	for (i = 0; i < len; i += 3) {
		n = len - i < 3 ? len - i : 3;
		three = (uint32_t)p[i] << 16;
		if (n > 1)
			three |= (uint32_t)p[i + 1] << 8;
		if (n > 2)
			three |= p[i + 2];
		*at++ = digits[three >> 18];
		*at++ = digits[three >> 12 & 63];
		*at++ = n > 1 ? digits[three >> 6 & 63] : '=';
		*at++ = n > 2 ? digits[three & 63] : '=';
	}
	o = json_object_new_string_len(text, (int)(at - text));
	free(text);
	return o;
}

struct json_object *json_bytes(struct json_object *o, const void *data,
			       size_t len)
{
	bool text = is_text(data, len);
	struct json_object *value;

	value = text ? json_object_new_string_len(data, (int)len) :
		       json_base64(data, len);
	if (!o || !value) {
		json_object_put(o);
		json_object_put(value);
		return NULL;
	}
	json_object_object_add(o, text ? "text" : "base64", value);
	return o;
}

struct json_object *json_message(struct json_object *o,
				 const struct pfsnl_group_message *m)
{
	if (!o)
		return NULL;
	json_object_object_add(o, "sender", json_group_member(m->sender));
	json_object_object_add(o, "place", json_object_new_uint64(m->place));
	json_object_object_add(o, "safe", json_object_new_boolean(m->safe));
	json_object_object_add(o, "bytes", json_object_new_uint64(m->len));
	return json_bytes(o, m->data, m->len);
}

bool is_printable(const void *data, size_t len, bool lines)
{
	const unsigned char *p = data;
	size_t n;

	for (; len; p += n, len -= n) {
		if (lines && (*p == '\n' || *p == '\t'))
			n = 1;
		else
			n = *p < ' ' || *p == 127 ? 0 : character(p, len);
		if (!n)
			return false;
	}
	return true;
}

void show_text(const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t n;

	for (; len; p += n, len -= n) {
		n = *p < ' ' || *p == 127 ? 0 : character(p, len);
		if (n) {
			fwrite(p, 1, n, stdout);
			continue;
		}
		printf("\\x%02x", *p);
		n = 1;
	}
}
