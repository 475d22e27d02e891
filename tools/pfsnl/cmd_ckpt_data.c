// SPDX-License-Identifier: GPL-2.0
/* pfsnl ckpt read, write */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ckpt.h"
#include "out.h"
#include "value.h"

/* So much is read or written at once. */
#define CHUNK	PFSNL_CKPT_WRITE_MAX

/* ---- listing -------------------------------------------------------- */

static void show_sections(const struct pfsnl_sections *list)
{
	char id[ID_ROOM], size[TEXT_ROOM], a[TEXT_ROOM], b[TEXT_ROOM];
	int width = (int)strlen("SECTION"), len;
	const struct pfsnl_section_info *info;
	size_t i;

	if (!pfsnl_sections_count(list)) {
		printf("it has no section\n");
		return;
	}
	for (i = 0; (info = pfsnl_sections_at(list, i)); i++) {
		len = (int)strlen(id_text(id, info->id, info->id_len));
		if (len > width)
			width = len;
	}
	printf("%s%-*s  %11s  %-23s  %s%s\n", style(STYLE_HEAD), width,
	       "SECTION", "SIZE", "MODIFIED", "EXPIRES", style_end());
	for (i = 0; (info = pfsnl_sections_at(list, i)); i++)
		printf("%-*s  %11s  %-23s  %s\n", width,
		       id_text(id, info->id, info->id_len),
		       text_size(size, info->len), text_time(a, info->modified),
		       text_time(b, info->expires));
}

static struct json_object *json_sections(const char *name,
					 const struct pfsnl_sections *list)
{
	struct json_object *o = json_object_new_object();
	struct json_object *array = json_object_new_array(), *one;
	const struct pfsnl_section_info *info;
	char id[ID_ROOM];
	size_t i;

	if (!o || !array) {
		json_object_put(o);
		json_object_put(array);
		return NULL;
	}
	json_object_object_add(o, "checkpoint", json_object_new_string(name));
	for (i = 0; (info = pfsnl_sections_at(list, i)); i++) {
		one = json_object_new_object();
		if (!one)
			break;
		json_object_object_add(one, "section",
				       json_object_new_string(id_text(id, info->id,
								      info->id_len)));
		json_object_object_add(one, "length",
				       json_object_new_uint64(info->len));
		json_object_object_add(one, "modified",
				       json_time(info->modified));
		json_object_object_add(one, "expires",
				       json_time(info->expires));
		json_object_array_add(array, one);
	}
	json_object_object_add(o, "sections", array);
	return o;
}

static int list_sections(struct run *run)
{
	struct pfsnl_sections *list;
	int code = EXIT_OK, err;

	err = pfsnl_sections_get(run->handle, run->operand, NULL, &list);
	if (err)
		return ckpt_failed(run, err, run->operand, NULL);
	if (!run->json)
		show_sections(list);
	else if (out_json(json_sections(run->operand, list)))
		code = EXIT_FAILED;
	pfsnl_sections_free(list);
	return code;
}

/* ---- reading -------------------------------------------------------- */

/* Prints what is a part of a section for people, who have a terminal. */
static void show_part(const char *data, size_t len)
{
	const char *end;
	size_t n;

	for (; len; data += n, len -= n) {
		end = memchr(data, '\n', len);
		n = end ? (size_t)(end - data) : len;
		show_text(data, n);
		if (!end)
			continue;
		putchar('\n');
		n++;
	}
}

static int say_part(struct run *run, const char *data, size_t len,
		    uint64_t offset, uint64_t total)
{
	struct json_object *o;

	if (!run->json) {
		if (isatty(STDOUT_FILENO) && !given(&run->args, OPT_RAW_SECTION))
			show_part(data, len);
		else
			fwrite(data, 1, len, stdout);
		return out_flush();
	}
	o = json_object_new_object();
	if (o) {
		json_object_object_add(o, "checkpoint",
				       json_object_new_string(run->operand));
		json_object_object_add(o, "section",
				       json_object_new_string(run->more[0]));
		json_object_object_add(o, "offset",
				       json_object_new_uint64(offset));
		json_object_object_add(o, "bytes", json_object_new_uint64(len));
		json_object_object_add(o, "length",
				       json_object_new_uint64(total));
	}
	return out_json(json_bytes(o, data, len)) ? : out_flush();
}

