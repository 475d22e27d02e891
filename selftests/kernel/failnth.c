// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: failnth MODULE NETNS NETNS NETNS [SWEEP]
 *
 * Fails the allocations of one thread, one at a time: the first while something
 * is done, then the second while the same is done again, and so on until it was
 * done without so many. The threads are the one that makes the request, node
 * threads, beacon threads, and the kernel's thread that makes threads. Each
 * time, what was asked for must have been done, or been refused with a text and
 * without a trace; asked again it must succeed; and the nodes must be one
 * cluster then, and each watch must have been told exactly that.
 *
 * In a shortage all allocations of a thread fail, of a request after so many
 * bytes, of a node thread for a while, with the same to follow.
 *
 * MODULE is loaded. Prints "ok NAME" or "not ok NAME" for each sweep and "# ..."
 * for what else is to be said. Ends with 1 if one failed, with 4 if the kernel
 * can't do it. SWEEP: only those with this text in their name.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "inject.h"
#include "trio.h"

/* nothing has so many; a sweep that gets here would go on for ever */
#define NTH_MAX 2000
#define SHORTAGES 3
#define SHORTAGE_MS 60

static const char *module;
static int subject;	/* the node that is started, stopped, asked */
static int other;	/* one that is neither that nor the leader */

/* no() where the result is 1, 0 or -1 */
#define broken(...) (no(__VA_ARGS__) ? 1 : -1)

/* ---- what is done --------------------------------------------------- */

/* Each returns 0 or -errno; if what it read isn't right `wrong` says so. */
static char wrong[sizeof(why)];

static int act_start(void)
{
	return pfsnl_start(nodes[subject].ctl, &nodes[subject].settings);
}

static int act_stop(void)
{
	return pfsnl_stop(nodes[subject].ctl, PFSNL_WAIT_DEFAULT);
}

static int act_set(void)
{
	static bool multicast;
	struct pfsnl_settings s;

	pfsnl_settings_init(&s);
	s.present = PFSNL_HAS_BEACON_TO;
	multicast = !multicast;
	s.beacon_to = PFSNL_BEACON_TO_BROADCAST;
	if (multicast) {
		s.present |= PFSNL_HAS_GROUP;
		s.beacon_to = PFSNL_BEACON_TO_MULTICAST;
		inet_pton(AF_INET, "239.73.0.1", &s.group);
	}
	return pfsnl_set(nodes[subject].ctl, &s);
}

static int act_peers(void)
{
	unsigned int set, lead;
	int err = list_get(nodes[subject].ctl, &set, &lead);

	if (!err && set != ALL_NODES)
		snprintf(wrong, sizeof(wrong), "the list was %#x", set);
	return err;
}

static int act_status(void)
{
	struct pfsnl_instance *instance;
	int err = pfsnl_instance_get(nodes[subject].ctl, &instance);

	if (err)
		return err;
	if (instance->peers != NODES ||
	    instance->settings->interval != INTERVAL_MS)
		snprintf(wrong, sizeof(wrong), "it said %u nodes, %u ms",
			 instance->peers, instance->settings->interval);
	pfsnl_instance_free(instance);
	return 0;
}

static int act_stats(void)
{
	struct pfsnl_stats *stats;
	int err = pfsnl_stats_get(nodes[subject].ctl, &stats);

	if (err)
		return err;
	if (pfsnl_stats_count(stats) < 40)
		snprintf(wrong, sizeof(wrong), "there were %zu counters",
			 pfsnl_stats_count(stats));
	pfsnl_stats_free(stats);
	return 0;
}

struct model {
	unsigned int set;
	unsigned int updates;
};

static void count_update(void *arg, const struct pfsnl_update *update)
{
	struct model *m = arg;
	size_t i;

	for (i = 0; i < update->count; i++)
		m->set ^= bit_of(update->addrs[i]);
	m->updates++;
}

/* Once the watch was added it must be told, however long that takes. */
static int act_watch(void)
{
	struct pollfd pfd = { .events = POLLIN };
	struct pfsnl *handle;
	struct model m = {};
	double end;
	int err;

	err = pfsnl_open_netns(&handle, nodes[subject].netns);
	if (err)
		return err;
	pfd.fd = pfsnl_watch_fd(handle);
	err = pfd.fd < 0 ? pfd.fd : pfsnl_watch_add(handle, count_update, &m);
	end = now_ms() + PATIENCE_MS;
	while (!err && m.set != ALL_NODES && now_ms() < end) {
		poll(&pfd, 1, 100);
		/* what failed is tried again */
		pfsnl_dispatch(handle);
	}
	if (!err && m.set != ALL_NODES)
		snprintf(wrong, sizeof(wrong),
			 "the watch had %u updates and folds to %#x",
			 m.updates, m.set);
	pfsnl_close(handle);
	return err;
}

