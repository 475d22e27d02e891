// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: churn MODULE ROUNDS NETNS NETNS NETNS STRANGER
 *
 * Loads the module, starts three nodes, and unloads it again at another moment
 * in each round: while they are still starting, forming, and formed. All the
 * while somebody in the namespace STRANGER floods their segment with beacons of
 * level 0 and with what only begins like a beacon, and connects to the tether
 * ports to say nonsense; lists are read all the time, and each node is watched.
 *
 * After each round the log must pair the tethers created and destroyed, and no
 * thread may be left. Prints "# ..." as it goes, and ends with 1 and a reason
 * when something is wrong. The last round leaves the module unloaded.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "thread.h"
#include "trio.h"

#define PORT 7319
/* unloading is this much later in each of so many rounds, then from anew */
#define STEP_MS 5
#define STEPS 12

static atomic_bool over;
static atomic_ulong beacons, connects, reads;

/* ---- traffic -------------------------------------------------------- */

/* Something that begins like a beacon, of any length; sometimes it is one. */
static size_t strange_beacon(unsigned char *p, unsigned int turn)
{
	static const char head[] = "I'm alive";
	size_t i;

	memcpy(p, head, 9);
	for (i = 9; i < 96; i++)
		p[i] = (i * 37 + turn * 101) >> (turn % 5);
	p[9] = 1;
	return 9 + turn % 88;
}

static int enter(const char *netns)
{
	char path[256];
	int fd, err;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	err = fd < 0 ? -1 : setns(fd, CLONE_NEWNET);
	if (fd >= 0)
		close(fd);
	return err;
}

static void connect_and_babble(const struct sockaddr_in *to, unsigned int turn)
{
	static const unsigned char junk[64] = {
		0xff, 0xff, 0xff, 0xff, 0, 0, 0, 200, 1, 2, 3, 4,
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (!connect(fd, (const void *)to, sizeof(*to)) || errno == EINPROGRESS)
		connects++;
	/* what arrived before the handshake was over isn't sent */
	send(fd, junk, turn % sizeof(junk), MSG_NOSIGNAL);
	close(fd);
}

static void *flood(void *netns)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};
	unsigned char data[128] = "I'm alive";
	unsigned int turn;
	int fd, on = 1;

	if (enter(netns))
		return NULL;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	for (turn = 0; !over; turn++) {
		size_t len = 9;

		inet_pton(AF_INET, "10.73.0.255", &to.sin_addr);
		if (turn % 2)
			len = strange_beacon(data, turn);
		if (sendto(fd, data, len, MSG_DONTWAIT, (void *)&to,
			   sizeof(to)) > 0)
			beacons++;
		if (turn % 8 == 0) {
			to.sin_addr.s_addr = htonl(0x0a490001 + turn / 8 % 3);
			connect_and_babble(&to, turn);
			usleep(1000);
		}
	}
	close(fd);
	return NULL;
}

/* Dumps of one node after the other, on handles of its own. */
static void *read_lists(void *unused)
{
	struct pfsnl *handles[NODES];
	unsigned int set, lead;
	int i;

	for (i = 0; i < NODES; i++)
		if (pfsnl_open_netns(&handles[i], nodes[i].netns))
			return unused;
	while (!over) {
		for (i = 0; i < NODES; i++)
			reads += !list_get(handles[i], &set, &lead);
		usleep(1000);
	}
	for (i = 0; i < NODES; i++)
		pfsnl_close(handles[i]);
	return unused;
}

/* ---- rounds --------------------------------------------------------- */

static bool load(const char *module)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	long err = fd < 0 ? -1 : syscall(SYS_finit_module, fd, "", 0);

	if (err)
		no("can't load %s: %s", module, strerror(errno));
	if (fd >= 0)
		close(fd);
	return !err;
}

/* A dump that is under way holds the module for a moment. */
static bool try_unload(void)
{
	return !syscall(SYS_delete_module, "pfsnl", O_NONBLOCK);
}

/* The lines of the log since the last call: do they pair the tethers? */
static bool paired(int log, long *created_all)
{
	long created = -1, destroyed = -2;
	char record[2048], *text;
	ssize_t n;

	for (;;) {
		n = read(log, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue;	/* some were overwritten */
		if (n <= 0)
			break;
		record[n] = '\0';
		text = strstr(record, "tethers created:");
		if (text)
			sscanf(text, "tethers created: %ld, destroyed: %ld",
			       &created, &destroyed);
	}
	if (created != destroyed)
		return no("%ld tethers were created, %ld destroyed", created,
			  destroyed);
	*created_all += created;
	return true;
}

struct tally {
	int formed;
	long tethers;
};

static bool one(const char *module, int round, int log, struct tally *tally)
{
	unsigned int set, lead;
	int i;

	if (!load(module))
		return false;
	for (i = 0; i < NODES; i++)
		if (pfsnl_start(nodes[i].ctl, &nodes[i].settings))
			return no("node %d: %s", i + 1, pfsnl_errmsg());
	if (round % 4 == 3) {
		if (!wait_for(!list_get(nodes[0].ctl, &set, &lead) &&
			      (set & ALL_NODES) == ALL_NODES))
			return no("the nodes don't form a cluster");
	} else {
		usleep(round % STEPS * STEP_MS * 1000);
	}
	tally->formed += !list_get(nodes[0].ctl, &set, &lead) &&
			 (set & ALL_NODES) == ALL_NODES;
	if (!wait_for(try_unload()))
		return no("can't unload: %s", strerror(errno));
	if (!paired(log, &tally->tethers))
		return false;
	/* looking takes its time; what is left now is left then */
	return round % 4 || !threads_count("pfsnl-") || no("a thread is left");
}

static bool watches_agree(void)
{
	int i;

	for (i = 0; i < NODES; i++) {
		if (nodes[i].contradicted)
			return no("the watch of node %d was told what can't be",
				  i + 1);
		if (nodes[i].folded)
			return no("the watch of node %d folds to %#x", i + 1,
				  nodes[i].folded);
	}
	return true;
}

int main(int argc, char **argv)
{
	int round = 0, rounds, log;
	struct tally tally = {};
	pthread_t threads[2];
	bool right;

	if (argc != 4 + NODES || !nodes_open(argv + 3)) {
		printf("%s\n", argc != 4 + NODES ? "wrong usage" : why);
		return 2;
	}
	rounds = atoi(argv[2]);
	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	lseek(log, 0, SEEK_END);
	right = wait_for(try_unload() || errno == ENOENT) &&
		!pthread_create(&threads[0], NULL, flood, argv[3 + NODES]) &&
		!pthread_create(&threads[1], NULL, read_lists, NULL);
	while (right && round < rounds)
		right = one(argv[1], round++, log, &tally);
	over = true;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	right = right && wait_for(watches_agree());
	if (!right)
		printf("round %d: %s\n", round, why);
	printf("# %d rounds, %d of them formed; %ld tethers, %lu beacons and %lu connections of strangers, %lu lists read\n",
	       round, tally.formed, tally.tethers, (unsigned long)beacons,
	       (unsigned long)connects, (unsigned long)reads);
	return right ? 0 : 1;
}
