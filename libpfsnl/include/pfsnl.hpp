/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * MembershipClient: the interface of the membership layer in C++. Header only,
 * on top of libpfsnl; link with -lpfsnl. C++98 and later, with or without
 * exceptions: no method ever throws.
 */
#ifndef PFSNL_HPP
#define PFSNL_HPP

#ifndef __cplusplus
#error "pfsnl.hpp is for C++; C programs include pfsnl.h"
#endif

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <pfsnl.h>

/* glibc's errno.h has this where _GNU_SOURCE is defined, as g++ does. */
#ifndef __error_t_defined
typedef int error_t;
#define __error_t_defined 1
#endif

#if __cplusplus >= 201103L
#define PFSNL_NOEXCEPT noexcept
#else
#define PFSNL_NOEXCEPT throw()
#endif

/*
 * A watch: nodes entered the list (adding) or left it. Each of the `numaddrs`
 * values is the s_addr of an address, that is in network byte order, made an
 * unsigned long. The array is gone when it returns. It must not block for any
 * significant amount of time: one thread serves all watches of a client. It
 * may call every method of the client and delete it. It must not throw: that
 * ends the program.
 */
typedef void (*PeerWatchProc)(bool adding, const unsigned long *addrs,
			      size_t numaddrs);

/*
 * The cluster as the network namespace of the thread that made the client sees
 * it. Every method may be called from any thread and returns 0 or a positive
 * error number; pfsnl_errmsg() then has a text for people. A constructor can't
 * return one: if it failed, all methods do, with its error.
 */
class MembershipClient {
public:
	MembershipClient() PFSNL_NOEXCEPT : handle_(0), error_(0)
	{
		error_ = -pfsnl_open(&handle_);
	}

	/*
	 * Ends all watches; waits for one that runs, unless called from within
	 * a watch of this client.
	 */
	~MembershipClient() PFSNL_NOEXCEPT
	{
		pfsnl_close(handle_);
	}

	/*
	 * Gives the list as it is now, to be freed with free(). *list may be
	 * freed too when *listsz is 0. After an error both are 0.
	 * ENETDOWN: no instance runs. EPROTONOSUPPORT: the module is not
	 * loaded. ENOMEM.
	 */
	error_t GetPeers(unsigned long **list, size_t *listsz) PFSNL_NOEXCEPT
	{
		struct in_addr *addrs;
		size_t count, i;
		int err;

		*list = 0;
		*listsz = 0;
		if (error_)
			return error_;
		err = pfsnl_peer_addrs(handle_, &addrs, &count);
		if (err)
			return -err;
		*list = static_cast<unsigned long *>(
			calloc(count + 1, sizeof(**list)));
		if (*list) {
			for (i = 0; i < count; i++)
				(*list)[i] = addrs[i].s_addr;
			*listsz = count;
		} else {
			err = ENOMEM;
		}
		free(addrs);
		return err;
	}

	/*
	 * Adds a watch. It is called with the current list first (adding, and
	 * perhaps nobody), then with every change; what it was told always adds
	 * up to the list. While no instance runs the list is empty.
	 * EEXIST: this one is added already. EPROTONOSUPPORT, ENOMEM.
	 */
	error_t AddWatch(PeerWatchProc proc) PFSNL_NOEXCEPT
	{
		if (error_)
			return error_;
		return -pfsnl_watch_add(handle_, Forward, ToArg(proc));
	}

	/*
	 * Removes a watch. On return it does not run any more and never will,
	 * unless this is called from within it. ENOENT: it was not added.
	 */
	error_t RemoveWatch(PeerWatchProc proc) PFSNL_NOEXCEPT
	{
		if (error_)
			return error_;
		return -pfsnl_watch_remove(handle_, Forward, ToArg(proc));
	}

private:
	struct pfsnl *handle_;
	error_t error_;

	/* Not to be copied. */
	MembershipClient(const MembershipClient &);
	MembershipClient &operator=(const MembershipClient &);

	/* POSIX has pointers to functions fit into void *; C++ has no cast. */
	static void *ToArg(PeerWatchProc proc) PFSNL_NOEXCEPT
	{
		void *arg;

		memcpy(&arg, &proc, sizeof(arg));
		return arg;
	}

	static void Forward(void *arg, const struct pfsnl_update *update)
		PFSNL_NOEXCEPT
	{
		unsigned long few[64], *all = few;
		size_t room = sizeof(few) / sizeof(*few);
		size_t done = 0, part, i;
		PeerWatchProc proc;

		memcpy(&proc, &arg, sizeof(proc));
		if (update->count > room) {
			all = static_cast<unsigned long *>(
				malloc(update->count * sizeof(*all)));
			if (all)
				room = update->count;
			else
				all = few;
		}
		/* Without memory an update comes in parts, but it comes. */
		do {
			part = update->count - done;
			if (part > room)
				part = room;
			for (i = 0; i < part; i++)
				all[i] = update->addrs[done + i].s_addr;
			proc(update->adding, all, part);
			done += part;
		} while (done < update->count);
		if (all != few)
			free(all);
	}
};

#endif /* PFSNL_HPP */
