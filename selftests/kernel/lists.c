// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: lists NETNS...
 *
 * Prints for the node of each network namespace a line with its role, its ring
 * and its list, as GetPeers gives it; the leader has a star:
 *
 *	client 7/10.0.0.1/0x4d5b10cc33ef0102 10.0.0.1* 10.0.0.2 10.0.0.3
 *	down
 *
 * One process for all, because to start one is what takes longest in a guest.
 * Exit status 1 if a node could not be asked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <pfsnl.h>

static int failed(const char *what)
{
	fprintf(stderr, "lists: %s: %s\n", what, pfsnl_errmsg());
	return 1;
}

static void print_node(const struct pfsnl_instance *instance,
		       const struct pfsnl_peers *peers)
{
	char text[INET_ADDRSTRLEN];
	size_t i;

	printf("%s %" PRIu64 "/%s/0x%016" PRIx64, pfsnl_role_name(instance->role),
	       instance->ring.seq,
	       inet_ntop(AF_INET, &instance->ring.leader, text, sizeof(text)),
	       instance->ring.incarnation);
	for (i = 0; i < pfsnl_peers_count(peers); i++) {
		const struct pfsnl_peer *peer = pfsnl_peers_at(peers, i);

		printf(" %s%s", inet_ntop(AF_INET, &peer->addr, text,
					  sizeof(text)),
		       peer->leader ? "*" : "");
	}
	putchar('\n');
}

static int ask(const char *name)
{
	struct pfsnl_instance *instance;
	struct pfsnl_peers *peers;
	struct pfsnl *handle;
	int err;

	if (pfsnl_open_netns(&handle, name))
		return failed(name);
	err = pfsnl_instance_get(handle, &instance);
	if (!err) {
		err = pfsnl_peers_get(handle, &peers);
		if (!err) {
			print_node(instance, peers);
			pfsnl_peers_free(peers);
		}
		pfsnl_instance_free(instance);
	}
	if (err == -ENETDOWN)
		puts("down");
	else if (err)
		failed(name);
	pfsnl_close(handle);
	return err && err != -ENETDOWN;
}

int main(int argc, char **argv)
{
	int i, bad = 0;

	for (i = 1; i < argc; i++)
		bad |= ask(argv[i]);
	return bad;
}
