// SPDX-License-Identifier: GPL-2.0
/*
 * For tests only: a service in the kernel. Its state is a list of entries, each a line
 * of text, and an operation adds one. /proc/net/pfsnl_ledger shows the one of the
 * node of the reader's network namespace, and takes commands:
 *
 *	register, unregister
 *	add TEXT	an entry, for all
 *	fill N TEXT	N of them
 *	stuck 0|1	transmit nothing, and never be done
 *	slow N		transmit N entries, then only later more; 0: all at once
 *	short N		have no memory for N things
 *	inside		call what must not be called from inside, in the next round
 *
 * It also looks whether it is told what it may be told at each time.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pfsnl.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#define NAME		"pfsnl_ledger"
#define COMMAND_MAX	128
#define FILL_MAX	100000
#define RETRY		msecs_to_jiffies(10)

static bool pin;
module_param(pin, bool, 0444);
MODULE_PARM_DESC(pin, "Be its owner, so that it can't be unloaded while it is registered");

static unsigned int id = 20;
module_param(id, uint, 0444);
MODULE_PARM_DESC(id, "Of the service");

enum phase { IDLE, ROUND, ACTIVE, OVER };

static const char * const phases[] = { "idle", "round", "active", "over" };

/**
 * struct entry - a line of text
 * @list: of a side, or spare, or to be said
 * @room: bytes that it has
 * @len: bytes of that
 * @text: these
 */
struct entry {
	struct list_head list;
	u32 room;
	u32 len;
	char text[];
};

/**
 * struct side - entries of a node
 * @entries: these
 * @n: how many
 * @digest: of all, in their order
 * @list: of those that transmit in the round
 * @addr: the node
 */
struct side {
	struct list_head entries;
	u64 n;
	u64 digest;
	struct list_head list;
	__be32 addr;
};

/**
 * struct ledger - the service of a network namespace
 * @control: for commands, which wait for the node thread
 * @r: the registration, NULL if there is none; under @control
 * @ops: of the service
 * @lock: guards the rest; what the service is told takes it
 * @ending: nothing is said any more
 * @phase: what it was told last
 * @state: that which is the same on all nodes
 * @sides: what was transmitted in this round
 * @spare: memory that was reserved
 * @spare_sides: likewise
 * @to_say: entries to be said
 * @say: says them
 * @sent: in this round, how many of the state were transmitted
 * @stuck: see above
 * @slow: likewise
 * @shorts: likewise
 * @inside: likewise
 * @refused: what came of that
 * @wrong: how often it was told what it must not be told then
 * @told: how often it was told
 */
struct ledger {
	struct mutex control; /* r */
	struct pfsnl_registration *r;
	struct pfsnl_service_ops ops;
	struct mutex lock; /* all that follows */
	bool ending;
	enum phase phase;
	struct side state;
	struct list_head sides;
	struct list_head spare;
	struct list_head spare_sides;
	struct list_head to_say;
	struct delayed_work say;
	u64 sent;
	bool stuck;
	u32 slow;
	u32 shorts;
	bool inside;
	int refused;
	u32 wrong;
	struct {
		u32 init, process, data, abort, activate;
		u32 said, retry, unknown, room, reserve, trim, over;
	} told;
};

static unsigned int net_id;

/* ---- entries ---- */

static struct entry *entry_new(u32 len)
{
	struct entry *e = kmalloc(struct_size(e, text, len), GFP_KERNEL);

	if (e) {
		e->room = len;
		e->len = 0;
	}
	return e;
}

static void forget_entries(struct list_head *entries)
{
	struct entry *e, *tmp;

	list_for_each_entry_safe(e, tmp, entries, list)
		kfree(e);
	INIT_LIST_HEAD(entries);
}

static void side_init(struct side *s)
{
	INIT_LIST_HEAD(&s->entries);
	s->n = 0;
	s->digest = 0;
}

