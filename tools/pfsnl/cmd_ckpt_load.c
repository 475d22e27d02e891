// SPDX-License-Identifier: GPL-2.0
/* pfsnl ckpt load: what pfsnl ckpt dump wrote. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckpt.h"
#include "out.h"

/* So much is written at once. */
#define CHUNK	PFSNL_CKPT_WRITE_MAX

/**
 * struct loader - one call of the subcommand
 * @from: where the lines come from
 * @file: what that is called
 * @line: number of the line
 * @begun: the first line was there
 * @ended: and the last
 * @ckpt: the checkpoint that is being loaded, NULL before the first
 * @name: its name
 * @in_section: @id counts
 * @there: the section is there
 * @id: the section that is being loaded
 * @len: bytes that it shall have
 * @expires: when it expires
 * @at: where in it @data stands
 * @data: what was not written yet
 * @have: bytes of it
 * @checkpoints: that were loaded
 * @sections: likewise
 */
struct loader {
	struct run *run;
	FILE *from;
	const char *file;
	unsigned long line;
	bool begun;
	bool ended;
	struct pfsnl_ckpt *ckpt;
	char name[PFSNL_CKPT_NAME_MAX + 1];
	bool in_section;
	bool there;
	struct pfsnl_section_id id;
	uint64_t len;
	uint64_t expires;
	uint64_t at;
	char *data;
	size_t have;
	uint64_t checkpoints;
	uint64_t sections;
};

static int bad_line(const struct loader *l, const char *why)
{
	complain("%s:%lu: %s", l->file, l->line, why);
	return EXIT_FAILED;
}

/* ---- members of a line ---------------------------------------------- */

/* A number that must be there; null is @never. */
static int get_u64(const struct loader *l, struct json_object *o,
		   const char *key, bool may_be_never, uint64_t *value)
{
	struct json_object *v;
	char why[64];

	if (json_object_object_get_ex(o, key, &v)) {
		if (may_be_never && !v) {
			*value = PFSNL_NEVER;
			return EXIT_OK;
		}
		if (json_object_is_type(v, json_type_int) &&
		    json_object_get_int64(v) >= 0) {
			*value = json_object_get_uint64(v);
			return EXIT_OK;
		}
	}
	snprintf(why, sizeof(why), "'%s' is missing, or no number", key);
	return bad_line(l, why);
}

static int get_u32(const struct loader *l, struct json_object *o,
		   const char *key, uint32_t *value)
{
	uint64_t wide = 0;
	int code = get_u64(l, o, key, false, &wide);

	*value = (uint32_t)wide;
	if (code == EXIT_OK && wide > UINT32_MAX)
		code = bad_line(l, "a number is too large");
	return code;
}

static const char *get_text(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, json_type_string))
		return NULL;
	return json_object_get_string(v);
}

/* ---- sections ------------------------------------------------------- */

static int section_failed(struct loader *l, int err)
{
	char room[ID_ROOM];

	complain("%s: %s, section %s: %s", l->file, l->name,
		 id_text(room, l->id.bytes, l->id.len), pfsnl_errmsg());
	return err == -ETIMEDOUT ? EXIT_TIMEOUT : EXIT_FAILED;
}

/* The section is created with its first bytes, or gets them if it is there. */
static int begin_section(struct loader *l)
{
	size_t first = l->at ? 0 : l->have;
	int err;

	err = pfsnl_section_create(l->ckpt, l->id.bytes, l->id.len, l->data,
				   first, l->expires, change_flags(l->run));
	if (err == -EEXIST) {
		err = pfsnl_section_overwrite(l->ckpt, l->id.bytes, l->id.len,
					      l->data, first,
					      change_flags(l->run));
		if (!err)
			err = pfsnl_section_set_expiration(l->ckpt, l->id.bytes,
							   l->id.len,
							   l->expires,
							   change_flags(l->run));
	}
	if (err)
		return section_failed(l, err);
	l->there = true;
	if (!l->at)
		l->have = 0;
	l->at += first;
	return EXIT_OK;
}

/* Writes what there is, and creates the section if it is not there. */
static int flush(struct loader *l)
{
	int err;

	if (!l->there) {
		int code = begin_section(l);

		if (code != EXIT_OK)
			return code;
	}
	if (!l->have)
		return EXIT_OK;
	err = pfsnl_section_write_long(l->ckpt, l->id.bytes, l->id.len, l->at,
				       l->data, l->have, change_flags(l->run),
				       NULL);
	if (err)
		return section_failed(l, err);
	l->at += l->have;
	l->have = 0;
	return EXIT_OK;
}

