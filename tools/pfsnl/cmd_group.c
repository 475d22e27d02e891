// SPDX-License-Identifier: GPL-2.0
/* pfsnl group list, pfsnl group members, pfsnl group join */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "membership.h"
#include "out.h"

/* ---- list ----------------------------------------------------------- */

static void show_groups(const struct pfsnl_groups *groups)
{
	int width = (int)strlen("GROUP"), len;
	const struct pfsnl_group_info *g;
	size_t i;

	if (!pfsnl_groups_count(groups)) {
		printf("no group has a member\n");
		return;
	}
	for (i = 0; (g = pfsnl_groups_at(groups, i)); i++) {
		len = (int)strlen(g->name);
		if (len > width)
			width = len;
	}
	printf("%s%-*s  %7s  %5s%s\n", style(STYLE_HEAD), width, "GROUP",
	       "MEMBERS", "HERE", style_end());
	for (i = 0; (g = pfsnl_groups_at(groups, i)); i++)
		printf("%-*s  %7u  %5u\n", width, g->name, g->members,
		       g->here);
}

static struct json_object *json_groups(const struct pfsnl_groups *groups)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array(), *one;
	const struct pfsnl_group_info *g;
	size_t i;

	if (!o || !list) {
		json_object_put(o);
		json_object_put(list);
		return NULL;
	}
	for (i = 0; (g = pfsnl_groups_at(groups, i)); i++) {
		one = json_object_new_object();
		if (!one)
			break;
		json_object_object_add(one, "group",
				       json_object_new_string(g->name));
		json_object_object_add(one, "members",
				       json_object_new_uint64(g->members));
		json_object_object_add(one, "here",
				       json_object_new_uint64(g->here));
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "groups", list);
	return o;
}

static int run_list(struct run *run)
{
	struct pfsnl_groups *groups;
	int code = EXIT_OK, err;

	err = pfsnl_groups_get(run->handle, &groups);
	if (err)
		return failed(err);
	if (!run->json)
		show_groups(groups);
	else if (out_json(json_groups(groups)))
		code = EXIT_FAILED;
	pfsnl_groups_free(groups);
	return code;
}

const struct cmd cmd_group_list = {
	.name = "group list",
	.summary = "list the groups of processes",
	.of_one = "group members",
	.about =
	"Lists the groups that have a member on any node of the cluster: how many they\n"
	"have, and how many of these are processes of this node.",
	.examples =
	"  pfsnl group list\n"
	"  pfsnl group list --json | jq -r '.groups[].group'\n",
	.run = run_list,
};

/* ---- members -------------------------------------------------------- */

static void show_members(const struct run *run,
			 const struct pfsnl_group_members *members)
{
	int width = (int)strlen("MEMBER"), len;
	const struct pfsnl_group_member *m;
	char room[TEXT_ROOM];
	size_t i;

	if (!pfsnl_group_members_count(members)) {
		printf("nobody is in the group %s\n", run->operand);
		return;
	}
	for (i = 0; (m = pfsnl_group_members_at(members, i)); i++) {
		len = (int)strlen(text_member(room, m));
		if (len > width)
			width = len;
	}
	printf("%s%-*s  %8s%s\n", style(STYLE_HEAD), width, "MEMBER", "PID",
	       style_end());
	for (i = 0; (m = pfsnl_group_members_at(members, i)); i++)
		printf("%s%-*s  %8u%s%s\n",
		       style(m->here ? STYLE_SELF : STYLE_PLAIN), width,
		       text_member(room, m), m->pid, m->here ? "  here" : "",
		       style_end());
}

static struct json_object *
json_members(const struct run *run, const struct pfsnl_group_members *members)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array(), *one;
	const struct pfsnl_group_member *m;
	size_t i;

	if (!o || !list) {
		json_object_put(o);
		json_object_put(list);
		return NULL;
	}
	json_object_object_add(o, "group",
			       json_object_new_string(run->operand));
	for (i = 0; (m = pfsnl_group_members_at(members, i)); i++) {
		one = json_group_member(m);
		if (one)
			json_object_object_add(one, "incarnation",
					       json_hex(m->incarnation));
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "members", list);
	return o;
}

