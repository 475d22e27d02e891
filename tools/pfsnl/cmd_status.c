// SPDX-License-Identifier: GPL-2.0
/* pfsnl status */
#include <errno.h>
#include <stdio.h>

#include "cmd.h"
#include "out.h"

static int tell_down(struct run *run)
{
	struct pfsnl_instance none = { .role = PFSNL_ROLE_DOWN };

	if (run->json)
		return out_json(json_instance(run, &none)) ? EXIT_FAILED :
							    EXIT_STATE;
	printf("%s%-12s%s%sdown%s; 'pfsnl up DEV' starts the node%s%s\n",
	       style(STYLE_DIM), "role", style_end(), style(STYLE_BAD),
	       style_end(),
	       given(&run->args, OPT_NETNS) ? " of namespace " : "",
	       given(&run->args, OPT_NETNS) ? run->args.netns : "");
	return EXIT_STATE;
}

static int run_status(struct run *run)
{
	struct pfsnl_instance *inst;
	int code = EXIT_OK, err;

	err = pfsnl_instance_get(run->handle, &inst);
	if (err == -ENETDOWN)
		return tell_down(run);
	if (err)
		return failed(err);
	if (!run->json)
		show_instance(run, inst);
	else if (out_json(json_instance(run, inst)))
		code = EXIT_FAILED;
	pfsnl_instance_free(inst);
	return code;
}

const struct cmd cmd_status = {
	.name = "status",
	.summary = "tell how the node is: role, ring, settings",
	.about =
	"Tells the role of this node, the ring it is in and its settings. The exit code\n"
	"is 4 when no node runs here.",
	.examples =
	"  pfsnl status\n"
	"  pfsnl status --netns node1\n"
	"  pfsnl status --json | jq -r .role\n",
	.run = run_status,
};