static int act_load(void)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : 0;

	if (!err && syscall(SYS_finit_module, fd, "", 0))
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static int act_unload(void)
{
	return syscall(SYS_delete_module, "pfsnl", O_NONBLOCK) ? -errno : 0;
}

/* ---- sweeps --------------------------------------------------------- */

enum thread {
	CALLER, KTHREADD, NODE, BEACON
};

/* which node's thread; NEWBORN is the subject's, which is yet to be made */
enum whose {
	LEADER, SUBJECT, OTHER, NEWBORN
};

enum kind {
	START, STOP_CLIENT, STOP_LEADER, READ, CHANGE, LOAD, UNLOAD
};

enum mode {
	SINGLE, SHORTAGE
};

struct sweep {
	const char *name;
	enum mode mode;
	enum thread thread;
	enum whose whose;
	enum kind kind;
	int (*act)(void);
};

static const struct sweep sweeps[] = {
	{ "start: the request",
		SINGLE, CALLER, 0, START, act_start },
	{ "start: making its threads",
		SINGLE, KTHREADD, 0, START, act_start },
	{ "start: no more memory",
		SHORTAGE, CALLER, 0, START, act_start },
	{ "join: the newcomer's node thread",
		SINGLE, NODE, NEWBORN, START, act_start },
	{ "join: the newcomer's beacon thread",
		SINGLE, BEACON, NEWBORN, START, act_start },
	{ "join: the leader's node thread",
		SINGLE, NODE, LEADER, START, act_start },
	{ "join: another client's node thread",
		SINGLE, NODE, OTHER, START, act_start },
	{ "join: the leader has no memory for a while",
		SHORTAGE, NODE, LEADER, START, act_start },
	{ "join: another client has none for a while",
		SHORTAGE, NODE, OTHER, START, act_start },
	{ "join: the newcomer has none for a while",
		SHORTAGE, NODE, NEWBORN, START, act_start },
	{ "stop: the request",
		SINGLE, CALLER, 0, STOP_CLIENT, act_stop },
	{ "stop: no more memory",
		SHORTAGE, CALLER, 0, STOP_CLIENT, act_stop },
	{ "leave: the leaver's node thread",
		SINGLE, NODE, SUBJECT, STOP_CLIENT, act_stop },
	{ "leave: the leaver's beacon thread",
		SINGLE, BEACON, SUBJECT, STOP_CLIENT, act_stop },
	{ "leave: the leader's node thread",
		SINGLE, NODE, LEADER, STOP_CLIENT, act_stop },
	{ "leave: another client's node thread",
		SINGLE, NODE, OTHER, STOP_CLIENT, act_stop },
	{ "leave: the leaver has no memory for a while",
		SHORTAGE, NODE, SUBJECT, STOP_CLIENT, act_stop },
	{ "the leader leaves: its own node thread",
		SINGLE, NODE, SUBJECT, STOP_LEADER, act_stop },
	{ "the leader leaves: its heir's node thread",
		SINGLE, NODE, OTHER, STOP_LEADER, act_stop },
	{ "the leader leaves: its heir has no memory for a while",
		SHORTAGE, NODE, OTHER, STOP_LEADER, act_stop },
	{ "set: the request",
		SINGLE, CALLER, 0, CHANGE, act_set },
	{ "set: the node thread",
		SINGLE, NODE, SUBJECT, CHANGE, act_set },
	{ "status: the request",
		SINGLE, CALLER, 0, READ, act_status },
	{ "peers: the request",
		SINGLE, CALLER, 0, READ, act_peers },
	{ "stats: the request",
		SINGLE, CALLER, 0, READ, act_stats },
	{ "watch: the request",
		SINGLE, CALLER, 0, READ, act_watch },
	{ "load: init of the module",
		SINGLE, CALLER, 0, LOAD, act_load },
	{ "unload: the request",
		SINGLE, CALLER, 0, UNLOAD, act_unload },
	{ "unload: the leader's node thread",
		SINGLE, NODE, LEADER, UNLOAD, act_unload },
	{ "unload: a client's node thread",
		SINGLE, NODE, OTHER, UNLOAD, act_unload },
};

/* in sweeps that aren't of a shortage */
static long injected_all;
/* what threads that lived on counted of it */
static uint64_t no_memory_all, event_failed_all;

