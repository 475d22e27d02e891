// SPDX-License-Identifier: GPL-2.0
/* Services for people and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "out.h"

/* So many nodes that are waited for are named to people. */
#define NAMED_MAX	4

const char *text_phase(uint32_t phase)
{
	const char *word = pfsnl_sync_phase_name(phase);

	return word ? word : "unknown";
}

const char *text_service(char room[], const struct pfsnl_service *s)
{
	if (*s->name)
		snprintf(room, TEXT_ROOM, "%s (%u)", s->name, s->id);
	else
		snprintf(room, TEXT_ROOM, "%u", s->id);
	return room;
}

const char *text_bytes(char room[], uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	uint64_t unit = 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(room, TEXT_ROOM, "%" PRIu64 " B", bytes);
		return room;
	}
	while (i + 1 < sizeof(units) / sizeof(*units) && bytes / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	snprintf(room, TEXT_ROOM, "%" PRIu64 ".%" PRIu64 " %s", bytes / unit,
		 bytes % unit * 10 / unit, units[i]);
	return room;
}

bool in_round(const struct pfsnl_service *s)
{
	switch (s->phase) {
	case PFSNL_SYNC_PHASE_REPORT:
	case PFSNL_SYNC_PHASE_TURN:
	case PFSNL_SYNC_PHASE_PROCESS:
	case PFSNL_SYNC_PHASE_BARRIER:
		return true;
	default:
		return false;
	}
}

enum style phase_style(const struct pfsnl_service *s)
{
	if (s->phase == PFSNL_SYNC_PHASE_ACTIVE)
		return STYLE_GOOD;
	return s->phase == PFSNL_SYNC_PHASE_GONE ? STYLE_BAD : STYLE_WARN;
}

void show_waits(const struct pfsnl_service *s)
{
	char addr[TEXT_ROOM];
	uint32_t i;

	if (!s->waits)
		return;
	printf("waits for");
	for (i = 0; i < s->num_waits_for && i < NAMED_MAX; i++)
		printf("%s %s", i ? "," : "", text_addr(addr, s->waits_for[i]));
	if (s->waits > i)
		printf("%s %u more", i ? " and" : "", s->waits - i);
}

void show_service(const struct pfsnl_service *s)
{
	char ring[TEXT_ROOM], nodes[TEXT_ROOM], name[TEXT_ROOM], bytes[TEXT_ROOM];

	printf("%-15s %s%-7s%s  %s, %s", text_service(name, s),
	       style(phase_style(s)), text_phase(s->phase), style_end(),
	       text_ring(ring, &s->ring), text_nodes(nodes, s->members));
	if (s->items)
		printf(", %" PRIu64 " item%s, %s", s->items,
		       s->items == 1 ? "" : "s", text_bytes(bytes, s->bytes));
	if (s->waits) {
		printf(", ");
		show_waits(s);
	}
	putchar('\n');
}

struct json_object *json_service(const struct pfsnl_service *s)
{
	struct json_object *o = json_object_new_object();
	struct json_object *waits = json_object_new_array();
	const char *phase = pfsnl_sync_phase_name(s->phase);
	uint32_t i;

	if (!o || !waits) {
		json_object_put(o);
		json_object_put(waits);
		return NULL;
	}
	for (i = 0; i < s->num_waits_for; i++)
		json_object_array_add(waits, json_addr(s->waits_for[i]));
	json_object_object_add(o, "id", json_object_new_uint64(s->id));
	json_object_object_add(o, "name", *s->name ?
			       json_object_new_string(s->name) : NULL);
	json_object_object_add(o, "phase", phase ?
			       json_object_new_string(phase) : NULL);
	json_object_object_add(o, "since_ms",
			       json_object_new_uint64(s->since_ms));
	json_object_object_add(o, "ring", s->ring.seq ? json_ring(&s->ring) :
							NULL);
	json_object_object_add(o, "active_ring", s->active_ring.seq ?
			       json_ring(&s->active_ring) : NULL);
	json_object_object_add(o, "activated",
			       json_object_new_uint64(s->activated));
	json_object_object_add(o, "aborted",
			       json_object_new_uint64(s->aborted));
	json_object_object_add(o, "ops", json_object_new_uint64(s->ops));
	json_object_object_add(o, "members",
			       json_object_new_uint64(s->members));
	json_object_object_add(o, "transmits",
			       json_object_new_boolean(s->transmits));
	json_object_object_add(o, "items", json_object_new_uint64(s->items));
	json_object_object_add(o, "bytes", json_object_new_uint64(s->bytes));
	/* No service has its turn when it is 0. */
	json_object_object_add(o, "turn", s->turn ?
			       json_object_new_uint64(s->turn) : NULL);
	json_object_object_add(o, "waits", json_object_new_uint64(s->waits));
	json_object_object_add(o, "waits_for", waits);
	return o;
}
