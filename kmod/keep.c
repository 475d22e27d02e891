// SPDX-License-Identifier: GPL-2.0
/*
 * For tests only: a module that uses checkpoints of the node of the network namespace
 * in which it is loaded, and logs what comes of it. The checkpoint stays open until it
 * is unloaded.
 */
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/pfsnl_ckpt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#define SIZE	50000

static char *name = "kept";
module_param(name, charp, 0444);
MODULE_PARM_DESC(name, "Name of the checkpoint");

static struct pfsnl_checkpoint_client *client;
static struct net *net;

static void say(const char *what, long ret)
{
	pr_info("pfsnl_keep: %s %ld\n", what, ret);
}

static void use_sections(u32 handle, u8 *data, u8 *back)
{
	const struct pfsnl_section_id one = { .id = "one", .len = 3 };
	const struct pfsnl_section_id none = {};
	ssize_t n;
	u64 whole;
	u32 i;

	for (i = 0; i < SIZE; i++)
		data[i] = i * 7;
	say("create", pfsnl_section_create(client, handle, &one, U64_MAX, data, SIZE));
	say("create again", pfsnl_section_create(client, handle, &one, U64_MAX, data, 1));
	say("create none", pfsnl_section_create(client, handle, &none, U64_MAX, NULL, 0));
	say("write", pfsnl_section_write(client, handle, &one, 2 * SIZE, data, SIZE));
	say("write nothing", pfsnl_section_write(client, handle, &one, 0, data, 0));
	say("overwrite", pfsnl_section_overwrite(client, handle, &none, data, 10));
	say("expiration", pfsnl_section_expiration(client, handle, &none, U64_MAX - 1));
	n = pfsnl_section_get(client, handle, &one, 2 * SIZE, back, SIZE, &whole);
	say("get", n);
	say("whole", whole);
	say("differs", memcmp(data, back, SIZE));
	say("delete", pfsnl_section_delete(client, handle, &none));
	say("get deleted", pfsnl_section_get(client, handle, &none, 0, back, 1, NULL));
}

static void use(void)
{
	const struct pfsnl_checkpoint_attr attr = {
		.size = 4 * SIZE,
		.retention = 1000000000,
		.max_section = 3 * SIZE,
		.max_sections = 10,
		.max_id = 8,
	};
	struct pfsnl_checkpoint_status st = {};
	u8 *data = kvmalloc(2 * SIZE, GFP_KERNEL);
	u32 handle = 0, other = 0;

	if (!data)
		return;
	say("open none", pfsnl_checkpoint_open(client, "none", PFSNL_CHECKPOINT_READ,
					       NULL, &handle));
	say("open", pfsnl_checkpoint_open(client, name, PFSNL_CHECKPOINT_READ |
					  PFSNL_CHECKPOINT_WRITE, &attr, &handle));
	use_sections(handle, data, data + SIZE);
	say("open again", pfsnl_checkpoint_open(client, name, PFSNL_CHECKPOINT_READ,
						NULL, &other));
	say("write what is read", pfsnl_section_delete(client, other,
						       &(struct pfsnl_section_id){}));
	say("close", pfsnl_checkpoint_close(client, other));
	say("close again", pfsnl_checkpoint_close(client, other));
	say("unlink none", pfsnl_checkpoint_unlink(client, "none"));
	say("status", pfsnl_checkpoint_status(client, handle, &st));
	say("sections", st.sections);
	say("bytes", st.bytes);
	kvfree(data);
}

static int __init keep_init(void)
{
	net = get_net(current->nsproxy->net_ns);
	/* no owner: it can be unloaded, and detaches then */
	client = pfsnl_checkpoint_attach(net, NULL);
	if (IS_ERR(client)) {
		put_net(net);
		return PTR_ERR(client);
	}
	use();
	return 0;
}

static void __exit keep_exit(void)
{
	say("unlink", pfsnl_checkpoint_unlink(client, name));
	pfsnl_checkpoint_detach(client);
	put_net(net);
}

module_init(keep_init);
module_exit(keep_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The pfsnl developers");
MODULE_DESCRIPTION("Uses checkpoints, for tests");
MODULE_IMPORT_NS(PFSNL);
