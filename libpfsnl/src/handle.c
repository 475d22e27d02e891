// SPDX-License-Identifier: LGPL-2.1
/* Opening and closing; interfaces in the namespace of a handle. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

#define NETNS_DIR "/run/netns/"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* Room for some thousands of changes while watches are busy. */
#define EVENT_BUFFER (1 << 20)

int pfsnl_check(const struct pfsnl *handle, const char *what)
{
	if (handle->pid == getpid())
		return 0;
	return pfsnl_fail(-ECHILD, what, NULL);
}

/*
 * All sockets a handle will ever need, as only now it is certain that the
 * thread is in the right namespace.
 */
static int open_sockets(struct pfsnl *handle)
{
	int err;

	err = pfsnl_sock_open(&handle->req);
	if (!err)
		err = pfsnl_sock_open(&handle->ev);
	if (!err)
		err = pfsnl_sock_open(&handle->sync);
	if (!err)
		err = pfsnl_from_nle(nl_socket_set_nonblocking(handle->ev.sk));
	if (!err)
		pfsnl_sock_set_buffer(&handle->ev, EVENT_BUFFER);
	return err;
}

static struct pfsnl *handle_alloc(void)
{
	struct pfsnl *handle = calloc(1, sizeof(*handle));

	if (!handle)
		return NULL;
	handle->pid = getpid();
	handle->epoll_fd = -1;
	handle->wake_fd = -1;
	handle->timer_fd = -1;
	handle->ckpt_timeout_ms = -1;
	pthread_mutex_init(&handle->req_lock, NULL);
	pthread_mutex_init(&handle->ckpt_lock, NULL);
	pthread_mutex_init(&handle->event_lock, NULL);
	pthread_cond_init(&handle->event_cond, NULL);
	return handle;
}

static void close_fds(struct pfsnl *handle)
{
	const struct pfsnl_sock *socks[] = {
		&handle->req, &handle->ev, &handle->sync,
	};
	size_t i;

	for (i = 0; i < sizeof(socks) / sizeof(*socks); i++)
		if (socks[i]->sk)
			close(nl_socket_get_fd(socks[i]->sk));
	if (handle->epoll_fd >= 0)
		close(handle->epoll_fd);
	if (handle->wake_fd >= 0)
		close(handle->wake_fd);
	if (handle->timer_fd >= 0)
		close(handle->timer_fd);
	pfsnl_ckptsock_close_copies(handle->ckpts);
}

void pfsnl_handle_free(struct pfsnl *handle)
{
	if (handle->epoll_fd >= 0)
		close(handle->epoll_fd);
	if (handle->wake_fd >= 0)
		close(handle->wake_fd);
	if (handle->timer_fd >= 0)
		close(handle->timer_fd);
	pfsnl_ckptsock_free(handle->ckpts);
	pfsnl_sock_close(&handle->req);
	pfsnl_sock_close(&handle->ev);
	pfsnl_sock_close(&handle->sync);
	pfsnl_addrset_free(&handle->follow.list);
	free(handle->follow.unknown);
	pthread_cond_destroy(&handle->event_cond);
	pthread_mutex_destroy(&handle->event_lock);
	pthread_mutex_destroy(&handle->ckpt_lock);
	pthread_mutex_destroy(&handle->req_lock);
	free(handle);
}

PFSNL_EXPORT const char *pfsnl_version(void)
{
	return PFSNL_VERSION;
}

PFSNL_EXPORT int pfsnl_open(struct pfsnl **handle)
{
	struct pfsnl *new;
	int err;

	*handle = NULL;
	new = handle_alloc();
	if (!new)
		return pfsnl_fail(-ENOMEM, "opening", NULL);
	err = open_sockets(new);
	if (err) {
		pfsnl_handle_free(new);
		return pfsnl_fail(err, "opening a netlink socket", NULL);
	}
	*handle = new;
	return 0;
}

/* A walk to another namespace, to open something there. */
struct visit {
	int ns_fd;
	int (*open)(void *arg);
	void *arg;
	int setns_err;
	int err;
};

static void *visit_netns(void *arg)
{
	struct visit *visit = arg;

	if (setns(visit->ns_fd, CLONE_NEWNET))
		visit->setns_err = -errno;
	else
		visit->err = visit->open(visit->arg);
	return NULL;
}

/*
 * Only a thread made for this goes to the other namespace. It ends there, so
 * there is no way back that could fail, and the caller has never been away.
 */
static int open_there(struct visit *visit)
{
	sigset_t all, old;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, NULL, visit_netns, visit);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return -err;
	pthread_join(thread, NULL);
	return 0;
}

static int open_handle_sockets(void *arg)
{
	return open_sockets(arg);
}

/* Number of the namespace that a socket is in; 0 if the kernel can't say. */
static uint64_t netns_of(int fd)
{
	socklen_t len = sizeof(uint64_t);
	uint64_t cookie;

	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		return 0;
	return cookie;
}

static int open_socket(void *arg)
{
	int *fd = arg;

	*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	return *fd < 0 ? -errno : 0;
}

