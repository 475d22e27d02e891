// SPDX-License-Identifier: GPL-2.0
/*
 * For tests only: a member of a group in the kernel, which says again what others
 * say. It is a member on the node of the network namespace in which it is loaded, and
 * logs what it is told.
 */
#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/pfsnl.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

static char *group = "echo";
module_param(group, charp, 0444);
MODULE_PARM_DESC(group, "Name of the group");

/**
 * struct answer - what is to be said
 * @work: says it: who is told something must not send
 * @len: bytes
 * @data: what
 */
struct answer {
	struct work_struct work;
	u32 len;
	u8 data[];
};

static struct workqueue_struct *answers;
static DECLARE_COMPLETION(joined);
static DEFINE_SPINLOCK(lock); /* ending */
static bool ending;
static struct pfsnl_membership *membership;
static struct net *net;

static void answer_work(struct work_struct *work)
{
	struct answer *a = container_of(work, struct answer, work);
	int err;

	/* others may speak before we know our membership */
	wait_for_completion(&joined);
	err = pfsnl_group_send(membership, a->data, a->len, false, a->len);
	if (err)
		pr_info("pfsnl_echo: send %d\n", err);
	kvfree(a);
}

static void changed(void *priv, const struct pfsnl_group_peer *peers, u32 n,
		    bool whole, u32 members)
{
	pr_info("pfsnl_echo: change of %u%s, %u members\n", n,
		whole ? ", whole" : "", members);
}

static void message(void *priv, const struct pfsnl_group_heard *heard)
{
	struct answer *a;

	pr_info("pfsnl_echo: %u bytes from %pI4%s\n", heard->len,
		&heard->sender.addr, heard->own ? ", own" : "");
	if (heard->own)
		return;
	a = kvmalloc(struct_size(a, data, heard->len), GFP_KERNEL);
	if (!a)
		return;
	INIT_WORK(&a->work, answer_work);
	a->len = heard->len;
	memcpy(a->data, heard->data, heard->len);
	spin_lock(&lock);
	if (!ending) {
		queue_work(answers, &a->work);
		a = NULL;
	}
	spin_unlock(&lock);
	kvfree(a);
}

static void transitional(void *priv, const __be32 *lost, u32 n)
{
	pr_info("pfsnl_echo: %u lost\n", n);
}

static void told_unknown(void *priv, u64 cookie)
{
	pr_info("pfsnl_echo: unknown %llu\n", cookie);
}

static void told_over(void *priv, u32 why)
{
	pr_info("pfsnl_echo: over %u\n", why);
}

static const struct pfsnl_group_ops ops = {
	/* no owner: it can be unloaded, and leaves then */
	.changed	= changed,
	.message	= message,
	.transitional	= transitional,
	.unknown	= told_unknown,
	.over		= told_over,
};

static int __init echo_init(void)
{
	int err;

	answers = alloc_ordered_workqueue("pfsnl_echo", 0);
	if (!answers)
		return -ENOMEM;
	net = get_net(current->nsproxy->net_ns);
	membership = pfsnl_group_join(net, group, &ops, NULL);
	complete_all(&joined);
	if (!IS_ERR(membership))
		return 0;
	err = PTR_ERR(membership);
	put_net(net);
	destroy_workqueue(answers);
	return err;
}

static void __exit echo_exit(void)
{
	spin_lock(&lock);
	ending = true;
	spin_unlock(&lock);
	/* what waits needs the membership */
	flush_workqueue(answers);
	pfsnl_group_leave(membership);
	destroy_workqueue(answers);
	put_net(net);
}

module_init(echo_init);
module_exit(echo_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The pfsnl developers");
MODULE_DESCRIPTION("A member of a group for tests");
MODULE_IMPORT_NS(PFSNL);
