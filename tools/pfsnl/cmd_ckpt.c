// SPDX-License-Identifier: GPL-2.0
/* pfsnl ckpt ls, stat, create, rm, limit */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ckpt.h"
#include "out.h"
#include "value.h"

/* Bytes of a name for which all rows of a list are made wider. */
#define WIDEST	40

/* ---- all together --------------------------------------------------- */

static void add_state(struct json_object *o, const struct pfsnl_ckpt_state *s)
{
	json_object_object_add(o, "active", json_object_new_boolean(s->active));
	json_object_object_add(o, "used", json_object_new_uint64(s->used));
	json_object_object_add(o, "limit", json_object_new_uint64(s->limit));
	json_object_object_add(o, "headroom",
			       json_object_new_uint64(s->headroom));
	json_object_object_add(o, "waiting",
			       json_object_new_uint64(s->waiting));
	json_object_object_add(o, "error", s->error ?
			       json_object_new_string(pfsnl_strerror(s->error)) :
			       NULL);
	json_object_object_add(o, "digest", json_digest(s->digest));
}

static void show_state(const struct pfsnl_ckpt_state *s)
{
	char used[TEXT_ROOM], limit[TEXT_ROOM];

	printf("%u checkpoint%s, %s of %s used", s->checkpoints,
	       s->checkpoints == 1 ? "" : "s", text_size(used, s->used),
	       text_size(limit, s->limit));
	if (s->error)
		printf("%s; this node can't take part: %s%s",
		       style(STYLE_BAD), pfsnl_strerror(s->error), style_end());
	else if (!s->active)
		printf("%s; changes wait: nodes are coming together%s",
		       style(STYLE_WARN), style_end());
	putchar('\n');
}

/* ---- ls ------------------------------------------------------------- */

/* Bytes that fit on a line: of a terminal; elsewhere nothing is cut. */
static int line_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return INT_MAX;
	return size.ws_col;
}

/*
 * Which nodes have it open how often, in @room bytes of a line, one of them at least;
 * the others, and those that the kernel does not list, are added up.
 */
static void show_refs(const struct pfsnl_ckpt_info *info, int room)
{
	char one[2 * TEXT_ROOM], addr[TEXT_ROOM], rest[TEXT_ROOM];
	uint32_t left = info->refs;
	int used = 0, len, more;
	size_t i;

	for (i = 0; i < info->num_nodes; i++) {
		len = snprintf(one, sizeof(one), "%s%s:%u", i ? " " : "",
			       text_addr(addr, info->nodes[i].addr),
			       info->nodes[i].refs);
		/* Unless it is the last there must be room for the rest, too. */
		more = left == info->nodes[i].refs ? 0 :
		       snprintf(rest, sizeof(rest), " others:%u",
				left - info->nodes[i].refs);
		if (i && used + len + more > room)
			break;
		printf("%s", one);
		used += len;
		left -= info->nodes[i].refs;
	}
	if (left)
		printf("%sothers:%u", i ? " " : "", left);
	else if (!i)
		putchar('-');
}

/* What a column needs at least; but a name that is very long moves its own row only. */
static void widen(int *width, const char *text)
{
	int len = (int)strlen(text);

	if (len > *width && len <= WIDEST)
		*width = len;
}

static void show_list(const struct pfsnl_ckpts *ckpts)
{
	char size[TEXT_ROOM], time[TEXT_ROOM], state[STATE_ROOM];
	int width = (int)strlen("CHECKPOINT"), used;
	const struct pfsnl_ckpt_info *info;
	const char *text;
	size_t i;

	for (i = 0; (info = pfsnl_ckpts_at(ckpts, i)); i++)
		widen(&width, info->name);
	if (i)
		printf("%s%-*s  %8s  %11s  %-23s  %4s  %s%s\n",
		       style(STYLE_HEAD), width, "CHECKPOINT", "SECTIONS",
		       "SIZE", "MODIFIED", "OPEN", "BY NODE", style_end());
	for (i = 0; (info = pfsnl_ckpts_at(ckpts, i)); i++) {
		used = printf("%-*s  %8u  %11s  %-23s  %4u  ", width, info->name,
			      info->sections, text_size(size, info->bytes),
			      text_time(time, info->modified), info->refs);
		text = text_state(state, info);
		if (*text)
			used += (int)strlen(text) + 2;
		show_refs(info, line_width() - used);
		if (*text)
			printf("  %s%s%s", style(STYLE_WARN), text, style_end());
		putchar('\n');
	}
}

