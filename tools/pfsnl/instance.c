// SPDX-License-Identifier: GPL-2.0
/* An instance for people and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "out.h"

static bool has(const struct pfsnl_settings *s, uint64_t bits)
{
	return (s->present & bits) == bits;
}

static const char *known(const char *name)
{
	return name ? name : "unknown";
}

bool in_ring(const struct pfsnl_instance *inst)
{
	return inst->ring.seq && (inst->role == PFSNL_ROLE_CLIENT ||
				  inst->role == PFSNL_ROLE_LEADER);
}

static void show_role(const struct pfsnl_instance *inst)
{
	const struct pfsnl_settings *s = inst->settings;
	enum style color = STYLE_WARN;
	char addr[TEXT_ROOM];

	if (inst->role == PFSNL_ROLE_LEADER || inst->role == PFSNL_ROLE_CLIENT)
		color = STYLE_GOOD;
	show_row("role");
	printf("%s%s%s", style(color), known(pfsnl_role_name(inst->role)),
	       style_end());
	switch (inst->role) {
	case PFSNL_ROLE_CLIENT:
		printf(" of %s", text_addr(addr, inst->ring.leader));
		break;
	case PFSNL_ROLE_LISTENING:
		if (has(s, PFSNL_HAS_PRIORITY) && !s->priority)
			printf(", waits for a leader (with priority 0 it never leads itself)");
		else
			printf(", waits for a leader or to lead itself");
		break;
	case PFSNL_ROLE_ORPHAN:
		printf(", lost its leader; the list is kept until somebody leads again");
		break;
	case PFSNL_ROLE_LEAVING:
		printf(", said goodbye and waits for the answers");
		break;
	}
	putchar('\n');
}

static void show_votes(const struct pfsnl_instance *inst)
{
	const struct pfsnl_settings *s = inst->settings;

	if (!has(s, PFSNL_HAS_VOTES | PFSNL_HAS_EXPECTED_VOTES))
		return;
	show_row("votes");
	printf("%u", s->votes);
	/* What the leader says is what counts. */
	if (s->expected_votes != inst->expected_votes)
		printf("; expected-votes is %u here, but %u for the leader",
		       s->expected_votes, inst->expected_votes);
	printf("\n");
}

static void show_timing(const struct pfsnl_settings *s)
{
	char span[TEXT_ROOM];

	if (!has(s, PFSNL_HAS_INTERVAL | PFSNL_HAS_DEAD))
		return;
	show_row("timing");
	printf("beacon every %s, ", text_ms(span, s->interval));
	printf("dead after %u missed (%s)\n", s->dead,
	       text_ms(span, (uint64_t)s->interval * s->dead));
}

static void show_beacon_to(const struct pfsnl_instance *inst)
{
	const struct pfsnl_settings *s = inst->settings;
	char addr[TEXT_ROOM];
	uint32_t i;

	if (!has(s, PFSNL_HAS_BEACON_TO | PFSNL_HAS_PORT))
		return;
	show_row("beacons to");
	switch (s->beacon_to) {
	case PFSNL_BEACON_TO_BROADCAST:
		printf("broadcast %s", text_addr(addr, inst->broadcast));
		break;
	case PFSNL_BEACON_TO_MULTICAST:
		printf("multicast group %s", text_addr(addr, s->group));
		break;
	case PFSNL_BEACON_TO_STATIC:
		printf("the list");
		for (i = 0; i < s->num_static_peers; i++)
			printf("%s%s", i ? ", " : " ",
			       text_addr(addr, s->static_peers[i]));
		break;
	default:
		printf("unknown");
	}
	printf(", UDP port %u\n", s->port);
}

