// SPDX-License-Identifier: LGPL-2.1
/* Who is told, and on which thread. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <pfsnl_ckpt.h>

#include "internal.h"

/* So many events are taken in before others get their turn. */
#define MAX_EVENTS_A_RUN 256

#define RETRY_FIRST_MS 10
#define RETRY_LAST_MS 1000

/*
 * A watch (fn), a ring watch (ring), a watch of checkpoints (of_ckpts) or a
 * monitor (monitor). A dead one stays linked while there is a dispatcher, which
 * may be on it; the dispatcher sweeps it at its end.
 */
struct pfsnl_watch {
	struct pfsnl_watch *next;
	pfsnl_watch_fn fn;
	pfsnl_ring_watch_fn ring;
	pfsnl_monitor_fn monitor;
	bool of_ckpts;
	struct pfsnl_ckpt_calls ckpts;	/* what isn't called is NULL */
	void *arg;
	bool dead;
	bool started;		/* all but a monitor: had its initial update */
	uint64_t since;		/* monitor: added after so many events */
};

/* What one of them is told: that of its kind. */
struct news {
	const struct pfsnl_update *update;
	const struct pfsnl_ring_update *ring;
	const struct pfsnl_event *event;
	/* of checkpoints; without either a refresh */
	const struct pfsnl_ckpt_notice *notice;
	const struct pfsnl_ckpt_conflict *conflict;
};

static bool same(const struct pfsnl_watch *a, const struct pfsnl_watch *b)
{
	return a->fn == b->fn && a->ring == b->ring &&
	       a->monitor == b->monitor && a->arg == b->arg &&
	       a->of_ckpts == b->of_ckpts &&
	       a->ckpts.refresh == b->ckpts.refresh &&
	       a->ckpts.event == b->ckpts.event &&
	       a->ckpts.conflict == b->ckpts.conflict;
}

/* ---- calling (dispatcher) ------------------------------------------- */

static void call_ckpts(const struct pfsnl_watch *watch, const struct news *news)
{
	const struct pfsnl_ckpt_calls *calls = &watch->ckpts;

	if (news->notice && calls->event)
		calls->event(watch->arg, news->notice);
	else if (news->conflict && calls->conflict)
		calls->conflict(watch->arg, news->conflict);
	else if (!news->notice && !news->conflict && calls->refresh)
		calls->refresh(watch->arg);
}

/* event_lock is held, but not while the watch runs. */
static void call(struct pfsnl *handle, struct pfsnl_watch *watch,
		 const struct news *news)
{
	handle->running = watch;
	handle->calls++;
	pthread_mutex_unlock(&handle->event_lock);
	if (watch->fn)
		watch->fn(watch->arg, news->update);
	else if (watch->ring)
		watch->ring(watch->arg, news->ring);
	else if (watch->of_ckpts)
		call_ckpts(watch, news);
	else
		watch->monitor(watch->arg, news->event);
	pthread_mutex_lock(&handle->event_lock);
	handle->running = NULL;
	pthread_cond_broadcast(&handle->event_cond);
}

void pfsnl_tell_watches(struct pfsnl *handle, const struct pfsnl_update *update)
{
	const struct news news = { .update = update };
	struct pfsnl_watch *watch;

	pthread_mutex_lock(&handle->event_lock);
	/* One that is added meanwhile isn't started: the list has it all. */
	for (watch = handle->watches; watch && !handle->closing;
	     watch = watch->next)
		if (watch->fn && watch->started && !watch->dead)
			call(handle, watch, &news);
	pthread_mutex_unlock(&handle->event_lock);
}

void pfsnl_tell_rings(struct pfsnl *handle,
		      const struct pfsnl_ring_update *update)
{
	const struct news news = { .ring = update };
	struct pfsnl_watch *watch;

	pthread_mutex_lock(&handle->event_lock);
	for (watch = handle->watches; watch && !handle->closing;
	     watch = watch->next)
		if (watch->ring && watch->started && !watch->dead)
			call(handle, watch, &news);
	pthread_mutex_unlock(&handle->event_lock);
}

static void tell_ckpts(struct pfsnl *handle, const struct news *news)
{
	struct pfsnl_watch *watch;

	pthread_mutex_lock(&handle->event_lock);
	for (watch = handle->watches; watch && !handle->closing;
	     watch = watch->next)
		if (watch->of_ckpts && watch->started && !watch->dead)
			call(handle, watch, news);
	pthread_mutex_unlock(&handle->event_lock);
}

