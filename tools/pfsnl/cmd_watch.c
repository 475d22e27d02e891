// SPDX-License-Identifier: GPL-2.0
/* pfsnl watch */
#include <stdio.h>

#include "cmd.h"
#include "loop.h"
#include "out.h"

/**
 * struct watcher - one call of the subcommand
 * @nodes: how many the list has now
 * @changes: updates after the initial one
 */
struct watcher {
	struct run *run;
	struct loop loop;
	size_t nodes;
	uint32_t changes;
	bool failed;
};

static const char *reason_name(enum pfsnl_update_reason reason)
{
	switch (reason) {
	case PFSNL_UPDATE_INITIAL:
		return "initial";
	case PFSNL_UPDATE_CHANGE:
		return "change";
	case PFSNL_UPDATE_REFRESH:
		return "refresh";
	}
	return "unknown";
}

static struct json_object *json_line(const struct watcher *w,
				     const struct pfsnl_update *u)
{
	struct json_object *o = json_update(u);

	if (!o)
		return NULL;
	json_object_object_add(o, "time", json_now());
	json_object_object_add(o, "reason",
			       json_object_new_string(reason_name(u->reason)));
	json_object_object_add(o, "nodes", json_object_new_uint64(w->nodes));
	return o;
}

static void show_update(const struct watcher *w, const struct pfsnl_update *u)
{
	char now[TEXT_ROOM], addr[TEXT_ROOM], ring[TEXT_ROOM], nodes[TEXT_ROOM];
	const char *tail = "";
	enum style color;
	char sign;
	size_t i;

	text_now(now);
	text_nodes(nodes, w->nodes);
	if (u->instance)
		text_ring(ring, &u->ring);
	else
		snprintf(ring, sizeof(ring), "this node is down");
	if (u->reason == PFSNL_UPDATE_INITIAL) {
		sign = '=';
		color = STYLE_PLAIN;
	} else {
		sign = u->adding ? '+' : '-';
		color = u->adding ? STYLE_GOOD : STYLE_BAD;
		if (u->reason == PFSNL_UPDATE_REFRESH && u->instance)
			tail = ", list read anew";
	}
	if (!u->count)
		printf("%s%s%s  %s= %-15s%s  %s\n", style(STYLE_DIM), now,
		       style_end(), style(color), "(nobody)", style_end(),
		       ring);
	for (i = 0; i < u->count; i++)
		printf("%s%s%s  %s%c %-15s%s  %s, %s%s\n", style(STYLE_DIM),
		       now, style_end(), style(color), sign,
		       text_addr(addr, u->addrs[i]), style_end(), ring, nodes,
		       tail);
}

static void on_update(void *arg, const struct pfsnl_update *u)
{
	struct watcher *w = arg;

	/* Several may come in one dispatch; what is beyond the count isn't told. */
	if (w->loop.done)
		return;
	if (u->adding)
		w->nodes += u->count;
	else
		w->nodes -= u->count;
	if (u->reason != PFSNL_UPDATE_INITIAL)
		w->changes++;
	if (!w->run->json) {
		show_update(w, u);
	} else if (out_json(json_line(w, u))) {
		w->failed = true;
		w->loop.done = true;
	}
	/* Lines leave one by one, also when a burst comes. */
	fflush(stdout);
	if (given(&w->run->args, OPT_COUNT) &&
	    w->changes >= w->run->args.count)
		w->loop.done = true;
}

static int run_watch(struct run *run)
{
	struct watcher w = { .run = run };
	int code = EXIT_OK, err;

	if (loop_begin(&w.loop, run->handle))
		return EXIT_FAILED;
	err = pfsnl_watch_add(run->handle, on_update, &w);
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
	if (w.failed)
		code = EXIT_FAILED;
	pfsnl_watch_remove(run->handle, on_update, &w);
	loop_finish(&w.loop);
	return code;
}

const struct cmd cmd_watch = {
	.name = "watch",
	.summary = "print the nodes, then each that comes or goes",
	.options = OPT_BIT(OPT_COUNT) | OPT_BIT(OPT_TIMEOUT),
	.about =
	"Prints the nodes there are ('=') and then a line for each that comes ('+') or\n"
	"goes ('-'), with the time, the ring, its leader, and how many nodes there are\n"
	"then. Goes on over restarts of the node and of the module, and while no node\n"
	"runs; ends with Ctrl-C.",
	.examples =
	"  pfsnl watch\n"
	"  pfsnl watch --count 1 --timeout 10        wait for the next change\n"
	"  pfsnl watch --json | jq -c '[.op, .addresses]'\n",
	.run = run_watch,
};