static void side_add(struct side *s, struct entry *e)
{
	u32 i;

	list_add_tail(&e->list, &s->entries);
	s->n++;
	for (i = 0; i < e->len; i++)
		s->digest = (s->digest ^ (u8)e->text[i]) * 0x100000001b3ULL;
	s->digest = (s->digest ^ 0x100) * 0x100000001b3ULL;
}

static void forget_sides(struct list_head *sides)
{
	struct side *s, *tmp;

	list_for_each_entry_safe(s, tmp, sides, list) {
		forget_entries(&s->entries);
		kfree(s);
	}
	INIT_LIST_HEAD(sides);
}

/* Take from what was reserved. */
static struct entry *take_entry(struct ledger *l, const void *data, u32 len)
{
	struct entry *e;

	list_for_each_entry(e, &l->spare, list) {
		if (e->room < len)
			continue;
		list_del(&e->list);
		memcpy(e->text, data, len);
		e->len = len;
		return e;
	}
	return NULL;
}

static struct side *find_side(struct ledger *l, __be32 addr)
{
	struct side *s;

	list_for_each_entry(s, &l->sides, list)
		if (s->addr == addr)
			return s;
	s = list_first_entry_or_null(&l->spare_sides, struct side, list);
	if (s) {
		list_move_tail(&s->list, &l->sides);
		s->addr = addr;
	}
	return s;
}

/* ---- what it is told ---- */

static void expect(struct ledger *l, bool right, const char *what)
{
	lockdep_assert_held(&l->lock);
	if (right)
		return;
	l->wrong++;
	pr_err(NAME ": told %s while %s\n", what, phases[l->phase]);
}

static void told_init(void *priv, const struct pfsnl_service_round *round)
{
	struct ledger *l = priv;

	mutex_lock(&l->lock);
	expect(l, l->phase == IDLE || l->phase == ACTIVE, "init");
	l->told.init++;
	l->phase = ROUND;
	l->sent = 0;
	forget_sides(&l->sides);
	mutex_unlock(&l->lock);
}

/* Return: as pfsnl_service_ops.process() */
static int transmit(struct ledger *l, const struct pfsnl_service_round *round)
{
	struct entry *e;
	u64 i = 0, n = 0;
	int err;

	list_for_each_entry(e, &l->state.entries, list) {
		if (i++ < l->sent)
			continue;
		if (l->slow && n >= l->slow)
			return -EBUSY;
		err = pfsnl_service_transmit(round, e->text, e->len);
		if (err)
			return err == -EAGAIN ? PFSNL_SERVICE_AGAIN : err;
		l->sent++;
		n++;
	}
	return 0;
}

static void try_inside(struct ledger *l, const struct pfsnl_service_round *round)
{
	u64 n;

	if (!IS_ERR(pfsnl_service_register(&init_net, &l->ops, l)) ||
	    pfsnl_service_unregister(round->registration) != -EDEADLK)
		l->wrong++;
	l->refused = pfsnl_service_say(round->registration, "", 0, false, &n);
	l->inside = false;
}

static int told_process(void *priv, const struct pfsnl_service_round *round)
{
	struct ledger *l = priv;
	int ret = 0;

	mutex_lock(&l->lock);
	expect(l, l->phase == ROUND, "process");
	l->told.process++;
	if (l->inside)
		try_inside(l, round);
	if (l->stuck)
		ret = -EBUSY;
	else if (round->transmits)
		ret = transmit(l, round);
	mutex_unlock(&l->lock);
	return ret;
}

static void told_data(void *priv, const struct pfsnl_service_heard *heard)
{
	struct ledger *l = priv;
	struct entry *e;
	struct side *s;

	mutex_lock(&l->lock);
	expect(l, l->phase == ROUND, "data");
	l->told.data++;
	e = take_entry(l, heard->data, heard->len);
	s = e ? find_side(l, heard->addr) : NULL;
	expect(l, s, "data without reserve");
	if (s)
		side_add(s, e);
	else
		kfree(e);
	mutex_unlock(&l->lock);
}

