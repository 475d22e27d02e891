// SPDX-License-Identifier: GPL-2.0
/*
 * One large cluster: simultaneous start, rest, loss of the leader.
 */
#include <linux/minmax.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "scale.h"
#include "world.h"

#define LIMIT	(120 * SIM_S)

static u64 *rings;

static void count(struct node *n, enum pfsnl_note note, u32 addr, u32 reason,
		  u64 number)
{
	if (note == PFSNL_NOTE_INSTALL)
		rings[n->host.addr - WORLD_ADDR(0)]++;
}

static int by_number(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void print_rings(u32 n)
{
	qsort(rings, n, sizeof(*rings), by_number);
	printf("  rings that each node saw: %llu to %llu, median %llu\n",
	       (unsigned long long)rings[0], (unsigned long long)rings[n - 1],
	       (unsigned long long)rings[n / 2]);
}

static void print_traffic(const struct world *w, u64 datagrams, u64 bytes,
			  u64 time)
{
	double s = time / 1e9, n = w->n;

	printf("  per node and second: %.1f datagrams of %u bytes received, %.0f bytes of streams sent\n",
	       (w->net.datagrams - datagrams) / s / n, PFSNL_BEACON_LEN,
	       (w->net.bytes - bytes) / s / n);
}

static void print_memory(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("  peak memory so far %.0f MB\n", usage.ru_maxrss / 1024.0);
}

static bool form(struct world *w, const char *what)
{
	u64 begin = w->sim.now, datagrams = w->net.datagrams;
	u64 bytes = w->net.bytes;

	if (!world_until(w, world_agrees, NULL, LIMIT)) {
		printf("%s: not one ring within %llu s\n", what,
		       LIMIT / SIM_S);
		return false;
	}
	printf("%s: one ring of all after %.1f ms\n", what,
	       (w->sim.now - begin) / 1e6);
	print_traffic(w, datagrams, bytes, w->sim.now - begin);
	print_memory();
	return true;
}

/**
 * scale_run - measure a cluster of the default settings and print it
 * @n: nodes
 *
 * Return: 0, or 1 when it did not become one ring.
 */
int scale_run(u32 n)
{
	struct world *w = world_new(1);
	u64 datagrams, bytes;
	u32 i;

	if (n > PFSNL_MAX_NODES_MAX) {
		fprintf(stderr, "sim: a list holds %u nodes at most\n",
			PFSNL_MAX_NODES_MAX);
		return 2;
	}
	rings = sim_alloc(n * sizeof(*rings));
	/* a list of all at each listener would take more than the nodes do */
	hearings_free(w->hearings);
	w->hearings = NULL;
	world_nodes(w, n);
	for (i = 0; i < n; i++) {
		w->nodes[i]->cfg.max_nodes = max(n, PFSNL_MAX_NODES_DEFAULT);
		w->nodes[i]->on_note = count;
		w->nodes[i]->watch.keep = false;
	}
	world_start(w);
	printf("%u nodes, beacons each %u ms, dead after %u\n", n,
	       PFSNL_INTERVAL_MS_DEFAULT, PFSNL_DEAD_DEFAULT);
	if (!form(w, "simultaneous start"))
		return 1;
	print_rings(n);

	world_run(w, SIM_S);
	datagrams = w->net.datagrams;
	bytes = w->net.bytes;
	world_run(w, 10 * SIM_S);
	printf("at rest for 10 s\n");
	print_traffic(w, datagrams, bytes, 10 * SIM_S);
	print_memory();

	for (i = 0; i < n; i++)
		rings[i] = 0;
	node_kill(world_leader(w));
	if (!form(w, "leader loses power"))
		return 1;
	print_rings(n);
	world_free(w);
	free(rings);
	return 0;
}
