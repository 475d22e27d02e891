// SPDX-License-Identifier: GPL-2.0
/*
 * Members. Each is a process with one membership and one loop. It is told what to
 * say along a socket, and answers along that.
 *
 * A load ends in the row of messages itself: the last message of each sender says
 * that it is the last. Who has heard that of all senders has heard all.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cause.h"
#include "member.h"
#include "peer.h"

/* messages sent in a row before a look at what has come */
#define BURST		16
/* where nobody tells that there is room, it is tried so often */
#define RETRY_MS	1
/* for members to find each other */
#define JOIN_MS		60000
/* for a load to end, beyond the time that it is sent in */
#define END_MS		60000

/* how a message begins */
struct head {
	uint32_t load;
	uint32_t sender;
	uint64_t n;		/* the sender's count, from 1 */
	uint32_t last;
};

enum what { ALL_HERE, FAILED, PREPARE, READY, GO, DONE };

/* between a member and the process that measures */
struct note {
	enum what what;
	struct load load;
	struct spoken spoken;
	char text[160];
};

/* ---- a member ------------------------------------------------------- */

static const struct medium *medium;
static int self, wire = -1;
static struct load load;
static struct spoken spoken;
static uint64_t end_ns, pinged, took[PINGS_MAX];
static bool here, talking, going, finished, refused;
static int senders, ended;
static uint64_t heard_of[NODES_MAX + 1];
static char room[SIZE_MOST];

static void tell(struct note *note)
{
	if (send(wire, note, sizeof(*note), MSG_NOSIGNAL) != sizeof(*note))
		_exit(1);
}

static void tell_just(enum what what)
{
	struct note note = { .what = what };

	tell(&note);
}

void member_fail(const char *format, ...)
{
	struct note note = { .what = FAILED };
	va_list args;

	va_start(args, format);
	vsnprintf(note.text, sizeof(note.text), format, args);
	va_end(args);
	tell(&note);
	_exit(1);
}

void member_room(void)
{
	refused = false;
}

void member_sees(size_t members)
{
	if (here && members != (size_t)count)
		member_fail("n%d sees %zu members", self, members);
	if (here || members != (size_t)count)
		return;
	here = true;
	tell_just(ALL_HERE);
}

void member_heard(const void *data, size_t len)
{
	struct head head;

	if (len != load.size || !talking)
		member_fail("n%d heard what it should not", self);
	memcpy(&head, data, sizeof(head));
	if (head.load != load.number || head.sender > (uint32_t)count ||
	    head.n != ++heard_of[head.sender])
		member_fail("n%d heard message %llu of n%u out of turn", self,
			    (unsigned long long)head.n, head.sender);
	spoken.heard++;
	spoken.order = (spoken.order ^ head.sender) * 0x100000001b3ULL;
	if (head.sender == (uint32_t)self && load.ping) {
		if (spoken.pings < PINGS_MAX)
			took[spoken.pings++] = now_ns() - pinged;
		pinged = 0;
	}
	ended += head.last;
	if (ended == senders)
		spoken.last = now_ns();
}

static void prepare(const struct note *note)
{
	load = note->load;
	senders = load.only ? 1 : count;
	ended = 0;
	spoken = (struct spoken){};
	memset(heard_of, 0, sizeof(heard_of));
	memset(room, self, load.size);
	pinged = 0;
	going = false;
	refused = false;
	finished = load.only && load.only != self;
	talking = true;
	tell_just(READY);
}

static void obey(void)
{
	struct note note;

	if (recv(wire, &note, sizeof(note), 0) != sizeof(note))
		_exit(0);
	if (note.what == PREPARE) {
		prepare(&note);
	} else {
		going = true;
		end_ns = now_ns() + (uint64_t)load.ms * 1000000;
	}
}

/* Whether it would send if it could. */
static bool wants(void)
{
	return talking && going && !finished && !(load.ping && pinged);
}

