// SPDX-License-Identifier: LGPL-2.1
/* Services of the node: read once, and heard of. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pfsnl_sync.h>

#include "internal.h"

/* Longer than any notification about a service. */
#define ROOM		4096

/* So much may wait to be heard; the kernel gives what it allows. */
#define BUFFER		(256 << 10)

struct pfsnl_sync {
	struct entry {
		struct pfsnl_service service;
		char name[64];
		struct in_addr waits_for[PFSNL_SERVICE_WAITS_MAX];
	} *entries;
	size_t count;
	size_t room;
};

struct pfsnl_sync_listener {
	int fd;
	uint16_t family;
	/* Of a datagram what is not parsed yet. */
	struct nlmsghdr *next;
	int left;
	char room[ROOM] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static uint32_t get_u32(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 4 ? nla_get_u32(attr) : 0;
}

static uint64_t get_u64(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : 0;
}

static void take_waits(struct entry *entry, struct nlattr *attr)
{
	size_t n = attr ? nla_len(attr) / sizeof(struct in_addr) : 0;

	if (n > PFSNL_SERVICE_WAITS_MAX)
		n = PFSNL_SERVICE_WAITS_MAX;
	if (n)
		memcpy(entry->waits_for, nla_data(attr),
		       n * sizeof(struct in_addr));
	entry->service.num_waits_for = n;
}

static int parse_service(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[PFSNL_A_SERVICE_MAX + 1];
	struct pfsnl_sync *sync = arg;
	struct pfsnl_service *s;
	struct entry *entry;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_SERVICE_MAX, NULL) < 0 ||
	    !tb[PFSNL_A_SERVICE_ID])
		return -EBADMSG;
	if (sync->count == sync->room) {
		size_t room = sync->room ? 2 * sync->room : 8;

		entry = reallocarray(sync->entries, room, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		sync->entries = entry;
		sync->room = room;
	}
	entry = &sync->entries[sync->count++];
	memset(entry, 0, sizeof(*entry));
	s = &entry->service;
	s->id = get_u32(tb[PFSNL_A_SERVICE_ID]);
	if (tb[PFSNL_A_SERVICE_NAME])
		nla_strlcpy(entry->name, tb[PFSNL_A_SERVICE_NAME],
			    sizeof(entry->name));
	s->phase = get_u32(tb[PFSNL_A_SERVICE_PHASE]);
	s->since_ms = get_u64(tb[PFSNL_A_SERVICE_SINCE]);
	s->ring = pfsnl_ring_of(tb[PFSNL_A_SERVICE_RING]);
	s->active_ring = pfsnl_ring_of(tb[PFSNL_A_SERVICE_ACTIVE_RING]);
	s->activated = get_u64(tb[PFSNL_A_SERVICE_ACTIVATED]);
	s->aborted = get_u64(tb[PFSNL_A_SERVICE_ABORTED]);
	s->ops = get_u64(tb[PFSNL_A_SERVICE_OPS]);
	s->members = get_u32(tb[PFSNL_A_SERVICE_MEMBERS]);
	s->transmits = tb[PFSNL_A_SERVICE_TRANSMITS];
	s->items = get_u64(tb[PFSNL_A_SERVICE_ITEMS]);
	s->bytes = get_u64(tb[PFSNL_A_SERVICE_BYTES]);
	s->turn = get_u32(tb[PFSNL_A_SERVICE_TURN]);
	s->waits = get_u32(tb[PFSNL_A_SERVICE_WAITS]);
	take_waits(entry, tb[PFSNL_A_SERVICE_WAITS_FOR]);
	return 0;
}

/* Only when no more are added, as they move until then. */
static void settle(struct pfsnl_sync *sync)
{
	struct entry *entry;
	size_t i;

	for (i = 0; i < sync->count; i++) {
		entry = &sync->entries[i];
		entry->service.name = entry->name;
		entry->service.waits_for = entry->waits_for;
	}
}

PFSNL_EXPORT int pfsnl_sync_get(struct pfsnl *handle, struct pfsnl_sync **sync)
{
	struct pfsnl_request req = {
		.what = "reading the services",
		.cmd = PFSNL_CMD_SYNC_GET,
		.flags = NLM_F_DUMP,
		.parse = parse_service,
	};
	int err;

	*sync = NULL;
	err = pfsnl_check(handle, req.what);
	if (err)
		return err;
	*sync = calloc(1, sizeof(**sync));
	if (!*sync)
		return pfsnl_fail(-ENOMEM, req.what, NULL);
	req.arg = *sync;
	pthread_mutex_lock(&handle->req_lock);
	err = pfsnl_ask(&handle->req, true, &req);
	pthread_mutex_unlock(&handle->req_lock);
	if (err) {
		pfsnl_sync_free(*sync);
		*sync = NULL;
		return err;
	}
	settle(*sync);
	return 0;
}

PFSNL_EXPORT size_t pfsnl_sync_count(const struct pfsnl_sync *sync)
{
	return sync->count;
}

