/* SPDX-License-Identifier: GPL-2.0 */
/* The event loop of what follows the kernel's events. */
#ifndef PFSNL_LOOP_H
#define PFSNL_LOOP_H

#include <pfsnl.h>
#include <stdbool.h>
#include <stdint.h>

enum loop_end {
	LOOP_DONE,	/* a callback set done */
	LOOP_SIGNAL,	/* SIGINT, SIGTERM or SIGHUP */
	LOOP_TIMEOUT,	/* time ran out */
	LOOP_CLOSED,	/* nobody reads the standard output any more */
	LOOP_FAILED	/* after a complaint */
};

/**
 * struct loop - one run of the loop
 * @handle: whose watches and monitors are served
 * @forever: don't end by time
 * @timeout: milliseconds after which it ends, unless @forever
 * @done: set by a watch or monitor to end the loop
 * @group: a membership that is served, too; NULL for none
 * @input: a descriptor that is read from, too; -1 for none
 * @on_input: called with @arg when there is something to read, or the end
 */
struct loop {
	struct pfsnl *handle;
	bool forever;
	uint32_t timeout;
	bool done;
	struct pfsnl_group *group;
	int input;
	void (*on_input)(void *arg);
	void *arg;
	int signals;
	int events;
};

/**
 * loop_begin() - make ready; call it before watches are added
 *
 * From here on signals that end the loop are held back until loop_run().
 *
 * Return: 0, or -1 after a complaint.
 */
int loop_begin(struct loop *loop, struct pfsnl *handle);

/** loop_run() - serve watches and monitors until something ends it. */
enum loop_end loop_run(struct loop *loop);

/** loop_finish() - let go of what loop_begin() took. */
void loop_finish(struct loop *loop);

#endif
