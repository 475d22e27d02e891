// SPDX-License-Identifier: GPL-2.0
/* pfsnl ring */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "loop.h"
#include "out.h"

/* One call of the subcommand; @code is what it ends with. */
struct ringer {
	struct run *run;
	struct loop loop;
	int code;
};

static void show_member(struct in_addr addr, bool self, bool leader)
{
	static const char *const marks[2][2] = {
		{ "", "  leader" }, { "  self", "  leader, self" },
	};
	char room[TEXT_ROOM];

	printf("  %s%s%s%s\n", style(leader ? STYLE_GOOD : self ? STYLE_SELF :
							STYLE_PLAIN),
	       text_addr(room, addr), marks[self][leader], style_end());
}

static void show(const struct pfsnl_ring_update *r, struct in_addr self)
{
	char room[TEXT_ROOM];
	size_t i;

	show_row("ring");
	if (!r->ring.seq) {
		printf("none yet; 'pfsnl status' tells why\n");
		return;
	}
	printf("%" PRIu64 "\n", r->ring.seq);
	show_row("leader");
	printf("%s\n", r->ring.leader.s_addr ?
	       text_addr(room, r->ring.leader) : "none");
	show_quorum(r);
	show_row("nodes");
	printf("%zu\n", r->count);
	for (i = 0; i < r->count; i++)
		show_member(r->addrs[i], r->addrs[i].s_addr == self.s_addr,
			    r->addrs[i].s_addr == r->ring.leader.s_addr);
}

static struct json_object *json_member(struct in_addr addr, bool self,
				       bool leader)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	json_object_object_add(o, "address", json_addr(addr));
	json_object_object_add(o, "self", json_object_new_boolean(self));
	json_object_object_add(o, "leader", json_object_new_boolean(leader));
	return o;
}

static struct json_object *json(const struct pfsnl_ring_update *r,
				struct in_addr self)
{
	struct json_object *o = json_ring_update(r);
	struct json_object *members = json_object_new_array();
	size_t i;

	if (!o || !members) {
		json_object_put(o);
		json_object_put(members);
		return NULL;
	}
	for (i = 0; i < r->count; i++)
		json_object_array_add(members,
				      json_member(r->addrs[i],
						  r->addrs[i].s_addr ==
						  self.s_addr,
						  r->addrs[i].s_addr ==
						  r->ring.leader.s_addr));
	json_object_object_del(o, "addresses");
	json_object_object_add(o, "members", members);
	return o;
}

static void on_ring(void *arg, const struct pfsnl_ring_update *r)
{
	struct pfsnl_instance *inst;
	struct ringer *ringer = arg;
	struct in_addr self = { 0 };
	int err;

	if (ringer->loop.done)
		return;
	ringer->loop.done = true;
	/* Also for the text when no instance runs. */
	err = pfsnl_instance_get(ringer->run->handle, &inst);
	if (err) {
		ringer->code = failed(err);
		return;
	}
	if (inst->incarnation == r->instance)
		self = inst->settings->address;
	pfsnl_instance_free(inst);
	if (!ringer->run->json)
		show(r, self);
	else if (out_json(json(r, self)))
		ringer->code = EXIT_FAILED;
}

static int run_ring(struct run *run)
{
	struct ringer ringer = { .run = run, .code = EXIT_OK };
	int err;

	/* The first update of a watch has all that is asked, at one moment. */
	if (loop_begin(&ringer.loop, run->handle))
		return EXIT_FAILED;
	err = pfsnl_ring_watch_add(run->handle, on_ring, &ringer);
	if (err) {
		loop_finish(&ringer.loop);
		return failed(err);
	}
	switch (loop_run(&ringer.loop)) {
	case LOOP_SIGNAL:
	case LOOP_FAILED:
		ringer.code = EXIT_FAILED;
		break;
	case LOOP_DONE:
	case LOOP_TIMEOUT:
	case LOOP_CLOSED:
		break;
	}
	pfsnl_ring_watch_remove(run->handle, on_ring, &ringer);
	loop_finish(&ringer.loop);
	return ringer.code;
}

const struct cmd cmd_ring = {
	.name = "ring",
	.summary = "tell the ring: leader, nodes, whether it is quorate",
	.about =
	"Tells the ring that this node has installed, which is one version of the list,\n"
	"the same on all nodes: its number, its leader, its nodes, and whether it is\n"
	"quorate, which means that they have more than half of the expected votes.",
	.examples =
	"  pfsnl ring\n"
	"  pfsnl ring --json | jq .ring.quorate\n"
	"  pfsnl watch --rings                       each ring as it comes\n",
	.run = run_ring,
};
