// SPDX-License-Identifier: GPL-2.0
/* Joins a group, serves the membership in the loop, and leaves. */
#include <errno.h>
#include <stdio.h>

#include "membership.h"
#include "out.h"

/* What to say of a membership that ended by itself. */
static const char *meaning(uint32_t why)
{
	switch (why) {
	case PFSNL_GROUP_WHY_SLOW:
		return "it did not take its events in time";
	case PFSNL_GROUP_WHY_SILENT:
		return "it gave no sign of life in time";
	case PFSNL_GROUP_WHY_NODE_LOST:
		return "this node fell out of the ring";
	case PFSNL_GROUP_WHY_DOWN:
		return "this node was stopped";
	case PFSNL_GROUP_WHY_NO_MEMORY:
		return "there was no memory to tell what happened";
	default:
		return text_group_why(why);
	}
}

void membership_over(struct membership *m, uint32_t why)
{
	m->over = true;
	m->why = why;
	m->loop.done = true;
}

void membership_json(struct membership *m, struct json_object *line)
{
	if (!out_json(line))
		return;
	m->code = EXIT_FAILED;
	m->loop.done = true;
}

static void end(struct membership *m)
{
	if (m->over) {
		pfsnl_group_close(m->group);
		return;
	}
	m->leaving = true;
	/* Also when this isn't told in time, the node goes on leaving. */
	pfsnl_group_leave(m->group, PFSNL_WAIT_DEFAULT);
}

int membership_run(struct membership *m, const struct pfsnl_group_calls *calls,
		   void (*on_input)(void *arg), int timed)
{
	struct run *run = m->run;
	int err;

	if (loop_begin(&m->loop, run->handle))
		return EXIT_FAILED;
	m->loop.on_input = on_input;
	m->loop.arg = m;
	if (given(&run->args, OPT_TIMEOUT) ||
	    given(&run->args, OPT_TIMEOUT_SEND)) {
		m->loop.forever = false;
		m->loop.timeout = run->args.timeout;
	}
	err = pfsnl_group_join(run->handle, run->operand, calls, m, NULL,
			       &m->group);
	if (err) {
		loop_finish(&m->loop);
		return failed(err);
	}
	m->loop.group = m->group;
	switch (loop_run(&m->loop)) {
	case LOOP_TIMEOUT:
		m->code = timed;
		break;
	case LOOP_FAILED:
		m->code = EXIT_FAILED;
		break;
	case LOOP_SIGNAL:
		m->interrupted = true;
		break;
	case LOOP_DONE:
	case LOOP_CLOSED:
		break;
	}
	m->loop.done = true;
	end(m);
	loop_finish(&m->loop);
	if (m->over && !m->leaving) {
		complain("the membership is over: %s", meaning(m->why));
		m->code = m->why == PFSNL_GROUP_WHY_DOWN ? EXIT_STATE :
							   EXIT_FAILED;
	}
	return m->code;
}
