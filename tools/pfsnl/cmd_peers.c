// SPDX-License-Identifier: GPL-2.0
/* pfsnl peers */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "out.h"

static const char *marks(const struct pfsnl_peer *p)
{
	if (p->self)
		return p->leader ? "leader, self" : "self";
	return p->leader ? "leader" : "";
}

static enum style style_of(const struct pfsnl_peer *p)
{
	return p->leader ? STYLE_GOOD : p->self ? STYLE_SELF : STYLE_PLAIN;
}

static void show_peer(const struct pfsnl_peer *p, int addr_width,
		      int marks_width)
{
	char room[TEXT_ROOM], heard[TEXT_ROOM + 8], priority[16];

	if (p->level)
		snprintf(priority, sizeof(priority), "%u", p->priority);
	else
		strcpy(priority, "-");
	if (p->self || p->heard_ms == PFSNL_NEVER)
		strcpy(heard, "-");
	else
		snprintf(heard, sizeof(heard), "%s ago",
			 text_span(room, p->heard_ms));
	printf("%s%-*s  %-*s", style(style_of(p)), addr_width,
	       text_addr(room, p->addr), marks_width, marks(p));
	printf("  %7s  %10s  %5u  %8s%s\n", text_span(room, p->age_ms), heard,
	       p->level, priority, style_end());
}

static void show_peers(const struct pfsnl_peers *peers)
{
	int addr_width = (int)strlen("ADDRESS"), marks_width = 0, len;
	const struct pfsnl_peer *p;
	char room[TEXT_ROOM];
	size_t i;

	for (i = 0; (p = pfsnl_peers_at(peers, i)); i++) {
		len = (int)strlen(text_addr(room, p->addr));
		if (len > addr_width)
			addr_width = len;
		len = (int)strlen(marks(p));
		if (len > marks_width)
			marks_width = len;
	}
	if (!pfsnl_peers_count(peers)) {
		printf("nobody yet: this node is in no ring; 'pfsnl status' tells why\n");
		return;
	}
	printf("%s%-*s  %-*s  %7s  %10s  %5s  %8s%s\n", style(STYLE_HEAD),
	       addr_width, "ADDRESS", marks_width, "", "AGE", "HEARD", "LEVEL",
	       "PRIORITY", style_end());
	for (i = 0; (p = pfsnl_peers_at(peers, i)); i++)
		show_peer(p, addr_width, marks_width);
}

static struct json_object *json_peer(const struct pfsnl_peer *p)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	json_object_object_add(o, "address", json_addr(p->addr));
	json_object_object_add(o, "self", json_object_new_boolean(p->self));
	json_object_object_add(o, "leader",
			       json_object_new_boolean(p->leader));
	json_object_object_add(o, "level", json_object_new_int(p->level));
	json_object_object_add(o, "priority",
			       json_object_new_int(p->priority));
	json_object_object_add(o, "tether_port", json_object_new_int(p->port));
	json_object_object_add(o, "age_ms", json_object_new_uint64(p->age_ms));
	json_object_object_add(o, "heard_ms", p->heard_ms == PFSNL_NEVER ?
			       NULL : json_object_new_uint64(p->heard_ms));
	json_object_object_add(o, "incarnation", json_hex(p->incarnation));
	return o;
}

static struct json_object *json_peers(const struct pfsnl_peers *peers)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	const struct pfsnl_peer *p;
	size_t i;

	if (!o || !list) {
		json_object_put(o);
		json_object_put(list);
		return NULL;
	}
	for (i = 0; (p = pfsnl_peers_at(peers, i)); i++)
		json_object_array_add(list, json_peer(p));
	json_object_object_add(o, "peers", list);
	json_object_object_add(o, "generation",
			       json_object_new_uint64(pfsnl_peers_generation(peers)));
	return o;
}

static int run_peers(struct run *run)
{
	struct pfsnl_peers *peers;
	int code = EXIT_OK, err;

	err = pfsnl_peers_get(run->handle, &peers);
	if (err)
		return failed(err);
	if (!run->json)
		show_peers(peers);
	else if (out_json(json_peers(peers)))
		code = EXIT_FAILED;
	pfsnl_peers_free(peers);
	return code;
}

const struct cmd cmd_peers = {
	.name = "peers",
	.summary = "list the nodes of the cluster, this one included",
	.about =
	"Lists the nodes in the order of their addresses: how long each has been in the\n"
	"list of this node, when its last beacon was heard ('-': none was; once in a\n"
	"ring, a client hears only its leader), its level (0: sends the bare nine bytes)\n"
	"and its priority.",
	.examples =
	"  pfsnl peers\n"
	"  pfsnl peers --json | jq -r '.peers[].address'\n"
	"  pfsnl peers --json | jq -r '.peers[] | select(.leader).address'\n",
	.run = run_peers,
};
