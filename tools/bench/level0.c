// SPDX-License-Identifier: GPL-2.0
/* The peer of the seed document, only that it doesn't read. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "level0.h"
#include "node.h"

#define PORT 7319
#define BEACON_MS 100

static int udp = -1, listener = -1, timer = -1, tether = -1;

static void say(int fd)
{
	static const char alive[] = "I'm alive";
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(0x0a0000ff),
	};
	uint64_t times;

	if (fd == timer && read(fd, &times, sizeof(times)) < 0)
		return;
	if (sendto(udp, alive, strlen(alive), 0, (struct sockaddr *)&to,
		   sizeof(to)) < 0)
		fprintf(stderr, "measure: level-0 beacon: %s\n",
			strerror(errno));
}

static void take(int fd)
{
	int fd2 = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd2 < 0)
		return;
	if (tether >= 0)
		close(tether);
	tether = fd2;
}

static void open_sockets(void)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};
	int one = 1;

	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* SO_RCVBUF of 1 is the least that the kernel allows */
	if (udp < 0 || listener < 0 ||
	    setsockopt(udp, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) ||
	    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &one, sizeof(one)) ||
	    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(listener, (struct sockaddr *)&any, sizeof(any)) ||
	    listen(listener, 4))
		die("level-0 peer: %s", strerror(errno));
}

void level0_up(int number)
{
	struct itimerspec every = {
		.it_value.tv_nsec = BEACON_MS * 1000000,
		.it_interval.tv_nsec = BEACON_MS * 1000000,
	};
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	char path[32];
	int there;

	snprintf(path, sizeof(path), "/run/netns/n%d", number);
	there = open(path, O_RDONLY | O_CLOEXEC);
	if (home < 0 || there < 0 || setns(there, CLONE_NEWNET))
		die("%s: %s", path, strerror(errno));
	open_sockets();
	if (setns(home, CLONE_NEWNET))
		die("setns: %s", strerror(errno));
	close(home);
	close(there);

	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer < 0 || timerfd_settime(timer, 0, &every, NULL))
		die("timerfd: %s", strerror(errno));
	loop_add(timer, say);
	loop_add(listener, take);
	say(-1);
}

void level0_down(void)
{
	loop_forget(timer);
	loop_forget(listener);
	close(timer);
	close(listener);
	close(udp);
	if (tether >= 0)
		close(tether);
	udp = -1;
	listener = -1;
	timer = -1;
	tether = -1;
}
