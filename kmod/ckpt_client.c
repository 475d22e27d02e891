// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints for other modules. A client is an opener without a socket, which waits
 * for what comes of what it asks for.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/pfsnl_ckpt.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "ckpt_opener.h"
#include "core/core.h"
#include "instance.h"

/**
 * struct pfsnl_checkpoint_client - of another module
 * @net: its namespace, which stays
 * @owner: the module
 * @o: the opener
 */
struct pfsnl_checkpoint_client {
	struct net *net;
	struct module *owner;
	struct pfsnl_opener *o;
};

/*
 * Keep the instance. One that is there now is that of the client, or that is over.
 * Return: it, or -ENETDOWN, or -EDEADLK in the node thread, which would wait for itself.
 */
static struct pfsnl_instance *keep(struct pfsnl_checkpoint_client *c)
{
	struct pfsnl_instance *inst = pfsnl_instance_get(c->net);
	int err = 0;

	if (!inst)
		return ERR_PTR(-ENETDOWN);
	if (READ_ONCE(c->o->over))
		err = -ENETDOWN;
	else if (WARN_ON_ONCE(current == inst->worker->task))
		err = -EDEADLK;
	if (!err)
		return inst;
	pfsnl_instance_put(c->net);
	return ERR_PTR(err);
}

/**
 * pfsnl_checkpoint_attach - begin to use checkpoints
 * @net: network namespace of the node; must stay until pfsnl_checkpoint_detach()
 * @owner: the module, which can't be unloaded before that; NULL if it sees to that
 *
 * May sleep.
 *
 * Return: the client, or an error: -ENETDOWN when no instance is up in the namespace;
 * -ENODEV when @owner is being unloaded; -EOVERFLOW; -ENOMEM.
 */
struct pfsnl_checkpoint_client *pfsnl_checkpoint_attach(struct net *net,
							struct module *owner)
{
	struct pfsnl_checkpoint_client *c;
	struct pfsnl_instance *inst;
	int err = -ENODEV;

	if (!try_module_get(owner))
		return ERR_PTR(err);
	err = -ENOMEM;
	c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	if (!c)
		goto put;
	c->net = net;
	c->owner = owner;
	err = -ENETDOWN;
	inst = pfsnl_instance_get(net);
	if (!inst)
		goto free;
	c->o = pfsnl_opener_client(&inst->ckpt);
	err = PTR_ERR_OR_ZERO(c->o);
	pfsnl_instance_put(net);
	if (!err)
		return c;
free:
	kfree(c);
put:
	module_put(owner);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_NS_GPL(pfsnl_checkpoint_attach, PFSNL);

/**
 * pfsnl_checkpoint_detach - use them no more
 * @c: the client; no other call of it runs, and it must not be used any more
 *
 * What it has open is closed. May sleep; does not wait for that.
 */
void pfsnl_checkpoint_detach(struct pfsnl_checkpoint_client *c)
{
	struct pfsnl_instance *inst = pfsnl_instance_get(c->net);

	if (inst && !READ_ONCE(c->o->over))
		pfsnl_opener_gone(c->o);
	if (inst)
		pfsnl_instance_put(c->net);
	pfsnl_opener_put(c->o);
	module_put(c->owner);
	kfree(c);
}
EXPORT_SYMBOL_NS_GPL(pfsnl_checkpoint_detach, PFSNL);

/* ---- asking ---- */

/* Begin a request; it is used once more by who waits. */
static struct pfsnl_asked *make(const struct pfsnl_ckptmsg *m)
{
	struct pfsnl_asked *a = pfsnl_asked_new(m, 0, 0);

