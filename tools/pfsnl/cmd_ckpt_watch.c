// SPDX-License-Identifier: GPL-2.0
/* pfsnl ckpt watch */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ckpt.h"
#include "loop.h"
#include "out.h"

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
	fflush(stdout);
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

static struct json_object *json_event(const char *name)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	json_object_object_add(o, "time", json_now());
	json_object_object_add(o, "event", json_object_new_string(name));
	return o;
}

/* ---- what is there -------------------------------------------------- */

static void show_there(const struct pfsnl_ckpt_info *info)
{
	char size[TEXT_ROOM];

	begin_line();
	printf("= %-20s  %s  %u section%s, %s%s\n", "", info->name,
	       info->sections, info->sections == 1 ? "" : "s",
	       text_size(size, info->bytes),
	       info->unlinked ? ", unlinked" :
	       info->conflict ? ", lost in a conflict" : "");
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
			printf("= %-20s  %s\n", "", err ? pfsnl_errmsg() :
			       w->run->operand ? "(not there)" :
						 "(no checkpoint)");
		}
	}
	pfsnl_ckpts_free(ckpts);
	w->refreshed = true;
	told(w, false);
}

/* ---- what happens --------------------------------------------------- */

static enum style style_of(uint32_t event)
{
	switch (event) {
	case PFSNL_CKPT_EVENT_CREATED:
	case PFSNL_CKPT_EVENT_SECTION_CREATED:
	case PFSNL_CKPT_EVENT_ACTIVATED:
		return STYLE_GOOD;
	case PFSNL_CKPT_EVENT_UNLINKED:
	case PFSNL_CKPT_EVENT_EXPIRED:
	case PFSNL_CKPT_EVENT_SECTION_DELETED:
	case PFSNL_CKPT_EVENT_SECTION_EXPIRED:
		return STYLE_BAD;
	case PFSNL_CKPT_EVENT_SUSPENDED:
	case PFSNL_CKPT_EVENT_OUT:
		return STYLE_WARN;
	default:
		return STYLE_PLAIN;
	}
}

static const char *event_name(uint32_t event, char room[TEXT_ROOM])
{
	const char *name = pfsnl_ckpt_event_name(event);

	if (name)
		return name;
	snprintf(room, TEXT_ROOM, "event-%u", event);
	return room;
}

static struct json_object *json_notice(const struct pfsnl_ckpt_notice *n)
{
	char id[ID_ROOM], room[TEXT_ROOM];
	struct json_object *o = json_event(event_name(n->event, room));

	if (!o)
		return NULL;
	json_object_object_add(o, "checkpoint", *n->name ?
			       json_object_new_string(n->name) : NULL);
	json_object_object_add(o, "section", n->section ?
			       json_object_new_string(id_text(id, n->section,
							      n->section_len)) :
			       NULL);
	json_object_object_add(o, "address", n->addr.s_addr ?
			       json_addr(n->addr) : NULL);
	json_object_object_add(o, "stamp", n->time ? json_time(n->time) : NULL);
	json_object_object_add(o, "generation",
			       json_object_new_uint64(n->generation));
	if (n->error)
		json_object_object_add(o, "error",
				       json_object_new_string(pfsnl_strerror(n->error)));
	return o;
}

static void on_event(void *arg, const struct pfsnl_ckpt_notice *n)
{
	char id[ID_ROOM], room[TEXT_ROOM];
	struct ckpt_watcher *w = arg;

	if (w->loop.done || !wanted(w, n->name) ||
	    (is_chatter(n->event) && !given(&w->run->args, OPT_EVENTS)))
		return;
	if (w->run->json) {
		say_json(w, json_notice(n));
	} else {
		begin_line();
		printf("%s. %-20s%s  %s", style(style_of(n->event)),
		       event_name(n->event, room), style_end(), n->name);
		if (n->section)
			printf("  %s", id_text(id, n->section, n->section_len));
		if (n->addr.s_addr)
			printf("  by %s", text_addr(room, n->addr));
		if (n->error)
			printf("  %s", pfsnl_strerror(n->error));
		putchar('\n');
	}
	told(w, true);
}

static const char *conflict_name(uint32_t why, char room[TEXT_ROOM])
{
	const char *name = pfsnl_ckpt_conflict_name(why);

	if (name)
		return name;
	snprintf(room, TEXT_ROOM, "conflict-%u", why);
	return room;
}

/* The kernel tells who won by its number only. */
static void find_name(struct ckpt_watcher *w,
		      const struct pfsnl_ckpt_conflict *c,
		      char name[PFSNL_CKPT_NAME_MAX + 1])
{
	const struct pfsnl_ckpt_info *info;
	struct pfsnl_ckpts *ckpts = NULL;
	size_t i;

	snprintf(name, PFSNL_CKPT_NAME_MAX + 1, "%s", c->name);
	if (*name || pfsnl_ckpts_get(w->run->handle, &ckpts))
		return;
	for (i = 0; (info = pfsnl_ckpts_at(ckpts, i)); i++)
		if (info->number.incarnation == c->number.incarnation &&
		    info->number.counter == c->number.counter &&
		    info->number.addr.s_addr == c->number.addr.s_addr)
			snprintf(name, PFSNL_CKPT_NAME_MAX + 1, "%s",
				 info->name);
	pfsnl_ckpts_free(ckpts);
}

static struct json_object *json_conflict(const struct pfsnl_ckpt_conflict *c,
					 const char *name)
{
	struct json_object *o = json_event("conflict");
	char room[TEXT_ROOM];

	if (!o)
		return NULL;
	json_object_object_add(o, "about",
			       json_object_new_string(conflict_name(c->why,
								    room)));
	json_object_object_add(o, "checkpoint", *name ?
			       json_object_new_string(name) : NULL);
	json_object_object_add(o, "digest", json_digest(c->digest));
	json_object_object_add(o, "loser", c->kept ?
			       json_object_new_string(c->loser_name) : NULL);
	json_object_object_add(o, "loser_digest", c->kept ?
			       json_digest(c->loser_digest) : NULL);
	json_object_object_add(o, "generation",
			       json_object_new_uint64(c->generation));
	return o;
}

static void on_conflict(void *arg, const struct pfsnl_ckpt_conflict *c)
{
	char room[TEXT_ROOM], name[PFSNL_CKPT_NAME_MAX + 1];
	struct ckpt_watcher *w = arg;

	if (w->loop.done)
		return;
	find_name(w, c, name);
	if (!wanted(w, name) && !(c->kept && wanted(w, c->loser_name)))
		return;
	if (w->run->json) {
		say_json(w, json_conflict(c, name));
	} else {
		begin_line();
		printf("%s! conflict, %-10s%s  %s", style(STYLE_WARN),
		       conflict_name(c->why, room), style_end(), name);
		if (c->kept)
			printf("  the other is %s", c->loser_name);
		else if (c->why == PFSNL_CKPT_CONFLICT_WHY_UNLINKED)
			printf("  stays, though it was unlinked elsewhere");
		putchar('\n');
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
	"came together. Goes on over restarts of the node; ends with Ctrl-C.",
	.examples =
	"  pfsnl ckpt watch\n"
	"  pfsnl ckpt watch news --count 1           wait until something happens to it\n"
	"  pfsnl ckpt watch --json | jq -c 'select(.event == \"conflict\")'\n",
	.run = run_watch,
};
