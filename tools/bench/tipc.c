// SPDX-License-Identifier: GPL-2.0
/*
 * TIPC of the kernel. A node joins when its bearer is enabled. Who is there is
 * what the topology service says of the service type for nodes.
 */
#include <errno.h>
#include <linux/tipc.h>
#include <linux/tipc_netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

#define BEARER "eth:eth0"

static struct nl_sock *control[NODES_MAX + 1];
static int topology[NODES_MAX + 1];
static bool addressed[NODES_MAX + 1];	/* until the namespace goes */
static int family;

static bool tipc_present(void)
{
	int fd = socket(AF_TIPC, SOCK_SEQPACKET, 0);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static struct nl_msg *request(int cmd, int attr, struct nlattr **nest)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0,
				 cmd, TIPC_GENL_V2_VERSION))
		die("out of memory");
	*nest = nla_nest_start(msg, attr);
	return msg;
}

static void carry_out(int number, struct nl_msg *msg, struct nlattr *nest)
{
	int err;

	nla_nest_end(msg, nest);
	err = nl_send_sync(control[number], msg);
	if (err < 0)
		die("n%d: TIPC: %s", number, nl_geterror(err));
}

static void on_event(struct node *node)
{
	struct tipc_event e;

	while (recv(topology[node->number], &e, sizeof(e), MSG_DONTWAIT) ==
	       sizeof(e)) {
		if (e.event == TIPC_PUBLISHED || e.event == TIPC_WITHDRAWN)
			node_told(node, (int)(e.found_lower & 0xfff),
				  e.event == TIPC_PUBLISHED);
	}
	node_told_all(node);
}

static void subscribe(int number)
{
	struct sockaddr_tipc addr = {
		.family = AF_TIPC,
		.addrtype = TIPC_SERVICE_ADDR,
		.addr.name.name = {
			.type = TIPC_TOP_SRV,
			.instance = TIPC_TOP_SRV,
		},
	};
	struct tipc_subscr sub = {
		.seq = { .type = TIPC_NODE_STATE, .upper = ~0U },
		.timeout = TIPC_WAIT_FOREVER,
		.filter = TIPC_SUB_PORTS,
	};
	int fd = socket_in(number, AF_TIPC, SOCK_SEQPACKET, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    send(fd, &sub, sizeof(sub), 0) != sizeof(sub))
		die("n%d: TIPC's topology service: %s", number,
		    strerror(errno));
	topology[number] = fd;
	loop_add_node(fd, &nodes[number], on_event);
}

static void tipc_open(int number)
{
	struct nlattr *nest;
	struct nl_msg *msg;
	int err;

	nodes[number] = (struct node){ .number = number };
	control[number] = nl_socket_alloc();
	if (!control[number])
		die("out of memory");
	netns_enter(number);
	err = genl_connect(control[number]);
	netns_leave();
	family = err ? err : genl_ctrl_resolve(control[number],
					       TIPC_GENL_V2_NAME);
	if (family < 0)
		die("n%d: TIPC: %s", number, nl_geterror(family));
	if (!addressed[number]) {
		msg = request(TIPC_NL_NET_SET, TIPC_NLA_NET, &nest);
		/* <1.1.number> */
		nla_put_u32(msg, TIPC_NLA_NET_ADDR,
			    1 << 24 | 1 << 12 | (uint32_t)number);
		carry_out(number, msg, nest);
		addressed[number] = true;
	}
	subscribe(number);
}

static void tipc_close(int number)
{
	loop_forget(topology[number]);
	close(topology[number]);
	nl_socket_free(control[number]);
	nodes[number] = (struct node){};
}

static void enable(int number, uint32_t tolerance)
{
	struct nlattr *nest, *props;
	struct nl_msg *msg;

	msg = request(TIPC_NL_BEARER_ENABLE, TIPC_NLA_BEARER, &nest);
	nla_put_string(msg, TIPC_NLA_BEARER_NAME, BEARER);
	carry_out(number, msg, nest);
	if (!tolerance)
		return;
	msg = request(TIPC_NL_BEARER_SET, TIPC_NLA_BEARER, &nest);
	nla_put_string(msg, TIPC_NLA_BEARER_NAME, BEARER);
	props = nla_nest_start(msg, TIPC_NLA_BEARER_PROP);
	nla_put_u32(msg, TIPC_NLA_PROP_TOL, tolerance);
	nla_nest_end(msg, props);
	carry_out(number, msg, nest);
}

static void start_50(int number)
{
	enable(number, 50);
}

static void start_1500(int number)
{
	enable(number, 0);
}

static void disable(int number)
{
	struct nlattr *nest;
	struct nl_msg *msg;

	msg = request(TIPC_NL_BEARER_DISABLE, TIPC_NLA_BEARER, &nest);
	nla_put_string(msg, TIPC_NLA_BEARER_NAME, BEARER);
	carry_out(number, msg, nest);
}

const struct peer tipc_50 = {
	.name = "tipc-50",
	.limit_ms = 30000,
	.present = tipc_present,
	.open = tipc_open,
	.close = tipc_close,
	.start = start_50,
	.stop = disable,
	.kill = disable,
};

const struct peer tipc_1500 = {
	.name = "tipc-1500",
	.limit_ms = 30000,
	.present = tipc_present,
	.open = tipc_open,
	.close = tipc_close,
	.start = start_1500,
	.stop = disable,
	.kill = disable,
};
