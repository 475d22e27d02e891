// SPDX-License-Identifier: GPL-2.0
/*
 * Signs of life: a process that promised them and gives none loses its memberships.
 */
#include <net/sock.h>

#include "instance.h"
#include "process.h"

/* a watch that comes later than this judges nobody, but begins anew */
#define WATCH_LATE_MS	100
/* and it doesn't come more often */
#define WATCH_LEAST_MS	10

/* The watch is to come at @when, or before. Any process. */
static void watch_by(struct pfsnl_process_io *io, u64 when, u64 now)
{
	bool sooner;

	spin_lock(&io->lock);
	sooner = !io->watch_at || when < io->watch_at;
	if (sooner)
		io->watch_at = when;
	spin_unlock(&io->lock);
	if (sooner)
		kthread_mod_delayed_work(io->inst->worker, &io->watch,
					 nsecs_to_jiffies(when - now) + 1);
}

/* Some socket that has been silent for too long, used, or NULL. */
static struct pfsnl_process *silent_socket(struct pfsnl_process_io *io, u64 now,
					   bool late, u64 *next)
{
	struct pfsnl_process *p, *found = NULL;
	u64 due;
	int i;

	*next = PFSNL_NEVER;
	spin_lock(&io->lock);
	hash_for_each(io->tables->sockets, i, p, by_portid) {
		if (!p->keepalive_ms)
			continue;
		if (list_empty(&p->memberships)) {
			p->keepalive_ms = 0;
			continue;
		}
		/* it may have had no processor either */
		if (late)
			WRITE_ONCE(p->seen, now);
		due = READ_ONCE(p->seen) + p->keepalive_ms * PFSNL_MS;
		if (due <= now) {
			p->keepalive_ms = 0;
			refcount_inc(&p->refs);
			found = p;
			break;
		}
		*next = min(*next, due);
	}
	spin_unlock(&io->lock);
	return found;
}

/**
 * pfsnl_keepalive_watch - some process must have given a sign of life by now
 * @work: of the room
 *
 * Node thread.
 */
void pfsnl_keepalive_watch(struct kthread_work *work)
{
	struct pfsnl_process_io *io = container_of(work,
						   struct pfsnl_process_io,
						   watch.work);
	u64 now = ktime_get_ns(), next;
	struct pfsnl_process *p;
	bool late;

	spin_lock(&io->lock);
	late = now > io->watch_at + WATCH_LATE_MS * PFSNL_MS;
	io->watch_at = 0;
	spin_unlock(&io->lock);
	while ((p = silent_socket(io, now, late, &next))) {
		pfsnl_process_lose(p, PFSNL_GROUP_WHY_SILENT);
		pfsnl_process_put(p);
	}
	if (next != PFSNL_NEVER)
		watch_by(io, max(next, now + WATCH_LEAST_MS * PFSNL_MS), now);
}

/**
 * pfsnl_keepalive_expect - a process is to give signs of life
 * @p: the process; its instance is kept
 * @keepalive_ms: within so many milliseconds; 0: it need not
 *
 * Any process.
 */
void pfsnl_keepalive_expect(struct pfsnl_process *p, u32 keepalive_ms)
{
	struct pfsnl_process_io *io = p->io;
	u64 now = ktime_get_ns();

	if (!keepalive_ms)
		return;
	spin_lock(&io->lock);
	if (!p->keepalive_ms || keepalive_ms < p->keepalive_ms)
		p->keepalive_ms = keepalive_ms;
	spin_unlock(&io->lock);
	watch_by(io, now + keepalive_ms * PFSNL_MS, now);
}