static struct json_object *json_list(const struct pfsnl_ckpts *ckpts,
				     const struct pfsnl_ckpt_state *state)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	const struct pfsnl_ckpt_info *info;
	size_t i;

	if (!o || !list) {
		json_object_put(o);
		json_object_put(list);
		return NULL;
	}
	for (i = 0; (info = pfsnl_ckpts_at(ckpts, i)); i++)
		json_object_array_add(list, json_ckpt(info));
	json_object_object_add(o, "checkpoints", list);
	add_state(o, state);
	return o;
}

static int run_ls(struct run *run)
{
	struct pfsnl_ckpt_state *state;
	struct pfsnl_ckpts *ckpts;
	int code = EXIT_OK, err;

	err = pfsnl_ckpts_get(run->handle, &ckpts);
	if (err)
		return failed(err);
	err = pfsnl_ckpt_state_get(run->handle, &state);
	if (err) {
		pfsnl_ckpts_free(ckpts);
		return failed(err);
	}
	if (!run->json) {
		show_list(ckpts);
		show_state(state);
	} else if (out_json(json_list(ckpts, state))) {
		code = EXIT_FAILED;
	}
	pfsnl_ckpt_state_free(state);
	pfsnl_ckpts_free(ckpts);
	return code;
}

const struct cmd cmd_ckpt_ls = {
	.name = "ckpt ls",
	.summary = "list the checkpoints: data that all nodes have",
	.of_one = "ckpt stat",
	.about =
	"Lists the checkpoints of the cluster, as this node has them: sections, bytes in\n"
	"them, when it was changed last, how often it is open, and by which nodes; and\n"
	"how much of the limit all of them use. Behind one that is unlinked, or lost in\n"
	"a conflict, that is said.",
	.examples =
	"  pfsnl ckpt ls\n"
	"  pfsnl ckpt ls --json | jq -r '.checkpoints[].checkpoint'\n"
	"  pfsnl ckpt ls --json | jq -r '.checkpoints[] | select(.conflict).checkpoint'\n",
	.run = run_ls,
};

/* ---- stat ----------------------------------------------------------- */

static void show_nodes(const struct pfsnl_ckpt_info *info)
{
	char addr[TEXT_ROOM];
	size_t i;

	show_row("open");
	if (!info->refs) {
		printf("nowhere\n");
		return;
	}
	printf("%u time%s", info->refs, info->refs == 1 ? "" : "s");
	for (i = 0; i < info->num_nodes; i++)
		printf("%s %s (%u)", i ? "," : ":",
		       text_addr(addr, info->nodes[i].addr),
		       info->nodes[i].refs);
	if (info->more_refs)
		printf(" and others (%u)", info->more_refs);
	putchar('\n');
}

static void show_stat(const struct pfsnl_ckpt_info *info)
{
	char a[TEXT_ROOM], b[TEXT_ROOM], room[STATE_ROOM];
	const char *state = text_state(room, info);

	show_row("checkpoint");
	printf("%s\n", info->name);
	if (*state) {
		show_row("state");
		printf("%s%s%s\n", style(STYLE_WARN), state, style_end());
	}
	show_row("number");
	if (info->number.addr.s_addr)
		printf("%" PRIx64 ".%" PRIx64 " of %s\n",
		       info->number.incarnation, info->number.counter,
		       text_addr(a, info->number.addr));
	else
		printf("%016" PRIx64 "%016" PRIx64 ", lost in a conflict\n",
		       info->number.incarnation, info->number.counter);
	show_row("sections");
	printf("%u of %u, ids of up to %u bytes\n", info->sections,
	       info->attr.max_sections, info->attr.max_id);
	show_row("size");
	printf("%s of %s, up to ", text_size(a, info->bytes),
	       text_size(b, info->attr.size));
	/* A section is no longer than all of them together. */
	printf("%s in a section\n",
	       text_size(a, info->attr.max_section < info->attr.size ?
			    info->attr.max_section : info->attr.size));
	show_row("retention");
	if (info->attr.retention_ns == VALUE_NEVER)
		printf("kept for ever\n");
	else
		printf("%s after its last close\n",
		       text_ns(a, info->attr.retention_ns));
	show_row("modified");
	printf("%s\n", text_time(a, info->modified));
	if (info->expires != PFSNL_NEVER) {
		show_row("expires");
		printf("%s\n", text_time(a, info->expires));
	}
	show_nodes(info);
	show_row("digest");
	printf("%s\n", text_digest(a, info->digest));
}

