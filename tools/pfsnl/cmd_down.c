// SPDX-License-Identifier: GPL-2.0
/* pfsnl down */
#include <stdio.h>

#include "cmd.h"
#include "out.h"

static int run_down(struct run *run)
{
	struct json_object *o;
	int err;

	err = pfsnl_stop(run->handle, given(&run->args, OPT_WAIT_BYE) ?
			 (int)run->args.wait : PFSNL_WAIT_DEFAULT);
	if (err)
		return failed(err);
	if (!run->json) {
		printf("down\n");
		return EXIT_OK;
	}
	o = json_object_new_object();
	if (o)
		json_object_object_add(o, "role",
				       json_object_new_string("down"));
	return out_json(o) ? EXIT_FAILED : EXIT_OK;
}

const struct cmd cmd_down = {
	.name = "down",
	.summary = "say goodbye to the others and stop the node",
	.options = OPT_BIT(OPT_WAIT_BYE),
	.about =
	"Tells the other nodes that this one leaves, waits for their answers, and stops\n"
	"it. They see it leave at once, rather than after the time of a dead node.",
	.examples =
	"  pfsnl down\n"
	"  pfsnl down --wait 0                       don't wait for answers\n",
	.run = run_down,
};
