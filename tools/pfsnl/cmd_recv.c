// SPDX-License-Identifier: GPL-2.0
/* pfsnl recv */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "membership.h"
#include "out.h"

struct receiver {
	struct membership m;	/* first: it is what is passed */
	uint32_t messages;
};

static void show_message(const struct receiver *r,
			 const struct pfsnl_group_message *msg)
{
	const char *data = msg->data;

	fwrite(data, 1, msg->len, stdout);
	if (given(&r->m.run->args, OPT_RAW))
		return;
	if (!msg->len || data[msg->len - 1] != '\n')
		putchar('\n');
}

static void on_message(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_message *msg)
{
	struct receiver *r = arg;

	(void)group;
	/* Several may come in one dispatch; what is beyond the count isn't told. */
	if (r->m.loop.done)
		return;
	if (r->m.run->json)
		membership_json(&r->m,
				json_message(json_object_new_object(), msg));
	else
		show_message(r, msg);
	out_push();
	r->messages++;
	if (given(&r->m.run->args, OPT_COUNT_TOLD) &&
	    r->messages >= r->m.run->args.count)
		r->m.loop.done = true;
}

static void on_over(void *arg, struct pfsnl_group *group, uint32_t why)
{
	(void)group;
	membership_over(arg, why);
}

static int run_recv(struct run *run)
{
	static const struct pfsnl_group_calls calls = {
		.size = sizeof(calls),
		.message = on_message,
		.over = on_over,
	};
	struct receiver r = { .m = { .run = run } };

	return membership_run(&r.m, &calls, NULL,
			      given(&run->args, OPT_COUNT_TOLD) ? EXIT_TIMEOUT :
								  EXIT_OK);
}

const struct cmd cmd_recv = {
	.name = "recv",
	.summary = "join a group and print what is said to it",
	.operand = "GROUP",
	.needs_operand = true,
	.options = OPT_BIT(OPT_COUNT_TOLD) | OPT_BIT(OPT_TIMEOUT) |
		   OPT_BIT(OPT_RAW),
	.about =
	"Joins a group and prints the messages to it, each on a line of its own, from\n"
	"then on. All members print the same in the same order. Leaves with Ctrl-C.",
	.examples =
	"  pfsnl recv news\n"
	"  pfsnl recv --count 1 --raw backup > backup.tar\n"
	"  pfsnl recv news --json | jq -r '[.sender.address, .text] | @tsv'\n",
	.run = run_recv,
};