static struct json_object *json_stat(const struct pfsnl_ckpt_info *info)
{
	struct json_object *o = json_ckpt(info);

	if (!o)
		return NULL;
	json_object_object_add(o, "digest", json_digest(info->digest));
	return o;
}

static int say_stat(struct run *run, const struct pfsnl_ckpt_info *info)
{
	if (!run->json)
		show_stat(info);
	else if (out_json(json_stat(info)))
		return EXIT_FAILED;
	return EXIT_OK;
}

static int run_stat(struct run *run)
{
	struct pfsnl_ckpt_info *info;
	int code, err;

	err = pfsnl_ckpt_info_get(run->handle, run->operand, &info);
	if (err)
		return ckpt_failed(run, err, run->operand, NULL);
	code = say_stat(run, info);
	pfsnl_ckpt_info_free(info);
	return code;
}

const struct cmd cmd_ckpt_stat = {
	.name = "ckpt stat",
	.summary = "tell all of a checkpoint but what it holds",
	.operand = "NAME",
	.needs_operand = true,
	.about =
	"Tells of a checkpoint how much it holds and may hold, on which nodes it is\n"
	"open, and its digest, which is the same on nodes that have the same.",
	.examples =
	"  pfsnl ckpt stat news\n"
	"  pfsnl ckpt stat news --json | jq -r .digest\n",
	.run = run_stat,
};

/* ---- create --------------------------------------------------------- */

static int say_created(struct run *run, struct pfsnl_ckpt *ckpt)
{
	struct pfsnl_ckpt_info *info;
	int code = EXIT_OK, err;

	if (!run->json)
		return EXIT_OK;
	err = pfsnl_ckpt_status(ckpt, &info);
	if (err)
		return failed(err);
	code = say_stat(run, info);
	pfsnl_ckpt_info_free(info);
	return code;
}

static int run_create(struct run *run)
{
	struct pfsnl_ckpt_attr attr;
	struct pfsnl_ckpt *ckpt;
	int code, err;

	attr_take(&run->args, &attr);
	code = change_begin(run);
	if (code != EXIT_OK)
		return code;
	err = pfsnl_ckpt_open(run->handle, run->operand,
			      PFSNL_CKPT_CREATE | PFSNL_CKPT_WRITE |
			      change_flags(run), &attr, &ckpt);
	if (err == -EEXIST) {
		complain("there is a checkpoint '%s' already", run->operand);
		note("'pfsnl ckpt stat %s' tells of it", run->operand);
		return EXIT_FAILED;
	}
	if (err)
		return failed(err);
	if (pfsnl_ckpt_created(ckpt)) {
		code = say_created(run, ckpt);
	} else {
		complain("there is a checkpoint '%s' already, and it is just like that",
			 run->operand);
		code = EXIT_FAILED;
	}
	return ckpt_close(ckpt, code);
}

const struct cmd cmd_ckpt_create = {
	.name = "ckpt create",
	.summary = "create a checkpoint",
	.operand = "NAME",
	.needs_operand = true,
	.options = OPTS_CKPT_ATTR | OPT_BIT(OPT_SAFE_CHANGE) |
		   OPT_BIT(OPT_TIMEOUT_SEND),
	.about =
	"Creates a checkpoint, on all nodes. What it may hold stays as it was created.",
	.examples =
	"  pfsnl ckpt create news\n"
	"  pfsnl ckpt create session --size 1M --max-sections 100 --retention 5m\n",
	.run = run_create,
};

