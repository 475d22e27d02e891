// SPDX-License-Identifier: LGPL-2.1
/* Memberships of groups: joining, who dispatches, leaving. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "group.h"

/* So many events are taken in before others get their turn. */
#define MAX_EVENTS_A_RUN	256

#define WAIT_DEFAULT_MS		2000

#define KEEPALIVE_MIN_MS	100
#define KEEPALIVE_MAX_MS	600000

static void close_fds(struct pfsnl_group *group)
{
	if (group->epoll_fd >= 0)
		close(group->epoll_fd);
	if (group->wake_fd >= 0)
		close(group->wake_fd);
	if (group->timer_fd >= 0)
		close(group->timer_fd);
}

static void group_free(struct pfsnl_group *group)
{
	close_fds(group);
	pfsnl_mailbox_close(&group->box);
	pfsnl_stream_free(&group->stream);
	pthread_cond_destroy(&group->cond);
	pthread_mutex_destroy(&group->lock);
	free(group->room);
	free(group);
}

/* ---- joining -------------------------------------------------------- */

static int poll_also(struct pfsnl_group *group, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(group->epoll_fd, EPOLL_CTL_ADD, fd, &event) ?
	       -errno : 0;
}

/* A sign of life is due four times in the time that it may take. */
static int set_timer(struct pfsnl_group *group, uint32_t keepalive)
{
	uint32_t ms = keepalive / 4;
	struct itimerspec when = {
		.it_interval.tv_sec = ms / 1000,
		.it_interval.tv_nsec = ms % 1000 * 1000000L,
	};

	when.it_value = when.it_interval;
	group->timer_fd = timerfd_create(CLOCK_MONOTONIC,
					 TFD_CLOEXEC | TFD_NONBLOCK);
	if (group->timer_fd < 0 ||
	    timerfd_settime(group->timer_fd, 0, &when, NULL))
		return -errno;
	return poll_also(group, group->timer_fd);
}

static int open_fds(struct pfsnl_group *group, uint32_t keepalive)
{
	int err;

	group->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	group->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (group->epoll_fd < 0 || group->wake_fd < 0)
		return -errno;
	err = poll_also(group, group->box.fd);
	if (!err)
		err = poll_also(group, group->wake_fd);
	if (!err && keepalive)
		err = set_timer(group, keepalive);
	return err;
}

static struct pfsnl_group *group_alloc(const char *name,
				       const struct pfsnl_group_calls *calls,
				       void *arg)
{
	struct pfsnl_group *group = calloc(1, sizeof(*group));
	pthread_condattr_t attr;

	if (!group)
		return NULL;
	group->pid = getpid();
	strcpy(group->name, name);
	group->epoll_fd = -1;
	group->wake_fd = -1;
	group->timer_fd = -1;
	group->box.fd = -1;
	pthread_mutex_init(&group->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&group->cond, &attr);
	pthread_condattr_destroy(&attr);
	pfsnl_stream_init(&group->stream, group, calls, arg);
	group->room = malloc(PFSNL_MAILBOX_ROOM);
	if (!group->room) {
		group_free(group);
		return NULL;
	}
	return group;
}

/* Where the family is, and which address this node has. */
static int look_up(struct pfsnl *handle, const char *what, uint16_t *family,
		   struct in_addr *addr)
{
	struct pfsnl_instance *instance;
	int err;

	pthread_mutex_lock(&handle->req_lock);
	err = pfsnl_instance_read(&handle->req, true, &instance);
	*family = handle->req.family.id;
	pthread_mutex_unlock(&handle->req_lock);
	if (err)
		return pfsnl_fail(err, what, NULL);
	*addr = instance->settings->address;
	pfsnl_instance_free(instance);
	return 0;
}

static int join(struct pfsnl_group *group, const char *what, uint32_t keepalive)
{
	struct pfsnl_answer answer;
	struct pfsnl_ask ask;
	int err;

	pfsnl_ask_begin(&ask, PFSNL_CMD_GROUP_JOIN);
	pfsnl_ask_put(&ask, PFSNL_A_GROUP_NAME, group->name,
		      strlen(group->name) + 1);
	if (keepalive)
		pfsnl_ask_put(&ask, PFSNL_A_GROUP_KEEPALIVE, &keepalive, 4);
	pfsnl_ask_put(&ask, PFSNL_A_GROUP_WINDOW, &group->box.window, 4);
	err = pfsnl_mailbox_ask(&group->box, &ask, &answer);
	if (!err && answer.err)
		return pfsnl_fail(answer.err, what, answer.why);
	if (!err && !answer.member)
		err = -EBADMSG;
	if (err)
		return pfsnl_fail(err, what, NULL);
	group->stream.number = answer.member;
	if (group->box.first || group->box.lost)
		pfsnl_group_wake(group);
	return 0;
}

