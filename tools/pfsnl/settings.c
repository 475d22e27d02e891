// SPDX-License-Identifier: GPL-2.0
/* From options to the settings of the library. */
#include <string.h>

#include "cmd.h"

void settings_fill(const struct args *args, uint64_t mask,
		   struct pfsnl_settings *s)
{
	uint64_t want = args->given & mask;

	if (want & OPT_BIT(OPT_PORT)) {
		s->present |= PFSNL_HAS_PORT;
		s->port = (uint16_t)args->port;
	}
	if (want & OPT_BIT(OPT_TETHER_PORT)) {
		s->present |= PFSNL_HAS_TETHER_PORT;
		s->tether_port = (uint16_t)args->tether_port;
	}
	if (want & OPT_BIT(OPT_CLUSTER)) {
		s->present |= PFSNL_HAS_CLUSTER;
		strcpy(s->cluster, args->cluster);
	}
	if (want & OPT_BIT(OPT_PRIORITY)) {
		s->present |= PFSNL_HAS_PRIORITY;
		s->priority = (uint8_t)args->priority;
	}
	if (want & OPT_BIT(OPT_PREEMPT)) {
		s->present |= PFSNL_HAS_PREEMPT;
		s->preempt = (uint8_t)args->preempt;
	}
	if (want & OPT_BIT(OPT_VOTES)) {
		s->present |= PFSNL_HAS_VOTES;
		s->votes = (uint8_t)args->votes;
	}
	if (want & OPT_BIT(OPT_EXPECTED_VOTES)) {
		s->present |= PFSNL_HAS_EXPECTED_VOTES;
		s->expected_votes = args->expected_votes;
	}
	if (want & OPT_BIT(OPT_INTERVAL)) {
		s->present |= PFSNL_HAS_INTERVAL;
		s->interval = args->interval;
	}
	if (want & OPT_BIT(OPT_DEAD)) {
		s->present |= PFSNL_HAS_DEAD;
		s->dead = args->dead;
	}
	if (want & OPT_BIT(OPT_BROADCAST)) {
		s->present |= PFSNL_HAS_BEACON_TO;
		s->beacon_to = PFSNL_BEACON_TO_BROADCAST;
	}
	if (want & OPT_BIT(OPT_MULTICAST)) {
		s->present |= PFSNL_HAS_BEACON_TO | PFSNL_HAS_GROUP;
		s->beacon_to = PFSNL_BEACON_TO_MULTICAST;
		s->group = args->group;
	}
	if (want & OPT_BIT(OPT_PEERS)) {
		s->present |= PFSNL_HAS_BEACON_TO | PFSNL_HAS_STATIC_PEERS;
		s->beacon_to = PFSNL_BEACON_TO_STATIC;
		s->num_static_peers = (uint32_t)args->num_peers;
		memcpy(s->static_peers, args->peers,
		       args->num_peers * sizeof(args->peers[0]));
	}
	if (want & OPT_BIT(OPT_MAX_NODES)) {
		s->present |= PFSNL_HAS_MAX_NODES;
		s->max_nodes = args->max_nodes;
	}
	if (want & OPT_BIT(OPT_RETAIN)) {
		s->present |= PFSNL_HAS_RETAIN;
		s->retain = args->retain;
	}
	if (want & OPT_BIT(OPT_DRAIN)) {
		s->present |= PFSNL_HAS_DRAIN;
		s->drain = args->drain;
	}
	if (want & OPT_BIT(OPT_SYNC_DEADLINE)) {
		s->present |= PFSNL_HAS_SYNC_DEADLINE;
		s->sync_deadline = args->sync_deadline;
	}
	if (want & OPT_BIT(OPT_LEVEL0)) {
		s->present |= PFSNL_HAS_LEVEL0;
		s->level0 = args->level0;
	}
	if (want & OPT_BIT(OPT_LEVEL0_DEAD)) {
		s->present |= PFSNL_HAS_LEVEL0_DEAD;
		s->level0_dead = args->level0_dead;
	}
}
