// SPDX-License-Identifier: GPL-2.0
/* Their lives, and the loop in which they are heard. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <netlink/netlink.h>

#include "fault.h"
#include "judge.h"
#include "node.h"
#include "story.h"

struct node nodes[NODES_MAX + 1];
int node_count;
uint32_t node_interval = 200, node_dead = 5;

static int loop = -1;

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		die("%s: %s", path, strerror(errno));
}

static void must(int err, const struct node *n, const char *what)
{
	if (err < 0)
		die("n%d: %s: %s", n->number, what, pfsnl_errmsg());
}

static void open_handles(struct node *n)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = n };
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", n->ns);
	must(pfsnl_open_netns(&n->events, path), n, "open");
	must(pfsnl_open_netns(&n->requests, path), n, "open");
	fd = pfsnl_watch_fd(n->events);
	must(fd, n, "watch");
	must(pfsnl_set_event_buffer(n->events, 4 << 20), n, "buffer");
	must(pfsnl_monitor_add(n->events, judge_event, n), n, "monitor");
	must(pfsnl_watch_add(n->events, judge_watch, n), n, "watch");
	if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &ev))
		die("epoll_ctl: %s", strerror(errno));
}

/* A machine: namespace, cable, handles. */
static void assemble(struct node *n)
{
	n->ns = port_make(n->number, NODE_ADDR(n->number), &n->rtnl,
			  &n->ifindex);
	if (n->side != SIDE_NONE)
		port_side(n->number, n->side);
	fault_port(n);
	open_handles(n);
}

static void take_apart(struct node *n)
{
	epoll_ctl(loop, EPOLL_CTL_DEL, pfsnl_watch_fd(n->events), NULL);
	pfsnl_close(n->events);
	pfsnl_close(n->requests);
	nl_socket_free(n->rtnl);
	close(n->ns);
	n->ns = -1;
}

void nodes_make(int count)
{
	struct rlimit files = { 16384, 16384 };
	struct node *n;

	if (setrlimit(RLIMIT_NOFILE, &files))
		die("setrlimit: %s", strerror(errno));
	/* neighbours of all namespaces together are counted */
	put("/proc/sys/net/ipv4/neigh/default/gc_thresh1", "131072");
	put("/proc/sys/net/ipv4/neigh/default/gc_thresh2", "131072");
	put("/proc/sys/net/ipv4/neigh/default/gc_thresh3", "262144");
	put("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	put("/proc/sys/net/core/devconf_inherit_init_net", "1");
	loop = epoll_create1(EPOLL_CLOEXEC);
	segment_make();
	node_count = count;
	for_each_node(n) {
		n->number = n - nodes;
		n->ns = -1;
	}
}

/* A thread that has left is waited for. */
static void reap(struct node *n)
{
	if (n->power != POWER_LEAVING || !n->left)
		return;
	pthread_join(n->thread, NULL);
	n->power = POWER_OFF;
}

void nodes_end(void)
{
	struct node *n;

	for_each_node(n) {
		if (n->power == POWER_LEAVING) {
			pthread_join(n->thread, NULL);
			n->power = POWER_OFF;
		}
		if (n->power == POWER_ON)
			pfsnl_stop(n->requests, 0);
		take_apart(n);
	}
}

void node_start(struct node *n)
{
	struct pfsnl_settings s;

	/* only now, since every broadcast costs something on every machine */
	if (n->ns < 0)
		assemble(n);
	pfsnl_settings_init(&s);
	s.present = PFSNL_HAS_IFINDEX | PFSNL_HAS_INTERVAL | PFSNL_HAS_DEAD |
		    PFSNL_HAS_MAX_NODES | PFSNL_HAS_PRIORITY;
	s.ifindex = n->ifindex;
	s.interval = node_interval;
	s.dead = node_dead;
	s.max_nodes = node_count > 256 ? node_count : 256;
	s.priority = n->priority;
	tell(n->number, "is started, priority %u", n->priority);
	must(pfsnl_start(n->requests, &s), n, "start");
	n->power = POWER_ON;
}

static void *leaves(void *arg)
{
	struct node *n = arg;

	must(pfsnl_stop(n->requests, PFSNL_WAIT_DEFAULT), n, "stop");
	n->left = true;
	return NULL;
}

void node_leave(struct node *n)
{
	judge_life_ends(n);
	tell(n->number, "leaves");
	n->farewell = now_us();
	n->left = false;
	n->power = POWER_LEAVING;
	if (pthread_create(&n->thread, NULL, leaves, n))
		die("no thread");
}

void node_hurry(struct node *n)
{
	judge_life_ends(n);
	tell(n->number, "leaves in a hurry");
	n->farewell = now_us();
	must(pfsnl_stop(n->requests, 0), n, "stop");
	n->power = POWER_OFF;
}

void node_crash(struct node *n)
{
	judge_life_ends(n);
	tell(n->number, "loses power");
	/* first the cable, so that no goodbye gets out */
	port_side(n->number, SIDE_NONE);
	port_delete(n->number);
	take_apart(n);
	judge_off(n);
	n->power = POWER_OFF;
	assemble(n);
}

void node_set_priority(struct node *n, uint8_t priority)
{
	struct pfsnl_settings s;

	pfsnl_settings_init(&s);
	s.present = PFSNL_HAS_PRIORITY;
	s.priority = priority;
	n->priority = priority;
	tell(n->number, "has priority %u", priority);
	must(pfsnl_set(n->requests, &s), n, "set");
}

/* Serves what is ready; waits for it at most that long. */
static void serve(uint64_t us)
{
	struct epoll_event events[64];
	struct node *n;
	int i, got;

	got = epoll_wait(loop, events, 64, (us + 999) / 1000);
	if (got < 0 && errno != EINTR)
		die("epoll_wait: %s", strerror(errno));
	for (i = 0; i < got; i++) {
		n = events[i].data.ptr;
		if (pfsnl_dispatch(n->events))
			violated("events", "n%d: %s", n->number, pfsnl_errmsg());
	}
	for_each_node(n)
		reap(n);
}

static bool never(void *arg)
{
	return arg;
}

bool pass_until(bool (*so)(void *arg), void *arg, uint64_t limit_us)
{
	uint64_t now = now_us(), end = now + limit_us, next;

	while (!so(arg)) {
		if (now >= end)
			return false;
		next = fault_next();
		if (next > end)
			next = end;
		if (next > now)
			serve(next - now);
		now = now_us();
		fault_go_on(now);
	}
	return true;
}

void pass(uint64_t us)
{
	pass_until(never, NULL, us);
}
