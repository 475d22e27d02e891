// SPDX-License-Identifier: GPL-2.0
/* Cables, bridges and netem, by rtnetlink. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "port.h"
#include "story.h"

static struct nl_sock *hub;
static int hub_ns = -1;
static uint32_t bridges[SIDES];
static uint32_t ports[NODES_MAX + 1];
/* has netem */
static bool stormy[NODES_MAX + 1];

static struct nl_sock *rtnl_open(void)
{
	struct nl_sock *sk = nl_socket_alloc();
	int err = sk ? nl_connect(sk, NETLINK_ROUTE) : -NLE_NOMEM;

	if (err)
		die("rtnetlink: %s", nl_geterror(err));
	return sk;
}

struct nl_msg *rtnl_request(int type, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (!msg)
		die("out of memory");
	return msg;
}

void rtnl_ask(struct nl_sock *sk, struct nl_msg *msg, const char *what,
	      int number)
{
	int err = nl_send_sync(sk ?: hub, msg);

	if (err < 0)
		die("%s of n%d: %s", what, number, nl_geterror(err));
}

static struct nl_msg *link_request(int type, int flags, uint32_t ifindex,
				   unsigned int change, unsigned int up)
{
	struct ifinfomsg ifi = {
		.ifi_index = ifindex,
		.ifi_change = change,
		.ifi_flags = up,
	};
	struct nl_msg *msg = rtnl_request(type, flags);

	nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
	return msg;
}

static void link_up(struct nl_sock *sk, uint32_t ifindex, bool up, int number)
{
	rtnl_ask(sk, link_request(RTM_NEWLINK, 0, ifindex, IFF_UP,
				  up ? IFF_UP : 0), "link", number);
}

void segment_enter(void)
{
	if (setns(hub_ns, CLONE_NEWNET))
		die("setns: %s", strerror(errno));
}

void segment_make(void)
{
	struct nlattr *info;
	struct nl_msg *msg;
	char name[16];
	int i;

	hub = rtnl_open();
	hub_ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	for (i = 0; i < SIDES; i++) {
		snprintf(name, sizeof(name), "br%d", i);
		msg = link_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0,
				   IFF_UP, IFF_UP);
		nla_put_string(msg, IFLA_IFNAME, name);
		info = nla_nest_start(msg, IFLA_LINKINFO);
		nla_put_string(msg, IFLA_INFO_KIND, "bridge");
		nla_nest_end(msg, info);
		rtnl_ask(NULL, msg, "bridge", 0);
		bridges[i] = if_nametoindex(name);
	}
}

uint32_t port_ifindex(int number)
{
	return ports[number];
}

void port_mac(int number, uint8_t *mac)
{
	const uint8_t bytes[] = { 2, 0, 10, 73, number >> 8, number };

	memcpy(mac, bytes, sizeof(bytes));
}

/* where filters can be */
static void clsact_make(int number)
{
	struct tcmsg tc = {
		.tcm_ifindex = ports[number],
		.tcm_parent = TC_H_CLSACT,
		.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
	};
	struct nl_msg *msg = rtnl_request(RTM_NEWQDISC,
					  NLM_F_CREATE | NLM_F_EXCL);

	nlmsg_append(msg, &tc, sizeof(tc), NLMSG_ALIGNTO);
	nla_put_string(msg, TCA_KIND, "clsact");
	rtnl_ask(NULL, msg, "clsact", number);
}

static void veth_make(int number, int ns, const char *port)
{
	uint8_t mac[6];
	struct ifinfomsg ifi = {};
	struct nlattr *info, *data, *peer;
	struct nl_msg *msg = link_request(RTM_NEWLINK,
					  NLM_F_CREATE | NLM_F_EXCL, 0, 0, 0);

	port_mac(number, mac);
	nla_put_string(msg, IFLA_IFNAME, port);
	info = nla_nest_start(msg, IFLA_LINKINFO);
	nla_put_string(msg, IFLA_INFO_KIND, "veth");
	data = nla_nest_start(msg, IFLA_INFO_DATA);
	peer = nla_nest_start(msg, VETH_INFO_PEER);
	nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
	nla_put_string(msg, IFLA_IFNAME, "eth0");
	/* the same in a second life, as with a machine */
	nla_put(msg, IFLA_ADDRESS, sizeof(mac), mac);
	nla_put_u32(msg, IFLA_NET_NS_FD, ns);
	nla_nest_end(msg, peer);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	rtnl_ask(NULL, msg, "cable", number);
}