static int run_members(struct run *run)
{
	struct pfsnl_group_members *members;
	int code = EXIT_OK, err;

	err = pfsnl_group_members_get(run->handle, run->operand, &members);
	if (err)
		return failed(err);
	if (!run->json)
		show_members(run, members);
	else if (out_json(json_members(run, members)))
		code = EXIT_FAILED;
	pfsnl_group_members_free(members);
	return code;
}

const struct cmd cmd_group_members = {
	.name = "group members",
	.summary = "list the members of a group",
	.operand = "GROUP",
	.needs_operand = true,
	.about =
	"Lists the members of a group, in the order of their nodes: the address of the\n"
	"node, the number that the membership has there, and the process.",
	.examples =
	"  pfsnl group members news\n"
	"  pfsnl group members news --json | jq '.members | length'\n",
	.run = run_members,
};

/* ---- join ----------------------------------------------------------- */

/* So much of a message is shown to people. */
#define SHOWN	200

struct joiner {
	struct membership m;	/* first: it is what is passed */
	uint32_t events;
};

static bool counted_out(const struct joiner *j)
{
	return given(&j->m.run->args, OPT_COUNT_TOLD) &&
	       j->events >= j->m.run->args.count;
}

/* After each event. */
static void told(struct joiner *j)
{
	out_push();
	j->events++;
	if (counted_out(j))
		j->m.loop.done = true;
}

static void begin_line(void)
{
	char now[TEXT_ROOM];

	printf("%s%s%s  ", style(STYLE_DIM), text_now(now), style_end());
}

/* What each object has first; NULL without memory. */
static struct json_object *json_event(const char *name)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	json_object_object_add(o, "time", json_now());
	json_object_object_add(o, "event", json_object_new_string(name));
	return o;
}

static struct json_object *
json_list(const struct pfsnl_group_member *const *members, size_t count)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; list && i < count; i++)
		json_object_array_add(list, json_group_member(members[i]));
	return list;
}

static struct json_object *json_change(const struct pfsnl_group_update *u)
{
	struct json_object *o = json_event("change");

	if (!o)
		return NULL;
	json_object_object_add(o, "first", json_object_new_boolean(u->first));
	json_object_object_add(o, "ring", json_ring(&u->ring));
	json_object_object_add(o, "members", json_list(u->members, u->count));
	json_object_object_add(o, "came", json_list(u->came, u->num_came));
	json_object_object_add(o, "gone", json_list(u->gone, u->num_gone));
	return o;
}

static void show_member(const struct pfsnl_group_update *u, char sign,
			const struct pfsnl_group_member *m)
{
	char room[TEXT_ROOM], count[TEXT_ROOM];
	enum style color = sign == '+' ? STYLE_GOOD :
			   sign == '-' ? STYLE_BAD : STYLE_PLAIN;

	begin_line();
	printf("%s%c %-17s %-11s%s  pid %u%s, %s, ring %" PRIu64 "\n",
	       style(color), sign, text_member(room, m),
	       text_group_why(m->why), style_end(), m->pid,
	       m->self ? " (this one)" : "", text_members(count, u->count),
	       u->ring.seq);
}

static void show_change(const struct pfsnl_group_update *u)
{
	size_t i;

	for (i = 0; i < u->num_gone; i++)
		show_member(u, '-', u->gone[i]);
	for (i = 0; u->first && i < u->count; i++)
		if (u->members[i]->why == PFSNL_GROUP_WHY_NONE)
			show_member(u, '=', u->members[i]);
	for (i = 0; i < u->num_came; i++)
		show_member(u, '+', u->came[i]);
	if (u->num_gone || u->num_came || u->first)
		return;
	/* The same members, in another ring. */
	char room[TEXT_ROOM], count[TEXT_ROOM];

	begin_line();
	printf("= %s, %s\n", text_members(count, u->count),
	       text_ring(room, &u->ring));
}

