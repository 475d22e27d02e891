// SPDX-License-Identifier: GPL-2.0
/*
 * Filters of traffic control. nftables with sets would do it in one place, but
 * making a set is a fault report of its own in kernels that check RCU.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>

#include <netlink/msg.h>

#include "port.h"
#include "sieve.h"
#include "story.h"

/* each filter has a priority of its own, by which it is found again */
static uint32_t info_of(enum sieve sieve, int from, int proto)
{
	return TC_H_MAKE((1 + sieve * (NODES_MAX + 1) + from) << 16,
			 htons(proto));
}

static void drop(struct nl_msg *msg)
{
	struct tc_gact gact = { .action = TC_ACT_SHOT };
	struct nlattr *acts, *act, *options;

	acts = nla_nest_start(msg, TCA_FLOWER_ACT);
	act = nla_nest_start(msg, 1);
	nla_put_string(msg, TCA_ACT_KIND, "gact");
	options = nla_nest_start(msg, TCA_ACT_OPTIONS);
	nla_put(msg, TCA_GACT_PARMS, sizeof(gact), &gact);
	nla_nest_end(msg, options);
	nla_nest_end(msg, act);
	nla_nest_end(msg, acts);
}

void sieve_set(enum sieve sieve, int from, int to, bool stop)
{
	bool ip = sieve == SIEVE_UDP || sieve == SIEVE_TCP;
	int proto = ip ? ETH_P_IP : ETH_P_ALL;
	struct tcmsg tc = {
		.tcm_ifindex = port_ifindex(sieve_port(sieve, from, to)),
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, sieve == SIEVE_FROM ?
					TC_H_MIN_INGRESS : TC_H_MIN_EGRESS),
		.tcm_info = info_of(sieve, from, proto),
	};
	struct nl_msg *msg = rtnl_request(stop ? RTM_NEWTFILTER :
						 RTM_DELTFILTER,
					  stop ? NLM_F_CREATE | NLM_F_EXCL : 0);
	uint8_t mac[ETH_ALEN];
	struct nlattr *options;

	nlmsg_append(msg, &tc, sizeof(tc), NLMSG_ALIGNTO);
	if (stop) {
		nla_put_string(msg, TCA_KIND, "flower");
		options = nla_nest_start(msg, TCA_OPTIONS);
		if (sieve <= SIEVE_TCP) {
			port_mac(from, mac);
			nla_put(msg, TCA_FLOWER_KEY_ETH_SRC, ETH_ALEN, mac);
		}
		if (ip) {
			nla_put_u16(msg, TCA_FLOWER_KEY_ETH_TYPE,
				    htons(ETH_P_IP));
			nla_put_u8(msg, TCA_FLOWER_KEY_IP_PROTO,
				   sieve == SIEVE_UDP ? IPPROTO_UDP :
							IPPROTO_TCP);
		}
		drop(msg);
		nla_nest_end(msg, options);
	}
	rtnl_ask(NULL, msg, "sieve", from ?: to);
}
