// SPDX-License-Identifier: GPL-2.0
/* pfsnl sync */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "loop.h"
#include "out.h"

/* How often the bar is drawn anew, ms, and how wide it is. */
#define BAR_MS		200
#define BAR_WIDTH	20

/* ---- once ----------------------------------------------------------- */

static void show_one(const struct pfsnl_service *s, int width)
{
	char since[TEXT_ROOM], bytes[TEXT_ROOM];

	printf("%5u  %-*s  %s%-7s%s  %7s  %5u  %9" PRIu64 "  %9s", s->id, width,
	       *s->name ? s->name : "-", style(phase_style(s)),
	       text_phase(s->phase), style_end(), text_span(since, s->since_ms),
	       s->members, s->items, text_bytes(bytes, s->bytes));
	if (s->waits) {
		printf("  ");
		show_waits(s);
	}
	putchar('\n');
}

static void show_all(const struct pfsnl_sync *sync)
{
	int width = (int)strlen("NAME"), len;
	const struct pfsnl_service *s;
	size_t i;

	if (!pfsnl_sync_count(sync)) {
		printf("this node has no service\n");
		return;
	}
	for (i = 0; (s = pfsnl_sync_at(sync, i)); i++) {
		len = (int)strlen(s->name);
		if (len > width)
			width = len;
	}
	printf("%s%5s  %-*s  %-7s  %7s  %5s  %9s  %9s%s\n", style(STYLE_HEAD),
	       "ID", width, "NAME", "PHASE", "SINCE", "NODES", "ITEMS", "BYTES",
	       style_end());
	for (i = 0; (s = pfsnl_sync_at(sync, i)); i++)
		show_one(s, width);
}

static struct json_object *json_all(const struct pfsnl_sync *sync)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	const struct pfsnl_service *s;
	size_t i;

	if (!o || !list) {
		json_object_put(o);
		json_object_put(list);
		return NULL;
	}
	for (i = 0; (s = pfsnl_sync_at(sync, i)); i++)
		json_object_array_add(list, json_service(s));
	json_object_object_add(o, "services", list);
	return o;
}

static int run_once(struct run *run)
{
	struct pfsnl_sync *sync;
	int code = EXIT_OK, err;

	err = pfsnl_sync_get(run->handle, &sync);
	if (err)
		return failed(err);
	if (!run->json)
		show_all(sync);
	else if (out_json(json_all(sync)))
		code = EXIT_FAILED;
	pfsnl_sync_free(sync);
	return code;
}

/* ---- watching ------------------------------------------------------- */

/**
 * struct watcher - one call with --watch
 * @listener: NULL while there is no module
 * @bar: it draws one
 * @drawn: there is one in the last line
 * @heard: lines about what was heard
 * @code: what it ends with
 */
struct watcher {
	struct run *run;
	struct loop loop;
	struct pfsnl_sync_listener *listener;
	bool bar;
	bool drawn;
	uint32_t heard;
	int code;
};

static void wipe_bar(struct watcher *w)
{
	if (w->drawn)
		printf("\r\033[K");
	w->drawn = false;
}

static void show_line(struct watcher *w, const struct pfsnl_service *s,
		      bool initial)
{
	char now[TEXT_ROOM];

	wipe_bar(w);
	printf("%s%s%s  %c ", style(STYLE_DIM), text_now(now), style_end(),
	       initial ? '=' : '*');
	show_service(s);
}

static struct json_object *json_line(const struct pfsnl_service *s, bool initial)
{
	struct json_object *o = json_service(s);

	if (!o)
		return NULL;
	json_object_object_add(o, "time", json_now());
	json_object_object_add(o, "reason",
			       json_object_new_string(initial ? "initial" :
								"change"));
	return o;
}

static void tell(struct watcher *w, const struct pfsnl_sync *sync, bool initial)
{
	const struct pfsnl_service *s;
	size_t i;

	for (i = 0; (s = pfsnl_sync_at(sync, i)) && !w->loop.done; i++) {
		if (!w->run->json) {
			show_line(w, s, initial);
		} else if (out_json(json_line(s, initial))) {
			w->code = EXIT_FAILED;
			w->loop.done = true;
		}
		out_push();
		w->heard += !initial;
		if (given(&w->run->args, OPT_COUNT) &&
		    w->heard >= w->run->args.count && !initial)
			w->loop.done = true;
	}
}

/* All as it is. That no node runs is no failure here. */
static void tell_all(struct watcher *w)
{
	struct pfsnl_sync *sync;
	int err = pfsnl_sync_get(w->run->handle, &sync);

	if (!err) {
		tell(w, sync, true);
		pfsnl_sync_free(sync);
	} else if (err != -ENETDOWN && err != -EPROTONOSUPPORT) {
		w->code = failed(err);
		w->loop.done = true;
	}
}

static void on_heard(void *arg)
{
	struct watcher *w = arg;
	struct pfsnl_sync *sync;
	int err;

	while (!w->loop.done) {
		err = pfsnl_sync_listener_next(w->listener, &sync);
		if (err == -EAGAIN)
			return;
		if (err == -ENOBUFS) {
			tell_all(w);
			continue;
		}
		if (err) {
			w->code = failed(err);
			w->loop.done = true;
			return;
		}
		tell(w, sync, false);
		pfsnl_sync_free(sync);
	}
}

