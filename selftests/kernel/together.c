// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: together [-i INTERVAL_MS] [-d DEAD] [-c CLUSTER] [-s] NETNS[:PRIORITY]...
 *
 * Starts the node of each network namespace on its interface eth0, all at once:
 * each has a thread, and what can be done beforehand is. With -s it stops them
 * instead, without waiting for answers to the goodbye. Prints for each how many
 * milliseconds after the first it was started.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pfsnl.h>

struct node {
	const char *name;
	struct pfsnl *handle;
	struct pfsnl_settings settings;
	pthread_t thread;
	double done;
};

static pthread_barrier_t ready;
static int stopping;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000.0 + t.tv_nsec / 1000000.0;
}

static int failed(const char *what)
{
	fprintf(stderr, "together: %s: %s\n", what, pfsnl_errmsg());
	return 1;
}

/* Opens the namespace NAME[:PRIORITY], the rest as in `common`. */
static int prepare(struct node *node, char *name,
		   const struct pfsnl_settings *common)
{
	char *priority = strchr(name, ':');

	node->name = name;
	node->settings = *common;
	if (priority) {
		*priority++ = '\0';
		node->settings.priority = atoi(priority);
		node->settings.present |= PFSNL_HAS_PRIORITY;
	}
	if (pfsnl_open_netns(&node->handle, name))
		return failed(name);
	node->settings.present |= PFSNL_HAS_IFINDEX;
	if (pfsnl_ifindex(node->handle, "eth0", &node->settings.ifindex))
		return failed(name);
	return 0;
}

/* The thread of a node. Returns NULL if all went well. */
static void *act(void *arg)
{
	struct node *node = arg;
	int err;

	pthread_barrier_wait(&ready);
	err = stopping ? pfsnl_stop(node->handle, 0) :
			 pfsnl_start(node->handle, &node->settings);
	node->done = now_ms();
	if (!err)
		return NULL;
	failed(node->name);
	return node;
}

int main(int argc, char **argv)
{
	struct pfsnl_settings common;
	int count, i, opt, bad = 0;
	struct node *nodes;
	double first;
	void *result;

	pfsnl_settings_init(&common);
	while ((opt = getopt(argc, argv, "i:d:c:s")) != -1) {
		switch (opt) {
		case 'i':
			common.interval = atoi(optarg);
			common.present |= PFSNL_HAS_INTERVAL;
			break;
		case 'd':
			common.dead = atoi(optarg);
			common.present |= PFSNL_HAS_DEAD;
			break;
		case 'c':
			snprintf(common.cluster, sizeof(common.cluster), "%s",
				 optarg);
			common.present |= PFSNL_HAS_CLUSTER;
			break;
		case 's':
			stopping = 1;
			break;
		default:
			return 2;
		}
	}
	count = argc - optind;
	if (!count)
		return 2;
	nodes = calloc(count, sizeof(*nodes));
	if (!nodes)
		return 1;
	for (i = 0; i < count; i++)
		if (prepare(&nodes[i], argv[optind + i], &common))
			return 1;

	if (pthread_barrier_init(&ready, NULL, count + 1))
		return 1;
	for (i = 0; i < count; i++)
		if (pthread_create(&nodes[i].thread, NULL, act, &nodes[i]))
			return 1;

	pthread_barrier_wait(&ready);
	for (i = 0; i < count; i++)
		if (pthread_join(nodes[i].thread, &result) || result)
			bad = 1;
	for (first = nodes[0].done, i = 1; i < count; i++)
		if (nodes[i].done < first)
			first = nodes[i].done;
	for (i = 0; i < count; i++)
		printf("%.0f%c", nodes[i].done - first,
		       i + 1 < count ? ' ' : '\n');

	for (i = 0; i < count; i++)
		pfsnl_close(nodes[i].handle);
	free(nodes);
	return bad;
}