	if (!a)
		return NULL;
	a->waiter = kzalloc(sizeof(*a->waiter), GFP_KERNEL_ACCOUNT);
	if (!a->waiter) {
		pfsnl_asked_put(a);
		return NULL;
	}
	init_completion(&a->waiter->done);
	return a;
}

/* Wait for what comes of it. */
static int outcome(struct pfsnl_asked *a)
{
	int err = wait_for_completion_killable(&a->waiter->done);

	err = err ? -EINTR : a->waiter->err;
	pfsnl_asked_put(a);
	return err;
}

/* The instance is kept. */
static int go(struct pfsnl_opener *o, struct pfsnl_asked *a)
{
	int err = pfsnl_ask_admit(o, a, NULL);

	if (err) {
		pfsnl_asked_put(a);
		return err;
	}
	refcount_inc(&a->refs);
	pfsnl_ask_go(o, a);
	return 0;
}

static int ask(struct pfsnl_checkpoint_client *c, struct pfsnl_ckptmsg *m)
{
	struct pfsnl_asked *a;
	int err;

	m->process = c->o->number;
	a = make(m);
	if (!a)
		return -ENOMEM;
	err = PTR_ERR_OR_ZERO(keep(c));
	if (err) {
		pfsnl_asked_put(a);
		return err;
	}
	err = go(c->o, a);
	pfsnl_instance_put(c->net);
	return err ? err : outcome(a);
}

static int name_of(struct pfsnl_ckptmsg *m, const char *name)
{
	m->name = name;
	m->name_len = strnlen(name, PFSNL_CKPT_NAME_MAX + 1);
	return pfsnl_ckpt_name_ok(name, m->name_len) ? 0 : -EINVAL;
}

/* ---- checkpoints ---- */

static int open_flags(struct pfsnl_ckptmsg *m, unsigned int flags,
		      const struct pfsnl_checkpoint_attr *create)
{
	BUILD_BUG_ON(PFSNL_CHECKPOINT_READ != PFSNL_OPEN_READ);
	BUILD_BUG_ON(PFSNL_CHECKPOINT_WRITE != PFSNL_OPEN_WRITE);
	if (!flags || flags & ~(PFSNL_OPEN_READ | PFSNL_OPEN_WRITE))
		return -EINVAL;
	m->flags = flags;
	if (!create)
		return 0;
	m->flags |= PFSNL_OPEN_CREATE;
	m->attr = (struct pfsnl_ckpt_attr) {
		.size = create->size,
		.retention = create->retention,
		.max_section = create->max_section,
		.max_sections = create->max_sections,
		.max_id = create->max_id,
	};
	return pfsnl_ckpt_attr_ok(&m->attr) ? 0 : -EINVAL;
}

/* The handle has a number, if the instance is there. */
static int new_handle(struct pfsnl_checkpoint_client *c, u8 flags, u32 *handle)
{
	int err = PTR_ERR_OR_ZERO(keep(c));

	if (err)
		return err;
	err = pfsnl_handle_new(c->o, flags, handle, NULL);
	pfsnl_instance_put(c->net);
	return err;
}

static void forget_handle(struct pfsnl_checkpoint_client *c, u32 handle)
{
	if (IS_ERR(keep(c)))
		return;
	pfsnl_handle_forget(c->o, handle);
	pfsnl_instance_put(c->net);
}

/**
 * pfsnl_checkpoint_open - open a checkpoint
 * @c: the client
 * @name: which
 * @flags: PFSNL_CHECKPOINT_READ, PFSNL_CHECKPOINT_WRITE or both
 * @create: what to create it with if there is none; NULL: then it fails
 * @handle: becomes the handle
 *
 * Sleeps until it is done.
 *
 * Return: 0; -ENOENT; -EEXIST when it was created with other attributes; -EINVAL;
 * -EMFILE; -ENOMEM; -EAGAIN when too much is under way, or the node does not take part
 * for now; -ECONNABORTED when nobody knows; -ENETDOWN or -ESHUTDOWN; -EINTR. But for 0
 * it is not open, or is closed again.
 */
int pfsnl_checkpoint_open(struct pfsnl_checkpoint_client *c, const char *name,
			  unsigned int flags,
			  const struct pfsnl_checkpoint_attr *create, u32 *handle)
{
	struct pfsnl_ckptmsg m = { .kind = PFSNL_CKPTMSG_OPEN };
	int err;

	err = name_of(&m, name);
	if (!err)
		err = open_flags(&m, flags, create);
	if (!err)
		err = new_handle(c, flags, &m.handle);
	if (err)
		return err;
	err = ask(c, &m);
	/* if it is opened after all, the service closes what nobody knows */
	if (err == -EINTR)
		pfsnl_checkpoint_close(c, m.handle);
	else if (err)
		forget_handle(c, m.handle);
	else
		*handle = m.handle;
	return err;
}
EXPORT_SYMBOL_NS_GPL(pfsnl_checkpoint_open, PFSNL);

/* What is asked for with this handle before is done before. */
static int begin_close(struct pfsnl_checkpoint_client *c, u32 handle)
{
	int err = PTR_ERR_OR_ZERO(keep(c));

	if (err)
		return err;
	if (pfsnl_handle_state(c->o, handle, NULL) != PFSNL_HANDLE_LOST &&
	    !pfsnl_handle_move(c->o, handle, PFSNL_HANDLE_OPENING,
			       PFSNL_HANDLE_CLOSING) &&
	    !pfsnl_handle_move(c->o, handle, PFSNL_HANDLE_OPEN,
			       PFSNL_HANDLE_CLOSING))
		err = -EBADF;
	pfsnl_instance_put(c->net);
	return err;
}

/**
 * pfsnl_checkpoint_close - close it
 * @c: the client
 * @handle: of pfsnl_checkpoint_open()
 *
 * Sleeps until it is done.
 *
 * Return: 0; -EBADF; -ESTALE when it was not open any more; -EAGAIN when too much is
 * under way and -ENOMEM, and then it is still open; others as
 * pfsnl_checkpoint_open(), and then it is closed soon.
 */
int pfsnl_checkpoint_close(struct pfsnl_checkpoint_client *c, u32 handle)
{
	struct pfsnl_ckptmsg m = { .kind = PFSNL_CKPTMSG_CLOSE, .handle = handle };
	int err = begin_close(c, handle);

	if (err)
		return err;
	err = ask(c, &m);
	if ((err == -EAGAIN || err == -ENOMEM) && !IS_ERR(keep(c))) {
		pfsnl_handle_move(c->o, handle, PFSNL_HANDLE_CLOSING,
				  PFSNL_HANDLE_OPEN);
		pfsnl_instance_put(c->net);
	}
	return err;
}
EXPORT_SYMBOL_NS_GPL(pfsnl_checkpoint_close, PFSNL);

/**
 * pfsnl_checkpoint_unlink - take the name from a checkpoint
 * @c: the client
 * @name: which
 *
 * It lives until the last close, wherever that is. Sleeps until it is done.
 *
 * Return: as pfsnl_checkpoint_open().
 */
int pfsnl_checkpoint_unlink(struct pfsnl_checkpoint_client *c, const char *name)
{
	struct pfsnl_ckptmsg m = { .kind = PFSNL_CKPTMSG_UNLINK };
	int err = name_of(&m, name);

	return err ? err : ask(c, &m);
}
EXPORT_SYMBOL_NS_GPL(pfsnl_checkpoint_unlink, PFSNL);

/* ---- reading: the instance is kept, and its lock held ---- */

static struct pfsnl_ckpt *find(struct pfsnl_checkpoint_client *c,
			       struct pfsnl_instance *inst, u32 handle, u8 wanted)
{
	const struct pfsnl_ckpt_handle *h;
	struct pfsnl_handle_key key = {
		.addr = pfsnl_core_config(inst->core)->addr,
		.process = c->o->number,
		.handle = handle,
	};
	struct pfsnl_state st;

