// SPDX-License-Identifier: GPL-2.0
/* pfsnl set */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "out.h"

/*
 * What a config file says of settings that can't change now: silence if it is
 * so already, otherwise when it will be.
 */
static void tell_fixed(struct run *run, const struct pfsnl_instance *inst)
{
	const struct pfsnl_settings *s = inst->settings;
	const struct args *args = &run->args;
	char name[IF_NAMESIZE];
	bool same;
	int id;

	for (id = 0; id < NUM_OPTS; id++) {
		if (!(args->given & OPTS_START & OPT_BIT(id)))
			continue;
		switch (id) {
		case OPT_DEVICE:
			same = !strcmp(args->device,
				       place_name(run, s->ifindex, name));
			break;
		case OPT_ADDRESS:
			same = args->address.s_addr == s->address.s_addr;
			break;
		case OPT_PORT:
			same = args->port == s->port;
			break;
		case OPT_TETHER_PORT:
			same = args->tether_port == s->tether_port;
			break;
		case OPT_CLUSTER:
			same = !strcmp(args->cluster, s->cluster);
			break;
		case OPT_MAX_NODES:
			same = args->max_nodes == s->max_nodes;
			break;
		case OPT_RETAIN:
			same = args->retain == s->retain;
			break;
		default:
			same = true;
		}
		if (!same)
			complain("%s:%u: %s stays as it is until 'pfsnl down' and 'pfsnl up'",
				 args->config, args->line[id], opt_name(id));
	}
}

static int run_set(struct run *run)
{
	struct pfsnl_settings settings;
	struct pfsnl_instance *inst;
	int code = EXIT_OK, err;

	if (!(run->args.given & (OPTS_SET | OPT_BIT(OPT_CONFIG)))) {
		complain("set what? Say at least one option, such as 'pfsnl set --priority 200'");
		note("try 'pfsnl set --help'");
		return EXIT_USAGE;
	}
	pfsnl_settings_init(&settings);
	settings_fill(&run->args, OPTS_SET, &settings);
	if (settings.present) {
		err = pfsnl_set(run->handle, &settings);
		if (err)
			return failed(err);
	}
	err = pfsnl_instance_get(run->handle, &inst);
	if (err)
		return failed(err);
	tell_fixed(run, inst);
	if (run->json && out_json(json_instance(run, inst)))
		code = EXIT_FAILED;
	pfsnl_instance_free(inst);
	return code;
}

const struct cmd cmd_set = {
	.name = "set",
	.summary = "change settings of the running node",
	.options = OPTS_SET | OPT_BIT(OPT_CONFIG),
	.about =
	"Changes settings while the node runs; all of them or, when one is refused,\n"
	"none. What isn't said stays as it is (the values in parentheses are what 'up'\n"
	"begins with). Interface, address, ports, cluster, max-nodes and retain are\n"
	"settled when the node starts.",
	.examples =
	"  pfsnl set --priority 200\n"
	"  pfsnl set --interval 50 --dead 4\n"
	"  pfsnl set --broadcast                     no list or group any more\n"
	"  pfsnl set --config /etc/pfsnl.conf        after the file was edited\n",
	.run = run_set,
};
