// SPDX-License-Identifier: GPL-2.0
/* Ids, names and errors of checkpoints; opening and closing them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckpt.h"
#include "out.h"
#include "suggest.h"

/* A wait shorter than this is not worth a word. */
#define QUIET_MS	1500
#define LOOK_MS		50

/* ---- ids ------------------------------------------------------------ */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int id_take(const char *text, struct pfsnl_section_id *id)
{
	size_t len = strlen(text), i;
	int high, low;

	id->len = 0;
	if (strncmp(text, "0x", 2)) {
		if (len > PFSNL_SECTION_ID_MAX) {
			complain("the id of a section has %d bytes at most",
				 PFSNL_SECTION_ID_MAX);
			return -1;
		}
		memcpy(id->bytes, text, len);
		id->len = len;
		return 0;
	}
	for (i = 2; i < len; i += 2) {
		high = digit(text[i]);
		low = high < 0 ? -1 : digit(text[i + 1]);
		if (low < 0) {
			complain("'%s' is no id: after 0x two hexadecimal digits for each byte are needed",
				 text);
			return -1;
		}
		if (id->len == PFSNL_SECTION_ID_MAX) {
			complain("the id of a section has %d bytes at most",
				 PFSNL_SECTION_ID_MAX);
			return -1;
		}
		id->bytes[id->len++] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

const char *id_text(char room[], const void *id, size_t len)
{
	const unsigned char *bytes = id;
	size_t i;

	if (len && len <= PFSNL_SECTION_ID_MAX &&
	    is_printable(id, len, false) &&
	    !(len >= 2 && !memcmp(id, "0x", 2))) {
		memcpy(room, id, len);
		room[len] = 0;
		return room;
	}
	strcpy(room, "0x");
	for (i = 0; i < len && i < PFSNL_SECTION_ID_MAX; i++)
		sprintf(room + 2 + 2 * i, "%02x", bytes[i]);
	return room;
}

/* ---- what is asked for ---------------------------------------------- */

void attr_take(const struct args *args, struct pfsnl_ckpt_attr *attr)
{
	pfsnl_ckpt_attr_init(attr);
	if (given(args, OPT_SIZE))
		attr->size = args->size;
	attr->max_section = given(args, OPT_MAX_SECTION) ? args->max_section :
							   attr->size;
	if (given(args, OPT_RETENTION))
		attr->retention_ns = args->retention_ns;
	if (given(args, OPT_MAX_SECTIONS))
		attr->max_sections = args->max_sections;
	if (given(args, OPT_MAX_ID))
		attr->max_id = args->max_id;
}

unsigned int change_flags(const struct run *run)
{
	return given(&run->args, OPT_SAFE_CHANGE) ? PFSNL_SAFE : 0;
}

/* Whether changes wait now; *error: why this node can't take part, or 0. */
static int look(struct run *run, bool *waits, int *error)
{
	struct pfsnl_ckpt_state *state;
	int err;

	err = pfsnl_ckpt_state_get(run->handle, &state);
	if (err)
		return err;
	*waits = !state->active;
	*error = state->error;
	pfsnl_ckpt_state_free(state);
	return 0;
}

static int timeout_of(const struct run *run)
{
	if (!given(&run->args, OPT_TIMEOUT_SEND))
		return PFSNL_CKPT_FOREVER;
	return run->args.timeout > INT32_MAX ? INT32_MAX :
					       (int)run->args.timeout;
}

int change_begin(struct run *run)
{
	int limit = timeout_of(run), ms, error = 0, err;
	bool waits = true;

	/* It counts from here, whatever is done first. */
	for (ms = 0; ms < QUIET_MS && (limit < 0 || ms < limit); ms += LOOK_MS) {
		err = look(run, &waits, &error);
		if (err)
			return failed(err);
		if (!waits)
			break;
		usleep(LOOK_MS * 1000);
	}
	if (waits && limit < 0) {
		if (error)
			complain("this node can't take part in checkpoints at present: %s",
				 pfsnl_strerror(error));
		else
			complain("checkpoints can't be changed at present: nodes are coming together");
		note("waiting for that; --timeout S gives up");
	}
	if (limit >= 0 && limit - ms > 0)
		limit -= ms;
	else if (limit >= 0)
		limit = 0;
	err = pfsnl_ckpts_set_timeout(run->handle, limit);
	return err ? failed(err) : EXIT_OK;
}

/* ---- names that are not there --------------------------------------- */

static void did_you_mean(const struct suggest *s)
{
	if (s->also)
		fprintf(stderr, "; did you mean '%s' or '%s'?", s->best,
			s->also);
	else if (s->best)
		fprintf(stderr, "; did you mean '%s'?", s->best);
	fputc('\n', stderr);
}

int no_ckpt(struct run *run, const char *name)
{
	const struct pfsnl_ckpt_info *info;
	struct pfsnl_ckpts *ckpts = NULL;
	struct suggest s;
	size_t i;

	suggest_begin(&s, name);
	if (!pfsnl_ckpts_get(run->handle, &ckpts))
		for (i = 0; (info = pfsnl_ckpts_at(ckpts, i)); i++)
			if (!info->unlinked)
				suggest_offer(&s, info->name);
	out_push();
	fprintf(stderr, "pfsnl: there is no checkpoint '%s'", name);
	did_you_mean(&s);
	if (!s.best)
		note("'pfsnl ckpt ls' lists them");
	pfsnl_ckpts_free(ckpts);
	return EXIT_FAILED;
}

int no_section(struct run *run, const char *name, const char *section)
{
	const struct pfsnl_section_info *info;
	struct pfsnl_sections *list = NULL;
	char (*texts)[ID_ROOM] = NULL;
	struct suggest s;
	size_t i, n = 0;

	suggest_begin(&s, section);
	if (!pfsnl_sections_get(run->handle, name, NULL, &list)) {
		n = pfsnl_sections_count(list);
		texts = calloc(n + 1, sizeof(*texts));
	}
	for (i = 0; texts && (info = pfsnl_sections_at(list, i)); i++)
		suggest_offer(&s, id_text(texts[i], info->id, info->id_len));
	out_push();
	fprintf(stderr, "pfsnl: the checkpoint %s has no section '%s'", name,
		section);
	did_you_mean(&s);
	if (!s.best)
		note("'pfsnl ckpt read %s' lists them", name);
	pfsnl_sections_free(list);
	free(texts);
	return EXIT_FAILED;
}

int ckpt_failed(struct run *run, int err, const char *name, const char *section)
{
	if (err == -ENOENT && section)
		return no_section(run, name, section);
	if (err == -ENOENT)
		return no_ckpt(run, name);
	return failed(err);
}

/* ---- opening -------------------------------------------------------- */

int ckpt_open(struct run *run, const char *name, unsigned int flags,
	      const struct pfsnl_ckpt_attr *attr, struct pfsnl_ckpt **ckpt)
{
	int code, err;

	code = change_begin(run);
	if (code != EXIT_OK)
		return code;
	err = pfsnl_ckpt_open(run->handle, name, flags, attr, ckpt);
	return err ? ckpt_failed(run, err, name, NULL) : EXIT_OK;
}

int ckpt_close(struct pfsnl_ckpt *ckpt, int code)
{
	int err = pfsnl_ckpt_close(ckpt, 0);

	/* What failed before is what is of interest. */
	return err && code == EXIT_OK ? failed(err) : code;
}

/* ---- JSON ----------------------------------------------------------- */

const char *text_digest(char room[], const unsigned char *digest)
{
	size_t i;

	for (i = 0; i < PFSNL_CKPT_DIGEST; i++)
		sprintf(room + 2 * i, "%02x", digest[i]);
	return room;
}

struct json_object *json_digest(const unsigned char *digest)
{
	char room[TEXT_ROOM];

	return json_object_new_string(text_digest(room, digest));
}

static void add_u64(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

const char *text_state(char room[STATE_ROOM], const struct pfsnl_ckpt_info *info)
{
	const char *name = info->lost_name ? info->lost_name : "another";

	if (info->unlinked)
		return "unlinked";
	if (!info->conflict)
		return "";
	if (info->lost_ring.seq)
		snprintf(room, STATE_ROOM, "conflict: lost to %s in ring %" PRIu64,
			 name, info->lost_ring.seq);
	else
		snprintf(room, STATE_ROOM, "conflict: lost to %s", name);
	return room;
}

struct json_object *json_refs(const struct pfsnl_ckpt_info *info)
{
	struct json_object *list = json_object_new_array(), *one;
	size_t i;

	for (i = 0; list && i < info->num_nodes; i++) {
		one = json_object_new_object();
		if (!one)
			break;
		json_object_object_add(one, "address",
				       json_addr(info->nodes[i].addr));
		json_object_object_add(one, "incarnation",
				       json_hex(info->nodes[i].incarnation));
		add_u64(one, "open", info->nodes[i].refs);
		json_object_array_add(list, one);
	}
	return list;
}

struct json_object *json_ckpt(const struct pfsnl_ckpt_info *info)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	json_object_object_add(o, "checkpoint",
			       json_object_new_string(info->name));
	json_object_object_add(o, "creator", json_addr(info->number.addr));
	json_object_object_add(o, "creator_incarnation",
			       json_hex(info->number.incarnation));
	json_object_object_add(o, "counter", json_hex(info->number.counter));
	json_object_object_add(o, "unlinked",
			       json_object_new_boolean(info->unlinked));
	json_object_object_add(o, "conflict",
			       json_object_new_boolean(info->conflict));
	json_object_object_add(o, "lost_to", info->lost_name ?
			       json_object_new_string(info->lost_name) : NULL);
	json_object_object_add(o, "lost_ring", info->lost_ring.seq ?
			       json_ring(&info->lost_ring) : NULL);
	add_u64(o, "size", info->attr.size);
	json_object_object_add(o, "retention_ms",
			       json_span(info->attr.retention_ns));
	add_u64(o, "max_section", info->attr.max_section);
	add_u64(o, "max_sections", info->attr.max_sections);
	add_u64(o, "max_id", info->attr.max_id);
	add_u64(o, "sections", info->sections);
	add_u64(o, "bytes", info->bytes);
	add_u64(o, "open", info->refs);
	json_object_object_add(o, "nodes", json_refs(info));
	add_u64(o, "open_elsewhere", info->more_refs);
	json_object_object_add(o, "modified", json_time(info->modified));
	json_object_object_add(o, "expires", json_time(info->expires));
	return o;
}

void *base64_take(const char *text, size_t *len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = strlen(text), i, out = 0;
	uint32_t bits = 0;
	const char *at;
	unsigned char *to;

	while (n && text[n - 1] == '=' && strlen(text) - n < 2)
		n--;
	to = strlen(text) % 4 ? NULL : malloc(n + 1);
	for (i = 0; to && i < n; i++) {
		at = memchr(digits, text[i], 64);
		if (!at) {
			free(to);
			return NULL;
		}
		bits = bits << 6 | (uint32_t)(at - digits);
		/* After the first digit of four there is no whole byte. */
		if (i % 4)
			to[out++] = (unsigned char)(bits >> (6 - i % 4 * 2));
	}
	*len = out;
	return to;
}