	if (pfsnl_handle_state(c->o, handle, NULL) == PFSNL_HANDLE_LOST)
		return ERR_PTR(-ESTALE);
	pfsnl_core_state(inst->core, ktime_get_ns(), &st);
	key.incarnation = st.incarnation;
	h = pfsnl_ckpts_handle(pfsnl_ckptsvc_store(inst->ckpt.svc), &key);
	if (!h)
		return ERR_PTR(-EBADF);
	return !wanted || h->flags & wanted ? h->ckpt : ERR_PTR(-EACCES);
}

static void fill_status(struct pfsnl_checkpoint_status *st, const struct pfsnl_ckpt *ckpt)
{
	st->attr.size = ckpt->attr.size;
	st->attr.retention = ckpt->attr.retention;
	st->attr.max_section = ckpt->attr.max_section;
	st->attr.max_sections = ckpt->attr.max_sections;
	st->attr.max_id = ckpt->attr.max_id;
	st->bytes = ckpt->bytes;
	st->modified = ckpt->modified;
	st->sections = ckpt->n_sections;
	st->refs = ckpt->refs;
	st->unlinked = ckpt->flags & PFSNL_CKPT_UNLINKED;
}

/**
 * pfsnl_checkpoint_status - what a checkpoint is, as this node has it
 * @c: the client
 * @handle: which
 * @st: filled
 *
 * May sleep.
 *
 * Return: 0; -EBADF; -ESTALE; -ENETDOWN.
 */
int pfsnl_checkpoint_status(struct pfsnl_checkpoint_client *c, u32 handle,
			    struct pfsnl_checkpoint_status *st)
{
	struct pfsnl_instance *inst = keep(c);
	const struct pfsnl_ckpt *ckpt;