/* What is at the end of a section and zero stands nowhere. */
static int end_section(struct loader *l)
{
	struct pfsnl_ckpt_vec last = { l->len - 1, "", 1 };
	uint64_t end;
	int code, err;

	if (!l->in_section)
		return EXIT_OK;
	l->in_section = false;
	end = l->at + l->have;
	code = flush(l);
	if (code != EXIT_OK)
		return code;
	l->sections++;
	if (end >= l->len)
		return EXIT_OK;
	err = pfsnl_section_write(l->ckpt, l->id.bytes, l->id.len, &last, 1,
				  change_flags(l->run));
	return err ? section_failed(l, err) : EXIT_OK;
}

static int take_section(struct loader *l, struct json_object *o)
{
	const char *id = get_text(o, "section");
	int code;

	code = end_section(l);
	if (code != EXIT_OK)
		return code;
	if (!id || !l->ckpt)
		return bad_line(l, "a section without an id, or without a checkpoint");
	if (id_take(id, &l->id))
		return bad_line(l, "a bad id");
	code = get_u64(l, o, "length", false, &l->len);
	if (code == EXIT_OK)
		code = get_u64(l, o, "expires_ns", true, &l->expires);
	l->in_section = code == EXIT_OK;
	l->there = false;
	l->at = 0;
	l->have = 0;
	return code;
}

static int put_data(struct loader *l, uint64_t offset, const char *data,
		    size_t len)
{
	int code;
	size_t n;

	if (offset < l->at + l->have || offset > l->len ||
	    len > l->len - offset)
		return bad_line(l, "data that is out of order, or beyond the end");
	if (offset > l->at + l->have) {
		if (l->have) {
			code = flush(l);
			if (code != EXIT_OK)
				return code;
		}
		l->at = offset;
	}
	for (; len; data += n, len -= n) {
		if (l->have == CHUNK) {
			code = flush(l);
			if (code != EXIT_OK)
				return code;
		}
		n = CHUNK - l->have < len ? CHUNK - l->have : len;
		memcpy(l->data + l->have, data, n);
		l->have += n;
	}
	return EXIT_OK;
}

static int take_data(struct loader *l, struct json_object *o)
{
	const char *text = get_text(o, "text");
	const char *base64 = get_text(o, "base64");
	struct json_object *v;
	uint64_t offset;
	size_t len;
	char *data;
	int code;

	if (!l->in_section || !text == !base64)
		return bad_line(l, "data without a section, or of no kind");
	code = get_u64(l, o, "offset", false, &offset);
	if (code != EXIT_OK)
		return code;
	if (text) {
		json_object_object_get_ex(o, "text", &v);
		len = (size_t)json_object_get_string_len(v);
		return put_data(l, offset, text, len);
	}
	data = base64_take(base64, &len);
	if (!data)
		return bad_line(l, "bad base64");
	code = put_data(l, offset, data, len);
	free(data);
	return code;
}

/* ---- checkpoints ---------------------------------------------------- */

static int end_ckpt(struct loader *l, int code)
{
	if (code == EXIT_OK)
		code = end_section(l);
	if (l->ckpt) {
		code = ckpt_close(l->ckpt, code);
		l->ckpt = NULL;
		l->checkpoints++;
	}
	return code;
}

static int open_ckpt(struct loader *l, const struct pfsnl_ckpt_attr *attr)
{
	int err;

	err = pfsnl_ckpt_open(l->run->handle, l->name,
			      PFSNL_CKPT_CREATE | PFSNL_CKPT_WRITE |
			      change_flags(l->run), attr, &l->ckpt);
	if (err == -EEXIST) {
		complain("there is a checkpoint '%s' already, with other limits",
			 l->name);
		note("remove it first: pfsnl ckpt rm '%s'", l->name);
		return EXIT_FAILED;
	}
	if (err)
		return failed(err);
	if (pfsnl_ckpt_created(l->ckpt) || given(&l->run->args, OPT_REPLACE))
		return EXIT_OK;
	complain("there is a checkpoint '%s' already", l->name);
	note("--overwrite loads into it, or remove it first: pfsnl ckpt rm '%s'",
	     l->name);
	return EXIT_FAILED;
}

static int take_ckpt(struct loader *l, struct json_object *o)
{
	const char *name = get_text(o, "checkpoint");
	struct pfsnl_ckpt_attr attr;
	int code;

	code = end_ckpt(l, EXIT_OK);
	if (code != EXIT_OK)
		return code;
	if (!name || strlen(name) > PFSNL_CKPT_NAME_MAX)
		return bad_line(l, "a checkpoint without a name, or too long a one");
	strcpy(l->name, name);
	code = get_u64(l, o, "size", false, &attr.size);
	if (code == EXIT_OK)
		code = get_u64(l, o, "retention_ns", true, &attr.retention_ns);
	if (code == EXIT_OK)
		code = get_u64(l, o, "max_section", false, &attr.max_section);
	if (code == EXIT_OK)
		code = get_u32(l, o, "max_sections", &attr.max_sections);
	if (code == EXIT_OK)
		code = get_u32(l, o, "max_id", &attr.max_id);
	return code == EXIT_OK ? open_ckpt(l, &attr) : code;
}