/* Who of the three is who, all being up but for the subject of a start. */
static void cast(const struct sweep *s)
{
	int i;

	if (s->kind == STOP_LEADER)
		subject = leader;
	else
		for (i = 0; i < NODES && s->kind != START; i++)
			if (i != leader)
				subject = i;
	/* of the two that remain when the leader leaves the first is heir */
	for (i = NODES - 1; i >= 0; i--)
		if (i != leader && i != subject)
			other = i;
}

static bool before(const struct sweep *s)
{
	int err;

	switch (s->kind) {
	case LOAD:
		err = act_unload();
		if (err)
			return no("can't unload it: %s", strerror(-err));
		return true;
	case START:
		if (!cluster_make(ALL_NODES & ~(1u << subject)))
			return false;
		break;
	default:
		if (!cluster_make(ALL_NODES))
			return false;
	}
	cast(s);
	return true;
}

static int whose(const struct sweep *s)
{
	return s->whose == LEADER ? leader : s->whose == OTHER ? other :
								 subject;
}

/* The name that a thread of the node in question has. */
static void thread_name(const struct sweep *s, enum thread kind, char *name,
			size_t size)
{
	snprintf(name, size, "pfsnl-%c%u", kind == NODE ? 'n' : 'b',
		 nodes[whose(s)].inum);
}

/* What came of it is right: done, or refused for want of memory. */
static bool outcome(const struct sweep *s, int err)
{
	bool ours = s->kind != LOAD && s->kind != UNLOAD;

	if (!err && *wrong)
		return no("%s", wrong);
	if (!err)
		return true;
	if (s->thread != CALLER && s->thread != KTHREADD)
		return no("the request failed: %s", pfsnl_errmsg());
	switch (err) {
	case -ENOMEM:
	case -ENOBUFS:
	case -EAGAIN:	/* for a thread */
	case -ENFILE:	/* for a socket */
	case -EADDRINUSE: /* for TCP to note that a port is in use now */
		break;
	default:
		return no("the error was %d: %s", err,
			  ours ? pfsnl_errmsg() : strerror(-err));
	}
	return !ours || *pfsnl_errmsg() || no("error %d has no text", err);
}

/* In the end all is as if nothing had failed. */
static bool after(const struct sweep *s, int err)
{
	unsigned int all = ALL_NODES;

	/* the request may have been carried out and only the answer lost */
	if (err) {
		*wrong = '\0';
		err = s->act();
		if ((s->kind == START && err == -EALREADY) ||
		    (s->kind == STOP_CLIENT && err == -ENETDOWN) ||
		    (s->kind == STOP_LEADER && err == -ENETDOWN))
			err = 0;
		if (err)
			return no("asked again: %s",
				  s->kind == LOAD || s->kind == UNLOAD ?
				  strerror(-err) : pfsnl_errmsg());
		if (*wrong)
			return no("asked again: %s", wrong);
	}
	switch (s->kind) {
	case LOAD:
		return true;
	case UNLOAD:
		if (threads_count("pfsnl-"))
			return no("threads outlive the module");
		err = act_load();
		if (err)
			return no("can't load it: %s", strerror(-err));
		return true;
	case STOP_CLIENT:
	case STOP_LEADER:
		all &= ~(1u << subject);
		break;
	default:
		break;
	}
	return wait_for(cluster_is(all));
}

/*
 * One allocation, or all of them: of a request after a number of bytes that
 * grows with NTH, so that those of the most can be had; of another thread until
 * shortage_ends().
 */
static bool begin(const struct sweep *s, int tid, int nth)
{
	char space[16];

	if (s->mode == SINGLE)
		return inject_arm(tid, nth) || no("can't arm thread %d", tid);
	snprintf(space, sizeof(space), "%d",
		 s->thread == CALLER ? 16 * nth * nth : 0);
	inject_set("failslab", "space", space);
	return (inject_all(tid, true) && inject_now(true)) ||
	       no("can't arm thread %d", tid);
}

static void end(const struct sweep *s, int tid)
{
	if (s->mode == SINGLE) {
		inject_arm(tid, 0);
		return;
	}
	inject_now(false);
	inject_all(tid, false);
}

/* Does it while a thread that is there fails. */
static int act_injected(const struct sweep *s, int nth, int *tid)
{
	char name[64] = "";
	int err;

	*tid = s->thread == KTHREADD ? KTHREADD_TID : 0;
	if (s->thread == NODE || s->thread == BEACON) {
		thread_name(s, s->thread, name, sizeof(name));
		*tid = thread_find(name);
		if (!*tid)
			return broken("there is no thread %s", name);
	}
	if (!begin(s, *tid, nth))
		return -1;
	err = s->act();
	if (s->thread == CALLER)
		end(s, 0);
	return err;
}