	if (IS_ERR(inst))
		return PTR_ERR(inst);
	mutex_lock(&inst->lock);
	ckpt = find(c, inst, handle, 0);
	if (!IS_ERR(ckpt))
		fill_status(st, ckpt);
	mutex_unlock(&inst->lock);
	pfsnl_instance_put(c->net);
	return PTR_ERR_OR_ZERO(ckpt);
}
EXPORT_SYMBOL_NS_GPL(pfsnl_checkpoint_status, PFSNL);

/**
 * pfsnl_section_get - read from a section, as this node has it
 * @c: the client
 * @handle: of its checkpoint, opened for reading
 * @id: which
 * @offset: where to begin
 * @to: where to
 * @len: how many bytes
 * @whole: becomes how many the section has; or NULL
 *
 * May sleep.
 *
 * Return: how many were read; -ENOENT; -EACCES; -EBADF; -ESTALE; -ENETDOWN.
 */
ssize_t pfsnl_section_get(struct pfsnl_checkpoint_client *c, u32 handle,
			  const struct pfsnl_section_id *id, u64 offset, void *to,
			  u32 len, u64 *whole)
{
	struct pfsnl_instance *inst = keep(c);
	const struct pfsnl_section *s = NULL;
	struct pfsnl_ckpt *ckpt;
	ssize_t n = -ENOENT;

	if (IS_ERR(inst))
		return PTR_ERR(inst);
	len = min_t(u32, len, INT_MAX);
	mutex_lock(&inst->lock);
	ckpt = find(c, inst, handle, PFSNL_OPEN_READ);
	if (IS_ERR(ckpt))
		n = PTR_ERR(ckpt);
	else
		s = pfsnl_section_find(ckpt, id->id, id->len);
	if (s)
		n = pfsnl_section_read(s, offset, to, len);
	if (s && whole)
		*whole = s->len;
	mutex_unlock(&inst->lock);
	pfsnl_instance_put(c->net);
	return n;
}
EXPORT_SYMBOL_NS_GPL(pfsnl_section_get, PFSNL);

/* ---- sections ---- */

static int section(struct pfsnl_checkpoint_client *c, u8 kind, u32 handle,
		   const struct pfsnl_section_id *id, u64 expires, const void *data,
		   u32 len, u32 vectors)
{
	struct pfsnl_ckptmsg m = {
		.kind = kind,
		.handle = handle,
		.name = id->id,
		.name_len = id->len,
		.expires = expires,
		.vectors = vectors,
		.rest = data,
		.len = len,
	};

	return id->len > PFSNL_SECTION_ID_MAX ? -EINVAL : ask(c, &m);
}

/**
 * pfsnl_section_create - create a section
 * @c: the client
 * @handle: of its checkpoint, opened for writing
 * @id: which
 * @expires: when it expires; U64_MAX: it doesn't
 * @data: what it holds, copied
 * @len: bytes of that
 *
 * Sleeps until it is done.
 *
 * Return: 0; -EBADF; -ESTALE; -EACCES; -EEXIST; -ENAMETOOLONG; -EFBIG; -ENOSPC;
 * -ENOMEM, also when all checkpoints together would hold too much; -EMSGSIZE; others
 * as pfsnl_checkpoint_open().
 */
int pfsnl_section_create(struct pfsnl_checkpoint_client *c, u32 handle,
			 const struct pfsnl_section_id *id, u64 expires,
			 const void *data, u32 len)
{
	return section(c, PFSNL_CKPTMSG_SECTION_CREATE, handle, id, expires, data, len, 0);
}
EXPORT_SYMBOL_NS_GPL(pfsnl_section_create, PFSNL);

/**
 * pfsnl_section_delete - delete a section
 * @c: the client
 * @handle: of its checkpoint, opened for writing
 * @id: which
 *
 * Sleeps until it is done.
 *
 * Return: as pfsnl_section_create(), or -ENOENT.
 */
int pfsnl_section_delete(struct pfsnl_checkpoint_client *c, u32 handle,
			 const struct pfsnl_section_id *id)
{
	return section(c, PFSNL_CKPTMSG_SECTION_DELETE, handle, id, 0, NULL, 0, 0);
}
EXPORT_SYMBOL_NS_GPL(pfsnl_section_delete, PFSNL);

/**
 * pfsnl_section_write - write at a place of a section
 * @c: the client
 * @handle: of its checkpoint, opened for writing
 * @id: which
 * @offset: the place; what is between the end and this is zero
 * @data: what, copied
 * @len: bytes of that, not 0
 *
 * Sleeps until it is done.
 *
 * Return: as pfsnl_section_create(), or -ENOENT.
 */
int pfsnl_section_write(struct pfsnl_checkpoint_client *c, u32 handle,
			const struct pfsnl_section_id *id, u64 offset,
			const void *data, u32 len)
{
	const struct pfsnl_vec v = { .offset = offset, .len = len, .bytes = data };
	u8 *bytes;
	int err;

	if (!len || offset > PFSNL_SECTION_LEN_MAX)
		return -EINVAL;
	if (len > U32_MAX - PFSNL_CKPTMSG_VEC_LEN)
		return -EMSGSIZE;
	bytes = kvmalloc(PFSNL_CKPTMSG_VEC_LEN + len, GFP_KERNEL_ACCOUNT);
	if (!bytes)
		return -ENOMEM;
	pfsnl_vec_encode(bytes, &v);
	err = section(c, PFSNL_CKPTMSG_SECTION_WRITE, handle, id, 0, bytes,
		      PFSNL_CKPTMSG_VEC_LEN + len, 1);
	kvfree(bytes);
	return err;
}
EXPORT_SYMBOL_NS_GPL(pfsnl_section_write, PFSNL);

/**
 * pfsnl_section_overwrite - say what a section holds from now on
 * @c: the client
 * @handle: of its checkpoint, opened for writing
 * @id: which
 * @data: what, copied
 * @len: bytes of that
 *
 * Sleeps until it is done.
 *
 * Return: as pfsnl_section_create(), or -ENOENT.
 */
int pfsnl_section_overwrite(struct pfsnl_checkpoint_client *c, u32 handle,
			    const struct pfsnl_section_id *id, const void *data,
			    u32 len)
{
	return section(c, PFSNL_CKPTMSG_SECTION_OVERWRITE, handle, id, 0, data, len, 0);
}
EXPORT_SYMBOL_NS_GPL(pfsnl_section_overwrite, PFSNL);

/**
 * pfsnl_section_expiration - say when a section expires
 * @c: the client
 * @handle: of its checkpoint, opened for writing
 * @id: which
 * @expires: when; U64_MAX: it doesn't
 *
 * Sleeps until it is done.
 *
 * Return: as pfsnl_section_create(), or -ENOENT.
 */
int pfsnl_section_expiration(struct pfsnl_checkpoint_client *c, u32 handle,
			     const struct pfsnl_section_id *id, u64 expires)
{
	return section(c, PFSNL_CKPTMSG_SECTION_EXPIRATION, handle, id, expires, NULL, 0,
		       0);
}
EXPORT_SYMBOL_NS_GPL(pfsnl_section_expiration, PFSNL);
