// SPDX-License-Identifier: GPL-2.0
/* Handles, watches and the loop that serves them. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "node.h"

struct node nodes[NODES_MAX + 1];
unsigned int false_removals;

static int epfd = -1;
static struct members target;
static int lookout_for;

/* What an epoll event leads to: a node's handle or a function. */
struct source {
	int fd;
	struct node *node;
	void (*fn)(int fd);
	void (*serve)(struct node *node);
};

static struct source sources[NODES_MAX + 16];

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void die(const char *format, ...)
{
	va_list args;

	fputs("measure: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void include(struct members *m, int number)
{
	m->bits[number / 64] |= (uint64_t)1 << number % 64;
}

void exclude(struct members *m, int number)
{
	m->bits[number / 64] &= ~((uint64_t)1 << number % 64);
}

bool same(const struct members *a, const struct members *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void loop_source(int fd, struct node *node, void (*fn)(int),
			void (*serve)(struct node *))
{
	struct epoll_event ev = { .events = EPOLLIN };
	size_t i;

	if (epfd < 0)
		epfd = epoll_create1(EPOLL_CLOEXEC);
	for (i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		if (!sources[i].node && !sources[i].fn)
			break;
	if (i == sizeof(sources) / sizeof(*sources))
		die("too many descriptors");
	sources[i] = (struct source){
		.fd = fd,
		.node = node,
		.fn = fn,
		.serve = serve,
	};
	ev.data.ptr = &sources[i];
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev))
		die("epoll_ctl: %s", strerror(errno));
}

void loop_add(int fd, void (*fn)(int fd))
{
	loop_source(fd, NULL, fn, NULL);
}

void loop_add_node(int fd, struct node *node, void (*serve)(struct node *node))
{
	loop_source(fd, node, NULL, serve);
}

void loop_forget(int fd)
{
	size_t i;

	epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL);
	for (i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		if (sources[i].fd == fd && (sources[i].node || sources[i].fn))
			sources[i] = (struct source){};
}

int number_of(struct in_addr addr)
{
	uint32_t number = ntohl(addr.s_addr) - 0x0a000000;

	return number <= NODES_MAX ? (int)number : 0;
}

void node_told(struct node *node, int number, bool here)
{
	if (here) {
		include(&node->view, number);
		return;
	}
	exclude(&node->view, number);
	if (number == lookout_for && !node->lost) {
		node->lost = now_ns();
		node->told_before_lost = node->told;
	}
	if (node->up && !node->apart && number != lookout_for &&
	    has(&target, number) && !nodes[number].apart)
		false_removals++;
}

void node_told_all(struct node *node)
{
	node->told = now_ns();
	if (!same(&node->view, &target))
		node->matched = 0;
	else if (!node->matched)
		node->matched = node->told;
}

static void on_update(void *arg, const struct pfsnl_update *u)
{
	struct node *node = arg;
	size_t i;

	for (i = 0; i < u->count; i++)
		node_told(node, number_of(u->addrs[i]), u->adding);
	node->leader = number_of(u->ring.leader);
	node_told_all(node);
}

static void dispatch(struct node *node)
{
	if (pfsnl_dispatch(node->handle))
		fprintf(stderr, "measure: n%d: %s\n", node->number,
			pfsnl_errmsg());
}

void node_open(int number)
{
	struct node *node = &nodes[number];
	char name[16];
	int fd;

	*node = (struct node){ .number = number };
	snprintf(name, sizeof(name), "n%d", number);
	if (pfsnl_open_netns(&node->handle, name))
		die("%s", pfsnl_errmsg());
	fd = pfsnl_watch_fd(node->handle);
	if (fd < 0 || pfsnl_watch_add(node->handle, on_update, node))
		die("%s", pfsnl_errmsg());
	loop_add_node(fd, node, dispatch);
}

void node_close(int number)
{
	struct node *node = &nodes[number];

	loop_forget(pfsnl_watch_fd(node->handle));
	pfsnl_close(node->handle);
	*node = (struct node){};
}

void node_start(int number, const struct pace *pace, uint32_t max_nodes)
{
	struct pfsnl_settings s;

	pfsnl_settings_init(&s);
	s.present = PFSNL_HAS_ADDRESS | PFSNL_HAS_INTERVAL | PFSNL_HAS_DEAD;
	s.address.s_addr = htonl(0x0a000000 + (uint32_t)number);
	s.interval = pace->interval;
	s.dead = pace->dead;
	if (max_nodes) {
		s.present |= PFSNL_HAS_MAX_NODES;
		s.max_nodes = max_nodes;
	}
	if (pfsnl_start(nodes[number].handle, &s))
		die("n%d: %s", number, pfsnl_errmsg());
}

void node_stop(int number)
{
	if (pfsnl_stop(nodes[number].handle, PFSNL_WAIT_DEFAULT))
		die("n%d: %s", number, pfsnl_errmsg());
}

/* Serve what is ready within the time; an epoll_wait() of 0 events is none. */
static void serve(int timeout_ms)
{
	struct epoll_event events[64];
	int n, i;

	n = epoll_wait(epfd, events, 64, timeout_ms);
	if (n < 0 && errno != EINTR)
		die("epoll_wait: %s", strerror(errno));
	for (i = 0; i < n; i++) {
		struct source *s = events[i].data.ptr;

		if (s->fn)
			s->fn(s->fd);
		else if (s->node)
			s->serve(s->node);
	}
}

bool loop_until(bool (*done)(void), unsigned int limit_ms)
{
	uint64_t now = now_ns(), end = now + (uint64_t)limit_ms * 1000000;

	while (!done()) {
		if (now >= end)
			return false;
		serve((int)((end - now + 999999) / 1000000));
		now = now_ns();
	}
	return true;
}

static bool never(void)
{
	return false;
}

void loop_for(unsigned int ms)
{
	loop_until(never, ms);
}

static bool counts(const struct node *node)
{
	return node->up && !node->apart;
}

bool settled(void)
{
	int i;

	for (i = 1; i <= NODES_MAX; i++)
		if (counts(&nodes[i]) && !nodes[i].matched)
			return false;
	return true;
}

uint64_t settled_ns(void)
{
	uint64_t last = 0;
	int i;

	for (i = 1; i <= NODES_MAX; i++)
		if (counts(&nodes[i]) && nodes[i].matched > last)
			last = nodes[i].matched;
	return last;
}

bool lost_by_all(void)
{
	int i;

	for (i = 1; i <= NODES_MAX; i++)
		if (counts(&nodes[i]) && nodes[i].had && !nodes[i].lost)
			return false;
	return true;
}

uint64_t lost_by_all_ns(void)
{
	uint64_t last = 0;
	int i;

	for (i = 1; i <= NODES_MAX; i++)
		if (counts(&nodes[i]) && nodes[i].lost > last)
			last = nodes[i].lost;
	return last;
}

void aim_at(const struct members *m, int lookout)
{
	int i;

	target = *m;
	lookout_for = lookout;
	for (i = 1; i <= NODES_MAX; i++) {
		nodes[i].matched = same(&nodes[i].view, m) ? now_ns() : 0;
		nodes[i].had = lookout && has(&nodes[i].view, lookout);
		nodes[i].lost = 0;
	}
}
