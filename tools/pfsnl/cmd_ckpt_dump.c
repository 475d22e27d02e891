// SPDX-License-Identifier: GPL-2.0
/* pfsnl ckpt dump: checkpoints as lines of JSON, for pfsnl ckpt load. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckpt.h"
#include "out.h"

/* So much is read at once, and so much stands in a line. */
#define CHUNK	PFSNL_CKPT_WRITE_MAX
#define PIECE	16384

/**
 * struct dumper - one call of the subcommand
 * @to: where the lines go; opened with the first, so that nothing is lost for a
 *	dump that fails at once
 * @file: what that is called; NULL: the standard output
 * @data: room for a chunk
 * @begun: the first line was written
 * @checkpoints: that were dumped
 */
struct dumper {
	struct run *run;
	FILE *to;
	const char *file;
	char *data;
	bool begun;
	uint64_t checkpoints;
};

static int put_text(struct dumper *d, const char *text)
{
	if (!d->to)
		d->to = d->file ? fopen(d->file, "we") : stdout;
	if (d->to && fprintf(d->to, "%s\n", text) >= 0)
		return EXIT_OK;
	/* The standard output's reader may be gone, which needs no word. */
	if (d->to != stdout)
		complain("can't write %s: %s", d->file, strerror(errno));
	return EXIT_FAILED;
}

static int put_line(struct dumper *d, struct json_object *o)
{
	const char *text = NULL;
	int code;

	if (o)
		text = json_object_to_json_string_ext(o,
						      JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text) {
		json_object_put(o);
		complain("out of memory");
		return EXIT_FAILED;
	}
	code = d->begun ? EXIT_OK : put_text(d, "{\"pfsnl_checkpoints\":1}");
	d->begun = true;
	if (code == EXIT_OK)
		code = put_text(d, text);
	json_object_put(o);
	return code;
}

static void add_u64(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, value == PFSNL_NEVER ? NULL :
			       json_object_new_uint64(value));
}

static struct json_object *json_head(const struct pfsnl_ckpt_info *info)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	json_object_object_add(o, "checkpoint",
			       json_object_new_string(info->name));
	add_u64(o, "size", info->attr.size);
	add_u64(o, "retention_ns", info->attr.retention_ns);
	add_u64(o, "max_section", info->attr.max_section);
	add_u64(o, "max_sections", info->attr.max_sections);
	add_u64(o, "max_id", info->attr.max_id);
	return o;
}

static struct json_object *json_section(const struct pfsnl_section_info *info,
					uint64_t len)
{
	struct json_object *o = json_object_new_object();
	char id[ID_ROOM];

	if (!o)
		return NULL;
	json_object_object_add(o, "section",
			       json_object_new_string(id_text(id, info->id,
							      info->id_len)));
	add_u64(o, "length", len);
	add_u64(o, "expires_ns", info->expires);
	return o;
}

static bool all_zero(const char *data, size_t len)
{
	return !len || (!data[0] && !memcmp(data, data + 1, len - 1));
}

/* What is zero is left out: it is what is not said. */
static int put_data(struct dumper *d, uint64_t offset, size_t len)
{
	size_t at, n;
	struct json_object *o;
	int code = EXIT_OK;

	for (at = 0; at < len && code == EXIT_OK; at += n) {
		n = len - at < PIECE ? len - at : PIECE;
		if (all_zero(d->data + at, n))
			continue;
		o = json_object_new_object();
		if (o)
			add_u64(o, "offset", offset + at);
		code = put_line(d, json_bytes(o, d->data + at, n));
	}
	return code;
}

static int dump_section(struct dumper *d, struct pfsnl_ckpt *ckpt,
			const struct pfsnl_section_info *info)
{
	uint64_t at = 0, total = 0;
	int code = EXIT_OK, err;
	size_t len;

	do {
		len = CHUNK;
		err = pfsnl_section_read(ckpt, info->id, info->id_len, at,
					 d->data, &len, &total);
		/* It was deleted since it was listed. */
		if (err == -ENOENT && !at)
			return EXIT_OK;
		if (err)
			return failed(err);
		if (!at)
			code = put_line(d, json_section(info, total));
		if (code == EXIT_OK)
			code = put_data(d, at, len);
		at += len;
	} while (code == EXIT_OK && len && at < total);
	return code;
}

