// SPDX-License-Identifier: GPL-2.0
/* Where an instance is put: interface and address. */
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "out.h"
#include "suggest.h"
#include "value.h"

/*
 * The interfaces of the namespace asked for. The library needs no such thing,
 * but to choose and to suggest one we must look around there ourselves; the
 * handle stays where it is.
 */
static int look_around(struct run *run, struct ifaddrs **list)
{
	const char *name = run->args.netns;
	char path[4096];
	int fd;

	if (given(&run->args, OPT_NETNS)) {
		snprintf(path, sizeof(path), "%s%s",
			 strchr(name, '/') ? "" : "/run/netns/", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || setns(fd, CLONE_NEWNET)) {
			complain("can't enter the network namespace %s: %s",
				 name, strerror(errno));
			if (fd >= 0)
				close(fd);
			return -1;
		}
		close(fd);
	}
	if (getifaddrs(list)) {
		complain("can't list the interfaces: %s", strerror(errno));
		return -1;
	}
	return 0;
}

/* Up, not the loopback, with an IPv4 address. */
static bool fit(const struct ifaddrs *i)
{
	return i->ifa_addr && i->ifa_addr->sa_family == AF_INET &&
	       i->ifa_flags & IFF_UP && !(i->ifa_flags & IFF_LOOPBACK);
}

static struct in_addr addr_of(const struct ifaddrs *i)
{
	return ((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
}

bool already_up(struct run *run)
{
	char room[TEXT_ROOM], name[IF_NAMESIZE];
	struct pfsnl_instance *inst;

	if (pfsnl_instance_get(run->handle, &inst))
		return false;
	complain("already up: %s on %s in cluster %s",
		 text_addr(room, inst->settings->address),
		 place_name(run, inst->settings->ifindex, name),
		 inst->settings->cluster);
	note("'pfsnl set' changes it, 'pfsnl down' stops it");
	pfsnl_instance_free(inst);
	return true;
}

/* Without a word from the user: the only interface there is. */
static int only_one(struct run *run, char name[IF_NAMESIZE])
{
	struct ifaddrs *list, *i, *found = NULL;
	bool several = false;
	char room[TEXT_ROOM];
	int code = EXIT_USAGE;

	/* Then no interface is the right one. */
	if (already_up(run))
		return EXIT_STATE;
	if (look_around(run, &list))
		return EXIT_FAILED;
	for (i = list; i; i = i->ifa_next) {
		if (!fit(i))
			continue;
		if (!found)
			found = i;
		else if (strcmp(found->ifa_name, i->ifa_name))
			several = true;
	}
	if (!found) {
		complain("no interface that is up has an IPv4 address");
		note("'ip address add ADDRESS/LEN dev DEV' gives it one");
		code = EXIT_FAILED;
	} else if (several) {
		complain("which interface? Say one of these:");
		for (i = list; i; i = i->ifa_next)
			if (fit(i))
				note("pfsnl up %-15s (%s)", i->ifa_name,
				     text_addr(room, addr_of(i)));
	} else if (strlen(found->ifa_name) < IF_NAMESIZE) {
		strcpy(name, found->ifa_name);
		code = EXIT_OK;
	}
	freeifaddrs(list);
	return code;
}

/* Says that there is no interface @name, and which one was perhaps meant. */
static void no_such(struct run *run, const char *name)
{
	struct ifaddrs *list, *i;
	struct suggest s;

	suggest_begin(&s, name);
	if (look_around(run, &list)) {
		complain("there is no interface '%s'", name);
		return;
	}
	for (i = list; i; i = i->ifa_next)
		suggest_offer(&s, i->ifa_name);
	if (s.best)
		complain("there is no interface '%s'; did you mean '%s'?", name,
			 s.best);
	else
		complain("there is no interface '%s'; 'ip -br address' lists them",
			 name);
	freeifaddrs(list);
}

/* Takes the operand for the option that it stands for. */
static int take_operand(struct run *run)
{
	struct args *args = &run->args;
	enum opt_id id = OPT_DEVICE, other = OPT_ADDRESS;
	struct in_addr addr;

	if (!run->operand)
		return EXIT_OK;
	if (!value_address(run->operand, &addr)) {
		id = OPT_ADDRESS;
		other = OPT_DEVICE;
	}
	if (given(args, id) && !args->line[id]) {
		complain("'%s' and --%s say the same; give one of them",
			 run->operand, opt_name(id));
		return EXIT_USAGE;
	}
	/* It overrules both keys of a config file. */
	if (args->line[other])
		args->given &= ~OPT_BIT(other);
	args->given |= OPT_BIT(id);
	if (id == OPT_ADDRESS) {
		args->address = addr;
	} else if (strlen(run->operand) < IF_NAMESIZE) {
		strcpy(args->device, run->operand);
	} else {
		no_such(run, run->operand);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

int place_find(struct run *run, struct pfsnl_settings *settings)
{
	struct args *args = &run->args;
	int code, err;

	code = take_operand(run);
	if (code == EXIT_OK && !given(args, OPT_DEVICE) &&
	    !given(args, OPT_ADDRESS)) {
		code = only_one(run, args->device);
		args->given |= OPT_BIT(OPT_DEVICE);
	}
	if (code != EXIT_OK)
		return code;
	if (given(args, OPT_ADDRESS)) {
		settings->present |= PFSNL_HAS_ADDRESS;
		settings->address = args->address;
	}
	if (!given(args, OPT_DEVICE))
		return EXIT_OK;
	err = pfsnl_ifindex(run->handle, args->device, &settings->ifindex);
	if (err == -ENODEV) {
		no_such(run, args->device);
		return EXIT_FAILED;
	}
	if (err)
		return failed(err);
	settings->present |= PFSNL_HAS_IFINDEX;
	return EXIT_OK;
}

const char *place_name(struct run *run, uint32_t ifindex,
		       char name[IF_NAMESIZE])
{
	if (pfsnl_ifname(run->handle, ifindex, name))
		strcpy(name, "?");
	return name;
}
