// SPDX-License-Identifier: GPL-2.0
/* pfsnl up */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cmd.h"
#include "loop.h"
#include "out.h"

/**
 * struct waiter - waits until the node is in a ring
 * @code: exit code to end with
 */
struct waiter {
	struct run *run;
	struct loop loop;
	int code;
};

static void look(struct waiter *w)
{
	struct pfsnl_instance *inst;
	int err;

	err = pfsnl_instance_get(w->run->handle, &inst);
	if (err) {
		w->code = failed(err);
		w->loop.done = true;
		return;
	}
	if (in_ring(inst))
		w->loop.done = true;
	pfsnl_instance_free(inst);
}

/* Any news is reason enough to look; also that some of it was lost. */
static void on_event(void *arg, const struct pfsnl_event *event)
{
	struct waiter *w = arg;

	(void)event;
	if (!w->loop.done)
		look(w);
}

static void not_in_ring(struct run *run)
{
	struct pfsnl_instance *inst;
	char span[TEXT_ROOM];

	if (pfsnl_instance_get(run->handle, &inst))
		return;
	complain("the node is up, but in no ring after %s (its role is %s); it goes on trying",
		 text_ms(span, run->args.wait), pfsnl_role_name(inst->role));
	if (!inst->settings->priority)
		note("with priority 0 it never leads, so another node must");
	else
		note("'pfsnl stats' tells what was received and refused");
	pfsnl_instance_free(inst);
}

static int wait_for_ring(struct waiter *w)
{
	w->loop.forever = false;
	w->loop.timeout = w->run->args.wait;
	look(w);
	switch (loop_run(&w->loop)) {
	case LOOP_TIMEOUT:
		not_in_ring(w->run);
		return EXIT_TIMEOUT;
	case LOOP_SIGNAL:
		complain("interrupted; the node stays up");
		return EXIT_FAILED;
	case LOOP_FAILED:
		return EXIT_FAILED;
	case LOOP_DONE:
	case LOOP_CLOSED:
		break;
	}
	return w->code;
}

static int tell(struct run *run)
{
	char room[TEXT_ROOM], name[IF_NAMESIZE];
	struct pfsnl_instance *inst;
	int err;

	err = pfsnl_instance_get(run->handle, &inst);
	if (err)
		return failed(err);
	if (run->json) {
		err = out_json(json_instance(run, inst));
	} else {
		printf("up: %s on %s in cluster %s",
		       text_addr(room, inst->settings->address),
		       place_name(run, inst->settings->ifindex, name),
		       inst->settings->cluster);
		if (in_ring(inst)) {
			printf(", %s", pfsnl_role_name(inst->role));
			if (inst->role == PFSNL_ROLE_CLIENT)
				printf(" of %s",
				       text_addr(room, inst->ring.leader));
			printf(", ring %" PRIu64, inst->ring.seq);
			printf(", %s", text_nodes(room, inst->peers));
		}
		printf("\n");
	}
	pfsnl_instance_free(inst);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int run_up(struct run *run)
{
	struct waiter w = { .run = run, .code = EXIT_OK };
	bool wait = given(&run->args, OPT_WAIT_RING);
	struct pfsnl_settings settings;
	int code, err;

	pfsnl_settings_init(&settings);
	code = place_find(run, &settings);
	if (code != EXIT_OK)
		return code;
	settings_fill(&run->args, OPTS_START | OPTS_SET, &settings);
	if (wait) {
		if (loop_begin(&w.loop, run->handle))
			return EXIT_FAILED;
		/* Before the start, so that no change is missed. */
		err = pfsnl_monitor_add(run->handle, on_event, &w);
		if (err) {
			loop_finish(&w.loop);
			return failed(err);
		}
	}
	err = pfsnl_start(run->handle, &settings);
	if (err == -EALREADY && already_up(run))
		code = EXIT_STATE;
	else if (err)
		code = failed(err);
	else if (wait)
		code = wait_for_ring(&w);
	if (wait) {
		pfsnl_monitor_remove(run->handle, on_event, &w);
		loop_finish(&w.loop);
	}
	return code == EXIT_OK ? tell(run) : code;
}

const struct cmd cmd_up = {
	.name = "up",
	.summary = "start the node of this machine",
	.operand = "DEV|ADDRESS",
	.options = OPTS_START | OPTS_SET | OPT_BIT(OPT_CONFIG) |
		   OPT_BIT(OPT_WAIT_RING),
	.about =
	"Makes this machine a node of a cluster, on the subnet of the interface DEV or\n"
	"of the one that has ADDRESS. Without either, the only interface with an IPv4\n"
	"address is taken. What isn't said has the default given in parentheses.",
	.examples =
	"  pfsnl up eth0\n"
	"  pfsnl up eth0 --wait                      return when in a ring\n"
	"  pfsnl up 10.0.0.5 --cluster blue --priority 200\n"
	"  pfsnl up eth0 --interval 10 --dead 3      notice a loss within 30 ms\n"
	"  pfsnl up eth0 --multicast 239.192.73.19\n"
	"  pfsnl up eth0 --peers 10.0.0.1,10.0.0.2   where there is no broadcast\n"
	"  pfsnl up --config /etc/pfsnl.conf\n"
	"  pfsnl up veth0 --netns node1\n",
	.run = run_up,
};
