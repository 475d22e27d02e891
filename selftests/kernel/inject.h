/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making allocations of a thread fail: the kernel's fail-nth, failslab and
 * fail_page_alloc. See Documentation/fault-injection of the kernel source.
 */
#ifndef PFSNL_TEST_INJECT_H
#define PFSNL_TEST_INJECT_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "thread.h"

#define DEBUGFS "/sys/kernel/debug"
/* counted down by each injection, and read to see how many there were */
#define TIMES 1000000000

static inline int inject_set(const char *facility, const char *name,
			     const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "/%s/%s", facility, name);
	return put_text(path, value);
}

static inline void inject_set_both(const char *name, const char *value)
{
	inject_set("failslab", name, value);
	inject_set("fail_page_alloc", name, value);
}

/*
 * Let threads for which inject_all() is on fail now, or no longer. Opening a
 * file would fail too, so these are open.
 */
static int inject_probability[2] = { -1, -1 };

static inline bool inject_now(bool on)
{
	const char *text = on ? "100" : "0";
	bool done = true;
	int i;

	for (i = 0; i < 2; i++)
		done = write(inject_probability[i], text, strlen(text)) > 0 &&
		       done;
	return done;
}

/*
 * What the checkers of a debug kernel allocate for themselves is none of the
 * operation's allocations, and a failure would switch the checker off.
 */
static inline void inject_spare_checkers(void)
{
	static const char * const spared[] = {
		"kmemleak_object", "kmemleak_scan_area", "debug_objects_cache",
	};
	const struct dirent *d;
	char path[512];
	size_t i;
	DIR *dir;

	dir = opendir("/sys/kernel/slab");
	if (!dir)
		return;
	while ((d = readdir(dir))) {
		bool on = d->d_name[0] != '.';

		for (i = 0; i < sizeof(spared) / sizeof(*spared); i++)
			on = on && strcmp(d->d_name, spared[i]);
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/failslab",
			 d->d_name);
		if (on)
			put_text(path, "1");
	}
	closedir(dir);
	inject_set("failslab", "cache-filter", "Y");
}

/* Where a function of the kernel begins and what comes after it ends. */
static inline void function_range(const char *function, char *from, char *to,
				  size_t size)
{
	unsigned long long addr, begin = 0, end = ~0ULL;
	FILE *f = fopen("/proc/kallsyms", "re");
	char name[512], line[1024];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %*c %511s", &addr, name) == 2 &&
		    !strcmp(name, function))
			begin = addr;
	if (f)
		rewind(f);
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx", &addr) == 1 && addr > begin &&
		    addr < end)
			end = addr;
	if (f)
		fclose(f);
	snprintf(from, size, "%#llx", begin);
	snprintf(to, size, "%#llx", begin ? end : 0);
}

/* Count and fail only what this function, or one it calls, allocates. */
static inline void inject_only_in(const char *function)
{
	char from[32] = "0", to[32] = "0xffffffffffffffff";

	if (function)
		function_range(function, from, to, sizeof(from));
	inject_set_both("require-start", from);
	inject_set_both("require-end", to);
}

/* Whether this kernel can; everything is prepared and nothing fails yet. */
static inline bool inject_prepare(void)
{
	char times[16], from[32], to[32];

	if (access("/proc/thread-self/fail-nth", W_OK) ||
	    inject_set("failslab", "ignore-gfp-wait", "N") ||
	    inject_set("fail_page_alloc", "ignore-gfp-wait", "N") ||
	    inject_set("fail_page_alloc", "min-order", "0"))
		return false;
	snprintf(times, sizeof(times), "%d", TIMES);
	inject_set_both("times", times);
	inject_probability[0] = open(DEBUGFS "/failslab/probability",
				     O_WRONLY | O_CLOEXEC);
	inject_probability[1] = open(DEBUGFS "/fail_page_alloc/probability",
				     O_WRONLY | O_CLOEXEC);
	if (!inject_now(false))
		return false;
	inject_set_both("task-filter", "Y");
	inject_set_both("verbose", "0");
	/* these fail what copies to and from a process; no allocation */
	inject_set("fail_usercopy", "reject-start", "0x1");
	inject_set("fail_usercopy", "reject-end", "0xffffffffffffffff");
	/* a checker that would complain; it has no cache of its own */
	function_range("ref_tracker_alloc", from, to, sizeof(from));
	inject_set_both("reject-start", from);
	inject_set_both("reject-end", to);
	inject_spare_checkers();
	return true;
}

