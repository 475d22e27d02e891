// SPDX-License-Identifier: GPL-2.0
/*
 * The segment: hosts, links that may be cut, datagrams.
 */
#include <stdlib.h>
#include <string.h>

#include "net.h"

/* a link that carries less than all, in one direction */
struct net_cut {
	u64 link;
	u32 what;
};

/* the bytes of a datagram, shared by all who will get it */
struct letter {
	u32 refs;
	u32 src;
	u32 dst;
	size_t len;
	u8 data[];
};

/* one that is under way, or waits in an inbox */
struct packet {
	struct sim_event ev;
	struct list_head list;
	struct net *net;
	struct host *from;
	struct host *to;	/* NULL: everybody who hears its address */
	struct letter *letter;
	u64 came;
};

/**
 * net_init - a segment without hosts or faults
 * @net: overwritten
 * @sim: virtual time
 */
void net_init(struct net *net, struct sim *sim)
{
	*net = (struct net) {
		.sim = sim,
		.hosts = RB_ROOT,
		.latency = 50 * SIM_US,
		.jitter = 100 * SIM_US,
		.window = 65536,
		.spread = 128,
	};
}

static void packet_free(struct packet *p)
{
	if (!--p->letter->refs)
		free(p->letter);
	free(p);
}

/**
 * net_exit - end a segment
 * @net: all its hosts are off and nothing is under way
 */
void net_exit(struct net *net)
{
	if (net->packets || net->streams)
		sim_fail("%u packets and %u streams remain", net->packets,
			 net->streams);
	free(net->cuts);
}

static u64 link_of(u32 from, u32 to)
{
	return (u64)from << 32 | to;
}