int pfsnl_socket_beside(struct pfsnl *handle, const char *what)
{
	int like = nl_socket_get_fd(handle->req.sk), fd, err;
	struct visit visit = { .open = open_socket, .arg = &fd };

	err = open_socket(&fd);
	if (err)
		return pfsnl_fail(err, what, NULL);
	/* Mostly the thread is where it was when it opened the handle. */
	if (netns_of(fd) == netns_of(like))
		return fd;
	close(fd);
	visit.ns_fd = ioctl(like, SIOCGSKNS);
	if (visit.ns_fd < 0)
		return pfsnl_fail(-errno, what, NULL);
	err = open_there(&visit);
	close(visit.ns_fd);
	if (!err && visit.setns_err == -EPERM)
		return pfsnl_failf(-EPERM, what,
				   "not permitted to enter the network namespace of the handle (needs CAP_SYS_ADMIN: be root or use sudo)");
	if (!err)
		err = visit.setns_err ? visit.setns_err : visit.err;
	return err ? pfsnl_fail(err, what, NULL) : fd;
}

PFSNL_EXPORT int pfsnl_open_netns(struct pfsnl **handle, const char *name)
{
	struct visit visit = { .open = open_handle_sockets };
	struct pfsnl *new;
	char path[PATH_MAX];
	char what[128];
	int err;

	*handle = NULL;
	snprintf(what, sizeof(what), "network namespace %s", name);
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return pfsnl_failf(-EINVAL, "network namespace",
				   "\"%s\" is not a name (see which there are: ip netns)",
				   name);
	if ((size_t)snprintf(path, sizeof(path), "%s%s",
			     strchr(name, '/') ? "" : NETNS_DIR, name) >=
	    sizeof(path))
		return pfsnl_fail(-ENAMETOOLONG, what, NULL);

	visit.ns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (visit.ns_fd < 0) {
		err = -errno;
		if (err == -ENOENT || err == -ENOTDIR)
			return pfsnl_failf(-ENOENT, what,
					   "there is none (see which there are: ip netns)");
		return pfsnl_failf(err, what, "can't open %s: %s", path,
				   pfsnl_strerror(err));
	}
	new = handle_alloc();
	if (!new) {
		err = pfsnl_fail(-ENOMEM, what, NULL);
		goto out;
	}
	visit.arg = new;
	err = open_there(&visit);
	if (err)
		err = pfsnl_failf(err, what, "can't start a thread: %s",
				  pfsnl_strerror(err));
	else if (visit.setns_err == -EPERM)
		err = pfsnl_failf(-EPERM, what,
				  "not permitted to enter it (needs CAP_SYS_ADMIN: be root or use sudo)");
	else if (visit.setns_err == -EINVAL)
		err = pfsnl_failf(-EINVAL, what,
				  "%s is not a network namespace (see which there are: ip netns)",
				  path);
	else if (visit.setns_err)
		err = pfsnl_fail(visit.setns_err, what, NULL);
	else if (visit.err)
		err = pfsnl_fail(visit.err, what, NULL);
	if (err)
		pfsnl_handle_free(new);
	else
		*handle = new;
out:
	close(visit.ns_fd);
	return err;
}

PFSNL_EXPORT void pfsnl_close(struct pfsnl *handle)
{
	if (!handle)
		return;
	if (handle->pid != getpid()) {
		/*
		 * The thread isn't here, and the memory may have been copied
		 * in the middle of a change. Only the descriptors are sound.
		 */
		close_fds(handle);
		return;
	}
	if (pfsnl_events_end(handle))
		pfsnl_handle_free(handle);
}

/* Any socket answers this, for the namespace it is in. */
PFSNL_EXPORT int pfsnl_ifindex(struct pfsnl *handle, const char *name,
			       uint32_t *ifindex)
{
	struct ifreq ifr = { 0 };
	int err = pfsnl_check(handle, "looking up an interface");

	if (err)
		return err;
	if (strlen(name) < sizeof(ifr.ifr_name)) {
		strcpy(ifr.ifr_name, name);
		if (!ioctl(nl_socket_get_fd(handle->req.sk), SIOCGIFINDEX,
			   &ifr)) {
			*ifindex = ifr.ifr_ifindex;
			return 0;
		}
		err = -errno;
	} else {
		err = -ENODEV;
	}
	if (err == -ENODEV)
		return pfsnl_failf(err, "interface",
				   "there is no interface %s (see which there are: ip link)",
				   name);
	return pfsnl_fail(err, "looking up an interface", NULL);
}

PFSNL_EXPORT int pfsnl_ifname(struct pfsnl *handle, uint32_t ifindex,
			      char *name)
{
	struct ifreq ifr = { .ifr_ifindex = (int)ifindex };
	int err = pfsnl_check(handle, "looking up an interface");

	if (err)
		return err;
	if (ioctl(nl_socket_get_fd(handle->req.sk), SIOCGIFNAME, &ifr)) {
		err = -errno;
		if (err == -ENODEV)
			return pfsnl_failf(err, "interface",
					   "there is no interface with the number %u (see which there are: ip link)",
					   ifindex);
		return pfsnl_fail(err, "looking up an interface", NULL);
	}
	memcpy(name, ifr.ifr_name, IF_NAMESIZE);
	return 0;
}
