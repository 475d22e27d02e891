// SPDX-License-Identifier: GPL-2.0
/* Waits for events, signals, the end of time and the end of the reader. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "out.h"

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int loop_begin(struct loop *loop, struct pfsnl *handle)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction old;
	sigset_t set;
	size_t i;

	memset(loop, 0, sizeof(*loop));
	loop->handle = handle;
	loop->forever = true;
	loop->signals = -1;
	loop->input = -1;
	loop->events = pfsnl_watch_fd(handle);
	if (loop->events < 0) {
		complain("%s", pfsnl_errmsg());
		return -1;
	}
	sigemptyset(&set);
	/* What nohup or a shell had us ignore stays ignored. */
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (!sigaction(ends[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	loop->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signals < 0) {
		complain("can't wait for signals: %s", strerror(errno));
		return -1;
	}
	return 0;
}

enum loop_end loop_run(struct loop *loop)
{
	enum { EVENTS, SIGNALS, OUTPUT, GROUP, INPUT, NUM };
	struct pollfd fds[NUM] = {
		[EVENTS] = { .fd = loop->events, .events = POLLIN },
		[SIGNALS] = { .fd = loop->signals, .events = POLLIN },
		/* No events: poll() then tells of errors and hang-ups only. */
		[OUTPUT] = { .fd = STDOUT_FILENO },
		[GROUP] = { .fd = -1, .events = POLLIN },
		[INPUT] = { .fd = -1, .events = POLLIN },
	};
	int64_t end = clock_ms() + loop->timeout, left = -1;
	int err, told = 0, n;

	if (loop->group)
		fds[GROUP].fd = pfsnl_group_fd(loop->group);
	for (;;) {
		err = out_flush();
		if (err)
			return err == -EPIPE ? LOOP_CLOSED : LOOP_FAILED;
		if (loop->done)
			return LOOP_DONE;
		if (!loop->forever) {
			left = end - clock_ms();
			if (left <= 0)
				return LOOP_TIMEOUT;
			/* Longer than an int takes several rounds. */
			if (left > 3600000)
				left = 3600000;
		}
		fds[INPUT].fd = loop->input;
		n = poll(fds, NUM, (int)left);
		if (n < 0 && errno != EINTR) {
			complain("can't wait for events: %s", strerror(errno));
			return LOOP_FAILED;
		}
		if (n <= 0)
			continue;
		if (fds[SIGNALS].revents)
			return LOOP_SIGNAL;
		if (fds[OUTPUT].revents & (POLLERR | POLLHUP | POLLNVAL))
			return LOOP_CLOSED;
		if (fds[GROUP].revents &&
		    pfsnl_group_dispatch(loop->group, 0) < 0) {
			complain("%s", pfsnl_errmsg());
			return LOOP_FAILED;
		}
		if (fds[INPUT].revents && !loop->done)
			loop->on_input(loop->arg);
		if (!fds[EVENTS].revents)
			continue;
		err = pfsnl_dispatch(loop->handle);
		/* The library tries again by itself; once is enough said. */
		if (err && err != told)
			complain("%s", pfsnl_errmsg());
		told = err;
	}
}

void loop_finish(struct loop *loop)
{
	if (loop->signals >= 0)
		close(loop->signals);
	loop->signals = -1;
}
