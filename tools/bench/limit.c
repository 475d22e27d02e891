// SPDX-License-Identifier: GPL-2.0
/*
 * What a limit is promised for. A distribution takes many rounds, so each is as
 * short as can be: the node is not waited for to merge but started anew.
 *
 * The end is when the last of those left was told of the ring that all of them
 * have. The beginning of a silence is the last beacon that reached the switch;
 * a packet socket at its port has the time at which the kernel took it.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cluster.h"
#include "limit.h"

/* Rounds of these for each of another. */
#define TIMES 4
#define PORT 7319

/**
 * struct seen - the last ring a node was told of
 * @ring: it
 * @nodes: its nodes
 * @at: when
 */
struct seen {
	struct pfsnl_ring ring;
	struct members nodes;
	uint64_t at;
};

static struct seen seen[NODES_MAX + 1];
static struct members left;	/* who shall be one ring */
static uint64_t last_beacon;

/* ---- rings ---------------------------------------------------------- */

static bool same_ring(const struct pfsnl_ring *a, const struct pfsnl_ring *b)
{
	return a->seq == b->seq && a->leader.s_addr == b->leader.s_addr &&
	       a->incarnation == b->incarnation;
}

static void on_ring(void *arg, const struct pfsnl_ring_update *u)
{
	struct seen *s = arg;
	size_t i;

	if (s->at && same_ring(&s->ring, &u->ring))
		return;
	s->ring = u->ring;
	s->nodes = (struct members){};
	for (i = 0; i < u->count; i++)
		include(&s->nodes, number_of(u->addrs[i]));
	s->at = now_ns();
}

static void watch_rings(void)
{
	int i;

	memset(seen, 0, sizeof(seen));
	for (i = 1; i <= count; i++)
		if (pfsnl_ring_watch_add(nodes[i].handle, on_ring, &seen[i]))
			die("n%d: %s", i, pfsnl_errmsg());
}

static void watch_rings_no_more(void)
{
	int i;

	for (i = 1; i <= count; i++)
		pfsnl_ring_watch_remove(nodes[i].handle, on_ring, &seen[i]);
}

/* When the last one was told of the ring that all have; 0: they haven't. */
static uint64_t one_ring_ns(void)
{
	const struct seen *one = NULL;
	uint64_t last = 0;
	int i;

	for (i = 1; i <= count; i++) {
		if (!has(&left, i))
			continue;
		if (!same(&seen[i].nodes, &left))
			return 0;
		if (one && !same_ring(&one->ring, &seen[i].ring))
			return 0;
		one = &seen[i];
		if (one->at > last)
			last = one->at;
	}
	return last;
}

static bool one_ring(void)
{
	return one_ring_ns() != 0;
}

/* ---- beacons -------------------------------------------------------- */

/* The monotonic time of a packet that the kernel stamped with the other one. */
static uint64_t stamp_of(struct msghdr *msg)
{
	struct cmsghdr *c;
	struct timespec t, now;
	uint64_t mono;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPNS)
			break;
	if (!c)
		die("a packet has no time");
	memcpy(&t, CMSG_DATA(c), sizeof(t));
	mono = now_ns();
	clock_gettime(CLOCK_REALTIME, &now);
	return mono - (uint64_t)((now.tv_sec - t.tv_sec) * 1000000000 +
				 (now.tv_nsec - t.tv_nsec));
}

