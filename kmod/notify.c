// SPDX-License-Identifier: GPL-2.0
/*
 * What the rest of the kernel tells us of: the carrier of interfaces, so that a
 * node that is cut off knows at once, and the end of the machine, so that the
 * others hear a goodbye instead of a silence.
 */
#include <linux/netdevice.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <net/arp.h>

#include "instance.h"
#include "notify.h"

/*
 * The network forgot whose address is where when the carrier went, and who said
 * something since was asked for in vain. Ask again at once, and not only when a
 * second is over, or our leader dials us and we can't answer.
 */
static void carrier_event(struct net_device *dev)
{
	bool up = netif_running(dev) && netif_carrier_ok(dev);

	if (pfsnl_instance_link(dev_net(dev), dev->ifindex, up) && up)
		neigh_carrier_down(&arp_tbl, dev);
}

/* RTNL is held. */
static int device_event(struct notifier_block *nb, unsigned long event,
			void *data)
{
	struct net_device *dev = netdev_notifier_info_to_dev(data);

	switch (event) {
	case NETDEV_UP:
	case NETDEV_CHANGE:
		carrier_event(dev);
		break;
	case NETDEV_DOWN:
	case NETDEV_UNREGISTER:
		pfsnl_instance_link(dev_net(dev), dev->ifindex, false);
		break;
	}
	return NOTIFY_DONE;
}

/* Restart, halt or power-off; user processes may still run. */
static int reboot_event(struct notifier_block *nb, unsigned long event,
			void *data)
{
	pfsnl_instance_farewell();
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call = device_event,
};

static struct notifier_block reboot_notifier = {
	.notifier_call = reboot_event,
};

/**
 * pfsnl_notify_init - be told from now on
 *
 * Return: 0 or -errno.
 */
int __init pfsnl_notify_init(void)
{
	int err;

	err = register_netdevice_notifier(&device_notifier);
	if (err)
		return err;
	err = register_reboot_notifier(&reboot_notifier);
	if (err)
		unregister_netdevice_notifier(&device_notifier);
	return err;
}

/**
 * pfsnl_notify_exit - be told no more
 *
 * Waits for what is being told. No instance may run: each device is told of as
 * if it went.
 */
void pfsnl_notify_exit(void)
{
	unregister_reboot_notifier(&reboot_notifier);
	unregister_netdevice_notifier(&device_notifier);
}