static void say_one(void)
{
	struct head head = {
		.load = load.number,
		.sender = (uint32_t)self,
		.n = spoken.sent + 1,
	};
	uint64_t now = now_ns();
	int err;

	head.last = now >= end_ns || (load.ping && head.n == PINGS_MAX);
	memcpy(room, &head, sizeof(head));
	pinged = now;
	err = medium->send(room, load.size, load.safe);
	if (err == -EAGAIN) {
		refused = true;
		pinged = 0;
		spoken.refused++;
		return;
	}
	if (err)
		member_fail("n%d can't send: %s", self, strerror(-err));
	if (!spoken.first)
		spoken.first = now;
	spoken.sent++;
	finished = head.last;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t percentile(unsigned int percent)
{
	uint64_t i = (spoken.pings * percent + 99) / 100;

	return i ? took[i - 1] : 0;
}

static void sum_up(void)
{
	struct note note = { .what = DONE };

	talking = false;
	qsort(took, spoken.pings, sizeof(*took), compare_u64);
	spoken.p50 = percentile(50);
	spoken.p90 = percentile(90);
	spoken.p99 = percentile(99);
	spoken.most = percentile(100);
	note.spoken = spoken;
	tell(&note);
}

static void loop(void)
{
	struct pollfd fds[2] = {
		{ .fd = wire, .events = POLLIN },
		{ .fd = medium->fd(), .events = POLLIN },
	};
	int i, timeout;

	for (;;) {
		timeout = -1;
		if (wants())
			timeout = !refused ? 0 :
				  medium->tells_room ? -1 : RETRY_MS;
		if (poll(fds, 2, timeout) < 0 && errno != EINTR)
			member_fail("poll: %s", strerror(errno));
		if (fds[1].revents)
			medium->dispatch();
		if (fds[0].revents)
			obey();
		if (!medium->tells_room)
			refused = false;
		for (i = 0; i < BURST && wants() && !refused; i++)
			say_one();
		if (talking && ended == senders)
			sum_up();
	}
}

static void be(int number, int fd)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* libcpg prints something when it waits */
	if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(1);
	self = number;
	wire = fd;
	netns_enter(number);
	medium->join();
	loop();
	_exit(0);
}

/* ---- the process that measures -------------------------------------- */

static struct {
	pid_t pid;
	int fd;
} members[NODES_MAX + 1];
static char error[192];

const char *members_error(void)
{
	return error;
}

static bool failed(const char *text)
{
	snprintf(error, sizeof(error), "%s", text);
	return false;
}

static int left_ms(uint64_t end)
{
	uint64_t now = now_ns();

	return now < end ? (int)((end - now) / 1000000) + 1 : 0;
}

/* A note of this kind from each; what they say of the load is put into `into`. */
static bool wait_for(enum what what, unsigned int ms, struct spoken *into)
{
	uint64_t end = now_ns() + (uint64_t)ms * 1000000;
	struct pollfd fds[NODES_MAX + 1];
	bool has[NODES_MAX + 1] = {};
	struct note note;
	int i, n = 0;

	for (i = 1; i <= count; i++)
		fds[i - 1] = (struct pollfd){ members[i].fd, POLLIN, 0 };
	while (n < count) {
		if (poll(fds, (nfds_t)count, left_ms(end)) <= 0)
			return failed("not all came to the end in time");
		for (i = 1; i <= count; i++) {
			if (!fds[i - 1].revents)
				continue;
			if (recv(members[i].fd, &note, sizeof(note), 0) !=
			    sizeof(note))
				return failed("a member died");
			if (note.what == FAILED)
				return failed(note.text);
			if (note.what != what || has[i])
				continue;
			has[i] = true;
			n++;
			if (into)
				into[i] = note.spoken;
		}
	}
	return true;
}

static void tell_all(struct note *note)
{
	int i;

	for (i = 1; i <= count; i++) {
		wire = members[i].fd;
		if (send(wire, note, sizeof(*note), MSG_NOSIGNAL) !=
		    sizeof(*note))
			continue;	/* the answer will be missing */
	}
}

bool members_start(const struct medium *with)
{
	int i, j, fds[2];

	medium = with;
	for (i = 1; i <= count; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
			die("socketpair: %s", strerror(errno));
		members[i].pid = fork();
		if (members[i].pid < 0)
			die("fork: %s", strerror(errno));
		if (!members[i].pid) {
			for (j = 1; j < i; j++)
				close(members[j].fd);
			close(fds[0]);
			be(i, fds[1]);
		}
		close(fds[1]);
		members[i].fd = fds[0];
	}
	return wait_for(ALL_HERE, JOIN_MS, NULL);
}

void members_stop(void)
{
	int i;

	for (i = 1; i <= count; i++) {
		if (!members[i].pid)
			continue;
		kill(members[i].pid, SIGKILL);
		waitpid(members[i].pid, NULL, 0);
		close(members[i].fd);
		members[i].pid = 0;
	}
}

bool members_talk(const struct load *what, struct spoken *out)
{
	struct note note = { .what = PREPARE, .load = *what };
	uint64_t sent = 0;
	int i;

	tell_all(&note);
	if (!wait_for(READY, END_MS, NULL))
		return false;
	note.what = GO;
	tell_all(&note);
	if (!wait_for(DONE, what->ms + END_MS, out))
		return false;
	for (i = 1; i <= count; i++)
		sent += out[i].sent;
	for (i = 1; i <= count; i++)
		if (out[i].heard != sent || out[i].order != out[1].order)
			return failed("they heard different things");
	return true;
}