static void told_abort(void *priv, const struct pfsnl_service_round *round)
{
	struct ledger *l = priv;

	mutex_lock(&l->lock);
	expect(l, l->phase == ROUND, "abort");
	l->told.abort++;
	l->phase = IDLE;
	forget_sides(&l->sides);
	mutex_unlock(&l->lock);
}

/* The side with most entries; of equal ones the same for all. */
static void told_activate(void *priv, const struct pfsnl_service_round *round,
			  u64 place)
{
	struct side *s, *best = NULL;
	struct ledger *l = priv;

	mutex_lock(&l->lock);
	expect(l, l->phase == ROUND, "activate");
	l->told.activate++;
	l->phase = ACTIVE;
	list_for_each_entry(s, &l->sides, list)
		if (!best || s->n > best->n ||
		    (s->n == best->n && s->digest > best->digest))
			best = s;
	if (best) {
		forget_entries(&l->state.entries);
		list_splice_init(&best->entries, &l->state.entries);
		l->state.n = best->n;
		l->state.digest = best->digest;
	}
	forget_sides(&l->sides);
	if (!l->ending)
		schedule_delayed_work(&l->say, 0);
	mutex_unlock(&l->lock);
}

static void told_said(void *priv, const struct pfsnl_service_heard *heard)
{
	struct ledger *l = priv;
	struct entry *e;

	mutex_lock(&l->lock);
	/* a ring may end the round before it */
	expect(l, l->phase == ACTIVE, "said");
	l->told.said++;
	e = take_entry(l, heard->data, heard->len);
	expect(l, e, "said without reserve");
	if (e)
		side_add(&l->state, e);
	mutex_unlock(&l->lock);
}

/* To be said, now or when that is possible. Return: 0 or -ENOMEM. */
static int to_say(struct ledger *l, const char *text, u32 len)
{
	struct entry *e = entry_new(len);

	if (!e)
		return -ENOMEM;
	memcpy(e->text, text, len);
	e->len = len;
	list_add_tail(&e->list, &l->to_say);
	if (!l->ending)
		schedule_delayed_work(&l->say, 0);
	return 0;
}

static void told_retry(void *priv, u64 n, const void *data, u32 len)
{
	struct ledger *l = priv;

	mutex_lock(&l->lock);
	expect(l, l->phase != OVER, "retry");
	l->told.retry++;
	if (to_say(l, data, len))
		pr_err(NAME ": no memory to say it again\n");
	mutex_unlock(&l->lock);
}

static void told_unknown(void *priv, u64 n, const void *data, u32 len)
{
	struct ledger *l = priv;

	mutex_lock(&l->lock);
	expect(l, l->phase != OVER, "unknown");
	l->told.unknown++;
	mutex_unlock(&l->lock);
}

static void told_room(void *priv)
{
	struct ledger *l = priv;

	mutex_lock(&l->lock);
	l->told.room++;
	if (!l->ending)
		schedule_delayed_work(&l->say, 0);
	mutex_unlock(&l->lock);
}

static int told_reserve(void *priv, bool said, const void *data, u32 len)
{
	struct ledger *l = priv;
	struct entry *e = NULL;
	struct side *s = NULL;
	int err = -ENOMEM;

	mutex_lock(&l->lock);
	expect(l, l->phase != OVER, "reserve");
	l->told.reserve++;
	if (l->shorts) {
		l->shorts--;
		goto out;
	}
	e = entry_new(len);
	s = kmalloc(sizeof(*s), GFP_KERNEL);
	if (e && s) {
		side_init(s);
		list_add_tail(&e->list, &l->spare);
		list_add_tail(&s->list, &l->spare_sides);
		err = 0;
	}
out:
	mutex_unlock(&l->lock);
	if (err) {
		kfree(e);
		kfree(s);
	}
	return err;
}

static void told_trim(void *priv)
{
	struct ledger *l = priv;

	mutex_lock(&l->lock);
	l->told.trim++;
	forget_entries(&l->spare);
	forget_sides(&l->spare_sides);
	mutex_unlock(&l->lock);
}