static int take_end(struct loader *l, struct json_object *o)
{
	uint64_t count;
	int code;

	code = end_ckpt(l, EXIT_OK);
	if (code == EXIT_OK)
		code = get_u64(l, o, "end", false, &count);
	if (code == EXIT_OK && count != l->checkpoints)
		code = bad_line(l, "checkpoints are missing");
	l->ended = code == EXIT_OK;
	return code;
}

static int take_begin(struct loader *l, struct json_object *o)
{
	uint64_t version;
	int code;

	if (!json_object_object_get_ex(o, "pfsnl_checkpoints", NULL))
		return bad_line(l, "this is no dump of checkpoints");
	code = get_u64(l, o, "pfsnl_checkpoints", false, &version);
	if (code == EXIT_OK && version != 1)
		code = bad_line(l, "a dump of a newer version of pfsnl");
	l->begun = code == EXIT_OK;
	return code;
}

static int take_line(struct loader *l, struct json_object *o)
{
	if (!json_object_is_type(o, json_type_object))
		return bad_line(l, l->begun ? "no object of JSON" :
				"this is no dump of checkpoints");
	if (!l->begun)
		return take_begin(l, o);
	if (json_object_object_get_ex(o, "checkpoint", NULL))
		return take_ckpt(l, o);
	if (json_object_object_get_ex(o, "section", NULL))
		return take_section(l, o);
	if (json_object_object_get_ex(o, "offset", NULL))
		return take_data(l, o);
	if (json_object_object_get_ex(o, "end", NULL))
		return take_end(l, o);
	return bad_line(l, "a line of no kind that is known");
}

static int load(struct loader *l)
{
	struct json_object *o;
	char *text = NULL;
	size_t room = 0;
	int code = EXIT_OK;

	while (code == EXIT_OK && !l->ended && getline(&text, &room, l->from) > 0) {
		l->line++;
		o = json_tokener_parse(text);
		code = take_line(l, o);
		json_object_put(o);
	}
	free(text);
	if (code == EXIT_OK && ferror(l->from)) {
		complain("can't read %s: %s", l->file, strerror(errno));
		code = EXIT_FAILED;
	}
	if (code == EXIT_OK && !l->ended) {
		l->line++;
		code = bad_line(l, l->begun ? "the dump is cut off here" :
				"this is no dump of checkpoints");
	}
	return end_ckpt(l, code);
}

static int say_loaded(const struct loader *l)
{
	struct json_object *o;

	if (!l->run->json) {
		printf("%" PRIu64 " checkpoint%s, %" PRIu64 " section%s\n",
		       l->checkpoints, l->checkpoints == 1 ? "" : "s",
		       l->sections, l->sections == 1 ? "" : "s");
		return EXIT_OK;
	}
	o = json_object_new_object();
	if (o) {
		json_object_object_add(o, "checkpoints",
				       json_object_new_uint64(l->checkpoints));
		json_object_object_add(o, "sections",
				       json_object_new_uint64(l->sections));
	}
	return out_json(o) ? EXIT_FAILED : EXIT_OK;
}

static int run_load(struct run *run)
{
	struct loader l = {
		.run = run, .from = stdin, .file = "standard input",
	};
	int code;

	if (run->operand && strcmp(run->operand, "-")) {
		l.file = run->operand;
		l.from = fopen(l.file, "re");
		if (!l.from) {
			complain("can't read %s: %s", l.file, strerror(errno));
			return EXIT_FAILED;
		}
	}
	l.data = malloc(CHUNK);
	if (!l.data)
		complain("out of memory");
	code = l.data ? change_begin(run) : EXIT_FAILED;
	if (code == EXIT_OK)
		code = load(&l);
	if (code == EXIT_OK)
		code = say_loaded(&l);
	free(l.data);
	if (l.from != stdin)
		fclose(l.from);
	return code;
}

const struct cmd cmd_ckpt_load = {
	.name = "ckpt load",
	.summary = "create checkpoints as 'ckpt dump' wrote them",
	.operand = "FILE",
	.options = OPT_BIT(OPT_REPLACE) | OPT_BIT(OPT_SAFE_CHANGE) |
		   OPT_BIT(OPT_TIMEOUT_SEND),
	.about =
	"Creates checkpoints from what 'pfsnl ckpt dump' wrote, read from FILE or the\n"
	"standard input, and says how many. Those that are there already are left alone,\n"
	"and end it, unless --overwrite is given.",
	.examples =
	"  pfsnl ckpt load news.dump\n"
	"  pfsnl ckpt load --overwrite < all.dump\n",
	.run = run_load,
};