static inline void inject_finish(void)
{
	inject_now(false);
	inject_set_both("task-filter", "N");
	inject_set_both("times", "1");
	inject_set_both("reject-start", "0");
	inject_set_both("reject-end", "0");
	inject_set_both("ignore-gfp-wait", "Y");
	inject_set("fail_page_alloc", "min-order", "1");
	inject_set("failslab", "cache-filter", "N");
}

/* How many allocations were made to fail since inject_prepare(). */
static inline long inject_count(void)
{
	static const char * const facilities[] = {
		"failslab", "fail_page_alloc",
	};
	char path[128], text[32];
	long count = 0;
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), DEBUGFS "/%s/times",
			 facilities[i]);
		if (get_text(path, text, sizeof(text)))
			count += TIMES - atol(text);
	}
	return count;
}

/* Arms the thread TID (0: this one). Return: false if there is none. */
static inline bool inject_arm(int tid, int nth)
{
	char path[64], text[16];

	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/fail-nth", tid);
	else
		snprintf(path, sizeof(path), "/proc/thread-self/fail-nth");
	snprintf(text, sizeof(text), "%d", nth);
	return !put_text(path, text);
}

/* Lets all allocations of the thread fail when inject_now() says so. */
static inline bool inject_all(int tid, bool on)
{
	char path[64];

	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/make-it-fail", tid);
	else
		snprintf(path, sizeof(path), "/proc/thread-self/make-it-fail");
	return !put_text(path, on ? "1" : "0");
}

/*
 * Arming a thread that does not exist yet. A thread of ours looks for it all
 * the time, which works with one processor too, by priorities: above it are the
 * thread that makes the request and the kernel's that makes threads; below it
 * the new thread, from its first moment on. A node thread that is not the one
 * wanted is helped past it.
 */
#define PRIORITY_REQUEST 30
#define PRIORITY_MAKER 20
#define PRIORITY_CATCHER 10
#define KTHREADD_TID 2

struct catcher {
	pthread_t thread;
	const char *name;	/* of the thread */
	const char *before;	/* of one that is made before it, or NULL */
	int nth;		/* 0: let all allocations fail */
	int first;		/* lowest number that the thread may get */
	int tid;		/* 0: not seen */
	atomic_bool stop;
};

static inline void priority_set(int tid, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	sched_setscheduler(tid, priority ? SCHED_FIFO : SCHED_OTHER, &param);
}

static inline int last_pid(void)
{
	char text[64], *last;

	if (!get_text("/proc/loadavg", text, sizeof(text)))
		return 0;
	last = strrchr(text, ' ');
	return last ? atoi(last) : 0;
}

static inline void *catcher_run(void *arg)
{
	struct catcher *c = arg;
	int tid = c->first, helped = 0;

	while (!c->tid && !c->stop) {
		if (thread_is(tid, c->name)) {
			if (c->nth)
				inject_arm(tid, c->nth);
			else
				inject_all(tid, true);
			c->tid = tid;
		} else if (c->before && !helped && thread_is(tid, c->before)) {
			helped = tid;
			priority_set(tid, PRIORITY_MAKER);
		}
		/* numbers are given in turn */
		tid = tid == c->first + 4 ? c->first : tid + 1;
	}
	if (helped)
		priority_set(helped, 0);
	return NULL;
}

static inline bool catcher_start(struct catcher *c)
{
	struct sched_param param = { .sched_priority = PRIORITY_CATCHER };
	pthread_attr_t attr;
	int err;

	c->tid = 0;
	c->stop = false;
	c->first = last_pid() + 1;
	priority_set(0, PRIORITY_REQUEST);
	priority_set(KTHREADD_TID, PRIORITY_MAKER);
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	err = pthread_create(&c->thread, &attr, catcher_run, c);
	pthread_attr_destroy(&attr);
	return !err;
}

/* Return: the thread, 0 if it was not seen. */
static inline int catcher_stop(struct catcher *c)
{
	c->stop = true;
	pthread_join(c->thread, NULL);
	priority_set(KTHREADD_TID, 0);
	priority_set(0, 0);
	return c->tid;
}

#endif