static int take_options(const char *what, const struct pfsnl_group_options *opt,
			struct pfsnl_group_options *mine)
{
	memset(mine, 0, sizeof(*mine));
	if (!opt)
		return 0;
	if (opt->size < offsetof(struct pfsnl_group_options, keepalive))
		return pfsnl_failf(-EINVAL, what,
				   "the size of the options is not set");
	memcpy(mine, opt, opt->size < sizeof(*mine) ? opt->size :
						      sizeof(*mine));
	if (mine->keepalive && (mine->keepalive < KEEPALIVE_MIN_MS ||
				mine->keepalive > KEEPALIVE_MAX_MS))
		return pfsnl_failf(-ERANGE, what,
				   "keepalive: allowed is %d to %d milliseconds, or 0 for none",
				   KEEPALIVE_MIN_MS, KEEPALIVE_MAX_MS);
	return 0;
}

PFSNL_EXPORT int pfsnl_group_join(struct pfsnl *handle, const char *name,
				  const struct pfsnl_group_calls *calls,
				  void *arg,
				  const struct pfsnl_group_options *opt,
				  struct pfsnl_group **group)
{
	const char *what = "joining a group";
	struct pfsnl_group_options mine;
	struct pfsnl_group *new;
	struct in_addr addr = { 0 };
	uint16_t family = 0;
	int err, fd;

	*group = NULL;
	err = pfsnl_check(handle, what);
	if (!err)
		err = pfsnl_group_check_name(what, name);
	if (!err && calls->size < offsetof(struct pfsnl_group_calls, changed))
		err = pfsnl_failf(-EINVAL, what,
				  "the size of the calls is not set");
	if (!err)
		err = take_options(what, opt, &mine);
	if (!err)
		err = look_up(handle, what, &family, &addr);
	if (err)
		return err;
	new = group_alloc(name, calls, arg);
	if (!new)
		return pfsnl_fail(-ENOMEM, what, NULL);
	fd = pfsnl_socket_beside(handle, what);
	if (fd < 0) {
		group_free(new);
		return fd;
	}
	err = pfsnl_mailbox_open(&new->box, fd, family);
	if (!err)
		err = open_fds(new, mine.keepalive);
	if (err) {
		err = pfsnl_fail(err, what, NULL);
	} else {
		new->stream.addr = addr;
		err = join(new, what, mine.keepalive);
	}
	if (err)
		group_free(new);
	else
		*group = new;
	return err;
}

PFSNL_EXPORT uint32_t pfsnl_group_number(const struct pfsnl_group *group)
{
	return group->stream.number;
}

/* ---- members ------------------------------------------------------- */

PFSNL_EXPORT int pfsnl_group_members(struct pfsnl_group *group,
				     struct pfsnl_group_members **members)
{
	const char *what = "reading the members of a group";
	size_t i;
	int err;

	*members = NULL;
	err = pfsnl_group_check(group, what);
	if (err)
		return err;
	*members = calloc(1, sizeof(**members));
	if (*members) {
		pthread_mutex_lock(&group->stream.lock);
		err = pfsnl_members_copy(*members, &group->stream.members);
		pthread_mutex_unlock(&group->stream.lock);
	}
	if (!*members || err) {
		pfsnl_group_members_free(*members);
		*members = NULL;
		return pfsnl_fail(-ENOMEM, what, NULL);
	}
	for (i = 0; i < (*members)->count; i++)
		(*members)->members[i].why = PFSNL_GROUP_WHY_NONE;
	return 0;
}

/* ---- dispatching ---------------------------------------------------- */

/*
 * Notifications are lost, so nothing that follows may be told. The kernel shall
 * know it, too.
 */
static void end(struct pfsnl_group *group)
{
	uint32_t why = PFSNL_GROUP_WHY_SLOW;

	switch (group->box.lost) {
	case -ENOMEM:
		why = PFSNL_GROUP_WHY_NO_MEMORY;
		break;
	case -EPROTONOSUPPORT:
		why = PFSNL_GROUP_WHY_DOWN;
		break;
	}
	pfsnl_group_ask_leave(group);
	pthread_mutex_unlock(&group->lock);
	pfsnl_stream_end(&group->stream, why);
	pthread_mutex_lock(&group->lock);
}