static void show_messages(const struct pfsnl_instance *inst)
{
	const struct pfsnl_settings *s = inst->settings;
	char span[TEXT_ROOM];
	uint64_t drain;

	if (!has(s, PFSNL_HAS_RETAIN | PFSNL_HAS_DRAIN |
		    PFSNL_HAS_INTERVAL | PFSNL_HAS_DEAD))
		return;
	show_row("messages");
	/* Rounded up: something is kept, even if it is not a KiB. */
	printf("%" PRIu64 " of %u KiB kept", (inst->log_bytes + 1023) / 1024,
	       s->retain);
	if (inst->out_bytes)
		printf(", %" PRIu64 " KiB wait to be sent",
		       (inst->out_bytes + 1023) / 1024);
	drain = s->drain;
	if (!drain)
		drain = 5 * (uint64_t)s->interval * s->dead;
	if (!s->drain && drain < 2000)
		drain = 2000;
	printf(", taken within %s\n", text_ms(span, drain));
}

static void show_services(const struct pfsnl_settings *s)
{
	char span[TEXT_ROOM];

	if (!has(s, PFSNL_HAS_SYNC_DEADLINE) || !s->sync_deadline)
		return;
	show_row("services");
	printf("dropped after %s without a word of them\n",
	       text_ms(span, s->sync_deadline));
}

static void show_level0(const struct pfsnl_settings *s)
{
	char span[TEXT_ROOM];

	if (!has(s, PFSNL_HAS_LEVEL0 | PFSNL_HAS_LEVEL0_DEAD |
		    PFSNL_HAS_CLUSTER))
		return;
	show_row("level 0");
	if (s->level0 == PFSNL_LEVEL0_OFF)
		printf("off\n");
	else if (s->level0 == PFSNL_LEVEL0_AUTO && strcmp(s->cluster, "pfsnl"))
		printf("auto: not served, for the cluster isn't named pfsnl\n");
	else
		printf("%s: served, dead after %s of silence\n",
		       known(pfsnl_level0_name(s->level0)),
		       text_ms(span, s->level0_dead));
}

void show_instance(struct run *run, const struct pfsnl_instance *inst)
{
	const struct pfsnl_settings *s = inst->settings;
	struct pfsnl_ring_update ring = ring_of(inst);
	char name[IF_NAMESIZE], room[TEXT_ROOM];

	show_role(inst);
	show_row("ring");
	if (!inst->ring.seq)
		printf("none yet\n");
	else
		printf("%s\n", text_ring(room, &inst->ring) + strlen("ring "));
	show_quorum(&ring);
	show_row("peers");
	printf("%s", text_nodes(room, inst->peers));
	if (has(s, PFSNL_HAS_MAX_NODES))
		printf(" (of at most %u)", s->max_nodes);
	printf("\n");
	if (has(s, PFSNL_HAS_CLUSTER)) {
		show_row("cluster");
		printf("%s\n", s->cluster);
	}
	if (has(s, PFSNL_HAS_ADDRESS)) {
		show_row("address");
		printf("%s%s%s", style(STYLE_SELF),
		       text_addr(room, s->address), style_end());
		if (has(s, PFSNL_HAS_IFINDEX))
			printf(" on %s", place_name(run, s->ifindex, name));
		printf("\n");
	}
	if (has(s, PFSNL_HAS_PRIORITY)) {
		show_row("priority");
		printf("%u%s\n", s->priority, !s->priority ?
		       " (never leads)" : has(s, PFSNL_HAS_PREEMPT) &&
		       s->preempt ? " (takes over when it is the best)" : "");
	}
	show_votes(inst);
	show_timing(s);
	show_beacon_to(inst);
	if (has(s, PFSNL_HAS_TETHER_PORT)) {
		show_row("tethers");
		printf("TCP port %u\n", s->tether_port);
	}
	show_messages(inst);
	show_services(s);
	show_level0(s);
	show_row("uptime");
	printf("%s\n", text_span(room, inst->uptime_ms));
	show_row("incarnation");
	printf("0x%016" PRIx64 "\n", inst->incarnation);
}

static void add_number(struct json_object *o, const char *key,
		       uint64_t present, uint64_t bit, uint64_t number)
{
	if (present & bit)
		json_object_object_add(o, key,
				       json_object_new_uint64(number));
}

static void add_word(struct json_object *o, const char *key, const char *word)
{
	json_object_object_add(o, key, json_object_new_string(known(word)));
}

