// SPDX-License-Identifier: GPL-2.0
/*
 * Faults to order, so that a test of the checkers can fail: writing a name to
 * /sys/module/pfsnl_faults/parameters/fault does the one thing that a checker
 * is there to notice.
 */
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);

static int none(void)
{
	return 0;
}

static int warning(void)
{
	WARN(1, "made to order\n");
	return 0;
}

static int bug(void)
{
	BUG();
}

static int overrun(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(p);
	p[64] = 1;
	kfree(p);
	return 0;
}

static int use_after_free(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	p[3] = 1;
	return 0;
}

/* Both orders, one after the other: no deadlock yet, but the makings of one. */
static int deadlock(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
	return 0;
}

static int atomic_sleep(void)
{
	spin_lock(&spin);
	might_sleep();
	spin_unlock(&spin);
	return 0;
}

static int shift(void)
{
	int by = 70;

	OPTIMIZER_HIDE_VAR(by);
	pr_info("pfsnl_faults: %d\n", 1 << by);
	return 0;
}

static int list(void)
{
	LIST_HEAD(head);
	LIST_HEAD(entry);

	list_add(&entry, &head);
	list_add(&entry, &head);
	return 0;
}

static void expired(struct timer_list *timer)
{
}

/* A timer that is armed when its memory goes. */
static int object(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return -ENOMEM;
	timer_setup(timer, expired, 0);
	mod_timer(timer, jiffies + 10000 * HZ);
	kfree(timer);
	return 0;
}

static int leak(void)
{
	void *p = kmalloc(77, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
	return p ? 0 : -ENOMEM;
}

/* Not a fault: tells whether an allocation fails when it is asked to. */
static int allocate(void)
{
	void *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	return p ? 0 : -ENOMEM;
}

static int hang(void)
{
	static bool over;

	while (!READ_ONCE(over))
		cpu_relax();
	return 0;
}

static const struct {
	const char *name;
	int (*commit)(void);
} faults[] = {
	{ "none", none },
	{ "warning", warning },
	{ "bug", bug },
	{ "overrun", overrun },
	{ "use-after-free", use_after_free },
	{ "deadlock", deadlock },
	{ "atomic-sleep", atomic_sleep },
	{ "shift", shift },
	{ "list", list },
	{ "object", object },
	{ "leak", leak },
	{ "allocate", allocate },
	{ "hang", hang },
};

static int fault_set(const char *name, const struct kernel_param *param)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		if (sysfs_streq(faults[i].name, name))
			return faults[i].commit();
	return -EINVAL;
}

static const struct kernel_param_ops fault_ops = {
	.set = fault_set,
};

module_param_cb(fault, &fault_ops, NULL, 0200);
MODULE_PARM_DESC(fault, "what to do wrong");

static int __init faults_init(void)
{
	return 0;
}

static void __exit faults_exit(void)
{
}

module_init(faults_init);
module_exit(faults_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Faults for the test of the checkers");
