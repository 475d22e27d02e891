// SPDX-License-Identifier: GPL-2.0
/* Programs in namespaces, and sockets there. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

static int home = -1;
static int timer = -1;
static bool (*try)(struct node *node);

/* Who starts and stops is another thread than who watches. */
static _Atomic pid_t running[NODES_MAX + 1];
static bool watched[NODES_MAX + 1];

/* ---- namespaces ----------------------------------------------------- */

static int netns_of(int number)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/n%d", number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

void netns_enter(int number)
{
	int fd = netns_of(number);

	if (home < 0)
		home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0 || setns(fd, CLONE_NEWNET))
		die("setns: %s", strerror(errno));
	close(fd);
}

void netns_leave(void)
{
	if (setns(home, CLONE_NEWNET))
		die("setns: %s", strerror(errno));
}

int socket_in(int number, int domain, int type, int protocol)
{
	int fd;

	netns_enter(number);
	fd = socket(domain, type | SOCK_CLOEXEC, protocol);
	netns_leave();
	return fd;
}

/* ---- programs ------------------------------------------------------- */

bool daemon_present(const char *name)
{
	char command[64];

	snprintf(command, sizeof(command), "command -v %s > /dev/null", name);
	return !system(command);
}

/* In the child of fork(): system calls only. */
static void over(const char *own, const char *path)
{
	if (mount(own, path, NULL, MS_BIND, NULL))
		_exit(126);
}

static void arm(bool on)
{
	struct itimerspec t = {};

	if (on) {
		t.it_value.tv_nsec = 10000000;
		t.it_interval = t.it_value;
	}
	timerfd_settime(timer, 0, &t, NULL);
}

void daemon_start(int number, const char *state, char *const argv[])
{
	char own_run[64], own_state[64];
	int fd = netns_of(number);
	pid_t pid;

	snprintf(own_run, sizeof(own_run), "/tmp/bench-run-%d", number);
	snprintf(own_state, sizeof(own_state), "/tmp/bench-state-%d", number);
	if ((mkdir(own_run, 0755) && errno != EEXIST) ||
	    (mkdir(own_state, 0755) && errno != EEXIST))
		die("%s: %s", own_run, strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		if (setns(fd, CLONE_NEWNET) || unshare(CLONE_NEWNS) ||
		    mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL))
			_exit(126);
		over(own_run, "/run");
		if (state)
			over(own_state, state);
		dup2(null, 0);
		dup2(null, 1);
		if (!getenv("BENCH_DEBUG"))
			dup2(null, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fd);
	running[number] = pid;
	arm(true);
}

void daemon_stop(int number, int signal, unsigned int wait_ms)
{
	uint64_t end = now_ns() + (uint64_t)wait_ms * 1000000;
	pid_t pid = running[number];

	if (!pid)
		return;
	running[number] = 0;
	if (signal) {
		kill(pid, signal);
		while (now_ns() < end) {
			if (waitpid(pid, NULL, WNOHANG) == pid)
				return;
			usleep(5000);
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* ---- watches -------------------------------------------------------- */

static void on_timer(int fd)
{
	bool missing = false;
	uint64_t times;
	int i;

	if (read(fd, &times, sizeof(times)) != sizeof(times))
		return;
	arm(false);
	for (i = 1; i <= NODES_MAX; i++) {
		if (!running[i] || watched[i])
			continue;
		watched[i] = try(&nodes[i]);
		missing |= !watched[i];
	}
	/* at rest nothing of this is to run */
	if (missing)
		arm(true);
}

void daemon_watch(bool (*connect)(struct node *node))
{
	try = connect;
	if (timer >= 0)
		return;
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer < 0)
		die("timerfd: %s", strerror(errno));
	loop_add(timer, on_timer);
}

void daemon_lost(struct node *node)
{
	node->view = (struct members){};
	watched[node->number] = false;
	node_told_all(node);
	if (running[node->number])
		arm(true);
}
