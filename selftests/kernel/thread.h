/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small files of the kernel, and threads by their names.
 */
#ifndef PFSNL_TEST_THREAD_H
#define PFSNL_TEST_THREAD_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = write(fd, text, strlen(text));
		close(fd);
	}
	return n < 0 ? -1 : 0;
}

static inline bool get_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n < 0 ? 0 : n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return n >= 0;
}

/* Whether the thread is called so. */
static inline bool thread_is(int tid, const char *name)
{
	char path[64], comm[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", tid);
	return get_text(path, comm, sizeof(comm)) && !strcmp(comm, name);
}

/* The thread that is called so; 0 if there is none. */
static inline int thread_find(const char *name)
{
	const struct dirent *d;
	int tid = 0;
	DIR *dir = opendir("/proc");

	while (!tid && dir && (d = readdir(dir)))
		if (atoi(d->d_name) > 0 && thread_is(atoi(d->d_name), name))
			tid = atoi(d->d_name);
	if (dir)
		closedir(dir);
	return tid;
}

/* How many threads have names that begin so. */
static inline int threads_count(const char *prefix)
{
	const struct dirent *d;
	char path[300], comm[64];
	DIR *dir = opendir("/proc");
	int count = 0;

	while (dir && (d = readdir(dir))) {
		if (atoi(d->d_name) <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", d->d_name);
		if (get_text(path, comm, sizeof(comm)))
			count += !strncmp(comm, prefix, strlen(prefix));
	}
	if (dir)
		closedir(dir);
	return count;
}

#endif
