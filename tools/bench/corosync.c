// SPDX-License-Identifier: GPL-2.0
/*
 * corosync, if it is installed. Who is there is what it keeps under
 * runtime.members in its map; the library for that comes with it and is opened
 * at run time, so that building needs nothing of it.
 */
#include <dlfcn.h>
#include <signal.h>
#include <string.h>

#include "peer.h"

#define CONF "/tmp/bench-corosync.conf"
#define MEMBERS "runtime.members."
/* numbers of its interface */
#define OK 1
#define DISPATCH_ALL 2
#define TRACK_CHANGES (4 | 2 | 8)	/* added, modified, by prefix */

struct value {
	int type;
	size_t len;
	const void *data;
};

static struct {
	int (*initialize)(uint64_t *handle);
	int (*finalize)(uint64_t handle);
	int (*fd_get)(uint64_t handle, int *fd);
	int (*dispatch)(uint64_t handle, int how);
	int (*get_string)(uint64_t handle, const char *key, char **value);
	int (*track_add)(uint64_t handle, const char *key, int32_t what,
			 void (*fn)(uint64_t handle, uint64_t track,
				    int32_t event, const char *key,
				    struct value is, struct value was,
				    void *arg),
			 void *arg, uint64_t *track);
} cmap;

static uint64_t handles[NODES_MAX + 1];
static int most;
static unsigned int token = 300;

static void *symbol(void *library, const char *name)
{
	void *at = dlsym(library, name);

	if (!at)
		die("corosync's library has no %s", name);
	return at;
}

static bool corosync_present(void)
{
	void *library = dlopen("libcmap.so.4", RTLD_NOW);

	if (!library || !daemon_present("corosync"))
		return false;
	cmap.initialize = symbol(library, "cmap_initialize");
	cmap.finalize = symbol(library, "cmap_finalize");
	cmap.fd_get = symbol(library, "cmap_fd_get");
	cmap.dispatch = symbol(library, "cmap_dispatch");
	cmap.get_string = symbol(library, "cmap_get_string");
	cmap.track_add = symbol(library, "cmap_track_add");
	return true;
}

static void on_member(uint64_t handle, uint64_t track, int32_t event,
		      const char *key, struct value is, struct value was,
		      void *arg)
{
	struct node *node = arg;
	char what[16];
	int number;

	(void)handle;
	(void)track;
	(void)event;
	(void)was;
	if (sscanf(key, MEMBERS "%d.%15s", &number, what) == 2 &&
	    !strcmp(what, "status") && number > 0 && number <= most) {
		node_told(node, number,
			  is.len >= 6 && !memcmp(is.data, "joined", 6));
		node_told_all(node);
	}
}

static void lose(struct node *node)
{
	int fd;

	if (cmap.fd_get(handles[node->number], &fd) == OK)
		loop_forget(fd);
	cmap.finalize(handles[node->number]);
	daemon_lost(node);
}

static void on_readable(struct node *node)
{
	if (cmap.dispatch(handles[node->number], DISPATCH_ALL) != OK)
		lose(node);
}

static bool watch(struct node *node)
{
	uint64_t *handle = &handles[node->number], track;
	char key[48], *status;
	int i, fd, err;

	netns_enter(node->number);
	err = cmap.initialize(handle);
	netns_leave();
	if (err != OK)
		return false;
	if (cmap.track_add(*handle, MEMBERS, TRACK_CHANGES, on_member, node,
			   &track) != OK || cmap.fd_get(*handle, &fd) != OK) {
		cmap.finalize(*handle);
		return false;
	}
	for (i = 1; i <= most; i++) {
		snprintf(key, sizeof(key), MEMBERS "%d.status", i);
		if (cmap.get_string(*handle, key, &status) != OK)
			continue;
		if (!strcmp(status, "joined"))
			node_told(node, i, true);
		free(status);
	}
	node_told_all(node);
	loop_add_node(fd, node, on_readable);
	return true;
}

void corosync_token(unsigned int ms)
{
	token = ms;
}

static void prepare(int number)
{
	FILE *f = fopen(CONF, "we");
	int i;

	most = number;
	if (!f)
		die("%s can't be written", CONF);
	fprintf(f, "totem {\n"
		"\tversion: 2\n"
		"\tcluster_name: bench\n"
		"\ttransport: udpu\n"
		"\ttoken: %u\n"
		"\ttoken_coefficient: 0\n"
		"}\n", token);
	fputs("logging {\n"
	      "\tto_stderr: no\n"
	      "\tto_syslog: no\n"
	      "}\n"
	      "nodelist {\n", f);
	for (i = 1; i <= number; i++)
		fprintf(f, "\tnode {\n\t\tring0_addr: 10.0.0.%d\n"
			"\t\tnodeid: %d\n\t}\n", i, i);
	fputs("}\n", f);
	fclose(f);
	daemon_watch(watch);
}

static void corosync_open(int number)
{
	nodes[number] = (struct node){ .number = number };
}

static void corosync_close(int number)
{
	nodes[number] = (struct node){};
}

static void corosync_start(int number)
{
	static char *const argv[] = { "corosync", "-f", "-c", CONF, NULL };

	daemon_start(number, "/var/lib/corosync", argv);
}

static void corosync_stop(int number)
{
	daemon_stop(number, SIGTERM, 10000);
}

static void corosync_kill(int number)
{
	daemon_stop(number, 0, 0);
}

const struct peer corosync_300 = {
	.name = "corosync-300",
	.limit_ms = 90000,
	.present = corosync_present,
	.prepare = prepare,
	.open = corosync_open,
	.close = corosync_close,
	.start = corosync_start,
	.stop = corosync_stop,
	.kill = corosync_kill,
};