static void on_packet(int fd)
{
	struct {
		struct ether_header eth;
		struct iphdr ip;
		struct udphdr udp;
	} __attribute__((packed)) p;
	char control[128];
	struct iovec iov = { .iov_base = &p, .iov_len = sizeof(p) };
	struct msghdr msg;
	ssize_t n;

	for (;;) {
		msg = (struct msghdr){
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		n = recvmsg(fd, &msg, MSG_DONTWAIT);
		/* once when the port goes down, which is the cause */
		if (n < 0 && errno == ENETDOWN)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			die("recvmsg: %s", strerror(errno));
		if (n < (ssize_t)sizeof(p) || p.ip.version != 4 ||
		    p.eth.ether_type != htons(ETHERTYPE_IP) ||
		    p.ip.protocol != IPPROTO_UDP || p.ip.ihl != 5 ||
		    p.udp.dest != htons(PORT))
			continue;
		last_beacon = stamp_of(&msg);
	}
}

/*
 * The first socket that wants times has the kernel patch its code, and so has
 * the end of the last one. QEMU's software emulation doesn't stand that while
 * another CPU runs the same code: so there is always one, from before the nodes
 * are started.
 */
static void have_times(void)
{
	static int fd = -1;
	int one = 1;

	if (fd >= 0)
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)))
		die("times of packets: %s", strerror(errno));
	/* a worker of the kernel does it, a moment later */
	loop_for(500);
}

/* Listens to what this node sends. */
static int tap(int number)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	int fd, one = 1;
	char name[16];

	snprintf(name, sizeof(name), "c%d", number);
	addr.sll_ifindex = (int)if_nametoindex(name);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one,
				 sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
		       sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("packet socket at %s: %s", name, strerror(errno));
	last_beacon = 0;
	loop_add(fd, on_packet);
	return fd;
}

/* ---- rounds --------------------------------------------------------- */

static void aim(int victim)
{
	struct members all = first(count);

	left = all;
	if (victim)
		exclude(&left, victim);
	aim_at(&left, victim);
}

/* It comes back as a newcomer. */
static void return_of(int number, const struct pace *pace, const char *what)
{
	struct cause c = {
		.run = run_start,
		.number = number,
		.pace = pace,
	};

	nodes[number].up = true;
	aim(0);
	if (!cause(&c, one_ring) || !loop_until(settled, LIMIT_MS))
		not_seen(what);
	rest(pace);
}

static void crash(const struct pace *pace, int rounds, const char *what)
{
	struct cause c, stop;
	int i, fd, victim;

	have_times();
	if (!begin(pace, 0))
		return;
	watch_rings();
	for (i = 0; i < rounds * TIMES; i++) {
		progress(i, rounds * TIMES);
		victim = leader();
		fd = tap(victim);
		rest(pace);
		nodes[victim].apart = true;
		aim(victim);
		c = (struct cause){ .run = run_unplug, .number = victim };
		if (cause(&c, one_ring) && last_beacon)
			figure(what, ms_between(last_beacon, one_ring_ns()));
		else
			not_seen(what);
		loop_forget(fd);
		close(fd);
		nodes[victim].up = false;
		nodes[victim].apart = false;
		stop = (struct cause){ .run = run_stop, .number = victim };
		cause(&stop, settled);
		run_plug(&c);
		return_of(victim, pace, what);
	}
	watch_rings_no_more();
	dissolve();
}

static void leave(const struct pace *pace, int rounds, const char *of_client,
		  const char *of_leader)
{
	const char *what;
	struct cause c;
	int i, victim;

	if (!begin(pace, 0))
		return;
	watch_rings();
	for (i = 0; i < rounds * TIMES; i++) {
		progress(i, rounds * TIMES);
		what = i % 2 ? of_leader : of_client;
		victim = i % 2 ? leader() : last_client();
		nodes[victim].up = false;
		aim(victim);
		c = (struct cause){ .run = run_stop, .number = victim };
		if (cause(&c, one_ring))
			figure(what, ms_between(c.began, one_ring_ns()));
		else
			not_seen(what);
		loop_until(settled, LIMIT_MS);
		return_of(victim, pace, what);
	}
	watch_rings_no_more();
	dissolve();
}

static const struct pace fast = { .interval = 20, .dead = 5 };
static const struct pace slow = { .interval = 200, .dead = 5 };

void measure_crash_20(int rounds)
{
	crash(&fast, rounds, "crash-20");
}

void measure_crash_200(int rounds)
{
	crash(&slow, rounds, "crash-200");
}

void measure_leave_20(int rounds)
{
	leave(&fast, rounds, "leave-20.client", "leave-20.leader");
}

void measure_leave_200(int rounds)
{
	leave(&slow, rounds, "leave-200.client", "leave-200.leader");
}