/* All of it that was asked for, in parts. */
static int read_parts(struct run *run, struct pfsnl_ckpt *ckpt,
		      const struct pfsnl_section_id *id)
{
	uint64_t at = given(&run->args, OPT_OFFSET) ? run->args.offset : 0;
	uint64_t left = given(&run->args, OPT_LENGTH) ? run->args.length :
							UINT64_MAX;
	char *data = malloc(CHUNK), last = '\n';
	uint64_t total = 0;
	size_t len;
	bool first = true;
	int err = 0;

	if (!data) {
		complain("out of memory");
		return EXIT_FAILED;
	}
	do {
		len = left < CHUNK ? (size_t)left : CHUNK;
		err = pfsnl_section_read(ckpt, id->bytes, id->len, at, data,
					 &len, &total);
		if (err || (!len && !first))
			break;
		if (len)
			last = data[len - 1];
		if (say_part(run, data, len, at, total)) {
			free(data);
			return EXIT_FAILED;
		}
		first = false;
		at += len;
		left -= len;
	} while (len && left && at < total);
	free(data);
	if (err)
		return ckpt_failed(run, err, run->operand, run->more[0]);
	/* What follows on a terminal is not a part of it. */
	if (!run->json && last != '\n' && isatty(STDOUT_FILENO) &&
	    !given(&run->args, OPT_RAW_SECTION))
		putchar('\n');
	return EXIT_OK;
}

static int run_read(struct run *run)
{
	struct pfsnl_section_id id;
	struct pfsnl_ckpt *ckpt;
	int code;

	if (!run->more[0] && (given(&run->args, OPT_OFFSET) ||
			      given(&run->args, OPT_LENGTH) ||
			      given(&run->args, OPT_RAW_SECTION))) {
		complain("--offset, --length and --raw go with a SECTION");
		note("'pfsnl ckpt read %s' lists them", run->operand);
		return EXIT_USAGE;
	}
	if (!run->more[0])
		return list_sections(run);
	if (id_take(run->more[0], &id))
		return EXIT_USAGE;
	code = ckpt_open(run, run->operand, PFSNL_CKPT_READ, NULL, &ckpt);
	if (code != EXIT_OK)
		return code;
	return ckpt_close(ckpt, read_parts(run, ckpt, &id));
}

const struct cmd cmd_ckpt_read = {
	.name = "ckpt read",
	.summary = "print a section of a checkpoint, or list them",
	.operand = "NAME",
	.needs_operand = true,
	.more = { "SECTION" },
	.options = OPT_BIT(OPT_OFFSET) | OPT_BIT(OPT_LENGTH) |
		   OPT_BIT(OPT_RAW_SECTION) | OPT_BIT(OPT_TIMEOUT_SEND),
	.about =
	"Prints what a section of a checkpoint holds, byte by byte; on a terminal, what\n"
	"is no text is escaped. Without a section, lists them. The id of a section is\n"
	"text, or 0x and hexadecimal digits, and shown so.",
	.examples =
	"  pfsnl ckpt read news\n"
	"  pfsnl ckpt read news today > today\n"
	"  pfsnl ckpt read news 0x00ff --offset 1M --length 4K | xxd\n",
	.run = run_read,
};

/* ---- writing -------------------------------------------------------- */

/**
 * struct writer - one call of the subcommand
 * @at: where the next part is written
 * @begun: the section is there, and what is in the way is gone
 * @created: by us
 */
struct writer {
	struct run *run;
	struct pfsnl_ckpt *ckpt;
	struct pfsnl_section_id id;
	uint64_t at;
	uint64_t expires;
	bool begun;
	bool created;
};

/* Nanoseconds since 1970 at which it shall expire. */
static uint64_t expires_at(const struct args *args)
{
	struct timespec now;

	if (!given(args, OPT_EXPIRES) || args->expires_ns == VALUE_NEVER)
		return PFSNL_NEVER;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec +
	       args->expires_ns;
}

/* The section is there with its first bytes, or none of them if it wasn't. */
static int create_section(struct writer *w, const char *data, size_t len)
{
	/* What is not to stand at its beginning is written when it is there. */
	if (w->at)
		len = 0;
	return pfsnl_section_create(w->ckpt, w->id.bytes, w->id.len, data, len,
				    w->expires, change_flags(w->run));
}

static int write_at(struct writer *w, const char *data, size_t len)
{
	return pfsnl_section_write_long(w->ckpt, w->id.bytes, w->id.len, w->at,
					data, len, change_flags(w->run), NULL);
}

static int begin_section(struct writer *w, const char *data, size_t len)
{
	bool overwrite = given(&w->run->args, OPT_OVERWRITE);
	int err;

	do {
		if (overwrite)
			err = pfsnl_section_overwrite(w->ckpt, w->id.bytes,
						      w->id.len, data, len,
						      change_flags(w->run));
		else
			err = len ? write_at(w, data, len) : -ENOENT;
		if (err != -ENOENT)
			return err;
		err = create_section(w, data, len);
		w->created = !err;
		/* It was there, and nothing is to be written. */
		if (err == -EEXIST && !len && !overwrite)
			return 0;
	} while (err == -EEXIST);
	if (!err && w->at && len)
		err = write_at(w, data, len);
	return err;
}

static int write_part(struct writer *w, const char *data, size_t len)
{
	int err;

	if (!w->begun)
		err = begin_section(w, data, len);
	else
		err = write_at(w, data, len);
	w->begun = true;
	if (!err)
		w->at += len;
	return err;
}

