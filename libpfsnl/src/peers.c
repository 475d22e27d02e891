// SPDX-License-Identifier: LGPL-2.1
/* The list, read once. */
#include <errno.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* So often the list is read again when it changes meanwhile. */
#define MAX_TRIES 64

struct pfsnl_peers {
	struct pfsnl_peer *peers;
	size_t count;
	size_t room;
	uint64_t generation;
};

static uint64_t get_u64(struct nlattr *attr, uint64_t otherwise)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : otherwise;
}

static uint8_t get_u8(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 1 ? nla_get_u8(attr) : 0;
}

static int parse_peer(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[PFSNL_A_PEER_MAX + 1];
	struct pfsnl_peers *list = arg;
	struct pfsnl_peer *peer;
	uint64_t generation;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_PEER_MAX, NULL) < 0 ||
	    !tb[PFSNL_A_PEER_ADDRESS] ||
	    nla_len(tb[PFSNL_A_PEER_ADDRESS]) < 4)
		return -EBADMSG;
	generation = get_u64(tb[PFSNL_A_PEER_GENERATION], 0);
	if (list->count && generation != list->generation)
		return -EINTR;
	list->generation = generation;

	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 32;

		peer = reallocarray(list->peers, room, sizeof(*peer));
		if (!peer)
			return -ENOMEM;
		list->peers = peer;
		list->room = room;
	}
	peer = &list->peers[list->count++];
	memset(peer, 0, sizeof(*peer));
	peer->addr.s_addr = nla_get_u32(tb[PFSNL_A_PEER_ADDRESS]);
	peer->incarnation = get_u64(tb[PFSNL_A_PEER_INCARNATION], 0);
	peer->level = get_u8(tb[PFSNL_A_PEER_LEVEL]);
	peer->priority = get_u8(tb[PFSNL_A_PEER_PRIORITY]);
	if (tb[PFSNL_A_PEER_TETHER_PORT] &&
	    nla_len(tb[PFSNL_A_PEER_TETHER_PORT]) >= 2)
		peer->port = nla_get_u16(tb[PFSNL_A_PEER_TETHER_PORT]);
	peer->self = tb[PFSNL_A_PEER_SELF];
	peer->leader = tb[PFSNL_A_PEER_LEADER];
	peer->age_ms = get_u64(tb[PFSNL_A_PEER_AGE], 0);
	peer->heard_ms = get_u64(tb[PFSNL_A_PEER_HEARD], PFSNL_NEVER);
	return 0;
}

int pfsnl_peers_read(struct pfsnl_sock *sock, bool load,
		     struct pfsnl_peers **out)
{
	struct pfsnl_request req = {
		.what = "reading the list",
		.cmd = PFSNL_CMD_PEER_GET,
		.flags = NLM_F_DUMP,
		.parse = parse_peer,
	};
	int err, tries = 0;

	*out = calloc(1, sizeof(**out));
	if (!*out)
		return pfsnl_fail(-ENOMEM, req.what, NULL);
	req.arg = *out;
	do {
		(*out)->count = 0;
		(*out)->generation = 0;
		err = pfsnl_ask(sock, load, &req);
	} while (err == -EINTR && ++tries < MAX_TRIES);
	if (err == -EINTR)
		err = pfsnl_fail(-EAGAIN, req.what,
				 "it changes too fast to be read, try again");
	if (err) {
		pfsnl_peers_free(*out);
		*out = NULL;
	}
	return err;
}

PFSNL_EXPORT int pfsnl_peers_get(struct pfsnl *handle,
				 struct pfsnl_peers **peers)
{
	int err = pfsnl_check(handle, "reading the list");

	if (err)
		return err;
	pthread_mutex_lock(&handle->req_lock);
	err = pfsnl_peers_read(&handle->req, true, peers);
	pthread_mutex_unlock(&handle->req_lock);
	return err;
}

PFSNL_EXPORT size_t pfsnl_peers_count(const struct pfsnl_peers *peers)
{
	return peers->count;
}

PFSNL_EXPORT uint64_t pfsnl_peers_generation(const struct pfsnl_peers *peers)
{
	return peers->generation;
}

PFSNL_EXPORT const struct pfsnl_peer *
pfsnl_peers_at(const struct pfsnl_peers *peers, size_t i)
{
	return i < peers->count ? &peers->peers[i] : NULL;
}

PFSNL_EXPORT void pfsnl_peers_free(struct pfsnl_peers *peers)
{
	if (!peers)
		return;
	free(peers->peers);
	free(peers);
}

PFSNL_EXPORT int pfsnl_peer_addrs(struct pfsnl *handle, struct in_addr **addrs,
				  size_t *count)
{
	struct pfsnl_peers *peers;
	size_t i;
	int err;

	err = pfsnl_peers_get(handle, &peers);
	if (err)
		return err;
	/* One more, as malloc(0) may give NULL. */
	*addrs = calloc(peers->count + 1, sizeof(**addrs));
	if (*addrs) {
		for (i = 0; i < peers->count; i++)
			(*addrs)[i] = peers->peers[i].addr;
		*count = peers->count;
	} else {
		err = pfsnl_fail(-ENOMEM, "reading the list", NULL);
	}
	pfsnl_peers_free(peers);
	return err;
}
