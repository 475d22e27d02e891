// SPDX-License-Identifier: GPL-2.0
/*
 * The settings of a node: defaults and what they may be.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "config.h"

/**
 * pfsnl_config_defaults - settings of a node of which nothing was said
 * @cfg: overwritten; address and broadcast address are left zero
 */
void pfsnl_config_defaults(struct pfsnl_config *cfg)
{
	*cfg = (struct pfsnl_config) {
		.cluster	= PFSNL_CLUSTER_DEFAULT,
		.port		= PFSNL_PORT_DEFAULT,
		.tether_port	= PFSNL_PORT_DEFAULT,
		.priority	= PFSNL_PRIORITY_DEFAULT,
		.beacon_to	= PFSNL_BEACON_TO_BROADCAST,
		.level0		= PFSNL_LEVEL0_AUTO,
		.interval_ms	= PFSNL_INTERVAL_MS_DEFAULT,
		.dead		= PFSNL_DEAD_DEFAULT,
		.level0_dead_ms	= PFSNL_LEVEL0_DEAD_MS_DEFAULT,
		.max_nodes	= PFSNL_MAX_NODES_DEFAULT,
		.votes		= PFSNL_VOTES_DEFAULT,
		.retain_kib	= PFSNL_RETAIN_KIB_DEFAULT,
	};
}

static bool is_multicast(u32 addr)
{
	return addr >> 28 == 0xe;
}

/* an address that one host can have */
static bool is_unicast(u32 addr)
{
	return addr && addr != 0xffffffff && !is_multicast(addr) &&
	       addr >> 24 != 0;
}

/**
 * pfsnl_config_check - whether a node can run with these settings
 * @cfg: the settings
 * @why: what is wrong and what is allowed, when it can't
 *
 * Return: 0 or -EINVAL.
 */
int pfsnl_config_check(const struct pfsnl_config *cfg, const char **why)
{
	u32 i;

	*why = NULL;
	if (!is_unicast(cfg->addr))
		*why = "the address must be a unicast IPv4 address";
	else if (!cfg->cluster[0])
		*why = "the cluster name must not be empty";
	else if (!cfg->port || !cfg->tether_port)
		*why = "ports must be 1 to 65535";
	else if (cfg->interval_ms < PFSNL_INTERVAL_MS_MIN ||
		 cfg->interval_ms > PFSNL_INTERVAL_MS_MAX)
		*why = "the interval must be 10 to 10000 ms";
	else if (cfg->dead < PFSNL_DEAD_MIN || cfg->dead > PFSNL_DEAD_MAX)
		*why = "dead must be 3 to 100 missed beacons";
	else if (cfg->level0_dead_ms < PFSNL_LEVEL0_DEAD_MS_MIN ||
		 cfg->level0_dead_ms > PFSNL_LEVEL0_DEAD_MS_MAX)
		*why = "level0-dead must be 100 to 600000 ms";
	else if (!cfg->max_nodes || cfg->max_nodes > PFSNL_MAX_NODES_MAX)
		*why = "max-nodes must be 1 to 4096";
	else if (cfg->level0 > PFSNL_LEVEL0_ON)
		*why = "level0 must be auto, off or on";
	else if (cfg->expected_votes > PFSNL_EXPECTED_VOTES_MAX)
		*why = "expected-votes must be 0 to 65535";
	else if (cfg->retain_kib < PFSNL_RETAIN_KIB_MIN ||
		 cfg->retain_kib > PFSNL_RETAIN_KIB_MAX)
		*why = "retain must be 64 to 262144 KiB";
	else if (cfg->drain_ms > PFSNL_DRAIN_MS_MAX)
		*why = "drain must be 0 to 600000 ms";
	else if (cfg->sync_deadline_ms > PFSNL_SYNC_DEADLINE_MS_MAX)
		*why = "sync-deadline must be 0 to 3600000 ms";
	else if (cfg->n_static > PFSNL_STATIC_PEERS_MAX)
		*why = "at most 64 static peers";
	if (*why)
		return -EINVAL;

	switch (cfg->beacon_to) {
	case PFSNL_BEACON_TO_BROADCAST:
		if (!cfg->broadcast)
			*why = "no broadcast address: give a multicast group or static peers";
		break;
	case PFSNL_BEACON_TO_MULTICAST:
		if (!is_multicast(cfg->group))
			*why = "the group must be 224.0.0.0 to 239.255.255.255";
		break;
	case PFSNL_BEACON_TO_STATIC:
		if (!cfg->n_static)
			*why = "beacons to static peers need at least one peer";
		for (i = 0; i < cfg->n_static; i++)
			if (!is_unicast(cfg->static_peers[i]))
				*why = "each static peer must be a unicast IPv4 address";
		break;
	default:
		*why = "beacons go to broadcast, multicast or static";
	}
	return *why ? -EINVAL : 0;
}

/**
 * pfsnl_config_cluster_id - the number that stands for the cluster's name
 * @cfg: the settings
 *
 * FNV-1a of 64 bits over the bytes of the name. It keeps clusters on one
 * segment apart by mistake, not by malice; that is what keys are for.
 */
u64 pfsnl_config_cluster_id(const struct pfsnl_config *cfg)
{
	u64 id = 0xcbf29ce484222325ULL;
	const char *p;

	for (p = cfg->cluster; *p; p++)
		id = (id ^ (u8)*p) * 0x100000001b3ULL;
	return id;
}

/**
 * pfsnl_config_serves_level0 - whether level-0 peers belong to this cluster
 * @cfg: the settings
 *
 * Their beacons name no cluster, so unless told otherwise only the cluster of
 * the default name takes them in; two clusters must not fight over one.
 */
bool pfsnl_config_serves_level0(const struct pfsnl_config *cfg)
{
	if (cfg->level0 == PFSNL_LEVEL0_AUTO)
		return !strcmp(cfg->cluster, PFSNL_CLUSTER_DEFAULT);
	return cfg->level0 == PFSNL_LEVEL0_ON;
}
