// SPDX-License-Identifier: GPL-2.0
/* pfsnl monitor */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "ckpt.h"
#include "loop.h"
#include "out.h"

/* Bytes of a line before what happened. */
#define INDENT	35

/**
 * struct monitor - one call of the subcommand
 * @listener: hears of services; NULL without
 * @follows: checkpoints are told of
 * @begun: and were, for the first time
 * @events: that were printed
 */
struct monitor {
	struct run *run;
	struct loop loop;
	struct pfsnl_sync_listener *listener;
	bool follows;
	bool begun;
	uint32_t events;
	bool failed;
};

/* Whether events of this kind are printed. */
static bool wants(const struct monitor *m, enum opt_only kind)
{
	return !given(&m->run->args, OPT_ONLY) || m->run->args.only == kind;
}

static const char *type_name(enum pfsnl_event_type type)
{
	switch (type) {
	case PFSNL_EVENT_UPDATE:
		return "update";
	case PFSNL_EVENT_STATE:
		return "state";
	case PFSNL_EVENT_LOST:
		return "lost";
	case PFSNL_EVENT_UNLOADED:
		return "unloaded";
	case PFSNL_EVENT_LOADED:
		return "loaded";
	case PFSNL_EVENT_RING:
		return "ring";
	}
	return NULL;
}

static struct json_object *json_of(struct run *run, const struct pfsnl_event *e)
{
	struct json_object *o = json_event(type_name(e->type));

	if (!o)
		return NULL;
	if (e->update)
		json_object_object_add(o, "update", json_update(e->update));
	if (e->state)
		json_object_object_add(o, "state",
				       json_instance(run, e->state));
	if (e->ring)
		json_object_object_add(o, "ring", json_ring_update(e->ring));
	return o;
}

static void show_update(const struct pfsnl_update *u)
{
	char room[TEXT_ROOM];
	size_t i;

	printf("%s%s", style(u->adding ? STYLE_GOOD : STYLE_BAD),
	       u->adding ? "add" : "remove");
	for (i = 0; i < u->count; i++)
		printf("%s %s %s", i ? "," : "", text_addr(room, u->addrs[i]),
		       text_why(u, i));
	printf("%s; %s; generation %" PRIu64 "\n", style_end(),
	       text_ring(room, &u->ring), u->generation);
}

static void show_ring(const struct pfsnl_ring_update *r)
{
	const char *quorum;
	char room[TEXT_ROOM];
	size_t i;

	printf("%s", text_ring(room, &r->ring));
	quorum = text_quorum(room, r);
	if (quorum)
		printf("; %s%s%s", style(r->quorate ? STYLE_GOOD : STYLE_WARN),
		       quorum, style_end());
	printf("; generation %" PRIu64 "; %s", r->generation,
	       text_nodes(room, r->count));
	for (i = 0; i < r->count; i++)
		printf("%s%s", i ? ", " : ": ", text_addr(room, r->addrs[i]));
	printf("\n");
}

static void show_state(const struct pfsnl_instance *inst)
{
	const struct pfsnl_settings *s = inst->settings;
	char room[TEXT_ROOM];

	printf("%s%s%s", style(STYLE_HEAD), pfsnl_role_name(inst->role),
	       style_end());
	if (inst->role == PFSNL_ROLE_DOWN) {
		printf("\n");
		return;
	}
	printf("; %s", text_ring(room, &inst->ring));
	printf("; generation %" PRIu64, inst->generation);
	printf("; %s", text_nodes(room, inst->peers));
	printf("; priority %u, every %s, ", s->priority,
	       text_ms(room, s->interval));
	printf("dead after %u\n", s->dead);
}

static void begin_line(const char *type)
{
	char now[TEXT_ROOM];

	printf("%s%s%s  %-8s  ", style(STYLE_DIM), text_now(now), style_end(),
	       type);
}

static void show_event(const struct pfsnl_event *e)
{
	begin_line(type_name(e->type));
	switch (e->type) {
	case PFSNL_EVENT_UPDATE:
		show_update(e->update);
		break;
	case PFSNL_EVENT_STATE:
		show_state(e->state);
		break;
	case PFSNL_EVENT_RING:
		show_ring(e->ring);
		break;
	case PFSNL_EVENT_LOST:
		printf("%sevents were lost here%s\n", style(STYLE_WARN),
		       style_end());
		break;
	case PFSNL_EVENT_UNLOADED:
		printf("the module was unloaded\n");
		break;
	case PFSNL_EVENT_LOADED:
		printf("the module was loaded\n");
		break;
	}
}

