// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: stall MS
 *
 * Finds when a processor did not run what was due: on each there is a thread of
 * the highest real-time priority, pinned to it, that sleeps for 1 ms again and
 * again. When standard input ends it prints a line for each time that it took at
 * least MS until one woke again, and one for all of each processor:
 *
 *	stall CPU FROM TO	seconds of CLOCK_MONOTONIC
 *	cpu CPU SAMPLES LONGEST	the longest in ms
 *
 * It has nothing to do with pfsnl, and knows nothing of it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MS		1000000LL
#define STALLS_MAX	65536

struct probe {
	pthread_t thread;
	int cpu;
	long long samples;
	long long longest;
	size_t count;
	struct {
		long long from;
		long long to;
	} stalls[STALLS_MAX];
};

static long long threshold;
static atomic_bool over;

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 * MS + t.tv_nsec;
}

static void *watch(void *arg)
{
	const struct timespec nap = { .tv_nsec = MS };
	struct probe *p = arg;
	long long before = now_ns(), now;

	while (!over) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
		now = now_ns();
		p->samples++;
		if (now - before > p->longest)
			p->longest = now - before;
		if (now - before >= threshold && p->count < STALLS_MAX) {
			p->stalls[p->count].from = before;
			p->stalls[p->count++].to = now;
		}
		before = now;
	}
	return NULL;
}

static int start(struct probe *p, int cpu)
{
	struct sched_param highest = {
		.sched_priority = sched_get_priority_max(SCHED_FIFO),
	};
	pthread_attr_t attr;
	cpu_set_t where;

	p->cpu = cpu;
	CPU_ZERO(&where);
	CPU_SET(cpu, &where);
	return pthread_attr_init(&attr) ||
	       pthread_attr_setaffinity_np(&attr, sizeof(where), &where) ||
	       pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED) ||
	       pthread_attr_setschedpolicy(&attr, SCHED_FIFO) ||
	       pthread_attr_setschedparam(&attr, &highest) ||
	       pthread_create(&p->thread, &attr, watch, p);
}

int main(int argc, char **argv)
{
	int n = sysconf(_SC_NPROCESSORS_ONLN), i;
	struct probe *probes;
	char byte;
	size_t j;

	if (argc != 2)
		return 2;
	threshold = atof(argv[1]) * MS;
	probes = calloc(n, sizeof(*probes));
	if (!probes || mlockall(MCL_CURRENT | MCL_FUTURE)) {
		perror("stall");
		return 1;
	}
	for (i = 0; i < n; i++) {
		if (start(&probes[i], i)) {
			fprintf(stderr, "stall: no real-time thread on CPU %d\n", i);
			return 1;
		}
	}
	while (read(0, &byte, 1) > 0)
		;
	over = 1;
	for (i = 0; i < n; i++) {
		struct probe *p = &probes[i];

		pthread_join(p->thread, NULL);
		for (j = 0; j < p->count; j++)
			printf("stall %d %.6f %.6f\n", p->cpu,
			       p->stalls[j].from / 1e9, p->stalls[j].to / 1e9);
		printf("cpu %d %lld %.3f\n", p->cpu, p->samples,
		       p->longest / 1e6);
	}
	return 0;
}