static int listen_anew(struct watcher *w)
{
	int err;

	pfsnl_sync_listener_close(w->listener);
	w->loop.input = -1;
	err = pfsnl_sync_listen(w->run->handle, &w->listener);
	if (!err)
		w->loop.input = pfsnl_sync_listener_fd(w->listener);
	return err;
}

/* The node came or went, perhaps with the module. */
static void on_update(void *arg, const struct pfsnl_update *u)
{
	struct watcher *w = arg;
	char now[TEXT_ROOM];

	if (w->loop.done || u->reason != PFSNL_UPDATE_REFRESH)
		return;
	if (u->instance) {
		if (!listen_anew(w))
			tell_all(w);
		return;
	}
	if (w->run->json)
		return;
	wipe_bar(w);
	printf("%s%s%s  = this node is down\n", style(STYLE_DIM), text_now(now),
	       style_end());
	out_push();
}

/* The service whose turn it is, or the first that is in a round. */
static const struct pfsnl_service *pick(const struct pfsnl_sync *sync)
{
	const struct pfsnl_service *s, *best = NULL;
	size_t i;

	for (i = 0; (s = pfsnl_sync_at(sync, i)); i++)
		if (in_round(s) && (!best || s->id == s->turn))
			best = s;
	return best;
}

/* Nodes that are done of those that have the service. */
static void draw_bar(struct watcher *w)
{
	char name[TEXT_ROOM], bytes[TEXT_ROOM], since[TEXT_ROOM];
	const struct pfsnl_service *s;
	struct pfsnl_sync *sync;
	uint32_t done, full, i;

	wipe_bar(w);
	if (pfsnl_sync_get(w->run->handle, &sync))
		return;
	s = pick(sync);
	if (s) {
		done = s->members > s->waits ? s->members - s->waits : 0;
		full = s->members ? BAR_WIDTH * done / s->members : 0;
		printf("%s [", text_service(name, s));
		for (i = 0; i < BAR_WIDTH; i++)
			putchar(i < full ? '#' : '.');
		printf("] %u of %u done, %" PRIu64 " items, %s, %s", done,
		       s->members, s->items, text_bytes(bytes, s->bytes),
		       text_span(since, s->since_ms));
		w->drawn = true;
	}
	pfsnl_sync_free(sync);
	out_push();
}

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The loop, in pieces if a bar is to be drawn. */
static enum loop_end serve(struct watcher *w)
{
	bool timed = given(&w->run->args, OPT_TIMEOUT);
	int64_t end = clock_ms() + (timed ? w->run->args.timeout : 0), left;
	enum loop_end how;

	for (;;) {
		left = timed ? end - clock_ms() : INT64_MAX;
		if (left <= 0)
			return LOOP_TIMEOUT;
		w->loop.forever = !timed && !w->bar;
		w->loop.timeout = w->bar && left > BAR_MS ? BAR_MS :
							    (uint32_t)left;
		how = loop_run(&w->loop);
		if (how != LOOP_TIMEOUT)
			return how;
		if (w->bar)
			draw_bar(w);
	}
}

static int run_watch(struct run *run)
{
	struct watcher w = { .run = run, .code = EXIT_OK };
	int err;

	w.bar = !run->json && isatty(STDOUT_FILENO);
	if (loop_begin(&w.loop, run->handle))
		return EXIT_FAILED;
	w.loop.on_input = on_heard;
	w.loop.arg = &w;
	err = listen_anew(&w);
	if (!err)
		err = pfsnl_watch_add(run->handle, on_update, &w);
	if (err) {
		pfsnl_sync_listener_close(w.listener);
		loop_finish(&w.loop);
		return failed(err);
	}
	tell_all(&w);
	if (given(&run->args, OPT_COUNT) && !run->args.count)
		w.loop.done = true;
	switch (serve(&w)) {
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
	wipe_bar(&w);
	pfsnl_watch_remove(run->handle, on_update, &w);
	pfsnl_sync_listener_close(w.listener);
	loop_finish(&w.loop);
	return w.code;
}

static int run_sync(struct run *run)
{
	if (given(&run->args, OPT_WATCH))
		return run_watch(run);
	if (given(&run->args, OPT_COUNT) || given(&run->args, OPT_TIMEOUT)) {
		complain("--count and --timeout go with --watch");
		return EXIT_USAGE;
	}
	return run_once(run);
}

const struct cmd cmd_sync = {
	.name = "sync",
	.summary = "tell how far the services of this node are synchronized",
	.options = OPT_BIT(OPT_WATCH) | OPT_BIT(OPT_COUNT) |
		   OPT_BIT(OPT_TIMEOUT),
	.about =
	"Tells of each service of this node, by rising id, what it is at, and for how\n"
	"long: 'report' (nodes say what they have), 'turn' (services of lower ids come\n"
	"first), 'process' (this node transmits), 'barrier' (this node is done, others\n"
	"are not), 'active' (its state is that of all), or 'new' (it takes part from the\n"
	"next ring on); how many nodes have it, what came in this round, and who is\n"
	"waited for. With --watch a line when a round begins, is aborted or comes to its\n"
	"end, and on a terminal a bar of the nodes that are done; ends with Ctrl-C.",
	.examples =
	"  pfsnl sync\n"
	"  pfsnl sync --watch\n"
	"  pfsnl sync --json | jq -r '.services[] | select(.waits > 0).waits_for[]'\n",
	.run = run_sync,
};
