// SPDX-License-Identifier: GPL-2.0
/*
 * MembershipClient without a module, compiled as C++98 and as newer ones. The
 * pointers to methods make the compiler check the signatures word by word.
 */
#include <pfsnl.hpp>
#include <pfsnl_ckpt.h>

#include <stdio.h>
#include <unistd.h>

typedef error_t (MembershipClient::*GetPeersType)(unsigned long **list,
						  size_t *listsz);
typedef error_t (MembershipClient::*WatchType)(PeerWatchProc proc);

static GetPeersType get_peers = &MembershipClient::GetPeers;
static WatchType add_watch = &MembershipClient::AddWatch;
static WatchType remove_watch = &MembershipClient::RemoveWatch;

static int number, failed;

static void ok(bool good, const char *what)
{
	printf("%sok %d - C++ %ld: %s\n", good ? "" : "not ", ++number,
	       __cplusplus, what);
	failed += !good;
}

static void watch(bool adding, const unsigned long *addrs, size_t numaddrs)
{
	(void)adding;
	(void)addrs;
	(void)numaddrs;
}

int main()
{
	bool loaded = !access("/sys/module/pfsnl", F_OK);
	unsigned long given = 1, *list = &given;
	size_t listsz = 1;
	MembershipClient client;
	error_t err;

	printf("TAP version 13\n1..5\n");
	err = (client.*get_peers)(&list, &listsz);
	if (list == &given) {
		printf("Bail out! GetPeers left the list alone\n");
		return 1;
	}
	if (loaded) {
		ok(err == 0 || err == ENETDOWN, "GetPeers");
		ok(err == 0 || (!list && !listsz), "GetPeers gives nothing");
		ok((client.*add_watch)(watch) == 0, "AddWatch");
		ok((client.*remove_watch)(watch) == 0, "RemoveWatch");
	} else {
		ok(err == EPROTONOSUPPORT, "GetPeers without module");
		ok(!list && !listsz, "GetPeers gives nothing");
		ok((client.*add_watch)(watch) == EPROTONOSUPPORT,
		   "AddWatch without module");
		ok((client.*remove_watch)(watch) == ENOENT,
		   "RemoveWatch of none");
	}
	/* What C has for checkpoints is of use in C++ as it is. */
	pfsnl_ckpt_attr attr;
	pfsnl_ckpt_attr_init(&attr);
	ok(attr.max_id == PFSNL_SECTION_ID_MAX && pfsnl_ckpt_close(NULL, 0) == 0,
	   "checkpoints");
	free(list);
	return failed ? 1 : 0;
}