static void told_over(void *priv)
{
	struct ledger *l = priv;

	mutex_lock(&l->lock);
	expect(l, l->phase == IDLE || l->phase == ACTIVE, "over");
	l->told.over++;
	l->phase = OVER;
	mutex_unlock(&l->lock);
}

static const struct pfsnl_service_ops ops = {
	.name		= "ledger",
	.init		= told_init,
	.process	= told_process,
	.data		= told_data,
	.abort		= told_abort,
	.activate	= told_activate,
	.said		= told_said,
	.retry		= told_retry,
	.unknown	= told_unknown,
	.room		= told_room,
	.reserve	= told_reserve,
	.trim		= told_trim,
	.over		= told_over,
};

/* ---- what it says ---- */

/* Until all is said, or there is a reason to be called again. */
static void say_work(struct work_struct *work)
{
	struct ledger *l = container_of(to_delayed_work(work), struct ledger,
					 say);
	struct pfsnl_registration *r = READ_ONCE(l->r);
	struct entry *e;
	int err = 0;
	u64 n;

	while (r && !err) {
		mutex_lock(&l->lock);
		e = l->ending ? NULL :
		    list_first_entry_or_null(&l->to_say, struct entry, list);
		if (e)
			list_del(&e->list);
		mutex_unlock(&l->lock);
		if (!e)
			return;
		err = pfsnl_service_say(r, e->text, e->len, false, &n);
		if (err != -EAGAIN && err != -ENOMEM) {
			kfree(e);
			continue;
		}
		mutex_lock(&l->lock);
		list_add(&e->list, &l->to_say);
		/* of what else is missing it is told the end */
		if (err == -ENOMEM && !l->ending)
			schedule_delayed_work(&l->say, RETRY);
		mutex_unlock(&l->lock);
	}
}

/* ---- commands ---- */

static int do_register(struct net *net, struct ledger *l)
{
	struct pfsnl_registration *r;

	if (l->r)
		return -EALREADY;
	mutex_lock(&l->lock);
	l->ending = false;
	l->phase = IDLE;
	mutex_unlock(&l->lock);
	r = pfsnl_service_register(net, &l->ops, l);
	if (IS_ERR(r))
		return PTR_ERR(r);
	WRITE_ONCE(l->r, r);
	schedule_delayed_work(&l->say, 0);
	return 0;
}

static int do_unregister(struct ledger *l)
{
	struct pfsnl_registration *r = l->r;

	if (!r)
		return -ENOENT;
	mutex_lock(&l->lock);
	l->ending = true;
	mutex_unlock(&l->lock);
	cancel_delayed_work_sync(&l->say);
	WRITE_ONCE(l->r, NULL);
	pfsnl_service_unregister(r);
	mutex_lock(&l->lock);
	/* it is told that its round is over, if there was one */
	expect(l, l->phase != ROUND, "nothing");
	l->phase = OVER;
	forget_entries(&l->state.entries);
	side_init(&l->state);
	forget_sides(&l->sides);
	forget_entries(&l->spare);
	forget_sides(&l->spare_sides);
	forget_entries(&l->to_say);
	mutex_unlock(&l->lock);
	return 0;
}

static int do_add(struct ledger *l, u32 n, const char *text)
{
	char line[COMMAND_MAX + 12];
	int err = 0;
	u32 i;

	if (n > FILL_MAX)
		return -EINVAL;
	mutex_lock(&l->lock);
	for (i = 0; i < n && !err; i++)
		err = to_say(l, line, scnprintf(line, sizeof(line),
						n > 1 ? "%s %u" : "%s", text, i));
	mutex_unlock(&l->lock);
	return err;
}

