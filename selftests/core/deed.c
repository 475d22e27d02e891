// SPDX-License-Identifier: GPL-2.0
/*
 * What processes want done, see deed.h.
 */
#include <stdlib.h>
#include <string.h>

#include "ckptmsg.h"
#include "depot.h"
#include "world.h"

/**
 * keeper_handle_find - what a process has open, or wants to
 * @k: the keeper
 * @process: the process
 * @handle: number of the handle
 *
 * Return: the handle, or NULL.
 */
struct keeper_handle *keeper_handle_find(const struct keeper *k, u32 process, u32 handle)
{
	struct keeper_handle *h;

	list_for_each_entry(h, &k->handles, list)
		if (h->process == process && h->handle == handle)
			return h;
	return NULL;
}

/**
 * keeper_handle_forget - a process has a handle no more
 * @k: the keeper
 * @h: the handle; freed
 */
void keeper_handle_forget(struct keeper *k, struct keeper_handle *h)
{
	struct deed *d;

	list_for_each_entry(d, &k->deeds, list)
		if (d->h == h)
			d->h = NULL;
	list_del(&h->list);
	free(h);
}

/**
 * keeper_handle_settle - what becomes of a handle when a request about it is answered
 * @k: the keeper
 * @d: the request
 */
void keeper_handle_settle(struct keeper *k, struct deed *d)
{
	struct keeper_handle *h = d->h;

	if (!h)
		return;
	h->under_way--;
	if (d->r.kind == PFSNL_CKPTMSG_OPEN) {
		h->open = !d->err;
		/* also what may be open, but nobody knows it, is given up */
		if (d->err)
			keeper_handle_forget(k, h);
	} else if (d->r.kind == PFSNL_CKPTMSG_CLOSE || (h->gone && !h->under_way)) {
		keeper_handle_forget(k, h);
	}
}

/**
 * keeper_do - a process wants something done
 * @k: the keeper, running
 * @m: what
 */
struct deed *keeper_do(struct keeper *k, struct pfsnl_ckptmsg *m)
{
	struct deed *d = sim_alloc(sizeof(*d));

	d->keeper = k;
	d->h = m->kind == PFSNL_CKPTMSG_UNLINK ? NULL :
	       keeper_handle_find(k, m->process, m->handle);
	if (d->h)
		d->h->under_way++;
	d->r.kind = m->kind;
	d->r.process = m->process;
	d->r.handle = m->handle;
	d->r.flags = k->flags;
	d->r.len = pfsnl_ckptmsg_size(m);
	d->r.data = sim_alloc(d->r.len);
	pfsnl_ckptmsg_encode(m, d->r.data);
	list_add_tail(&d->list, &k->deeds);
	k->n_deeds++;
	pfsnl_ckptsvc_submit(k->svc, &d->r);
	if (!k->node->inside)
		keeper_pump(k);
	return d;
}

static struct pfsnl_ckptmsg about(u8 kind, const struct keeper_handle *h,
				  const char *name)
{
	return (struct pfsnl_ckptmsg) {
		.kind = kind,
		.process = h ? h->process : 0,
		.handle = h ? h->handle : 0,
		.name = (const u8 *)name,
		.name_len = name ? strlen(name) : 0,
	};
}

/** keeper_open_as - a process opens a checkpoint, with these attributes if it is created */
struct deed *keeper_open_as(struct keeper *k, u32 process, const char *name, u8 flags,
			    const struct pfsnl_ckpt_attr *attr)
{
	struct keeper_handle *h = sim_alloc(sizeof(*h));
	struct pfsnl_ckptmsg m;

	h->process = process;
	h->handle = ++k->last;
	list_add_tail(&h->list, &k->handles);
	m = about(PFSNL_CKPTMSG_OPEN, h, name);
	m.flags = flags;
	m.attr = *attr;
	return keeper_do(k, &m);
}

/** keeper_open - likewise, with those of depot_attr() */
struct deed *keeper_open(struct keeper *k, u32 process, const char *name, u8 flags)
{
	const struct pfsnl_ckpt_attr attr = depot_attr();

	return keeper_open_as(k, process, name, flags, &attr);
}

/** keeper_close - it closes what it has open */
struct deed *keeper_close(struct keeper *k, struct keeper_handle *h)
{
	struct pfsnl_ckptmsg m = about(PFSNL_CKPTMSG_CLOSE, h, NULL);

	return keeper_do(k, &m);
}

/** keeper_unlink - somebody unlinks a checkpoint */
struct deed *keeper_unlink(struct keeper *k, const char *name)
{
	struct pfsnl_ckptmsg m = about(PFSNL_CKPTMSG_UNLINK, NULL, name);

	return keeper_do(k, &m);
}

/** keeper_create - a section is created */
struct deed *keeper_create(struct keeper *k, struct keeper_handle *h, const char *id,
			   const void *data, u32 len)
{
	struct pfsnl_ckptmsg m = about(PFSNL_CKPTMSG_SECTION_CREATE, h, id);

	m.expires = PFSNL_NEVER;
	m.rest = data;
	m.len = len;
	return keeper_do(k, &m);
}

/** keeper_write - a section is written to, in one piece */
struct deed *keeper_write(struct keeper *k, struct keeper_handle *h, const char *id,
			  u64 offset, const void *data, u32 len)
{
	struct pfsnl_ckptmsg m = about(PFSNL_CKPTMSG_SECTION_WRITE, h, id);
	struct pfsnl_vec v = { .offset = offset, .len = len, .bytes = data };
	u8 *vector = sim_alloc(PFSNL_CKPTMSG_VEC_LEN + len);
	struct deed *d;

	pfsnl_vec_encode(vector, &v);
	m.vectors = 1;
	m.rest = vector;
	m.len = PFSNL_CKPTMSG_VEC_LEN + len;
	d = keeper_do(k, &m);
	free(vector);
	return d;
}

/** keeper_resize - how much the stores may hold, of that a MiB as headroom */
struct deed *keeper_resize(struct keeper *k, u64 bytes)
{
	struct pfsnl_ckptmsg m = { .kind = PFSNL_CKPTMSG_LIMITS,
				   .limits = { .bytes = bytes,
					       .headroom = 1 << 20 } };

	return keeper_do(k, &m);
}

/** keeper_die - a process ends; what it has open is closed */
struct deed *keeper_die(struct keeper *k, u32 process)
{
	struct pfsnl_ckptmsg m = { .kind = PFSNL_CKPTMSG_PROCESS_GONE,
				   .process = process };
	struct keeper_handle *h, *tmp;

	list_for_each_entry_safe(h, tmp, &k->handles, list)
		if (h->process == process)
			keeper_handle_forget(k, h);
	return keeper_do(k, &m);
}

/** keeper_tidy - forget requests that were answered */
void keeper_tidy(struct keeper *k)
{
	struct deed *d, *tmp;

	list_for_each_entry_safe(d, tmp, &k->deeds, list) {
		if (!d->answered)
			continue;
		list_del(&d->list);
		free(d->r.data);
		free(d);
		k->n_deeds--;
	}
}