/* Reads as much as there is room for, or all that is left; negative: -errno. */
static ssize_t read_full(int fd, char *data, size_t room)
{
	size_t len = 0;
	ssize_t n;

	while (len < room) {
		n = read(fd, data + len, room - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static int write_parts(struct writer *w, int input)
{
	char *data = malloc(CHUNK);
	ssize_t len;
	int err = 0;

	if (!data) {
		complain("out of memory");
		return EXIT_FAILED;
	}
	do {
		len = read_full(input, data, CHUNK);
		if (len < 0) {
			complain("can't read what to write: %s",
				 strerror((int)-len));
			free(data);
			return EXIT_FAILED;
		}
		if (len || !w->begun)
			err = write_part(w, data, (size_t)len);
	} while (!err && len == CHUNK);
	free(data);
	if (!err && given(&w->run->args, OPT_EXPIRES) && !w->created)
		err = pfsnl_section_set_expiration(w->ckpt, w->id.bytes,
						   w->id.len, w->expires,
						   change_flags(w->run));
	if (err)
		return ckpt_failed(w->run, err, w->run->operand,
				   w->run->more[0]);
	return EXIT_OK;
}

static int say_written(struct writer *w, uint64_t from)
{
	struct json_object *o;

	if (!w->run->json)
		return EXIT_OK;
	o = json_object_new_object();
	if (o) {
		json_object_object_add(o, "checkpoint",
				       json_object_new_string(w->run->operand));
		json_object_object_add(o, "section",
				       json_object_new_string(w->run->more[0]));
		json_object_object_add(o, "offset",
				       json_object_new_uint64(from));
		json_object_object_add(o, "bytes",
				       json_object_new_uint64(w->at - from));
		json_object_object_add(o, "created",
				       json_object_new_boolean(w->created));
	}
	return out_json(o) ? EXIT_FAILED : EXIT_OK;
}

static int open_input(const struct run *run)
{
	const char *file = run->more[1];
	int fd;

	if (!file || !strcmp(file, "-"))
		return STDIN_FILENO;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	complain("can't read %s: %s", file, strerror(errno));
	note("without FILE, the standard input is what is written");
	return -1;
}

static int open_to_write(struct run *run, unsigned int flags,
			 struct pfsnl_ckpt **ckpt)
{
	int code, err;

	code = change_begin(run);
	if (code != EXIT_OK)
		return code;
	err = pfsnl_ckpt_open(run->handle, run->operand, flags, NULL, ckpt);
	if (!err)
		return EXIT_OK;
	code = ckpt_failed(run, err, run->operand, NULL);
	if (err == -ENOENT)
		note("with --create it is created");
	return code;
}

static int run_write(struct run *run)
{
	struct writer w = {
		.run = run,
		.at = given(&run->args, OPT_OFFSET) ? run->args.offset : 0,
		.expires = expires_at(&run->args),
	};
	unsigned int flags = PFSNL_CKPT_WRITE;
	uint64_t from = w.at;
	int input, code;

	if (id_take(run->more[0], &w.id))
		return EXIT_USAGE;
	if (given(&run->args, OPT_OVERWRITE) && given(&run->args, OPT_OFFSET)) {
		complain("--overwrite and --offset exclude each other: nothing else is left of the section");
		note("try 'pfsnl ckpt write --help'");
		return EXIT_USAGE;
	}
	input = open_input(run);
	if (input < 0)
		return EXIT_FAILED;
	if (given(&run->args, OPT_CREATE))
		flags |= PFSNL_CKPT_CREATE;
	code = open_to_write(run, flags, &w.ckpt);
	if (code == EXIT_OK) {
		code = write_parts(&w, input);
		code = ckpt_close(w.ckpt, code);
		if (code == EXIT_OK)
			code = say_written(&w, from);
	}
	if (input != STDIN_FILENO)
		close(input);
	return code;
}

const struct cmd cmd_ckpt_write = {
	.name = "ckpt write",
	.summary = "write a section of a checkpoint",
	.operand = "NAME",
	.needs_operand = true,
	.more = { "SECTION", "FILE" },
	.needs_more = 1,
	.options = OPT_BIT(OPT_OFFSET) | OPT_BIT(OPT_OVERWRITE) |
		   OPT_BIT(OPT_CREATE) | OPT_BIT(OPT_EXPIRES) |
		   OPT_BIT(OPT_SAFE_CHANGE) | OPT_BIT(OPT_TIMEOUT_SEND),
	.about =
	"Writes FILE, or the standard input, into a section of a checkpoint, on all\n"
	"nodes. The section is created if there is none. What it held behind the end of\n"
	"what is written stays, unless it is overwritten. 128 KiB are written at once;\n"
	"of more, others may see a part. The id of a section is text, or 0x and\n"
	"hexadecimal digits.",
	.examples =
	"  echo hello | pfsnl ckpt write news today --create\n"
	"  pfsnl ckpt write config main app.conf --overwrite --safe\n"
	"  date | pfsnl ckpt write session 0x00ff --expires 5m\n",
	.run = run_write,
};
