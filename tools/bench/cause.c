// SPDX-License-Identifier: GPL-2.0
/*
 * Causes and figures. The time of a cause counts from just before the call that
 * is the cause to when the last watch was told.
 */
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cause.h"

int count;
const char *doing;

static int finished_fd = -1;
static bool finished;
static unsigned int waited_ms;	/* at most, of the last cause */

static void on_finished(int fd)
{
	uint64_t times;

	if (read(fd, &times, sizeof(times)) == sizeof(times))
		finished = true;
}

static void *cause_thread(void *arg)
{
	struct cause *c = arg;
	uint64_t one = 1;

	c->began = now_ns();
	c->run(c);
	c->took = now_ns() - c->began;
	if (write(finished_fd, &one, sizeof(one)) != sizeof(one))
		die("eventfd: %s", strerror(errno));
	return NULL;
}

static bool (*and_then)(void);

static bool finished_and(void)
{
	return finished && and_then();
}

bool cause_within(struct cause *c, bool (*done)(void), unsigned int limit_ms)
{
	pthread_t thread;
	bool seen;
	int err;

	if (finished_fd < 0) {
		finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (finished_fd < 0)
			die("eventfd: %s", strerror(errno));
		loop_add(finished_fd, on_finished);
	}
	finished = false;
	waited_ms = limit_ms;
	err = pthread_create(&thread, NULL, cause_thread, c);
	if (err)
		die("pthread_create: %s", strerror(err));
	and_then = done;
	seen = loop_until(finished_and, limit_ms);
	pthread_join(thread, NULL);
	return seen;
}

void run_start(struct cause *c)
{
	node_start(c->number, c->pace, c->max_nodes);
}

void run_start_all(struct cause *c)
{
	int i;

	for (i = 1; i <= c->number; i++)
		node_start(i, c->pace, c->max_nodes);
}

void run_stop(struct cause *c)
{
	node_stop(c->number);
}

/* From the last to the first, who leads in most cases. */
void run_stop_all(struct cause *c)
{
	int i;

	for (i = c->number; i; i--)
		node_stop(i);
}

void run_delete(struct cause *c)
{
	char path[32];

	snprintf(path, sizeof(path), "/run/netns/n%d", c->number);
	if (umount2(path, MNT_DETACH) || unlink(path))
		die("%s: %s", path, strerror(errno));
}

static void cable(int number, bool in)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "c%d", number);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr))
		die("%s: %s", ifr.ifr_name, strerror(errno));
	if (in)
		ifr.ifr_flags |= IFF_UP;
	else
		ifr.ifr_flags &= ~IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		die("%s: %s", ifr.ifr_name, strerror(errno));
	close(fd);
}

void run_unplug(struct cause *c)
{
	cable(c->number, false);
}

void run_plug(struct cause *c)
{
	cable(c->number, true);
}

void figure(const char *what, double value)
{
	printf("{\"n\":%d,\"what\":\"%s\",\"value\":%.3f}\n", count, what,
	       value);
	fflush(stdout);
}

void not_seen(const char *what)
{
	int i, wrong = 0;

	for (i = 1; i <= NODES_MAX; i++)
		wrong += nodes[i].up && !nodes[i].apart && !nodes[i].matched;
	printf("{\"n\":%d,\"what\":\"%s\",\"failed\":\"", count, what);
	printf("not seen within %u s; %d watches have another list\"}\n",
	       waited_ms / 1000, wrong);
	fflush(stdout);
}

void say_failed(const char *what, const char *text)
{
	const char *p;

	printf("{\"n\":%d,\"what\":\"%s\",\"failed\":\"", count, what);
	for (p = text; *p; p++)
		putchar(*p == '"' || *p == '\\' ? '\'' : *p);
	printf("\"}\n");
	fflush(stdout);
}

void progress(int round, int rounds)
{
	printf("{\"n\":%d,\"doing\":\"%s\",\"round\":%d,\"rounds\":%d}\n",
	       count, doing, round + 1, rounds);
	fflush(stdout);
}