void pfsnl_tell_ckpt_refresh(struct pfsnl *handle)
{
	const struct news news = { 0 };

	tell_ckpts(handle, &news);
}

void pfsnl_tell_ckpt_notice(struct pfsnl *handle,
			    const struct pfsnl_ckpt_notice *notice)
{
	const struct news news = { .notice = notice };

	tell_ckpts(handle, &news);
}

void pfsnl_tell_ckpt_conflict(struct pfsnl *handle,
			      const struct pfsnl_ckpt_conflict *conflict)
{
	const struct news news = { .conflict = conflict };

	tell_ckpts(handle, &news);
}

void pfsnl_tell_monitors(struct pfsnl *handle, const struct pfsnl_event *event)
{
	const struct news news = { .event = event };
	struct pfsnl_watch *watch;
	uint64_t number;

	pthread_mutex_lock(&handle->event_lock);
	number = ++handle->events;
	for (watch = handle->watches; watch && !handle->closing;
	     watch = watch->next)
		if (watch->monitor && watch->since < number && !watch->dead)
			call(handle, watch, &news);
	pthread_mutex_unlock(&handle->event_lock);
}

/*
 * Gives the watches that were added their initial update; not those that are
 * added meanwhile, or a watch that always adds itself anew would keep us here.
 */
static void start_watches(struct pfsnl *handle)
{
	struct pfsnl_watch *watch, *last;
	struct pfsnl_ring_update ring;
	struct pfsnl_update update;
	const struct news news = { .update = &update, .ring = &ring };

	pthread_mutex_lock(&handle->event_lock);
	for (last = handle->watches; last && last->next; last = last->next)
		;
	for (watch = handle->watches; watch && !handle->closing;
	     watch = watch == last ? NULL : watch->next) {
		if (watch->monitor || watch->started || watch->dead)
			continue;
		/* Wait until the ring is known; that wakes us again. */
		if (watch->ring && (handle->reread ||
				    !pfsnl_follow_ring(handle, &ring)))
			continue;
		watch->started = true;
		pfsnl_follow_initial(handle, &update);
		call(handle, watch, &news);
	}
	pthread_mutex_unlock(&handle->event_lock);
}

/* Frees dead watches, or all. event_lock is held, nobody walks the list. */
static void sweep(struct pfsnl *handle, bool all)
{
	struct pfsnl_watch **at = &handle->watches, *watch;

	while ((watch = *at)) {
		if (all || watch->dead) {
			*at = watch->next;
			free(watch);
		} else {
			at = &watch->next;
		}
	}
}

static bool is_closing(struct pfsnl *handle)
{
	bool closing;

	pthread_mutex_lock(&handle->event_lock);
	closing = handle->closing;
	pthread_mutex_unlock(&handle->event_lock);
	return closing;
}