static int command(struct net *net, struct ledger *l, char *buf)
{
	char *word = strsep(&buf, " ");
	u32 n = 0;

	if (!strcmp(word, "register"))
		return do_register(net, l);
	if (!strcmp(word, "unregister"))
		return do_unregister(l);
	if (!strcmp(word, "inside")) {
		l->inside = true;
		return 0;
	}
	if (!buf)
		return -EINVAL;
	if (!strcmp(word, "add"))
		return do_add(l, 1, buf);
	if (kstrtou32(strsep(&buf, " "), 10, &n))
		return -EINVAL;
	if (!strcmp(word, "fill") && buf)
		return do_add(l, n, buf);
	mutex_lock(&l->lock);
	if (!strcmp(word, "stuck"))
		l->stuck = n;
	else if (!strcmp(word, "slow"))
		l->slow = n;
	else if (!strcmp(word, "short"))
		l->shorts = n;
	mutex_unlock(&l->lock);
	return 0;
}

static int ledger_write(struct file *file, char *buf, size_t size)
{
	struct seq_file *seq = file->private_data;
	struct net *net = seq_file_single_net(seq);
	struct ledger *l = net_generic(net, net_id);
	int err;

	if (size > COMMAND_MAX)
		return -EINVAL;
	mutex_lock(&l->control);
	err = command(net, l, strim(buf));
	mutex_unlock(&l->control);
	return err;
}

static int ledger_show(struct seq_file *seq, void *v)
{
	struct ledger *l = net_generic(seq_file_single_net(seq), net_id);
	struct entry *e;
	u64 n = 0;

	mutex_lock(&l->lock);
	seq_printf(seq, "phase %s\nstate %llu %016llx\n", phases[l->phase],
		   l->state.n, l->state.digest);
	seq_printf(seq, "told init=%u process=%u data=%u abort=%u activate=%u",
		   l->told.init, l->told.process, l->told.data, l->told.abort,
		   l->told.activate);
	seq_printf(seq, " said=%u retry=%u unknown=%u room=%u reserve=%u trim=%u over=%u\n",
		   l->told.said, l->told.retry, l->told.unknown, l->told.room,
		   l->told.reserve, l->told.trim, l->told.over);
	seq_printf(seq, "wrong %u\nrefused %d\nshort %u\n", l->wrong, l->refused,
		   l->shorts);
	list_for_each_entry(e, &l->state.entries, list)
		if (n++ < 32)
			seq_printf(seq, "entry %.*s\n", e->len, e->text);
	mutex_unlock(&l->lock);
	return 0;
}

static int __net_init ledger_net_init(struct net *net)
{
	struct ledger *l = net_generic(net, net_id);

	mutex_init(&l->control);
	mutex_init(&l->lock);
	side_init(&l->state);
	INIT_LIST_HEAD(&l->sides);
	INIT_LIST_HEAD(&l->spare);
	INIT_LIST_HEAD(&l->spare_sides);
	INIT_LIST_HEAD(&l->to_say);
	INIT_DELAYED_WORK(&l->say, say_work);
	l->ops = ops;
	l->ops.id = id;
	l->ops.owner = pin ? THIS_MODULE : NULL;
	if (!proc_create_net_single_write(NAME, 0600, net->proc_net, ledger_show,
					  ledger_write, NULL))
		return -ENOMEM;
	return 0;
}

static void __net_exit ledger_net_exit(struct net *net)
{
	struct ledger *l = net_generic(net, net_id);

	remove_proc_entry(NAME, net->proc_net);
	do_unregister(l);
	forget_entries(&l->to_say);
	if (l->wrong)
		pr_err(NAME ": wrong %u\n", l->wrong);
}

static struct pernet_operations net_ops = {
	.init	= ledger_net_init,
	.exit	= ledger_net_exit,
	.id	= &net_id,
	.size	= sizeof(struct ledger),
};

/* the nodes end first when a namespace goes: theirs are operations of devices */
static int __init ledger_init(void)
{
	return register_pernet_subsys(&net_ops);
}

static void __exit ledger_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}

module_init(ledger_init);
module_exit(ledger_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The pfsnl developers");
MODULE_DESCRIPTION("A service for tests");
MODULE_IMPORT_NS(PFSNL);