/* After each event; @line: it as JSON, with --json. */
static void printed(struct monitor *m, struct json_object *line)
{
	if (m->run->json && out_json(line)) {
		m->failed = true;
		m->loop.done = true;
	}
	out_push();
	m->events++;
	if (given(&m->run->args, OPT_COUNT) &&
	    m->events >= m->run->args.count)
		m->loop.done = true;
}

static bool is_kind(const struct monitor *m, enum pfsnl_event_type type)
{
	switch (type) {
	case PFSNL_EVENT_UPDATE:
		return wants(m, ONLY_LIST);
	case PFSNL_EVENT_RING:
		return wants(m, ONLY_RING);
	case PFSNL_EVENT_STATE:
		return wants(m, ONLY_STATE);
	default:
		return true;
	}
}

static void on_event(void *arg, const struct pfsnl_event *e);

/* ---- services ------------------------------------------------------- */

static void tell_services(struct monitor *m, const struct pfsnl_sync *sync)
{
	const struct pfsnl_service *s;
	struct json_object *o = NULL;
	size_t i;

	for (i = 0; (s = pfsnl_sync_at(sync, i)) && !m->loop.done; i++) {
		if (m->run->json) {
			o = json_event("sync");
			if (o)
				json_object_object_add(o, "sync",
						       json_service(s));
		} else {
			begin_line("sync");
			show_service(s);
		}
		printed(m, o);
	}
}

static void tell_lost(struct monitor *m)
{
	const struct pfsnl_event lost = { .type = PFSNL_EVENT_LOST };

	on_event(m, &lost);
}

static void on_heard(void *arg)
{
	struct monitor *m = arg;
	struct pfsnl_sync *sync;
	int err;

	while (!m->loop.done) {
		err = pfsnl_sync_listener_next(m->listener, &sync);
		if (err == -EAGAIN)
			return;
		if (err == -ENOBUFS) {
			tell_lost(m);
			continue;
		}
		if (err) {
			m->failed = true;
			m->loop.done = true;
			failed(err);
			return;
		}
		tell_services(m, sync);
		pfsnl_sync_free(sync);
	}
}

/* Where there is no module, or an old one, there is nothing to hear. */
static void listen_anew(struct monitor *m)
{
	if (!wants(m, ONLY_SYNC))
		return;
	pfsnl_sync_listener_close(m->listener);
	m->loop.input = -1;
	if (!pfsnl_sync_listen(m->run->handle, &m->listener))
		m->loop.input = pfsnl_sync_listener_fd(m->listener);
}

/* ---- checkpoints ---------------------------------------------------- */

/* Begin one as JSON; *what gets what it is to be filled into, or NULL. */
static struct json_object *json_about(const char *event, struct json_object **what)
{
	struct json_object *o = json_event("ckpt");

	*what = o ? json_object_new_object() : NULL;
	if (!*what) {
		json_object_put(o);
		return NULL;
	}
	json_object_object_add(*what, "event", json_object_new_string(event));
	json_object_object_add(o, "ckpt", *what);
	return o;
}

/* Comes first of all, and then where they have to be read anew. */
static void on_refresh(void *arg)
{
	struct json_object *o = NULL, *what;
	struct monitor *m = arg;

	if (m->loop.done || !m->begun) {
		m->begun = true;
		return;
	}
	if (m->run->json) {
		o = json_about("refresh", &what);
	} else {
		begin_line("ckpt");
		printf("%srefresh%s: anything may have happened to checkpoints\n",
		       style(STYLE_WARN), style_end());
	}
	printed(m, o);
}

static void on_notice(void *arg, const struct pfsnl_ckpt_notice *n)
{
	struct json_object *o = NULL, *what;
	struct monitor *m = arg;
	char room[TEXT_ROOM];

	if (m->loop.done)
		return;
	if (m->run->json) {
		o = json_about(text_notice(room, n->event), &what);
		json_notice(what, n);
	} else {
		begin_line("ckpt");
		show_notice("", n);
	}
	printed(m, o);
}

static void on_conflict(void *arg, const struct pfsnl_ckpt_conflict *c)
{
	struct json_object *o = NULL, *what;
	struct monitor *m = arg;

	if (m->loop.done)
		return;
	if (m->run->json) {
		o = json_about("conflict", &what);
		json_conflict(what, c);
	} else {
		begin_line("ckpt");
		show_conflict("", INDENT, c);
	}
	printed(m, o);
}