static void drain(int fd)
{
	uint64_t count;

	/* Neither blocks, and that there was nothing is fine. */
	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

static void retry_later(struct pfsnl *handle)
{
	struct pfsnl_follow *follow = &handle->follow;
	struct itimerspec when = { 0 };

	follow->retry_ms = follow->retry_ms ? 2 * follow->retry_ms :
					      RETRY_FIRST_MS;
	if (follow->retry_ms > RETRY_LAST_MS)
		follow->retry_ms = RETRY_LAST_MS;
	when.it_value.tv_sec = follow->retry_ms / 1000;
	when.it_value.tv_nsec = follow->retry_ms % 1000 * 1000000L;
	timerfd_settime(handle->timer_fd, 0, &when, NULL);
}

static bool take_reread(struct pfsnl *handle)
{
	bool reread;

	pthread_mutex_lock(&handle->event_lock);
	reread = handle->reread;
	handle->reread = false;
	pthread_mutex_unlock(&handle->event_lock);
	return reread;
}

static int handle_events(struct pfsnl *handle)
{
	int i, err;

	for (i = 0; i < MAX_EVENTS_A_RUN && !is_closing(handle); i++)
		if (pfsnl_follow_receive(handle))
			break;
	if (is_closing(handle))
		return 0;
	/* Only now, so that changes that have come are told with reasons. */
	if (take_reread(handle))
		handle->follow.stale = true;
	err = pfsnl_follow_refresh(handle);
	if (err) {
		retry_later(handle);
		return err;
	}
	handle->follow.retry_ms = 0;
	start_watches(handle);
	return 0;
}

/*
 * Does what is to be done now. *gone is set if a watch closed the handle: it
 * doesn't exist any longer then.
 */
static int run(struct pfsnl *handle, bool *gone)
{
	bool following;
	int err = 0;

	pthread_mutex_lock(&handle->event_lock);
	if (handle->dispatching) {
		pthread_mutex_unlock(&handle->event_lock);
		return pfsnl_fail(-EBUSY, "dispatching events",
				  "a watch or another thread is in it already");
	}
	handle->dispatching = true;
	handle->dispatcher = pthread_self();
	following = handle->following;
	pthread_mutex_unlock(&handle->event_lock);

	drain(handle->wake_fd);
	drain(handle->timer_fd);
	if (following)
		err = handle_events(handle);

	pthread_mutex_lock(&handle->event_lock);
	handle->dispatching = false;
	*gone = handle->orphaned;
	sweep(handle, handle->orphaned);
	pthread_mutex_unlock(&handle->event_lock);
	if (*gone)
		pfsnl_handle_free(handle);
	return err;
}

static void *thread_main(void *arg)
{
	struct pfsnl *handle = arg;
	struct epoll_event event;
	bool gone = false;

	while (!is_closing(handle)) {
		if (epoll_wait(handle->epoll_fd, &event, 1, -1) < 0)
			continue;
		/* The text of an error has no reader here; it is retried. */
		if (run(handle, &gone) && !gone)
			poll(NULL, 0, RETRY_FIRST_MS);
		if (gone)
			break;
	}
	return NULL;
}

/* ---- adding and removing -------------------------------------------- */

static void wake(struct pfsnl *handle)
{
	uint64_t one = 1;

	/* Fails only if it is awake so often already that it can't be more. */
	if (write(handle->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static int poll_also(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* Makes the descriptors of the event side; event_lock is held. */
static int open_fds(struct pfsnl *handle)
{
	int epoll_fd, wake_fd, timer_fd, err;

	if (handle->epoll_fd >= 0)
		return 0;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	err = epoll_fd < 0 || wake_fd < 0 || timer_fd < 0 ? -errno : 0;
	if (!err)
		err = poll_also(epoll_fd, nl_socket_get_fd(handle->ev.sk));
	if (!err)
		err = poll_also(epoll_fd, wake_fd);
	if (!err)
		err = poll_also(epoll_fd, timer_fd);
	if (err) {
		if (epoll_fd >= 0)
			close(epoll_fd);
		if (wake_fd >= 0)
			close(wake_fd);
		if (timer_fd >= 0)
			close(timer_fd);
		return pfsnl_fail(err, "watching the list", NULL);
	}
	handle->epoll_fd = epoll_fd;
	handle->wake_fd = wake_fd;
	handle->timer_fd = timer_fd;
	return 0;
}

static int start_thread(struct pfsnl *handle)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&handle->thread, NULL, thread_main, handle);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return pfsnl_fail(-err, "starting the thread of the watches",
				  NULL);
	pthread_setname_np(handle->thread, "pfsnl");
	handle->mode = PFSNL_MODE_THREAD;
	return 0;
}

/* A watch can be added only while the module is there. */
static int check_loaded(struct pfsnl *handle, const char *what)
{
	struct pfsnl_family family;
	bool gone;
	int err;

	pthread_mutex_lock(&handle->event_lock);
	gone = handle->following && !handle->loaded;
	pthread_mutex_unlock(&handle->event_lock);
	if (!gone)
		return 0;
	pthread_mutex_lock(&handle->req_lock);
	err = pfsnl_family_find(&handle->req, PFSNL_GENL_NAME, true, &family,
				NULL);
	pthread_mutex_unlock(&handle->req_lock);
	return err ? pfsnl_fail(err, what, NULL) : 0;
}

/* The watch like this one that is alive, or the end of the list. */
static struct pfsnl_watch **find(struct pfsnl *handle,
				 const struct pfsnl_watch *like)
{
	struct pfsnl_watch **at;

	for (at = &handle->watches; *at; at = &(*at)->next)
		if (!(*at)->dead && same(*at, like))
			break;
	return at;
}

static int link_watch(struct pfsnl *handle, struct pfsnl_watch *watch,
		      const char *what)
{
	struct pfsnl_watch **at = find(handle, watch);
	int err;

	if (*at)
		return pfsnl_fail(-EEXIST, what, "it was added already");
	if (handle->closing)
		return pfsnl_fail(-ESHUTDOWN, what,
				  "the handle is being closed");
	err = open_fds(handle);
	if (!err && watch->of_ckpts)
		err = pfsnl_follow_ckpts(handle);
	else if (!err && !watch->fn)
		err = pfsnl_follow_rings(handle);
	/* The ring as it is now is told by no event. */
	if (!err && watch->ring)
		handle->reread = true;
	if (!err && !handle->following) {
		err = pfsnl_follow_start(handle);
		handle->following = !err;
	}
	if (!err && watch->of_ckpts && handle->loaded && !handle->ckpts_group)
		err = pfsnl_fail(-EOPNOTSUPP, what, NULL);
	if (!err && handle->mode == PFSNL_MODE_NONE)
		err = start_thread(handle);
	if (err)
		return err;
	watch->since = handle->events;
	*at = watch;
	wake(handle);
	return 0;
}

static int add(struct pfsnl *handle, const struct pfsnl_watch *like,
	       const char *what)
{
	struct pfsnl_watch *watch;
	int err;

	err = pfsnl_check(handle, what);
	if (!err)
		err = check_loaded(handle, what);
	if (err)
		return err;
	watch = malloc(sizeof(*watch));
	if (!watch)
		return pfsnl_fail(-ENOMEM, what, NULL);
	*watch = *like;
	pthread_mutex_lock(&handle->event_lock);
	err = link_watch(handle, watch, what);
	pthread_mutex_unlock(&handle->event_lock);
	if (err)
		free(watch);
	return err;
}

static int remove_like(struct pfsnl *handle, const struct pfsnl_watch *like,
		       const char *what)
{
	struct pfsnl_watch *watch;
	uint64_t this_call;
	int err;

	err = pfsnl_check(handle, what);
	if (err)
		return err;
	pthread_mutex_lock(&handle->event_lock);
	watch = *find(handle, like);
	if (watch)
		watch->dead = true;
	else
		err = -ENOENT;
	/*
	 * The call under way is to be waited for even if the watch was removed
	 * before, by itself or by another thread.
	 */
	if (handle->dispatching &&
	    !pthread_equal(handle->dispatcher, pthread_self())) {
		this_call = handle->calls;
		while (handle->running && handle->calls == this_call &&
		       same(handle->running, like))
			pthread_cond_wait(&handle->event_cond,
					  &handle->event_lock);
	}
	if (!handle->dispatching)
		sweep(handle, false);
	pthread_mutex_unlock(&handle->event_lock);
	return err ? pfsnl_fail(err, what, "it was not added") : 0;
}

PFSNL_EXPORT int pfsnl_watch_add(struct pfsnl *handle, pfsnl_watch_fn fn,
				 void *arg)
{
	struct pfsnl_watch like = { .fn = fn, .arg = arg };

	return add(handle, &like, "adding a watch");
}

PFSNL_EXPORT int pfsnl_watch_remove(struct pfsnl *handle, pfsnl_watch_fn fn,
				    void *arg)
{
	struct pfsnl_watch like = { .fn = fn, .arg = arg };

	return remove_like(handle, &like, "removing a watch");
}

PFSNL_EXPORT int pfsnl_ring_watch_add(struct pfsnl *handle,
				      pfsnl_ring_watch_fn fn, void *arg)
{
	struct pfsnl_watch like = { .ring = fn, .arg = arg };

	return add(handle, &like, "adding a ring watch");
}

PFSNL_EXPORT int pfsnl_ring_watch_remove(struct pfsnl *handle,
					 pfsnl_ring_watch_fn fn, void *arg)
{
	struct pfsnl_watch like = { .ring = fn, .arg = arg };

	return remove_like(handle, &like, "removing a ring watch");
}

PFSNL_EXPORT int pfsnl_monitor_add(struct pfsnl *handle, pfsnl_monitor_fn fn,
				   void *arg)
{
	struct pfsnl_watch like = { .monitor = fn, .arg = arg };

	return add(handle, &like, "adding a monitor");
}

PFSNL_EXPORT int pfsnl_monitor_remove(struct pfsnl *handle,
				      pfsnl_monitor_fn fn, void *arg)
{
	struct pfsnl_watch like = { .monitor = fn, .arg = arg };

	return remove_like(handle, &like, "removing a monitor");
}

/* Makes a watch of what a program calls one with. */
static int take_calls(const char *what, const struct pfsnl_ckpt_calls *calls,
		      struct pfsnl_watch *like)
{
	size_t size = calls->size;

	if (size < offsetof(struct pfsnl_ckpt_calls, refresh))
		return pfsnl_failf(-EINVAL, what,
				   "the size of the calls is not set");
	if (size > sizeof(like->ckpts))
		size = sizeof(like->ckpts);
	memcpy(&like->ckpts, calls, size);
	like->of_ckpts = true;
	return 0;
}

PFSNL_EXPORT int pfsnl_ckpt_watch_add(struct pfsnl *handle,
				      const struct pfsnl_ckpt_calls *calls,
				      void *arg)
{
	const char *what = "adding a watch of checkpoints";
	struct pfsnl_watch like = { .arg = arg };
	int err;

	err = take_calls(what, calls, &like);
	return err ? err : add(handle, &like, what);
}

PFSNL_EXPORT int pfsnl_ckpt_watch_remove(struct pfsnl *handle,
					 const struct pfsnl_ckpt_calls *calls,
					 void *arg)
{
	const char *what = "removing a watch of checkpoints";
	struct pfsnl_watch like = { .arg = arg };
	int err;

	err = take_calls(what, calls, &like);
	return err ? err : remove_like(handle, &like, what);
}

bool pfsnl_events_end(struct pfsnl *handle)
{
	bool inside;

	pthread_mutex_lock(&handle->event_lock);
	handle->closing = true;
	inside = handle->dispatching &&
		 pthread_equal(handle->dispatcher, pthread_self());
	handle->orphaned = inside;
	pthread_mutex_unlock(&handle->event_lock);
	if (inside) {
		if (handle->mode == PFSNL_MODE_THREAD)
			pthread_detach(handle->thread);
		return false;
	}
	if (handle->mode == PFSNL_MODE_THREAD) {
		wake(handle);
		pthread_join(handle->thread, NULL);
	}
	sweep(handle, true);
	return true;
}

/* ---- event loops ---------------------------------------------------- */

PFSNL_EXPORT int pfsnl_watch_fd(struct pfsnl *handle)
{
	const char *what = "giving the descriptor of the events";
	int err;

	err = pfsnl_check(handle, what);
	if (err)
		return err;
	pthread_mutex_lock(&handle->event_lock);
	if (handle->mode == PFSNL_MODE_THREAD)
		err = pfsnl_fail(-EBUSY, what,
				 "the handle has a thread for them already, ask before the first watch is added");
	else
		err = open_fds(handle);
	if (!err) {
		handle->mode = PFSNL_MODE_LOOP;
		err = handle->epoll_fd;
	}
	pthread_mutex_unlock(&handle->event_lock);
	return err;
}

PFSNL_EXPORT int pfsnl_dispatch(struct pfsnl *handle)
{
	const char *what = "dispatching events";
	enum pfsnl_mode mode;
	bool gone;
	int err;

	err = pfsnl_check(handle, what);
	if (err)
		return err;
	pthread_mutex_lock(&handle->event_lock);
	mode = handle->mode;
	pthread_mutex_unlock(&handle->event_lock);
	if (mode != PFSNL_MODE_LOOP)
		return pfsnl_fail(-EBUSY, what,
				  "call pfsnl_watch_fd() first, before a watch is added");
	return run(handle, &gone);
}

PFSNL_EXPORT int pfsnl_set_event_buffer(struct pfsnl *handle, size_t bytes)
{
	const char *what = "setting the event buffer";
	int err;

	err = pfsnl_check(handle, what);
	if (err)
		return err;
	if (!bytes || bytes > 1 << 30)
		return pfsnl_fail(-EINVAL, what,
				  "it takes 1 byte to 1 GiB");
	pfsnl_sock_set_buffer(&handle->ev, bytes);
	return 0;
}
