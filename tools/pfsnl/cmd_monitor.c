// SPDX-License-Identifier: GPL-2.0
/* pfsnl monitor */
#include <inttypes.h>
#include <stdio.h>

#include "cmd.h"
#include "loop.h"
#include "out.h"

/* One call of the subcommand; @events counts what was printed. */
struct monitor {
	struct run *run;
	struct loop loop;
	uint32_t events;
	bool failed;
};

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

static struct json_object *json_event(struct run *run,
				      const struct pfsnl_event *e)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	json_object_object_add(o, "time", json_now());
	json_object_object_add(o, "event",
			       json_object_new_string(type_name(e->type)));
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

static void show_event(const struct pfsnl_event *e)
{
	char now[TEXT_ROOM];

	printf("%s%s%s  %-8s  ", style(STYLE_DIM), text_now(now), style_end(),
	       type_name(e->type));
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

static void on_event(void *arg, const struct pfsnl_event *e)
{
	struct monitor *m = arg;

	if (m->loop.done || !type_name(e->type))
		return;
	m->events++;
	if (!m->run->json) {
		show_event(e);
	} else if (out_json(json_event(m->run, e))) {
		m->failed = true;
		m->loop.done = true;
	}
	fflush(stdout);
	if (given(&m->run->args, OPT_COUNT) &&
	    m->events >= m->run->args.count)
		m->loop.done = true;
}

static int run_monitor(struct run *run)
{
	struct monitor m = { .run = run };
	int code = EXIT_OK, err;

	if (loop_begin(&m.loop, run->handle))
		return EXIT_FAILED;
	err = pfsnl_monitor_add(run->handle, on_event, &m);
	if (err) {
		loop_finish(&m.loop);
		return failed(err);
	}
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
	pfsnl_monitor_remove(run->handle, on_event, &m);
	loop_finish(&m.loop);
	return code;
}

const struct cmd cmd_monitor = {
	.name = "monitor",
	.summary = "print every event of the kernel as it comes",
	.options = OPT_BIT(OPT_COUNT) | OPT_BIT(OPT_TIMEOUT),
	.about =
	"Prints the events of the kernel just as they come, with their generation:\n"
	"changes of the list, rings that are installed, and changes of the role, the\n"
	"ring or the settings of this node. Nothing is made up: lost events are told as\n"
	"'lost'. Ends with Ctrl-C.",
	.examples =
	"  pfsnl monitor\n"
	"  pfsnl monitor --json | jq -c 'select(.event == \"state\").state.role'\n",
	.run = run_monitor,
};
