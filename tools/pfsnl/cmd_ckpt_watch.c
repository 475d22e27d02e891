// SPDX-License-Identifier: GPL-2.0
/* pfsnl ckpt watch */
#include <stdio.h>
#include <string.h>

#include "ckpt.h"
#include "loop.h"
#include "out.h"

/* Bytes of a line before the name of an event. */
#define INDENT	27

/**
 * struct ckpt_watcher - one call of the subcommand
 * @refreshed: what is there was printed before
 * @told: events and conflicts that were printed
 */
struct ckpt_watcher {
	struct run *run;
	struct loop loop;
	bool refreshed;
	uint32_t told;
	int code;
};

/* Which events are left out, as most others come with them. */
static bool is_chatter(uint32_t event)
{
	return event == PFSNL_CKPT_EVENT_OPENED ||
	       event == PFSNL_CKPT_EVENT_CLOSED;
}

/* Whether it is about what is watched. */
static bool wanted(const struct ckpt_watcher *w, const char *name)
{
	return !w->run->operand || !*name || !strcmp(name, w->run->operand);
}

static void begin_line(void)
{
	char now[TEXT_ROOM];

	printf("%s%s%s  ", style(STYLE_DIM), text_now(now), style_end());
}

/* After each line; @counts: it is one of those that --count counts. */
static void told(struct ckpt_watcher *w, bool counts)
{
	out_push();
	if (counts)
		w->told++;
	if (given(&w->run->args, OPT_COUNT) && w->told >= w->run->args.count)
		w->loop.done = true;
}

static void say_json(struct ckpt_watcher *w, struct json_object *line)
{
	if (!out_json(line))
		return;
	w->code = EXIT_FAILED;
	w->loop.done = true;
}

/* ---- what is there -------------------------------------------------- */

static void show_there(const struct pfsnl_ckpt_info *info)
{
	char size[TEXT_ROOM], room[STATE_ROOM];
	const char *state = text_state(room, info);

	begin_line();
	printf("= %-23s  %s  %u section%s, %s%s%s\n", "", info->name,
	       info->sections, info->sections == 1 ? "" : "s",
	       text_size(size, info->bytes), *state ? ", " : "", state);
}

static void on_refresh(void *arg)
{
	struct json_object *list, *o;
	const struct pfsnl_ckpt_info *info;
	struct pfsnl_ckpts *ckpts = NULL;
	struct ckpt_watcher *w = arg;
	size_t i, n = 0;
	int err;

	if (w->loop.done)
		return;
	err = pfsnl_ckpts_get(w->run->handle, &ckpts);
	if (w->run->json) {
		o = json_event("refresh");
		list = err ? NULL : json_object_new_array();
		for (i = 0; list && (info = pfsnl_ckpts_at(ckpts, i)); i++)
			if (wanted(w, info->name))
				json_object_array_add(list, json_ckpt(info));
		if (o)
			json_object_object_add(o, "checkpoints", list);
		else
			json_object_put(list);
		say_json(w, o);
	} else {
		if (w->refreshed) {
			begin_line();
			printf("%s* read anew%s\n", style(STYLE_WARN),
			       style_end());
		}
		for (i = 0; !err && (info = pfsnl_ckpts_at(ckpts, i)); i++)
			if (wanted(w, info->name)) {
				show_there(info);
				n++;
			}
		if (!n) {
			begin_line();
			printf("= %-23s  %s%s\n", "",
			       !err && w->run->operand ? w->run->operand : "",
			       err ? pfsnl_errmsg() :
			       w->run->operand ? "  (not there)" :
						 "(no checkpoint)");
		}
	}
	pfsnl_ckpts_free(ckpts);
	w->refreshed = true;
	told(w, false);
}

/* ---- what happens --------------------------------------------------- */

static void on_event(void *arg, const struct pfsnl_ckpt_notice *n)
{
	struct ckpt_watcher *w = arg;
	char room[TEXT_ROOM];

	if (w->loop.done || !wanted(w, n->name) ||
	    (is_chatter(n->event) && !given(&w->run->args, OPT_EVENTS)))
		return;
	if (w->run->json) {
		say_json(w, json_notice(json_event(text_notice(room, n->event)),
					n));
	} else {
		begin_line();
		show_notice(". ", n);
	}
	told(w, true);
}

static void on_conflict(void *arg, const struct pfsnl_ckpt_conflict *c)
{
	struct ckpt_watcher *w = arg;

	if (w->loop.done ||
	    (!wanted(w, c->name) && !(c->kept && wanted(w, c->loser_name))))
		return;
	if (w->run->json) {
		say_json(w, json_conflict(json_event("conflict"), c));
	} else {
		begin_line();
		show_conflict("! ", INDENT, c);
	}
	told(w, true);
}

static int run_watch(struct run *run)
{
	static const struct pfsnl_ckpt_calls calls = {
		.size = sizeof(calls),
		.refresh = on_refresh,
		.event = on_event,
		.conflict = on_conflict,
	};
	struct ckpt_watcher w = { .run = run, .code = EXIT_OK };
	int err;

	if (loop_begin(&w.loop, run->handle))
		return EXIT_FAILED;
	err = pfsnl_ckpt_watch_add(run->handle, &calls, &w);
	if (err) {
		loop_finish(&w.loop);
		return failed(err);
	}
	if (given(&run->args, OPT_TIMEOUT)) {
		w.loop.forever = false;
		w.loop.timeout = run->args.timeout;
	}
	switch (loop_run(&w.loop)) {
	case LOOP_TIMEOUT:
		if (given(&run->args, OPT_COUNT))
			w.code = EXIT_TIMEOUT;
		break;
	case LOOP_FAILED:
		w.code = EXIT_FAILED;
		break;
	case LOOP_DONE:
	case LOOP_SIGNAL:
	case LOOP_CLOSED:
		break;
	}
	pfsnl_ckpt_watch_remove(run->handle, &calls, &w);
	loop_finish(&w.loop);
	return w.code;
}

const struct cmd cmd_ckpt_watch = {
	.name = "ckpt watch",
	.summary = "print the checkpoints, then what happens to them",
	.operand = "NAME",
	.options = OPT_BIT(OPT_COUNT) | OPT_BIT(OPT_TIMEOUT) |
		   OPT_BIT(OPT_EVENTS),
	.about =
	"Prints the checkpoints there are ('='), or the one of this name, and then a\n"
	"line for each thing that happens ('.'), with the time, the section, and the\n"
	"node of who did it; and for each conflict ('!') that was decided when nodes\n"
	"came together, with both sides below: the ring in which it was changed last,\n"
	"and the digest. Goes on over restarts of the node; ends with Ctrl-C.",
	.examples =
	"  pfsnl ckpt watch\n"
	"  pfsnl ckpt watch news --count 1           wait until something happens to it\n"
	"  pfsnl ckpt watch --json | jq -c 'select(.event == \"conflict\")'\n",
	.run = run_watch,
};
