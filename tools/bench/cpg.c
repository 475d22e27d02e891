// SPDX-License-Identifier: GPL-2.0
/*
 * Closed process groups of corosync, if it is installed. As in corosync.c, its
 * library is opened at run time. What is sent as safe is delivered as agreed:
 * its interface has the name, and its protocol doesn't do it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "cause.h"
#include "cluster.h"
#include "medium.h"
#include "member.h"
#include "peer.h"

/* Its default; with the 300 ms of peers it loses nodes where all CPUs are busy. */
#define TOKEN_MS	3000
#define NAME_LEN	128
/* numbers of its interface */
#define OK		1
#define TRY_AGAIN	6
#define DISPATCH_ALL	2
#define AGREED		2
#define SAFE		3

struct name {
	uint32_t length;
	char value[NAME_LEN];
};

struct address {
	uint32_t nodeid;
	uint32_t pid;
	uint32_t reason;
};

struct calls {
	void (*deliver)(uint64_t handle, const struct name *name,
			uint32_t nodeid, uint32_t pid, void *data, size_t len);
	void (*changed)(uint64_t handle, const struct name *name,
			const struct address *members, size_t count,
			const struct address *gone, size_t num_gone,
			const struct address *came, size_t num_came);
};

static struct {
	int (*initialize)(uint64_t *handle, struct calls *calls);
	int (*join)(uint64_t handle, const struct name *name);
	int (*fd_get)(uint64_t handle, int *fd);
	int (*dispatch)(uint64_t handle, int how);
	int (*mcast)(uint64_t handle, int guarantee, const struct iovec *iov,
		     unsigned int count);
} cpg;

static uint64_t handle;

static void *symbol(void *library, const char *name)
{
	void *at = dlsym(library, name);

	if (!at)
		die("corosync's library has no %s", name);
	return at;
}

static bool cpg_present(void)
{
	void *library = dlopen("libcpg.so.4", RTLD_NOW);

	if (!library || !corosync_300.present())
		return false;
	cpg.initialize = symbol(library, "cpg_initialize");
	cpg.join = symbol(library, "cpg_join");
	cpg.fd_get = symbol(library, "cpg_fd_get");
	cpg.dispatch = symbol(library, "cpg_dispatch");
	cpg.mcast = symbol(library, "cpg_mcast_joined");
	return true;
}

/* ---- the cluster, as peers has it ----------------------------------- */

static void start_all(struct cause *c)
{
	int i;

	for (i = 1; i <= c->number; i++)
		corosync_300.start(i);
}

static void kill_all(struct cause *c)
{
	int i;

	for (i = c->number; i; i--)
		corosync_300.kill(i);
}

static bool nobody_there(void)
{
	static const struct members nobody;
	struct members others;
	int i;

	for (i = 1; i <= count; i++) {
		others = nodes[i].view;
		exclude(&others, i);
		if (!same(&others, &nobody))
			return false;
	}
	return true;
}

static bool cpg_up(void)
{
	struct cause c = { .run = start_all, .number = count };
	struct members all = first(count);
	int i;

	corosync_token(TOKEN_MS);
	corosync_300.prepare(count);
	for (i = 1; i <= count; i++) {
		corosync_300.open(i);
		nodes[i].up = true;
	}
	aim_at(&all, 0);
	return cause_within(&c, settled, corosync_300.limit_ms);
}

static void cpg_down(void)
{
	struct cause c = { .run = kill_all, .number = count };
	struct members nobody = {};
	int i;

	for (i = 1; i <= count; i++)
		nodes[i].up = false;
	aim_at(&nobody, 0);
	if (!cause_within(&c, nobody_there, corosync_300.limit_ms))
		die("corosync: a watch doesn't see that its node is down");
	for (i = 1; i <= count; i++)
		corosync_300.close(i);
}

static int cpg_sender(void)
{
	return count;
}

/* ---- a member ------------------------------------------------------- */

static void on_message(uint64_t of, const struct name *name, uint32_t nodeid,
		       uint32_t pid, void *data, size_t len)
{
	(void)of;
	(void)name;
	(void)nodeid;
	(void)pid;
	member_heard(data, len);
}

static void on_changed(uint64_t of, const struct name *name,
		       const struct address *members, size_t num,
		       const struct address *gone, size_t num_gone,
		       const struct address *came, size_t num_came)
{
	(void)of;
	(void)name;
	(void)members;
	(void)gone;
	(void)num_gone;
	(void)came;
	(void)num_came;
	member_sees(num);
}

static void cpg_join(void)
{
	static struct calls calls = {
		.deliver = on_message,
		.changed = on_changed,
	};
	struct name name = { .length = 4, .value = "talk" };
	int err;

	err = cpg.initialize(&handle, &calls);
	while (err == OK) {
		err = cpg.join(handle, &name);
		if (err != TRY_AGAIN)
			break;
		err = OK;
	}
	if (err != OK)
		member_fail("corosync doesn't let it join: %d", err);
}

static int cpg_fd(void)
{
	int fd;

	if (cpg.fd_get(handle, &fd) != OK)
		member_fail("corosync has no descriptor");
	return fd;
}

static void cpg_dispatch(void)
{
	int err = cpg.dispatch(handle, DISPATCH_ALL);

	if (err != OK && err != TRY_AGAIN)
		member_fail("corosync doesn't dispatch: %d", err);
}

static int cpg_send(const void *data, size_t len, bool safe)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	int err = cpg.mcast(handle, safe ? SAFE : AGREED, &iov, 1);

	return err == OK ? 0 : err == TRY_AGAIN ? -EAGAIN : -EIO;
}

const struct medium medium_corosync = {
	.name = "corosync",
	.present = cpg_present,
	.up = cpg_up,
	.down = cpg_down,
	.sender = cpg_sender,
	.join = cpg_join,
	.fd = cpg_fd,
	.dispatch = cpg_dispatch,
	.send = cpg_send,
};
