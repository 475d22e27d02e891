// SPDX-License-Identifier: GPL-2.0
/*
 * MembershipClient used just as it was described in 1998, and nothing else.
 * Two watches are added; each call of one prints a line:
 *
 *	WATCH 1|2 add|remove COUNT ADDRESS...
 *
 * Commands, one a line on standard input:
 *
 *	peers		calls GetPeers: "PEERS COUNT ADDRESS...", or
 *			"PEERS failed ERRNO-NAME"
 *	add 1|2		adds a watch again: "ADD 1|2 ok|EEXIST|..."
 *	remove 1|2	removes it: "REMOVE 1|2 ok|ENOENT|..."
 *	quit		ends (as does the end of the input)
 *
 * Exit status: 0, 1 after an unknown command, 4 if the module isn't loaded.
 */
#include <pfsnl.hpp>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void print(const char *what, bool adding, const unsigned long *addrs,
		  size_t numaddrs)
{
	char text[INET_ADDRSTRLEN], line[128 * 1024];
	size_t used, i;

	/* In one piece, as watches and commands are on different threads. */
	used = snprintf(line, sizeof(line), "%s%s %lu", what,
			strchr(what, ' ') ? adding ? " add" : " remove" : "",
			(unsigned long)numaddrs);
	for (i = 0; i < numaddrs && used + sizeof(text) + 2 < sizeof(line);
	     i++) {
		struct in_addr addr;

		addr.s_addr = addrs[i];
		inet_ntop(AF_INET, &addr, text, sizeof(text));
		used += snprintf(line + used, sizeof(line) - used, " %s",
				 text);
	}
	printf("%s\n", line);
	fflush(stdout);
}

static void watch1(bool adding, const unsigned long *addrs, size_t numaddrs)
{
	print("WATCH 1", adding, addrs, numaddrs);
}

static void watch2(bool adding, const unsigned long *addrs, size_t numaddrs)
{
	print("WATCH 2", adding, addrs, numaddrs);
}

static const char *name(error_t error)
{
	switch (error) {
	case 0:
		return "ok";
	case EEXIST:
		return "EEXIST";
	case ENOENT:
		return "ENOENT";
	case ENETDOWN:
		return "ENETDOWN";
	case EPROTONOSUPPORT:
		return "EPROTONOSUPPORT";
	default:
		return strerror(error);
	}
}

static void peers(MembershipClient &client)
{
	unsigned long *list;
	size_t listsz;
	error_t error = client.GetPeers(&list, &listsz);

	if (error) {
		printf("PEERS failed %s\n", name(error));
		fflush(stdout);
		return;
	}
	print("PEERS", true, list, listsz);
	free(list);
}

int main()
{
	static const PeerWatchProc procs[] = { watch1, watch2 };
	MembershipClient client;
	char line[64], verb[16];
	int which, status = 0;
	error_t error;

	for (which = 0; which < 2; which++) {
		error = client.AddWatch(procs[which]);
		if (error) {
			fprintf(stderr, "seedapi: %s\n", pfsnl_errmsg());
			return error == EPROTONOSUPPORT ? 4 : 1;
		}
	}
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "quit\n"))
			break;
		if (!strcmp(line, "peers\n")) {
			peers(client);
		} else if (sscanf(line, "%15s %d", verb, &which) == 2 &&
			   (which == 1 || which == 2) &&
			   (!strcmp(verb, "add") || !strcmp(verb, "remove"))) {
			bool add = !strcmp(verb, "add");

			error = add ? client.AddWatch(procs[which - 1]) :
				      client.RemoveWatch(procs[which - 1]);
			printf("%s %d %s\n", add ? "ADD" : "REMOVE", which,
			       name(error));
			fflush(stdout);
		} else {
			printf("UNKNOWN %s", line);
			fflush(stdout);
			status = 1;
		}
	}
	return status;
}
