// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: watchfold [NETNS]
 * Keeps a watch, folds what it is told and prints a line for each update:
 *
 *	UPDATE REASON add|remove GENERATION COUNT ADDRESS...
 *
 * Commands, one a line on standard input:
 *
 *	check		"EQUAL COUNT", or "DIFFERENT ..." if the fold isn't the
 *			list after 10 seconds at most
 *	await COUNT	waits until the fold has so many nodes: "THERE COUNT", or
 *			"ABSENT COUNT" after 10 seconds with the count it has
 *	list		"LIST COUNT ADDRESS..." of the fold
 *	quit		ends (as does the end of the input)
 *
 * A fold that an update contradicts prints "BROKEN ..." and ends the program.
 * Exit status: 0, 1 if anything was wrong, 4 if the module isn't loaded.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pfsnl.h>

#define MAX 4096
#define LIMIT_S 10

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct in_addr fold[MAX];
static size_t count;

static void print_addrs(const struct in_addr *addrs, size_t n)
{
	char text[INET_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < n; i++)
		printf(" %s", inet_ntop(AF_INET, &addrs[i], text,
					sizeof(text)));
	putchar('\n');
	fflush(stdout);
}

static size_t position(struct in_addr addr)
{
	size_t i;

	for (i = 0; i < count && fold[i].s_addr != addr.s_addr; i++)
		;
	return i;
}

static void broken(const char *what, struct in_addr addr)
{
	printf("BROKEN %s", what);
	print_addrs(&addr, 1);
	_exit(1);
}

static void on_update(void *arg, const struct pfsnl_update *update)
{
	static const char *const reasons[] = { "initial", "change", "refresh" };
	size_t i, at;

	(void)arg;
	pthread_mutex_lock(&lock);
	printf("UPDATE %s %s %llu %zu", reasons[update->reason],
	       update->adding ? "add" : "remove",
	       (unsigned long long)update->generation, update->count);
	print_addrs(update->addrs, update->count);
	for (i = 0; i < update->count; i++) {
		at = position(update->addrs[i]);
		if (update->adding && at < count)
			broken("add of a present node", update->addrs[i]);
		if (!update->adding && at == count)
			broken("remove of an absent node", update->addrs[i]);
		if (update->adding && count == MAX)
			broken("too many nodes", update->addrs[i]);
		if (update->adding)
			fold[count++] = update->addrs[i];
		else
			fold[at] = fold[--count];
	}
	pthread_mutex_unlock(&lock);
}

static int is_equal(struct pfsnl *handle)
{
	struct in_addr *addrs = NULL;
	size_t n = 0, i;
	int err, equal;

	err = pfsnl_peer_addrs(handle, &addrs, &n);
	if (err && err != -ENETDOWN && err != -EPROTONOSUPPORT)
		return 0;
	if (err)
		n = 0;
	pthread_mutex_lock(&lock);
	equal = n == count;
	for (i = 0; equal && i < n; i++)
		equal = position(addrs[i]) < count;
	pthread_mutex_unlock(&lock);
	if (!err)
		free(addrs);
	return equal;
}

static size_t get_count(void)
{
	size_t n;

	pthread_mutex_lock(&lock);
	n = count;
	pthread_mutex_unlock(&lock);
	return n;
}

/* Tries every few milliseconds; want < 0: until it is the list. */
static int reached(struct pfsnl *handle, long want)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	struct timespec now, start;
	int yes;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		yes = want < 0 ? is_equal(handle) :
				 get_count() == (size_t)want;
		if (yes)
			return 1;
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < LIMIT_S);
	return 0;
}

static int obey(struct pfsnl *handle, const char *line)
{
	int yes = 1;
	long want;

	if (!strcmp(line, "check\n")) {
		yes = reached(handle, -1);
		pthread_mutex_lock(&lock);
		printf("%s %zu", yes ? "EQUAL" : "DIFFERENT", count);
		print_addrs(fold, yes ? 0 : count);
		pthread_mutex_unlock(&lock);
	} else if (sscanf(line, "await %ld", &want) == 1 && want >= 0) {
		yes = reached(handle, want);
		printf("%s %zu\n", yes ? "THERE" : "ABSENT", get_count());
	} else if (!strcmp(line, "list\n")) {
		pthread_mutex_lock(&lock);
		printf("LIST %zu", count);
		print_addrs(fold, count);
		pthread_mutex_unlock(&lock);
	} else {
		printf("UNKNOWN %s", line);
		yes = 0;
	}
	fflush(stdout);
	return yes ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct pfsnl *handle;
	char line[128];
	int err, status = 0;

	err = argc > 1 ? pfsnl_open_netns(&handle, argv[1]) :
			 pfsnl_open(&handle);
	if (!err)
		err = pfsnl_watch_add(handle, on_update, NULL);
	if (err) {
		fprintf(stderr, "watchfold: %s\n", pfsnl_errmsg());
		return err == -EPROTONOSUPPORT ? 4 : 1;
	}
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "quit\n"))
		status |= obey(handle, line);
	pfsnl_close(handle);
	return status;
}
