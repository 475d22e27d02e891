// SPDX-License-Identifier: GPL-2.0
/* pfsnl watch */
#include <stdio.h>

#include "cmd.h"
#include "loop.h"
#include "out.h"

/**
 * struct watcher - one call of the subcommand
 * @rings: it prints rings, too
 * @nodes: how many the list has now
 * @changes: updates, or rings if these are printed, after the initial one
 */
struct watcher {
	struct run *run;
	struct loop loop;
	bool rings;
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

/* What each line has besides; NULL without memory. */
static struct json_object *json_line(struct json_object *o, size_t nodes,
				     enum pfsnl_update_reason reason)
{
	if (!o)
		return NULL;
	json_object_object_add(o, "time", json_now());
	json_object_object_add(o, "reason",
			       json_object_new_string(reason_name(reason)));
	json_object_object_add(o, "nodes", json_object_new_uint64(nodes));
	return o;
}

static struct json_object *json_ring_line(const struct pfsnl_ring_update *r)
{
	struct json_object *o = json_ring_update(r);

	if (o)
		json_object_object_add(o, "op", json_object_new_string("ring"));
	return json_line(o, r->count, r->reason);
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
		printf("%s%s%s  %s= %-15s %-7s%s  %s\n", style(STYLE_DIM),
		       now, style_end(), style(color), "(nobody)", "",
		       style_end(), ring);
	for (i = 0; i < u->count; i++)
		printf("%s%s%s  %s%c %-15s %-7s%s  %s, %s%s\n",
		       style(STYLE_DIM), now, style_end(), style(color), sign,
		       text_addr(addr, u->addrs[i]), text_why(u, i),
		       style_end(), ring, nodes, tail);
}

static void show_ring(const struct pfsnl_ring_update *r)
{
	char now[TEXT_ROOM], ring[TEXT_ROOM], nodes[TEXT_ROOM];
	char quorum_room[TEXT_ROOM];
	const char *quorum = NULL;

	text_nodes(nodes, r->count);
	if (r->instance) {
		text_ring(ring, &r->ring);
		quorum = text_quorum(quorum_room, r);
	} else {
		snprintf(ring, sizeof(ring), "this node is down");
	}
	printf("%s%s%s  * %s, %s", style(STYLE_DIM), text_now(now),
	       style_end(), ring, nodes);
	if (quorum)
		printf(", %s%s%s", style(r->quorate ? STYLE_GOOD : STYLE_WARN),
		       quorum, style_end());
	printf("%s\n", r->reason == PFSNL_UPDATE_REFRESH && r->instance ?
	       ", read anew" : "");
}

/* After a line; @counts: it is one of those that --count counts. */
static void told(struct watcher *w, bool counts,
		 enum pfsnl_update_reason reason)
{
	/* Lines leave one by one, also when a burst comes. */
	out_push();
	if (!counts)
		return;
	if (reason != PFSNL_UPDATE_INITIAL)
		w->changes++;
	if (given(&w->run->args, OPT_COUNT) &&
	    w->changes >= w->run->args.count)
		w->loop.done = true;
}

static void say_json(struct watcher *w, struct json_object *line)
{
	if (!out_json(line))
		return;
	w->failed = true;
	w->loop.done = true;
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
	if (w->run->json)
		say_json(w, json_line(json_update(u), w->nodes, u->reason));
	else
		show_update(w, u);
	told(w, !w->rings, u->reason);
}

static void on_ring(void *arg, const struct pfsnl_ring_update *r)
{
	struct watcher *w = arg;

	if (w->loop.done)
		return;
	if (w->run->json)
		say_json(w, json_ring_line(r));
	else
		show_ring(r);
	told(w, true, r->reason);
}

static int run_watch(struct run *run)
{
	struct watcher w = {
		.run = run,
		.rings = given(&run->args, OPT_RINGS),
	};
	int code = EXIT_OK, err;

	if (loop_begin(&w.loop, run->handle))
		return EXIT_FAILED;
	err = pfsnl_watch_add(run->handle, on_update, &w);
	if (!err && w.rings)
		err = pfsnl_ring_watch_add(run->handle, on_ring, &w);
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
	if (w.rings)
		pfsnl_ring_watch_remove(run->handle, on_ring, &w);
	loop_finish(&w.loop);
	return code;
}

const struct cmd cmd_watch = {
	.name = "watch",
	.summary = "print the nodes, then each that comes or goes",
	.options = OPT_BIT(OPT_COUNT) | OPT_BIT(OPT_TIMEOUT) |
		   OPT_BIT(OPT_RINGS),
	.about =
	"Prints the nodes there are ('=') and then a line for each that comes ('+') or\n"
	"goes ('-'), with the time, why, the ring, its leader, and how many nodes there\n"
	"are then. With --rings also a line for each ring ('*'), which comes when the\n"
	"leader changes or being quorate begins or ends, too. Goes on over restarts of\n"
	"the node and of the module, and while no node runs; ends with Ctrl-C.",
	.examples =
	"  pfsnl watch\n"
	"  pfsnl watch --rings\n"
	"  pfsnl watch --count 1 --timeout 10        wait for the next change\n"
	"  pfsnl watch --json | jq -c '[.op, .addresses]'\n",
	.run = run_watch,
};