static void on_changed(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_update *u)
{
	struct joiner *j = arg;

	(void)group;
	if (counted_out(j))
		return;
	if (j->m.run->json)
		membership_json(&j->m, json_change(u));
	else
		show_change(u);
	told(j);
}

static void on_message(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_message *msg)
{
	struct joiner *j = arg;
	char room[TEXT_ROOM];

	(void)group;
	if (counted_out(j))
		return;
	if (j->m.run->json) {
		membership_json(&j->m, json_message(json_event("message"),
						    msg));
	} else {
		begin_line();
		printf("> %-17s %-11s  ", text_member(room, msg->sender),
		       msg->safe ? "safe" : "");
		show_text(msg->data, msg->len < SHOWN ? msg->len : SHOWN);
		if (msg->len > SHOWN)
			printf("... (%zu bytes)", msg->len);
		putchar('\n');
	}
	told(j);
}

static void on_transitional(void *arg, struct pfsnl_group *group,
			    const struct in_addr *lost, size_t count)
{
	struct json_object *o, *list;
	struct joiner *j = arg;
	char room[TEXT_ROOM];
	size_t i;

	(void)group;
	if (counted_out(j))
		return;
	if (j->m.run->json) {
		o = json_event("transitional");
		list = json_object_new_array();
		for (i = 0; list && i < count; i++)
			json_object_array_add(list, json_addr(lost[i]));
		json_object_object_add(o, "lost", list);
		membership_json(&j->m, o);
	} else {
		begin_line();
		printf("%s! the ring lost", style(STYLE_WARN));
		for (i = 0; i < count; i++)
			printf("%s %s", i ? "," : "", text_addr(room, lost[i]));
		printf("%s; who is left has what follows\n", style_end());
	}
	told(j);
}

static void on_over(void *arg, struct pfsnl_group *group, uint32_t why)
{
	struct joiner *j = arg;
	struct json_object *o;
	const char *word;

	(void)group;
	membership_over(&j->m, why);
	if (counted_out(j))
		return;
	if (j->m.run->json) {
		o = json_event("over");
		word = pfsnl_group_why_name(why);
		if (o)
			json_object_object_add(o, "why", word ?
					       json_object_new_string(word) :
					       NULL);
		membership_json(&j->m, o);
	} else {
		begin_line();
		printf("%s. the membership is over%s  %s\n",
		       style(STYLE_HEAD), style_end(), text_group_why(why));
	}
	told(j);
}

static int run_join(struct run *run)
{
	static const struct pfsnl_group_calls calls = {
		.size = sizeof(calls),
		.changed = on_changed,
		.message = on_message,
		.transitional = on_transitional,
		.over = on_over,
	};
	struct joiner j = { .m = { .run = run } };

	return membership_run(&j.m, &calls, NULL,
			      given(&run->args, OPT_COUNT_TOLD) ? EXIT_TIMEOUT :
								  EXIT_OK);
}

const struct cmd cmd_group_join = {
	.name = "group join",
	.summary = "join a group and print all that happens in it",
	.operand = "GROUP",
	.needs_operand = true,
	.options = OPT_BIT(OPT_COUNT_TOLD) | OPT_BIT(OPT_TIMEOUT),
	.about =
	"Joins a group, which need not exist before, and prints what every member is\n"
	"told, in the same order: the members there are ('='), each that comes ('+') or\n"
	"goes ('-') and why, what is said ('>'), and nodes that were lost ('!'). Leaves\n"
	"with Ctrl-C.",
	.examples =
	"  pfsnl group join news\n"
	"  pfsnl group join news --timeout 10\n"
	"  pfsnl group join news --json | jq -c '[.event, (.came[]?.address)]'\n",
	.run = run_join,
};