static int dump_open(struct dumper *d, struct pfsnl_ckpt *ckpt)
{
	const struct pfsnl_section_info *section;
	struct pfsnl_sections *list = NULL;
	struct pfsnl_ckpt_info *info;
	int code, err;
	size_t i;

	err = pfsnl_ckpt_status(ckpt, &info);
	if (err)
		return failed(err);
	code = put_line(d, json_head(info));
	pfsnl_ckpt_info_free(info);
	err = pfsnl_ckpt_sections(ckpt, NULL, &list);
	if (err)
		return failed(err);
	for (i = 0; code == EXIT_OK && (section = pfsnl_sections_at(list, i));
	     i++)
		code = dump_section(d, ckpt, section);
	pfsnl_sections_free(list);
	d->checkpoints++;
	return code;
}

static int dump_one(struct dumper *d, const char *name)
{
	struct pfsnl_ckpt *ckpt;
	int code;

	code = ckpt_open(d->run, name, PFSNL_CKPT_READ, NULL, &ckpt);
	return code == EXIT_OK ? ckpt_close(ckpt, dump_open(d, ckpt)) : code;
}

static int dump_all(struct dumper *d)
{
	const struct pfsnl_ckpt_info *info;
	struct pfsnl_ckpts *ckpts;
	int code = EXIT_OK, err;
	size_t i;

	err = pfsnl_ckpts_get(d->run->handle, &ckpts);
	if (err)
		return failed(err);
	for (i = 0; code == EXIT_OK && (info = pfsnl_ckpts_at(ckpts, i)); i++)
		if (!info->unlinked)
			code = dump_one(d, info->name);
	pfsnl_ckpts_free(ckpts);
	return code;
}

static int dump(struct dumper *d, const char *name)
{
	struct json_object *o;
	int code;

	code = name ? dump_one(d, name) : dump_all(d);
	if (code != EXIT_OK)
		return code;
	/* So that one that was cut off is noticed. */
	o = json_object_new_object();
	if (o)
		add_u64(o, "end", d->checkpoints);
	return put_line(d, o);
}

/* What to dump (NULL: all), and where to; false after a complaint. */
static bool take_words(struct run *run, const char **name, const char **file)
{
	bool all = given(&run->args, OPT_EVERY);

	*name = all ? NULL : run->operand;
	*file = all ? run->operand : run->more[0];
	if (all ? !run->more[0] : !!run->operand)
		return true;
	if (all)
		complain("--all is all of them, but there are '%s' and '%s'",
			 run->operand, run->more[0]);
	else
		complain("which NAME? Say: pfsnl ckpt dump NAME, or pfsnl ckpt dump --all");
	note("try 'pfsnl ckpt dump --help'");
	return false;
}

static int run_dump(struct run *run)
{
	struct dumper d = { .run = run };
	const char *name;
	int code;

	if (!take_words(run, &name, &d.file))
		return EXIT_USAGE;
	if (d.file && !strcmp(d.file, "-"))
		d.file = NULL;
	d.data = malloc(CHUNK);
	if (!d.data) {
		complain("out of memory");
		return EXIT_FAILED;
	}
	code = dump(&d, name);
	free(d.data);
	if (d.to && d.to != stdout && fclose(d.to) && code == EXIT_OK) {
		complain("can't write %s: %s", d.file, strerror(errno));
		code = EXIT_FAILED;
	}
	return code;
}

const struct cmd cmd_ckpt_dump = {
	.name = "ckpt dump",
	.summary = "write checkpoints out, for 'ckpt load'",
	.operand = "NAME",
	.more = { "FILE" },
	.options = OPT_BIT(OPT_EVERY) | OPT_BIT(OPT_TIMEOUT_SEND),
	.about =
	"Writes a checkpoint, or with --all all of them, to FILE or the standard output,\n"
	"as lines of JSON that pfsnl(8) describes. Each 128 KiB of a section are of one\n"
	"moment.",
	.examples =
	"  pfsnl ckpt dump news saved\n"
	"  pfsnl ckpt dump --all | gzip > all.gz\n"
	"  pfsnl ckpt dump --all | ssh other pfsnl ckpt load\n",
	.run = run_dump,
};
