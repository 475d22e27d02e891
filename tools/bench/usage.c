// SPDX-License-Identifier: GPL-2.0
/* Read from /sys and /proc. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node.h"
#include "usage.h"

/* The node thread and the beacon worker of each node, by process number. */
static int threads[NODES_MAX + 1][2];

static bool read_text(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t len;

	if (!f)
		return false;
	len = fread(text, 1, size - 1, f);
	fclose(f);
	text[len] = 0;
	return len > 0;
}

static uint64_t read_number(const char *path)
{
	char text[64];

	if (!read_text(path, text, sizeof(text)))
		die("%s: %s", path, strerror(errno));
	return strtoull(text, NULL, 10);
}

static ino_t namespace_of(int number)
{
	struct stat st;
	char path[32];

	snprintf(path, sizeof(path), "/run/netns/n%d", number);
	if (stat(path, &st))
		die("%s: %s", path, strerror(errno));
	return st.st_ino;
}

void usage_find_threads(const int *numbers, int count)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	char path[300], comm[64], kind;
	unsigned long inode;
	int i;

	if (!proc)
		die("/proc: %s", strerror(errno));
	memset(threads, 0, sizeof(threads));
	while ((entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		/* it may be none, or have ended */
		if (!read_text(path, comm, sizeof(comm)) ||
		    sscanf(comm, "pfsnl-%c%lu", &kind, &inode) != 2)
			continue;
		for (i = 0; i < count; i++)
			if (namespace_of(numbers[i]) == inode)
				threads[numbers[i]][kind == 'b'] =
					atoi(entry->d_name);
	}
	closedir(proc);
	for (i = 0; i < count; i++)
		if (!threads[numbers[i]][0] || !threads[numbers[i]][1])
			die("n%d: its threads are not in /proc", numbers[i]);
}

/* Of the port of the switch where the node is. */
static uint64_t port(int number, const char *what)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/class/net/c%d/statistics/%s", number,
		 what);
	return read_number(path);
}

struct usage usage_of(int number)
{
	struct usage u = { .at = now_ns() };
	char path[96];
	int i;

	/* seen from the switch: what it received, the node sent */
	u.sent = port(number, "rx_packets");
	u.received = port(number, "tx_packets");
	u.bytes = port(number, "rx_bytes") + port(number, "tx_bytes");
	for (i = 0; i < 2 && threads[number][i]; i++) {
		snprintf(path, sizeof(path), "/proc/%d/schedstat",
			 threads[number][i]);
		u.cpu += read_number(path);
	}
	return u;
}

uint64_t usage_idle_ns(void)
{
	uint64_t user, nice, system, idle, iowait;
	char text[256];

	/* the kernel measures idle time, but only samples the rest */
	if (!read_text("/proc/stat", text, sizeof(text)) ||
	    sscanf(text, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64, &user, &nice, &system, &idle, &iowait) != 5)
		die("/proc/stat can't be read");
	return (idle + iowait) *
	       (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}
