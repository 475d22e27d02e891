// SPDX-License-Identifier: GPL-2.0
/*
 * pfsnl: cluster membership. Order of init and exit, and parameters.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "core/beacon.h"
#include "instance.h"
#include "main.h"
#include "netlink.h"
#include "notify.h"

bool pfsnl_param_fifo = true;
module_param_named(fifo, pfsnl_param_fifo, bool, 0644);
MODULE_PARM_DESC(fifo, "Send beacons from a real-time thread (SCHED_FIFO), for instances started from now on (default: on)");

bool pfsnl_param_fifo_users;
module_param_named(fifo_users, pfsnl_param_fifo_users, bool, 0644);
MODULE_PARM_DESC(fifo_users, "Allow that also to network namespaces owned by other user namespaces than the first (default: off)");

unsigned int pfsnl_param_max_per_user = 16;
module_param_named(max_per_user, pfsnl_param_max_per_user, uint, 0644);
MODULE_PARM_DESC(max_per_user, "Most instances in network namespaces that one user owns through user namespaces (default: 16)");

unsigned int pfsnl_param_group_backlog_kib = 32768;
module_param_named(group_backlog_kib, pfsnl_param_group_backlog_kib, uint, 0644);
MODULE_PARM_DESC(group_backlog_kib, "Most that may wait for a process that does not take what happens in its groups, KiB (default: 32768)");

unsigned int pfsnl_param_group_backlogs_kib = 131072;
module_param_named(group_backlogs_kib, pfsnl_param_group_backlogs_kib, uint, 0644);
MODULE_PARM_DESC(group_backlogs_kib, "Most that may wait for all such processes of an instance together, KiB (default: 131072)");

unsigned int pfsnl_param_ckpt_most_mib = 512;
module_param_named(ckpt_most_mib, pfsnl_param_ckpt_most_mib, uint, 0644);
MODULE_PARM_DESC(ckpt_most_mib, "Most that a node may collect of others' checkpoints when nodes come together, MiB, for instances started from now on; twice what all checkpoints may hold, at least (default: 512)");

static int __init pfsnl_init(void)
{
	int err;

	err = pfsnl_notify_init();
	if (err)
		return err;
	err = pfsnl_instance_init();
	if (err)
		goto no_instance;
	err = pfsnl_process_init();
	if (err)
		goto no_process;
	err = pfsnl_netlink_init();
	if (err)
		goto no_netlink;
	return 0;

no_netlink:
	pfsnl_process_exit();
no_process:
	pfsnl_instance_exit();
no_instance:
	pfsnl_notify_exit();
	return err;
}

static void __exit pfsnl_exit(void)
{
	/* requests first, then what they work on */
	pfsnl_netlink_exit();
	pfsnl_process_exit();
	/* while links are up, so that the goodbyes leave */
	pfsnl_instance_exit();
	pfsnl_notify_exit();
	pr_info("pfsnl: unloaded; tethers created: %ld, destroyed: %ld\n",
		pfsnl_tethers_created(),
		pfsnl_tethers_created() - pfsnl_tethers_alive());
}

module_init(pfsnl_init);
module_exit(pfsnl_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The pfsnl developers");
MODULE_DESCRIPTION("Cluster membership");
MODULE_ALIAS_GENL_FAMILY(PFSNL_GENL_NAME);
MODULE_VERSION("0.1");
