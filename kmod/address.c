// SPDX-License-Identifier: GPL-2.0
/*
 * Our address on the segment. ARP packets are heard in softirq, which only queues
 * work; the rest runs in the node thread.
 */
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/arp.h>
#include <net/net_namespace.h>

#include "address.h"
#include "instance.h"

/* Whether an ARP packet says that its sender has an address, and which. */
static bool arp_sender(const struct sk_buff *skb, const struct net_device *dev,
		       u8 *hw, __be32 *addr)
{
	struct arphdr head;
	int at = skb_network_offset(skb);

	if (skb_copy_bits(skb, at, &head, sizeof(head)) ||
	    head.ar_pro != htons(ETH_P_IP) || head.ar_pln != sizeof(*addr) ||
	    head.ar_hln != dev->addr_len || dev->addr_len > MAX_ADDR_LEN)
		return false;
	at += sizeof(head);
	return !skb_copy_bits(skb, at, hw, dev->addr_len) &&
	       !skb_copy_bits(skb, at + dev->addr_len, addr, sizeof(*addr));
}

/* softirq */
static int arp_heard(struct sk_buff *skb, struct net_device *dev,
		     struct packet_type *pt, struct net_device *orig_dev)
{
	struct pfsnl_address *a = &pfsnl_instance_net(dev_net(dev))->address;
	struct pfsnl_instance *inst;
	u8 hw[MAX_ADDR_LEN];
	__be32 addr;

	spin_lock(&a->lock);
	inst = a->inst;
	if (inst && inst->ifindex == dev->ifindex &&
	    arp_sender(skb, dev, hw, &addr) && addr == inst->beacon.source &&
	    memcmp(hw, dev->dev_addr, dev->addr_len)) {
		WRITE_ONCE(inst->address.duplicates,
			   inst->address.duplicates + 1);
		kthread_queue_work(inst->worker, &inst->address.report);
	}
	spin_unlock(&a->lock);
	consume_skb(skb);
	return NET_RX_SUCCESS;
}

/* of all interfaces; one of its own for each would hold them */
static struct packet_type arp_packets = {
	.type = htons(ETH_P_ARP),
	.func = arp_heard,
};

static void report(struct kthread_work *work)
{
	struct pfsnl_instance *inst = container_of(work, struct pfsnl_instance,
						   address.report);

	pfsnl_instance_duplicate(inst);
}

/*
 * Who has the address answers, and we hear of it. Then the others are told: it may
 * have been another machine's until now, and a node that only broadcasts never
 * corrects what they remember of it, so the leader would go on dialling the old
 * one.
 */
static void announce(const struct pfsnl_instance *inst)
{
	struct net_device *dev = dev_get_by_index(inst->net, inst->ifindex);
	__be32 addr = inst->beacon.source;

	if (!dev)
		return;
	arp_send(ARPOP_REQUEST, ETH_P_ARP, addr, dev, 0, NULL, dev->dev_addr,
		 NULL);
	arp_send(ARPOP_REQUEST, ETH_P_ARP, addr, dev, addr, NULL,
		 dev->dev_addr, NULL);
	dev_put(dev);
}

/**
 * pfsnl_address_watch - be told of other machines with this address, and tell them
 * @a: what the namespace has
 * @inst: the instance; its node thread and its beacon room exist
 *
 * May sleep.
 */
void pfsnl_address_watch(struct pfsnl_address *a, struct pfsnl_instance *inst)
{
	kthread_init_work(&inst->address.report, report);
	spin_lock_bh(&a->lock);
	a->inst = inst;
	spin_unlock_bh(&a->lock);
	announce(inst);
}

/**
 * pfsnl_address_forget - be told no more
 * @a: what the namespace has
 * @inst: the instance, watched or not
 *
 * May sleep.
 */
void pfsnl_address_forget(struct pfsnl_address *a, struct pfsnl_instance *inst)
{
	if (a->inst != inst)
		return;
	spin_lock_bh(&a->lock);
	a->inst = NULL;
	spin_unlock_bh(&a->lock);
	kthread_cancel_work_sync(&inst->address.report);
}

/**
 * pfsnl_address_init - hear ARP from now on
 *
 * The network namespaces have what we keep in them.
 */
void __init pfsnl_address_init(void)
{
	dev_add_pack(&arp_packets);
}

/**
 * pfsnl_address_exit - and no more
 *
 * The network namespaces still have what we keep in them.
 */
void pfsnl_address_exit(void)
{
	dev_remove_pack(&arp_packets);
}