static const struct pfsnl_ckpt_calls ckpt_calls = {
	.size = sizeof(ckpt_calls),
	.refresh = on_refresh,
	.event = on_notice,
	.conflict = on_conflict,
};

/*
 * Checkpoints are not for everybody; who did not ask for them is told that they are
 * missing. Without a module nobody knows who may; so that waits until there is one.
 * Return: EXIT_OK, or another code after a complaint.
 */
static int follow_ckpts(struct monitor *m)
{
	struct pfsnl_ckpts *ckpts;
	int err;

	if (m->follows || !wants(m, ONLY_CKPT))
		return EXIT_OK;
	err = pfsnl_ckpts_get(m->run->handle, &ckpts);
	pfsnl_ckpts_free(ckpts);
	if (err == -EPROTONOSUPPORT)
		return EXIT_OK;
	if (err != -EPERM)
		err = pfsnl_ckpt_watch_add(m->run->handle, &ckpt_calls, m);
	m->follows = !err;
	if (err && given(&m->run->args, OPT_ONLY))
		return failed(err);
	if (err == -EPERM)
		complain("checkpoints are left out: that needs CAP_NET_ADMIN");
	return EXIT_OK;
}

static void on_event(void *arg, const struct pfsnl_event *e)
{
	struct monitor *m = arg;
	struct json_object *o = NULL;

	if (e->type == PFSNL_EVENT_LOADED) {
		listen_anew(m);
		if (follow_ckpts(m) != EXIT_OK) {
			m->failed = true;
			m->loop.done = true;
		}
	}
	if (m->loop.done || !type_name(e->type) || !is_kind(m, e->type))
		return;
	if (m->run->json)
		o = json_of(m->run, e);
	else
		show_event(e);
	printed(m, o);
}

static int run_monitor(struct run *run)
{
	struct monitor m = { .run = run };
	int code = EXIT_OK, err;

	if (loop_begin(&m.loop, run->handle))
		return EXIT_FAILED;
	m.loop.on_input = on_heard;
	m.loop.arg = &m;
	err = pfsnl_monitor_add(run->handle, on_event, &m);
	if (err) {
		loop_finish(&m.loop);
		return failed(err);
	}
	listen_anew(&m);
	code = follow_ckpts(&m);
	if (code != EXIT_OK)
		goto out;
	if (given(&run->args, OPT_TIMEOUT)) {
		m.loop.forever = false;
		m.loop.timeout = run->args.timeout;
	}
	if (given(&run->args, OPT_COUNT) && !run->args.count)
		m.loop.done = true;
	switch (loop_run(&m.loop)) {
	case LOOP_TIMEOUT:
		if (given(&run->args, OPT_COUNT))
			code = EXIT_TIMEOUT;
		break;
	case LOOP_FAILED:
		code = EXIT_FAILED;
		break;
	case LOOP_DONE:
	case LOOP_SIGNAL:
	case LOOP_CLOSED:
		break;
	}
	if (m.failed)
		code = EXIT_FAILED;
out:
	if (m.follows)
		pfsnl_ckpt_watch_remove(run->handle, &ckpt_calls, &m);
	pfsnl_sync_listener_close(m.listener);
	pfsnl_monitor_remove(run->handle, on_event, &m);
	loop_finish(&m.loop);
	return code;
}

const struct cmd cmd_monitor = {
	.name = "monitor",
	.summary = "print every event of the kernel as it comes",
	.options = OPT_BIT(OPT_ONLY) | OPT_BIT(OPT_COUNT) |
		   OPT_BIT(OPT_TIMEOUT),
	.about =
	"Prints the events of the kernel just as they come: changes of the list, rings\n"
	"that are installed, changes of the role, the ring or the settings of this node,\n"
	"what services are at while they are synchronized, and, for root, what happens\n"
	"to checkpoints, their conflicts included. Nothing is made up: lost events are\n"
	"told as 'lost'. Ends with Ctrl-C.",
	.examples =
	"  pfsnl monitor\n"
	"  pfsnl monitor --only sync                 just how rings are synchronized\n"
	"  pfsnl monitor --json | jq -c 'select(.event == \"state\").state.role'\n",
	.run = run_monitor,
};