static void json_settings(struct run *run, struct json_object *o,
			  const struct pfsnl_instance *inst)
{
	const struct pfsnl_settings *s = inst->settings;
	struct json_object *list;
	char name[IF_NAMESIZE];
	uint64_t p = s->present;
	uint32_t i;

	if (p & PFSNL_HAS_CLUSTER)
		add_word(o, "cluster", s->cluster);
	if (p & PFSNL_HAS_ADDRESS)
		json_object_object_add(o, "address", json_addr(s->address));
	if (p & PFSNL_HAS_IFINDEX)
		add_word(o, "interface", place_name(run, s->ifindex, name));
	add_number(o, "ifindex", p, PFSNL_HAS_IFINDEX, s->ifindex);
	add_number(o, "port", p, PFSNL_HAS_PORT, s->port);
	add_number(o, "tether_port", p, PFSNL_HAS_TETHER_PORT, s->tether_port);
	add_number(o, "priority", p, PFSNL_HAS_PRIORITY, s->priority);
	if (p & PFSNL_HAS_PREEMPT)
		json_object_object_add(o, "preempt",
				       json_object_new_boolean(s->preempt));
	add_number(o, "votes", p, PFSNL_HAS_VOTES, s->votes);
	add_number(o, "expected_votes", p, PFSNL_HAS_EXPECTED_VOTES,
		   s->expected_votes);
	add_number(o, "interval_ms", p, PFSNL_HAS_INTERVAL, s->interval);
	add_number(o, "dead", p, PFSNL_HAS_DEAD, s->dead);
	if (has(s, PFSNL_HAS_DEAD | PFSNL_HAS_INTERVAL))
		add_number(o, "dead_ms", p, PFSNL_HAS_DEAD,
			   (uint64_t)s->interval * s->dead);
	if (p & PFSNL_HAS_BEACON_TO)
		add_word(o, "beacon_to", pfsnl_beacon_to_name(s->beacon_to));
	if (inst->broadcast.s_addr)
		json_object_object_add(o, "broadcast",
				       json_addr(inst->broadcast));
	if (p & PFSNL_HAS_GROUP)
		json_object_object_add(o, "group", json_addr(s->group));
	if (p & PFSNL_HAS_STATIC_PEERS) {
		list = json_object_new_array();
		for (i = 0; list && i < s->num_static_peers; i++)
			json_object_array_add(list,
					      json_addr(s->static_peers[i]));
		json_object_object_add(o, "static_peers", list);
	}
	add_number(o, "max_nodes", p, PFSNL_HAS_MAX_NODES, s->max_nodes);
	add_number(o, "retain_kib", p, PFSNL_HAS_RETAIN, s->retain);
	add_number(o, "drain_ms", p, PFSNL_HAS_DRAIN, s->drain);
	add_number(o, "sync_deadline_ms", p, PFSNL_HAS_SYNC_DEADLINE,
		   s->sync_deadline);
	add_number(o, "log_bytes", p, PFSNL_HAS_RETAIN, inst->log_bytes);
	add_number(o, "out_bytes", p, PFSNL_HAS_RETAIN, inst->out_bytes);
	if (p & PFSNL_HAS_LEVEL0)
		add_word(o, "level0", pfsnl_level0_name(s->level0));
	add_number(o, "level0_dead_ms", p, PFSNL_HAS_LEVEL0_DEAD,
		   s->level0_dead);
}

struct json_object *json_instance(struct run *run,
				  const struct pfsnl_instance *inst)
{
	struct json_object *o = json_object_new_object();
	struct pfsnl_ring_update ring = ring_of(inst);

	if (!o)
		return NULL;
	add_word(o, "role", pfsnl_role_name(inst->role));
	if (inst->role == PFSNL_ROLE_DOWN)
		return o;
	json_object_object_add(o, "ring", json_ring_state(&ring));
	json_object_object_add(o, "peers",
			       json_object_new_uint64(inst->peers));
	json_settings(run, o, inst);
	json_object_object_add(o, "incarnation", json_hex(inst->incarnation));
	json_object_object_add(o, "generation",
			       json_object_new_uint64(inst->generation));
	json_object_object_add(o, "uptime_ms",
			       json_object_new_uint64(inst->uptime_ms));
	return o;
}