static void drain(int fd)
{
	uint64_t count;

	/* Neither blocks, and that there was nothing is fine. */
	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

/* Whether it is time for a sign of life. */
static bool timer_ran(struct pfsnl_group *group)
{
	uint64_t count;

	return group->timer_fd >= 0 &&
	       read(group->timer_fd, &count, sizeof(count)) > 0;
}

/* Takes in one event; the lock is held, but not while the program is called. */
static bool take_one(struct pfsnl_group *group)
{
	struct pfsnl_kept *kept;
	struct nlmsghdr *nlh;
	uint32_t len;
	int err;

	nlh = pfsnl_mailbox_next(&group->box, group->room, &kept);
	if (!nlh)
		return false;
	len = nlh->nlmsg_len;
	pthread_mutex_unlock(&group->lock);
	err = pfsnl_stream_take(&group->stream, nlh);
	free(kept);
	pthread_mutex_lock(&group->lock);
	if (err)
		pfsnl_mailbox_lose(&group->box, err);
	else if (!group->closing && !group->stream.over)
		pfsnl_mailbox_taken(&group->box, len);
	return true;
}

/* Nothing follows, so the descriptor shall never be readable again. */
static void fall_silent(struct pfsnl_group *group)
{
	epoll_ctl(group->epoll_fd, EPOLL_CTL_DEL, group->box.fd, NULL);
	epoll_ctl(group->epoll_fd, EPOLL_CTL_DEL, group->wake_fd, NULL);
	if (group->timer_fd >= 0)
		epoll_ctl(group->epoll_fd, EPOLL_CTL_DEL, group->timer_fd,
			  NULL);
}

/* Gives back what a call has given back; the lock is held, and gone then. */
static bool finish(struct pfsnl_group *group)
{
	bool gone = group->orphaned;

	group->dispatching = false;
	if (group->stream.over && !group->over) {
		group->over = true;
		group->why = group->stream.why;
		fall_silent(group);
		pthread_cond_broadcast(&group->cond);
	}
	if (!group->over &&
	    (group->box.rest || group->box.first || group->box.lost))
		pfsnl_group_wake(group);
	pthread_mutex_unlock(&group->lock);
	if (gone)
		group_free(group);
	return gone;
}

/*
 * Does what is to be done now. *gone is set if a call has given the membership
 * back: it doesn't exist any longer then.
 */
static int run(struct pfsnl_group *group, unsigned int max_events, bool own,
	       bool *gone)
{
	const char *what = "dispatching events of a group";
	unsigned int n = 0;
	int err = 0;

	*gone = false;
	pthread_mutex_lock(&group->lock);
	if (group->dispatching)
		err = pfsnl_fail(-EBUSY, what,
				 "one of its calls or another thread is in it already");
	else if (group->threaded && !own)
		err = pfsnl_fail(-EBUSY, what,
				 "the membership has a thread of its own");
	else if (group->over)
		err = pfsnl_group_not_member(group, what);
	if (err) {
		pthread_mutex_unlock(&group->lock);
		return err;
	}
	group->dispatching = true;
	group->dispatcher = pthread_self();
	if (group->woken) {
		group->woken = false;
		drain(group->wake_fd);
	}
	if (timer_ran(group))
		pfsnl_mailbox_tell(&group->box, NULL);
	while (n < max_events && !group->closing && !group->stream.over &&
	       take_one(group))
		n++;
	if (group->box.lost && !group->closing && !group->stream.over) {
		end(group);
		n++;
	}
	*gone = finish(group);
	return (int)n;
}

PFSNL_EXPORT int pfsnl_group_dispatch(struct pfsnl_group *group,
				      unsigned int max_events)
{
	bool gone;
	int err;

	err = pfsnl_group_check(group, "dispatching events of a group");
	if (err)
		return err;
	if (!max_events || max_events > INT32_MAX)
		max_events = MAX_EVENTS_A_RUN;
	return run(group, max_events, false, &gone);
}

PFSNL_EXPORT int pfsnl_group_fd(struct pfsnl_group *group)
{
	const char *what = "giving the descriptor of a group";
	int err;

	err = pfsnl_group_check(group, what);
	if (err)
		return err;
	pthread_mutex_lock(&group->lock);
	if (group->threaded)
		err = pfsnl_fail(-EBUSY, what,
				 "the membership has a thread of its own");
	else
		err = group->epoll_fd;
	pthread_mutex_unlock(&group->lock);
	return err;
}

static void *thread_main(void *arg)
{
	struct pfsnl_group *group = arg;
	struct epoll_event event;
	bool gone = false;
	int n = 0;

	while (n >= 0 && !gone) {
		if (epoll_wait(group->epoll_fd, &event, 1, -1) < 0)
			continue;
		n = run(group, MAX_EVENTS_A_RUN, true, &gone);
		if (gone)
			break;
		pthread_mutex_lock(&group->lock);
		if (group->closing || group->over)
			n = -1;
		pthread_mutex_unlock(&group->lock);
	}
	return NULL;
}

PFSNL_EXPORT int pfsnl_group_thread(struct pfsnl_group *group)
{
	const char *what = "starting the thread of a group";
	sigset_t all, old;
	int err;

	err = pfsnl_group_check(group, what);
	if (err)
		return err;
	pthread_mutex_lock(&group->lock);
	if (group->threaded || group->dispatching) {
		err = pfsnl_fail(-EBUSY, what, group->threaded ? "it has one" :
				 "another thread, or a call, dispatches");
	} else {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &old);
		err = pthread_create(&group->thread, NULL, thread_main, group);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		group->threaded = !err;
		if (err)
			err = pfsnl_fail(-err, what, NULL);
		else
			pthread_setname_np(group->thread, "pfsnl-group");
	}
	pthread_mutex_unlock(&group->lock);
	return err;
}