static void address_set(struct nl_sock *sk, uint32_t ifindex, uint32_t addr,
			int number)
{
	struct ifaddrmsg ifa = {
		.ifa_family = AF_INET,
		.ifa_prefixlen = 16,
		.ifa_index = ifindex,
	};
	struct nl_msg *msg = rtnl_request(RTM_NEWADDR,
					  NLM_F_CREATE | NLM_F_EXCL);

	nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO);
	nla_put_u32(msg, IFA_LOCAL, htonl(addr));
	nla_put_u32(msg, IFA_ADDRESS, htonl(addr));
	nla_put_u32(msg, IFA_BROADCAST, htonl(addr | 0xffff));
	rtnl_ask(sk, msg, "address", number);
}

int port_make(int number, uint32_t addr, struct nl_sock **rtnl,
	      uint32_t *ifindex)
{
	char port[16];
	int ns;

	if (unshare(CLONE_NEWNET))
		die("unshare: %s", strerror(errno));
	ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	*rtnl = rtnl_open();
	snprintf(port, sizeof(port), "p%d", number);
	veth_make(number, ns, port);
	*ifindex = if_nametoindex("eth0");
	link_up(*rtnl, if_nametoindex("lo"), true, number);
	address_set(*rtnl, *ifindex, addr, number);
	segment_enter();
	ports[number] = if_nametoindex(port);
	if (ns < 0 || !*ifindex || !ports[number])
		die("n%d: %s", number, strerror(errno));
	clsact_make(number);
	link_up(hub, ports[number], true, number);
	link_up(*rtnl, *ifindex, true, number);
	return ns;
}

void port_delete(int number)
{
	rtnl_ask(NULL, link_request(RTM_DELLINK, 0, ports[number], 0, 0),
		 "cable", number);
	ports[number] = 0;
	stormy[number] = false;
}

void port_side(int number, int side)
{
	struct nl_msg *msg = link_request(RTM_NEWLINK, 0, ports[number], 0, 0);

	nla_put_u32(msg, IFLA_MASTER, side == SIDE_NONE ? 0 : bridges[side]);
	rtnl_ask(NULL, msg, "side", number);
}

void port_link(int number, bool up)
{
	link_up(hub, ports[number], up, number);
}

void eth_link(struct nl_sock *rtnl, uint32_t ifindex, bool up)
{
	link_up(rtnl, ifindex, up, 0);
}

static uint32_t share(uint32_t millionth)
{
	return (uint64_t)millionth * 0xffffffff / 1000000;
}

/* netem where frames leave the bridge, so that each receiver has its own luck */
void port_weather(int number, const struct weather *w)
{
	static const struct weather fine;
	bool none = !memcmp(w, &fine, sizeof(fine));
	struct tcmsg tc = {
		.tcm_ifindex = ports[number],
		.tcm_parent = TC_H_ROOT,
		.tcm_handle = 0x10000,
	};
	struct tc_netem_qopt qopt = {
		.limit = 10000,
		.loss = share(w->loss),
		.duplicate = share(w->duplicate),
		.gap = w->reorder ? 1 : 0,
	};
	struct tc_netem_reorder reorder = { .probability = share(w->reorder) };
	struct nlattr *options;
	struct nl_msg *msg;

	if (none && !stormy[number])
		return;
	stormy[number] = !none;
	msg = rtnl_request(none ? RTM_DELQDISC : RTM_NEWQDISC,
			   none ? 0 : NLM_F_CREATE | NLM_F_REPLACE);
	nlmsg_append(msg, &tc, sizeof(tc), NLMSG_ALIGNTO);
	if (!none) {
		nla_put_string(msg, TCA_KIND, "netem");
		options = nla_nest_start(msg, TCA_OPTIONS);
		nlmsg_append(msg, &qopt, sizeof(qopt), NLMSG_ALIGNTO);
		nla_put_u64(msg, TCA_NETEM_LATENCY64, w->delay * 1000ULL);
		nla_put_u64(msg, TCA_NETEM_JITTER64, w->jitter * 1000ULL);
		nla_put(msg, TCA_NETEM_REORDER, sizeof(reorder), &reorder);
		nla_nest_end(msg, options);
	}
	rtnl_ask(NULL, msg, "weather", number);
}
