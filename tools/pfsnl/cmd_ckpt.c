// SPDX-License-Identifier: GPL-2.0
/* pfsnl ckpt ls, stat, create, rm, limit */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ckpt.h"
#include "out.h"
#include "value.h"

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

static const char *flags_of(const struct pfsnl_ckpt_info *info)
{
	return info->unlinked ? "  unlinked" : info->conflict ? "  conflict" :
								"";
}

static void show_list(const struct pfsnl_ckpts *ckpts)
{
	int width = (int)strlen("CHECKPOINT"), len;
	char size[TEXT_ROOM], time[TEXT_ROOM];
	const struct pfsnl_ckpt_info *info;
	size_t i;

	for (i = 0; (info = pfsnl_ckpts_at(ckpts, i)); i++) {
		len = (int)strlen(info->name);
		if (len > width)
			width = len;
	}
	if (i)
		printf("%s%-*s  %8s  %11s  %4s  %s%s\n", style(STYLE_HEAD),
		       width, "CHECKPOINT", "SECTIONS", "SIZE", "OPEN",
		       "MODIFIED", style_end());
	for (i = 0; (info = pfsnl_ckpts_at(ckpts, i)); i++)
		printf("%-*s  %8u  %11s  %4u  %s%s%s%s\n", width, info->name,
		       info->sections, text_size(size, info->bytes),
		       info->refs, text_time(time, info->modified),
		       style(STYLE_WARN), flags_of(info), style_end());
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
	.about =
	"Lists the checkpoints of the cluster, as this node has them: sections, bytes in\n"
	"them, how often it is open, and when it was changed last; and how much of the\n"
	"limit all of them use.",
	.examples =
	"  pfsnl ckpt ls\n"
	"  pfsnl ckpt ls --json | jq -r '.checkpoints[].checkpoint'\n",
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
	putchar('\n');
}

static void show_stat(const struct pfsnl_ckpt_info *info)
{
	char a[TEXT_ROOM], b[TEXT_ROOM];

	show_row("checkpoint");
	printf("%s%s%s%s\n", info->name, style(STYLE_WARN), flags_of(info),
	       style_end());
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
	printf("%s in a section\n", text_size(a, info->attr.max_section));
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
	struct json_object *list = json_object_new_array(), *one;
	size_t i;

	if (!o || !list) {
		json_object_put(o);
		json_object_put(list);
		return NULL;
	}
	for (i = 0; i < info->num_nodes; i++) {
		one = json_object_new_object();
		if (!one)
			break;
		json_object_object_add(one, "address",
				       json_addr(info->nodes[i].addr));
		json_object_object_add(one, "incarnation",
				       json_hex(info->nodes[i].incarnation));
		json_object_object_add(one, "open",
				       json_object_new_uint64(info->nodes[i].refs));
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "nodes", list);
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
	return err ? failed(err) : EXIT_OK;
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
	"tells that. What is there stays there, also if it is more.",
	.examples =
	"  pfsnl ckpt limit\n"
	"  pfsnl ckpt limit 256M\n",
	.run = run_limit,
};