/* where a link stands among the cut ones, or would stand */
static u32 cut_place(const struct net *net, u64 link)
{
	u32 low = 0, high = net->n_cuts;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (net->cuts[mid].link < link)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/**
 * net_cut - let a link carry nothing any more in one direction
 * @net: the segment
 * @from: address
 * @to: address
 * @what: NET_*
 */
void net_cut(struct net *net, u32 from, u32 to, u32 what)
{
	u64 link = link_of(from, to);
	u32 i = cut_place(net, link);

	if (i == net->n_cuts || net->cuts[i].link != link) {
		net->cuts = sim_resize(net->cuts, (net->n_cuts + 1) *
				       sizeof(*net->cuts));
		memmove(net->cuts + i + 1, net->cuts + i,
			(net->n_cuts - i) * sizeof(*net->cuts));
		net->n_cuts++;
		net->cuts[i] = (struct net_cut) { .link = link };
	}
	net->cuts[i].what |= what;
}

/**
 * net_mend - undo net_cut()
 * @net: the segment
 * @from: address
 * @to: address
 */
void net_mend(struct net *net, u32 from, u32 to)
{
	u64 link = link_of(from, to);
	u32 i = cut_place(net, link);

	if (i == net->n_cuts || net->cuts[i].link != link)
		return;
	net->n_cuts--;
	memmove(net->cuts + i, net->cuts + i + 1,
		(net->n_cuts - i) * sizeof(*net->cuts));
}

/**
 * net_mend_all - undo all cuts and sides
 * @net: the segment
 */
void net_mend_all(struct net *net)
{
	struct host *host;

	net->n_cuts = 0;
	for (host = host_first(net); host; host = host_next(host))
		host->side = 0;
}

/**
 * net_passes - whether a link carries something now
 * @net: the segment
 * @from: sender
 * @to: receiver
 * @what: NET_*
 */
bool net_passes(const struct net *net, const struct host *from,
		const struct host *to, u32 what)
{
	u64 link = link_of(from->addr, to->addr);
	u32 i;

	if (from == to)
		return true;
	if (from->side != to->side)
		return false;
	if (!net->n_cuts)
		return true;
	i = cut_place(net, link);
	return i == net->n_cuts || net->cuts[i].link != link ||
	       !(net->cuts[i].what & what);
}

/**
 * net_delay - how long the next packet takes
 * @net: the segment
 *
 * Return: nanoseconds.
 */
u64 net_delay(struct net *net)
{
	return net->latency + sim_below(net->sim, net->jitter + 1);
}

static bool chance(struct net *net, u32 of_a_million)
{
	return sim_below(net->sim, 1000000) < of_a_million;
}

/**
 * net_loses - whether the next packet gets lost by chance
 * @net: the segment
 */
bool net_loses(struct net *net)
{
	return net->loss && chance(net, net->loss);
}

/**
 * host_add - put a host, switched off, into a segment, for good
 * @host: overwritten
 * @net: the segment
 * @addr: its address, which no other has
 * @ops: its program
 */
void host_add(struct host *host, struct net *net, u32 addr,
	      const struct host_ops *ops)
{
	struct rb_node **link = &net->hosts.rb_node, *parent = NULL;

	*host = (struct host) { .net = net, .addr = addr, .ops = ops };
	INIT_LIST_HEAD(&host->ends);
	INIT_LIST_HEAD(&host->inbox);
	while (*link) {
		u32 other = rb_entry(*link, struct host, by_addr)->addr;

		parent = *link;
		if (addr == other)
			sim_fail("there are two hosts %08x", addr);
		link = addr < other ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&host->by_addr, parent, link);
	rb_insert_color(&host->by_addr, &net->hosts);
	net->n_hosts++;
}

/**
 * host_find - the host of an address
 * @net: the segment
 * @addr: host order
 *
 * Return: the host or NULL.
 */
struct host *host_find(const struct net *net, u32 addr)
{
	struct rb_node *p = net->hosts.rb_node;

	while (p) {
		struct host *host = rb_entry(p, struct host, by_addr);

		if (addr == host->addr)
			return host;
		p = addr < host->addr ? p->rb_left : p->rb_right;
	}
	return NULL;
}

/**
 * host_first - the host of the lowest address
 * @net: the segment
 */
struct host *host_first(const struct net *net)
{
	struct rb_node *p = rb_first(&net->hosts);

	return p ? rb_entry(p, struct host, by_addr) : NULL;
}

/**
 * host_next - the host after one, by address
 * @host: a host
 */
struct host *host_next(const struct host *host)
{
	struct rb_node *p = rb_next(&host->by_addr);

	return p ? rb_entry(p, struct host, by_addr) : NULL;
}

static void inbox_empty(struct host *host)
{
	struct packet *p, *tmp;

	list_for_each_entry_safe(p, tmp, &host->inbox, list) {
		list_del(&p->list);
		packet_free(p);
	}
	host->waiting = 0;
}

static void host_gets(struct host *host, const struct packet *p)
{
	const struct letter *letter = p->letter;

	host->came = p->came;
	if (host->ops->datagram)
		host->ops->datagram(host, letter->src, letter->data,
				    letter->len);
}

/**
 * host_set - change what goes on at a host
 * @host: the host
 * @state: what goes on from now on; after HOST_OFF nothing of its streams is
 *	left, and nobody was told
 */
void host_set(struct host *host, enum host_state state)
{
	enum host_state old = host->state;
	struct packet *p;

	host->state = state;
	if (state == HOST_OFF || state == HOST_FROZEN)
		inbox_empty(host);
	if (state == HOST_OFF)
		stream_host_off(host);
	if (state != HOST_ON || old == HOST_OFF || old == HOST_ON)
		return;

	if (old == HOST_FROZEN && host->ops->woken)
		host->ops->woken(host);
	/* as the program would: first all datagrams, then the streams */
	while (!list_empty(&host->inbox) && host->state == HOST_ON) {
		p = list_first_entry(&host->inbox, struct packet, list);
		list_del(&p->list);
		host->waiting--;
		host_gets(host, p);
		packet_free(p);
	}
	stream_host_resume(host);
	if (host->ops->resumed && host->state == HOST_ON)
		host->ops->resumed(host);
}

/* A datagram is there. Return: whether the packet was kept. */
static bool arrived(struct host *host, struct packet *p)
{
	struct net *net = p->net;

	net->datagrams++;
	p->came = net->sim->now;
	if (net->arrived && (host->state == HOST_ON ||
			     (host->state == HOST_HUNG &&
			      host->waiting < NET_INBOX_MAX)))
		net->arrived(host, p->from, p->letter->data, p->letter->len);
	switch (host->state) {
	case HOST_ON:
		host_gets(host, p);
		return false;
	case HOST_HUNG:
		if (host->waiting == NET_INBOX_MAX)
			return false;
		host->waiting++;
		list_add_tail(&p->list, &host->inbox);
		return true;
	default:
		return false;
	}
}

static bool hears(struct host *host, u32 dst)
{
	return host->ops->hears && host->ops->hears(host, dst);
}

static struct packet *packet_of(struct host *from, struct host *to,
				struct letter *letter)
{
	struct packet *p = sim_alloc(sizeof(*p));

	p->net = from->net;
	p->from = from;
	p->to = to;
	p->letter = letter;
	letter->refs++;
	return p;
}

static void packet_run(struct sim_event *ev)
{
	struct packet *p = container_of(ev, struct packet, ev);
	struct net *net = p->net;
	struct host *host;

	net->packets--;
	if (p->to) {
		if (!arrived(p->to, p))
			packet_free(p);
		return;
	}
	for (host = host_first(net); host; host = host_next(host)) {
		struct packet *copy;

		if (!hears(host, p->letter->dst) ||
		    !net_passes(net, p->from, host, NET_DATAGRAMS) ||
		    net_loses(net))
			continue;
		copy = packet_of(p->from, host, p->letter);
		if (!arrived(host, copy))
			packet_free(copy);
	}
	packet_free(p);
}

static void packet_send(struct net *net, struct packet *p)
{
	u64 delay = net_delay(net);

	if (net->late && chance(net, net->late))
		delay += sim_below(net->sim, net->late_by + 1);
	p->ev.run = packet_run;
	net->packets++;
	sim_at(net->sim, &p->ev, net->sim->now + delay);
}

/* Send a datagram to one host, once or twice, unless it gets lost. */
static void packet_to(struct host *host, struct host *to, struct letter *letter)
{
	struct net *net = host->net;

	if (!net_passes(net, host, to, NET_DATAGRAMS) || net_loses(net))
		return;
	packet_send(net, packet_of(host, to, letter));
	if (net->twice && chance(net, net->twice))
		packet_send(net, packet_of(host, to, letter));
}

/**
 * host_send_as - send a datagram under a source address of choice
 * @host: sender
 * @src: source address that it shows
 * @dst: a host, or an address that several hear
 * @data: its bytes
 * @len: how many
 */
void host_send_as(struct host *host, u32 src, u32 dst, const void *data,
		  size_t len)
{
	struct net *net = host->net;
	struct host *to = host_find(net, dst);
	struct letter *letter = sim_alloc(sizeof(*letter) + len);

	letter->refs = 1;
	letter->src = src;
	letter->dst = dst;
	letter->len = len;
	memcpy(letter->data, data, len);

	if (to) {
		packet_to(host, to, letter);
	} else if (net->n_hosts > net->spread) {
		packet_send(net, packet_of(host, NULL, letter));
	} else {
		for (to = host_first(net); to; to = host_next(to))
			if (hears(to, dst))
				packet_to(host, to, letter);
	}
	if (!--letter->refs)
		free(letter);
}

/**
 * host_send - send a datagram
 * @host: sender
 * @dst: a host, or an address that several hear, the sender included
 * @data: its bytes
 * @len: how many
 */
void host_send(struct host *host, u32 dst, const void *data, size_t len)
{
	host_send_as(host, host->addr, dst, data, len);
}
