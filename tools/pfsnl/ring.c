// SPDX-License-Identifier: GPL-2.0
/* Rings and changes of the list for people and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "out.h"

const char *text_ring(char room[], const struct pfsnl_ring *ring)
{
	char addr[TEXT_ROOM];

	if (!ring->seq)
		return strcpy(room, "no ring");
	if (!ring->leader.s_addr)
		snprintf(room, TEXT_ROOM, "ring %" PRIu64 ", no leader",
			 ring->seq);
	else
		snprintf(room, TEXT_ROOM, "ring %" PRIu64 ", leader %s",
			 ring->seq, text_addr(addr, ring->leader));
	return room;
}

struct pfsnl_ring_update ring_of(const struct pfsnl_instance *inst)
{
	return (struct pfsnl_ring_update) {
		.ring = inst->ring,
		.generation = inst->generation,
		.instance = inst->incarnation,
		.quorate = inst->quorate,
		.votes = inst->votes,
		.expected_votes = inst->expected_votes,
	};
}

const char *text_quorum(char room[], const struct pfsnl_ring_update *r)
{
	bool majority = 2 * (uint64_t)r->votes > r->expected_votes;
	const char *yet = "", *but = "";

	if (!r->expected_votes)
		return NULL;
	if (!r->quorate && majority && !r->ring.leader.s_addr)
		but = ", but no leader";
	else if (!r->quorate && majority)
		yet = " at present";
	snprintf(room, TEXT_ROOM, "%s%s, %u of %u votes%s",
		 r->quorate ? "quorate" : "not quorate", yet, r->votes,
		 r->expected_votes, but);
	return room;
}

const char *text_why(const struct pfsnl_update *update, size_t i)
{
	const char *word = pfsnl_why_name(update->why[i]);

	return word ? word : "";
}

void show_row(const char *name)
{
	printf("%s%-12s%s", style(STYLE_DIM), name, style_end());
}

void show_quorum(const struct pfsnl_ring_update *ring)
{
	char room[TEXT_ROOM];
	const char *text = text_quorum(room, ring);

	show_row("quorum");
	if (text)
		printf("%s%s%s\n", style(ring->quorate ? STYLE_GOOD :
							 STYLE_WARN),
		       text, style_end());
	else
		printf("none, no votes are expected\n");
}

static struct json_object *json_addrs(const struct in_addr *addrs, size_t count)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; list && i < count; i++)
		json_object_array_add(list, json_addr(addrs[i]));
	return list;
}

struct json_object *json_ring(const struct pfsnl_ring *ring)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	json_object_object_add(o, "seq", json_object_new_uint64(ring->seq));
	json_object_object_add(o, "leader", ring->leader.s_addr ?
			       json_addr(ring->leader) : NULL);
	json_object_object_add(o, "leader_incarnation",
			       json_hex(ring->incarnation));
	return o;
}

struct json_object *json_ring_state(const struct pfsnl_ring_update *r)
{
	struct json_object *o = json_ring(&r->ring);
	bool asked = r->expected_votes;

	if (!o)
		return NULL;
	json_object_object_add(o, "quorate", asked ?
			       json_object_new_boolean(r->quorate) : NULL);
	json_object_object_add(o, "votes", asked ?
			       json_object_new_uint64(r->votes) : NULL);
	json_object_object_add(o, "expected_votes",
			       json_object_new_uint64(r->expected_votes));
	return o;
}

struct json_object *json_ring_update(const struct pfsnl_ring_update *r)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_addrs(r->addrs, r->count);

	if (!o || !list) {
		json_object_put(o);
		json_object_put(list);
		return NULL;
	}
	json_object_object_add(o, "ring", json_ring_state(r));
	json_object_object_add(o, "addresses", list);
	json_object_object_add(o, "generation",
			       json_object_new_uint64(r->generation));
	/* No instance runs when it is 0. */
	json_object_object_add(o, "instance", r->instance ?
			       json_hex(r->instance) : NULL);
	return o;
}

struct json_object *json_update(const struct pfsnl_update *u)
{
	struct json_object *o = json_object_new_object();
	struct json_object *why = json_object_new_array();
	struct json_object *list;
	const char *word;
	size_t i;

	list = json_addrs(u->addrs, u->count);
	if (!o || !list || !why) {
		json_object_put(o);
		json_object_put(list);
		json_object_put(why);
		return NULL;
	}
	for (i = 0; i < u->count; i++) {
		word = pfsnl_why_name(u->why[i]);
		json_object_array_add(why, word ? json_object_new_string(word) :
						  NULL);
	}
	json_object_object_add(o, "op",
			       json_object_new_string(u->adding ? "add" :
								  "remove"));
	json_object_object_add(o, "addresses", list);
	json_object_object_add(o, "why", why);
	json_object_object_add(o, "ring", json_ring(&u->ring));
	json_object_object_add(o, "generation",
			       json_object_new_uint64(u->generation));
	/* No instance runs when it is 0. */
	json_object_object_add(o, "instance", u->instance ?
			       json_hex(u->instance) : NULL);
	return o;
}