/* ---- rm ------------------------------------------------------------- */

static int run_rm(struct run *run)
{
	struct pfsnl_section_id id;
	struct pfsnl_ckpt *ckpt;
	int code, err;

	if (!run->more[0]) {
		code = change_begin(run);
		if (code != EXIT_OK)
			return code;
		err = pfsnl_ckpt_unlink(run->handle, run->operand,
					change_flags(run));
		return err ? ckpt_failed(run, err, run->operand, NULL) :
			     EXIT_OK;
	}
	if (id_take(run->more[0], &id))
		return EXIT_USAGE;
	code = ckpt_open(run, run->operand, PFSNL_CKPT_WRITE, NULL, &ckpt);
	if (code != EXIT_OK)
		return code;
	err = pfsnl_section_delete(ckpt, id.bytes, id.len, change_flags(run));
	if (err)
		code = ckpt_failed(run, err, run->operand, run->more[0]);
	return ckpt_close(ckpt, code);
}

const struct cmd cmd_ckpt_rm = {
	.name = "ckpt rm",
	.summary = "remove a checkpoint, or a section of one",
	.operand = "NAME",
	.needs_operand = true,
	.more = { "SECTION" },
	.options = OPT_BIT(OPT_SAFE_CHANGE) | OPT_BIT(OPT_TIMEOUT_SEND),
	.about =
	"Removes a checkpoint, on all nodes: it has no name any more, and is gone when\n"
	"nobody has it open. Or removes a section of it. The id of a section is text, or\n"
	"0x and hexadecimal digits.",
	.examples =
	"  pfsnl ckpt rm news\n"
	"  pfsnl ckpt rm news today\n"
	"  pfsnl ckpt rm news 0x00ff\n",
	.run = run_rm,
};

/* ---- limit ---------------------------------------------------------- */

static int set_limit(struct run *run)
{
	struct pfsnl_ckpt_state *state;
	char most[TEXT_ROOM];
	uint64_t bytes;
	int code, err;

	if (value_size(run->operand, &bytes)) {
		complain("bad value '%s' for the limit: bytes, such as 64M or 1G",
			 run->operand);
		return EXIT_USAGE;
	}
	code = change_begin(run);
	if (code != EXIT_OK)
		return code;
	err = pfsnl_ckpts_set_limit(run->handle, bytes, change_flags(run));
	if (!err)
		return EXIT_OK;
	code = failed(err);
	if (err == -ERANGE && !pfsnl_ckpt_state_get(run->handle, &state)) {
		note("pfsnl(8), 'ckpt limit', says how it becomes more than %s",
		     text_size(most, state->most / 2));
		pfsnl_ckpt_state_free(state);
	}
	return code;
}

static int run_limit(struct run *run)
{
	struct pfsnl_ckpt_state *state;
	struct json_object *o;
	int code = EXIT_OK, err;

	if (run->operand) {
		code = set_limit(run);
		if (code != EXIT_OK || !run->json)
			return code;
	}
	err = pfsnl_ckpt_state_get(run->handle, &state);
	if (err)
		return failed(err);
	if (!run->json) {
		show_state(state);
	} else {
		o = json_object_new_object();
		if (o)
			add_state(o, state);
		if (out_json(o))
			code = EXIT_FAILED;
	}
	pfsnl_ckpt_state_free(state);
	return code;
}

const struct cmd cmd_ckpt_limit = {
	.name = "ckpt limit",
	.summary = "tell or say how much all checkpoints may hold",
	.operand = "SIZE",
	.options = OPT_BIT(OPT_SAFE_CHANGE) | OPT_BIT(OPT_TIMEOUT_SEND),
	.about =
	"Says how much all checkpoints together may hold, on all nodes; without a size,\n"
	"tells that. What is there stays there, also if it is more. It may be half of\n"
	"the module parameter ckpt_most_mib, which is 512 at first.",
	.examples =
	"  pfsnl ckpt limit\n"
	"  pfsnl ckpt limit 256M\n",
	.run = run_limit,
};
