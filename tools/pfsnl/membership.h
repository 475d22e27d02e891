/* SPDX-License-Identifier: GPL-2.0 */
/* One call of a subcommand that is a member of a group for a while. */
#ifndef PFSNL_MEMBERSHIP_H
#define PFSNL_MEMBERSHIP_H

#include "cmd.h"
#include "loop.h"

/**
 * struct membership - is the argument of the functions that are called
 * @run: the call
 * @loop: done ends it
 * @group: the membership
 * @code: exit code to end with
 * @leaving: it was asked to end
 * @over: it has ended; set by membership_over()
 * @why: and why
 * @interrupted: a signal came
 */
struct membership {
	struct run *run;
	struct loop loop;
	struct pfsnl_group *group;
	int code;
	bool leaving;
	bool over;
	uint32_t why;
	bool interrupted;
};

/**
 * membership_run() - join the group that the operand names, and serve it
 * @m: @m->run is set
 * @calls: what is called; `over` calls membership_over()
 * @on_input: NULL, or reads what to send; @m->loop.input turns it on and off
 * @timed: how --timeout ends it
 *
 * Leaves the group when something ends the loop.
 *
 * Return: exit code, after a complaint unless EXIT_OK.
 */
int membership_run(struct membership *m, const struct pfsnl_group_calls *calls,
		   void (*on_input)(void *arg), int timed);

/** membership_over() - the membership has ended. */
void membership_over(struct membership *m, uint32_t why);

/** membership_json() - print a line; ends the loop if there is no memory. */
void membership_json(struct membership *m, struct json_object *line);

#endif