/* ---- leaving -------------------------------------------------------- */

static void close_copies(struct pfsnl_group *group)
{
	/*
	 * The thread isn't here, and the memory may have been copied in the
	 * middle of a change. Only the descriptors are sound.
	 */
	close_fds(group);
	if (group->box.fd >= 0)
		close(group->box.fd);
}

/* Whether a call of this very membership is what gives it back. */
static bool give_back_inside(struct pfsnl_group *group, bool leave)
{
	bool inside;

	pthread_mutex_lock(&group->lock);
	inside = group->dispatching &&
		 pthread_equal(group->dispatcher, pthread_self());
	if (inside) {
		if (leave && !group->stream.over && !group->closing)
			pfsnl_group_ask_leave(group);
		group->closing = true;
		group->orphaned = true;
		if (group->threaded)
			pthread_detach(group->thread);
	}
	pthread_mutex_unlock(&group->lock);
	return inside;
}

static void give_back(struct pfsnl_group *group)
{
	bool threaded;

	pthread_mutex_lock(&group->lock);
	group->closing = true;
	threaded = group->threaded;
	pfsnl_group_wake(group);
	pthread_mutex_unlock(&group->lock);
	if (threaded)
		pthread_join(group->thread, NULL);
	group_free(group);
}

static struct timespec deadline_in(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	return t;
}

static int left_ms(const struct timespec *end)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)(end->tv_sec - now.tv_sec) * 1000 +
	     (end->tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? (int)ms : 0;
}

/* Dispatches here until it is over. */
static void run_to_end(struct pfsnl_group *group, const struct timespec *end,
		       bool *gone)
{
	struct pollfd pfd = { .fd = group->epoll_fd, .events = POLLIN };
	int left = 1;

	*gone = false;
	while (run(group, MAX_EVENTS_A_RUN, false, gone) >= 0 && !*gone &&
	       left > 0) {
		left = left_ms(end);
		poll(&pfd, 1, left);
	}
}

PFSNL_EXPORT int pfsnl_group_leave(struct pfsnl_group *group, int wait_ms)
{
	const char *what = "leaving a group";
	struct timespec end;
	bool threaded, over, gone = false;
	int err;

	err = pfsnl_group_check(group, what);
	if (err) {
		close_copies(group);
		return err;
	}
	if (give_back_inside(group, true))
		return 0;
	end = deadline_in(wait_ms < 0 ? WAIT_DEFAULT_MS : wait_ms);
	pthread_mutex_lock(&group->lock);
	threaded = group->threaded;
	/* Who isn't a member any longer is told so, or will never be. */
	if (!group->over && pfsnl_group_ask_leave(group) && !group->box.first &&
	    !group->box.lost)
		group->box.lost = -EPROTONOSUPPORT;
	pfsnl_group_wake(group);
	while (threaded && !group->over &&
	       !pthread_cond_timedwait(&group->cond, &group->lock, &end))
		;
	pthread_mutex_unlock(&group->lock);
	if (!threaded)
		run_to_end(group, &end, &gone);
	if (gone)
		return 0;
	pthread_mutex_lock(&group->lock);
	over = group->over;
	pthread_mutex_unlock(&group->lock);
	give_back(group);
	if (over)
		return 0;
	return pfsnl_failf(-ETIMEDOUT, what,
			   "its end was not told in time (the node goes on leaving)");
}

PFSNL_EXPORT void pfsnl_group_close(struct pfsnl_group *group)
{
	if (!group)
		return;
	if (group->pid != getpid())
		close_copies(group);
	else if (!give_back_inside(group, false))
		give_back(group);
}