PFSNL_EXPORT const struct pfsnl_service *
pfsnl_sync_at(const struct pfsnl_sync *sync, size_t i)
{
	return i < sync->count ? &sync->entries[i].service : NULL;
}

PFSNL_EXPORT void pfsnl_sync_free(struct pfsnl_sync *sync)
{
	if (!sync)
		return;
	free(sync->entries);
	free(sync);
}

PFSNL_EXPORT const char *pfsnl_sync_phase_name(uint32_t phase)
{
	static const char *const names[] = {
		[PFSNL_SYNC_PHASE_NEW] = "new",
		[PFSNL_SYNC_PHASE_REPORT] = "report",
		[PFSNL_SYNC_PHASE_TURN] = "turn",
		[PFSNL_SYNC_PHASE_PROCESS] = "process",
		[PFSNL_SYNC_PHASE_BARRIER] = "barrier",
		[PFSNL_SYNC_PHASE_ACTIVE] = "active",
		[PFSNL_SYNC_PHASE_GONE] = "gone",
	};

	return phase < sizeof(names) / sizeof(*names) ? names[phase] : NULL;
}

/* ---- listening ------------------------------------------------------ */

/* Gives the family and its group about services. */
static int find_group(struct pfsnl *handle, const char *what,
		      struct pfsnl_family *family)
{
	int err;

	pthread_mutex_lock(&handle->req_lock);
	err = pfsnl_family_find(&handle->req, PFSNL_GENL_NAME, true, family,
				NULL);
	pthread_mutex_unlock(&handle->req_lock);
	if (err)
		return pfsnl_fail(err, what, NULL);
	if (!family->sync)
		return pfsnl_fail(-EOPNOTSUPP, what,
				  "the loaded module has no services");
	return 0;
}

static int subscribe(int fd, uint32_t group)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int bytes = BUFFER;

	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)))
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)))
		return -errno;
	return 0;
}

PFSNL_EXPORT int pfsnl_sync_listen(struct pfsnl *handle,
				   struct pfsnl_sync_listener **listener)
{
	const char *what = "listening to services";
	struct pfsnl_family family;
	int err;

	*listener = NULL;
	err = pfsnl_check(handle, what);
	if (!err)
		err = find_group(handle, what, &family);
	if (err)
		return err;
	*listener = calloc(1, sizeof(**listener));
	if (!*listener)
		return pfsnl_fail(-ENOMEM, what, NULL);
	(*listener)->family = family.id;
	(*listener)->fd = pfsnl_socket_beside(handle, what);
	err = (*listener)->fd < 0 ? (*listener)->fd : 0;
	if (!err) {
		err = subscribe((*listener)->fd, family.sync);
		if (err)
			pfsnl_fail(err, what, NULL);
	}
	if (err) {
		pfsnl_sync_listener_close(*listener);
		*listener = NULL;
	}
	return err;
}

PFSNL_EXPORT int
pfsnl_sync_listener_fd(const struct pfsnl_sync_listener *listener)
{
	return listener->fd;
}

/* Takes a datagram in. */
static int receive(struct pfsnl_sync_listener *l)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(from);
	ssize_t got;

	do {
		got = recvfrom(l->fd, l->room, sizeof(l->room), MSG_DONTWAIT,
			       (struct sockaddr *)&from, &len);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	/* Of the kernel only. */
	l->next = (struct nlmsghdr *)l->room;
	l->left = from.nl_pid ? 0 : (int)got;
	return 0;
}

static bool is_service(const struct pfsnl_sync_listener *l)
{
	return l->next->nlmsg_type == l->family &&
	       genlmsg_valid_hdr(l->next, 0) &&
	       genlmsg_hdr(l->next)->cmd == PFSNL_CMD_SYNC_NTF;
}

static int next(struct pfsnl_sync_listener *l, struct pfsnl_sync *sync)
{
	int err;

	while (!sync->count) {
		if (!nlmsg_ok(l->next, l->left)) {
			err = receive(l);
			if (err)
				return err;
			continue;
		}
		err = is_service(l) ? parse_service(l->next, sync) : 0;
		l->next = nlmsg_next(l->next, &l->left);
		if (err == -ENOMEM)
			return err;
	}
	return 0;
}

PFSNL_EXPORT int pfsnl_sync_listener_next(struct pfsnl_sync_listener *listener,
					  struct pfsnl_sync **sync)
{
	const char *what = "listening to services";
	int err;

	*sync = calloc(1, sizeof(**sync));
	if (!*sync)
		return pfsnl_fail(-ENOMEM, what, NULL);
	err = next(listener, *sync);
	if (!err) {
		settle(*sync);
		return 0;
	}
	pfsnl_sync_free(*sync);
	*sync = NULL;
	if (err == -EAGAIN)
		return pfsnl_fail(err, what, "nothing has happened since");
	return pfsnl_fail(err, what, err == -ENOBUFS ?
			  "some of what happened was missed" : NULL);
}

PFSNL_EXPORT void
pfsnl_sync_listener_close(struct pfsnl_sync_listener *listener)
{
	if (!listener)
		return;
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener);
}