/* The same with one that is about to be made. */
static int act_injected_newborn(const struct sweep *s, int nth, int *tid)
{
	char name[64], first[64];
	struct catcher catcher = { .name = name, .nth = s->mode == SHORTAGE ? 0 : nth };
	int err;

	thread_name(s, s->thread, name, sizeof(name));
	thread_name(s, NODE, first, sizeof(first));
	if (s->thread == BEACON)
		catcher.before = first;
	if (s->mode == SHORTAGE)
		inject_now(true);
	if (!catcher_start(&catcher))
		return broken("can't make a thread");
	err = s->act();
	*tid = catcher_stop(&catcher);
	return *tid ? err : broken("thread %s was not seen", name);
}

/* Return: 1 when something failed, 0 when there was nothing to fail, or -1. */
static int one(const struct sweep *s, int nth, int *refused)
{
	uint64_t no_memory, event_failed;
	long had = inject_count();
	int tid = 0, node, err;
	bool lives;

	if (!before(s))
		return -1;
	node = whose(s);
	no_memory = counter(node, "no-memory");
	event_failed = counter(node, "event-failed");
	*wrong = '\0';
	err = s->whose == NEWBORN ? act_injected_newborn(s, nth, &tid) :
				    act_injected(s, nth, &tid);
	if (s->mode == SHORTAGE && s->thread != CALLER) {
		usleep(nth * SHORTAGE_MS * 1000);
		end(s, tid);
	}
	if (err)
		++*refused;
	if (!outcome(s, err) || !after(s, err))
		return -1;
	/* what goes on in the background had its chance */
	if (s->mode == SINGLE && s->thread != CALLER)
		end(s, tid);
	lives = s->thread == NODE && node != subject && s->kind != UNLOAD;
	if (lives && s->mode == SINGLE) {
		no_memory_all += counter(node, "no-memory") - no_memory;
		event_failed_all += counter(node, "event-failed") -
				    event_failed;
	}
	return inject_count() > had;
}

static bool threads_left(void)
{
	unsigned int set, lead;
	int up = 0, i;

	for (i = 0; i < NODES; i++)
		up += !list_get(nodes[i].ctl, &set, &lead);
	return threads_count("pfsnl-") != 2 * up;
}

static bool sweep(const struct sweep *s)
{
	bool counts = s->mode == SHORTAGE && s->thread != CALLER;
	int limit = counts ? SHORTAGES : NTH_MAX;
	double started = now_ms();
	long had = inject_count();
	int nth = 0, hit = 1, refused = 0;

	if (s->kind == LOAD)
		inject_only_in("do_one_initcall");
	while (hit == 1 && nth < limit)
		hit = one(s, ++nth, &refused);
	inject_only_in(NULL);
	if (hit == 1 && !counts)
		hit = broken("there was no end");
	if (!hit && nth == 1)
		hit = broken("no allocation failed");
	if (hit >= 0 && threads_left())
		hit = broken("threads of it are left");
	had = inject_count() - had;
	if (s->mode == SINGLE)
		injected_all += had;
	if (hit < 0)
		printf("not ok %s\n#   in round %d: %s\n", s->name, nth, why);
	else
		printf("ok %s\n", s->name);
	printf("#   %ld allocations failed, %d requests refused, %.1f s\n",
	       had, refused, (now_ms() - started) / 1000);
	return hit >= 0;
}

int main(int argc, char **argv)
{
	bool some = argc > 2 + NODES;
	size_t i, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2 + NODES || !nodes_open(argv + 2)) {
		printf("# %s\n", argc < 2 + NODES ? "wrong usage" : why);
		return 2;
	}
	if (!inject_prepare()) {
		printf("# this kernel can't fail the n-th allocation\n");
		return 4;
	}
	module = argv[1];
	/* a page fault of ours is no allocation of the operation */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	subject = NODES - 1;
	for (i = 0; i < sizeof(sweeps) / sizeof(*sweeps); i++)
		if (!some || strstr(sweeps[i].name, argv[2 + NODES]))
			failed += !sweep(&sweeps[i]);
	inject_finish();
	if (!some) {
		failed += !no_memory_all || !event_failed_all;
		printf("%s nodes count what fails for want of memory\n",
		       no_memory_all && event_failed_all ? "ok" : "not ok");
	}
	printf("#   %ld single failures in all, of which node threads that lived on counted %llu as no-memory, %llu as event-failed\n",
	       injected_all, (unsigned long long)no_memory_all,
	       (unsigned long long)event_failed_all);
	return failed ? 1 : 0;
}
