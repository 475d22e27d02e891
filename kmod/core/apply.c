// SPDX-License-Identifier: GPL-2.0
/*
 * What operations do. Each is looked at twice: when its memory is got and when it is
 * applied; both times it is found out first what it will come to, and nothing is
 * changed if that is an error.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "broken.h"
#include "store.h"

/**
 * struct plan - what an operation will come to
 * @err: 0 or -errno
 * @c: the checkpoint that it is about
 * @s: the section
 * @h: the handle
 * @node: the sender, if it had something open before
 * @vecs: what is written
 * @len: bytes in the section afterwards
 * @id_len: bytes of @id
 * @id: of the section that is created
 * @made: it, if the store makes it
 */
struct plan {
	int err;
	struct pfsnl_ckpt *c;
	struct pfsnl_section *s;
	struct pfsnl_ckpt_handle *h;
	struct pfsnl_ckpt_node *node;
	struct pfsnl_vecs vecs;
	u64 len;
	u32 id_len;
	const u8 *id;
	u8 made[PFSNL_SECTION_ID_MADE];
};

static struct pfsnl_handle_key key_of(const struct pfsnl_ckpt_from *from,
				      const struct pfsnl_ckptmsg *m)
{
	return (struct pfsnl_handle_key) {
		.incarnation = from->incarnation,
		.addr = from->addr,
		.process = m->process,
		.handle = m->handle,
	};
}

/* Whether so many bytes more may be stored. What is too much already may shrink. */
static bool has_room(const struct pfsnl_ckpt_set *set, u64 more)
{
	u64 limit = set->limits.bytes - set->limits.headroom;

	if (PFSNL_BROKEN(CKPT_ROOM))
		limit = set->limits.bytes;
	return !more || (set->used <= limit && more <= limit - set->used);
}

static bool same_attr(const struct pfsnl_ckpt_attr *a, const struct pfsnl_ckpt_attr *b)
{
	return a->size == b->size && a->max_section == b->max_section &&
	       a->max_sections == b->max_sections && a->max_id == b->max_id;
}

static int plan_open(const struct pfsnl_ckpt_set *set, const struct pfsnl_ckptmsg *m,
		     struct plan *p)
{
	u64 cost = PFSNL_HANDLE_COST;

	p->c = pfsnl_set_named(set, m->name, m->name_len);
	if (p->h)
		return -EBUSY;
	if (p->node && p->node->handles >= PFSNL_HANDLES_MAX)
		return -EMFILE;
	if (!p->c) {
		if (!(m->flags & PFSNL_OPEN_CREATE))
			return -ENOENT;
		if (!pfsnl_ckpt_attr_ok(&m->attr))
			return -EINVAL;
		cost += PFSNL_CKPT_COST;
	} else if ((m->flags & PFSNL_OPEN_CREATE) && !same_attr(&p->c->attr, &m->attr)) {
		return -EEXIST;
	}
	return has_room(set, cost) ? 0 : -ENOMEM;
}

/* Whether a section may become so long. */
static int plan_len(const struct pfsnl_ckpt_set *set, struct plan *p, u64 len, u64 cost)
{
	u64 old = p->s ? p->s->len : 0;
	u64 others = p->c->bytes - old;

	p->len = len;
	if (len > p->c->attr.max_section || len > PFSNL_SECTION_LEN_MAX)
		return -EFBIG;
	/* after a conflict there may be more than that already */
	if (len > old && (others > p->c->attr.size || len > p->c->attr.size - others))
		return -ENOSPC;
	cost += len > old ? len - old : 0;
	return has_room(set, cost) ? 0 : -ENOMEM;
}

/* An id that no section of it has: how many were made before, in hexadecimal. */
static void make_id(const struct pfsnl_ckpt *c, u8 *id, u64 *next)
{
	u64 n = c->next_id;
	u32 i;

	do {
		for (i = 0; i < PFSNL_SECTION_ID_MADE; i++)
			id[i] = "0123456789abcdef"[n >> (60 - 4 * i) & 15];
		n++;
	} while (pfsnl_section_find(c, id, PFSNL_SECTION_ID_MADE));
	*next = n;
}

static int plan_create(const struct pfsnl_ckpt_set *set, const struct pfsnl_ckptmsg *m,
		       struct plan *p)
{
	u64 next;

	if (p->s)
		return -EEXIST;
	p->id = m->name;
	p->id_len = m->name_len;
	if (m->flags & PFSNL_CREATE_ID) {
		make_id(p->c, p->made, &next);
		p->id = p->made;
		p->id_len = PFSNL_SECTION_ID_MADE;
	}
	if (p->id_len > p->c->attr.max_id)
		return -ENAMETOOLONG;
	if (p->c->n_sections >= p->c->attr.max_sections)
		return -ENOSPC;
	return plan_len(set, p, m->len, PFSNL_SECTION_COST + p->id_len);
}

static void one_vector(struct plan *p, const struct pfsnl_ckptmsg *m)
{
	if (!m->len)
		return;
	p->vecs = (struct pfsnl_vecs) {
		.n = 1,
		.first = { .len = m->len, .bytes = m->rest },
	};
}

/* What is about a section, but EXPIRE. */
static int plan_section(const struct pfsnl_ckpt_set *set, const struct pfsnl_ckptmsg *m,
			struct plan *p)
{
	if (!(p->h->flags & PFSNL_OPEN_WRITE))
		return -EACCES;
	if (m->kind != PFSNL_CKPTMSG_SECTION_CREATE || !(m->flags & PFSNL_CREATE_ID))
		p->s = pfsnl_section_find(p->c, m->name, m->name_len);
	if (m->kind == PFSNL_CKPTMSG_SECTION_CREATE) {
		one_vector(p, m);
		return plan_create(set, m, p);
	}
	if (!p->s)
		return -ENOENT;
	switch (m->kind) {
	case PFSNL_CKPTMSG_SECTION_WRITE:
		p->vecs.n = m->vectors;
		p->vecs.more = pfsnl_vec_next(m->rest, &p->vecs.first);
		return plan_len(set, p, max(p->s->len, pfsnl_vecs_end(&p->vecs)), 0);
	case PFSNL_CKPTMSG_SECTION_OVERWRITE:
		one_vector(p, m);
		return plan_len(set, p, m->len, 0);
	default:
		return 0;
	}
}

static int plan_expire(const struct pfsnl_ckpt_set *set, const struct pfsnl_ckptmsg *m,
		       struct plan *p)
{
	p->c = pfsnl_set_find(set, &m->number);
	if (!p->c)
		return -ENOENT;
	if (!(m->flags & PFSNL_EXPIRE_SECTION))
		return pfsnl_ckpt_expires(p->c) == m->expires ? 0 : -ESTALE;
	p->s = pfsnl_section_find(p->c, m->name, m->name_len);
	if (!p->s)
		return -ENOENT;
	return p->s->expires == m->expires || PFSNL_BROKEN(CKPT_STALE) ? 0 : -ESTALE;
}

static int plan_op(const struct pfsnl_ckpt_set *set, const struct pfsnl_ckpt_from *from,
		   const struct pfsnl_ckptmsg *m, struct plan *p)
{
	const struct pfsnl_handle_key key = key_of(from, m);

	/* nobody is to be told anything of a store that nobody has */
	if (!set->lineage.n)
		return -EAGAIN;
	p->node = pfsnl_refs_node(set, from->addr, from->incarnation);
	switch (m->kind) {
	case PFSNL_CKPTMSG_OPEN:
		p->h = pfsnl_handle_find(set, &key);
		return plan_open(set, m, p);
	case PFSNL_CKPTMSG_UNLINK:
		p->c = pfsnl_set_named(set, m->name, m->name_len);
		return p->c ? 0 : -ENOENT;
	case PFSNL_CKPTMSG_EXPIRE:
		return plan_expire(set, m, p);
	case PFSNL_CKPTMSG_GONE:
	case PFSNL_CKPTMSG_PROCESS_GONE:
	case PFSNL_CKPTMSG_LIMITS:
		return 0;
	}
	p->h = pfsnl_handle_find(set, &key);
	if (!p->h)
		return -EBADF;
	p->c = p->h->ckpt;
	if (m->kind == PFSNL_CKPTMSG_CLOSE || m->kind == PFSNL_CKPTMSG_RETENTION)
		return 0;
	return plan_section(set, m, p);
}

/* OVERWRITE begins with nothing. */
static struct pfsnl_data *written_to(const struct pfsnl_ckptmsg *m, const struct plan *p)
{
	return m->kind == PFSNL_CKPTMSG_SECTION_WRITE ? p->s->data : NULL;
}

/**
 * pfsnl_ckpts_reserve - get the memory that an operation needs
 * @store: the store
 * @from: whose message it is
 * @m: the operation, decoded
 *
 * To be called right before pfsnl_ckpts_apply() of the same.
 *
 * Return: 0, also if applying it will be an error; or -ENOMEM: to be tried again.
 */
int pfsnl_ckpts_reserve(struct pfsnl_ckpts *store, const struct pfsnl_ckpt_from *from,
			const struct pfsnl_ckptmsg *m)
{
	struct pfsnl_ckpt_mem *mem = &store->mem;
	struct plan p = {};
	int err = 0;

	pfsnl_mem_trim(mem);
	if (plan_op(store->set, from, m, &p))
		return 0;
	switch (m->kind) {
	case PFSNL_CKPTMSG_OPEN:
		if (!p.c)
			err = pfsnl_mem_want(mem, sizeof(struct pfsnl_ckpt));
		if (!err && !p.node)
			err = pfsnl_mem_want(mem, sizeof(struct pfsnl_ckpt_node));
		if (!err)
			err = pfsnl_mem_want(mem, sizeof(struct pfsnl_ckpt_handle));
		break;
	case PFSNL_CKPTMSG_SECTION_CREATE:
		err = pfsnl_mem_want(mem, pfsnl_section_size(p.id_len));
		fallthrough;
	case PFSNL_CKPTMSG_SECTION_WRITE:
	case PFSNL_CKPTMSG_SECTION_OVERWRITE:
		if (!err)
			err = pfsnl_data_want(mem, written_to(m, &p), &p.vecs);
		break;
	}
	if (err)
		pfsnl_mem_trim(mem);
	return err;
}

/* The checkpoint is another now. */
static void changed(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt *c, u64 time)
{
	c->ops++;
	c->changed = set->lineage.at[set->lineage.n - 1];
	c->modified = time;
	c->hashed = false;
}

/* Nobody has it open any more, perhaps. Return: it is gone. */
static bool let_go(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c, u64 time)
{
	if (c->refs)
		return false;
	if (c->flags & PFSNL_CKPT_UNLINKED) {
		pfsnl_set_drop(store, c);
		return true;
	}
	c->idle = time;
	pfsnl_ckpt_due(store->set, c);
	return false;
}

static void apply_open(struct pfsnl_ckpts *store, const struct pfsnl_ckpt_from *from,
		       const struct pfsnl_ckptmsg *m, struct plan *p,
		       struct pfsnl_ckpt_result *result)
{
	struct pfsnl_ckpt_set *set = store->set;
	struct pfsnl_ckpt_handle *h;
	struct pfsnl_ckpt *c = p->c;

	if (!c) {
		c = pfsnl_mem_take(&store->mem, sizeof(*c));
		pfsnl_ckpt_init(c);
		c->number = (struct pfsnl_ckpt_number) {
			.creator = from->addr,
			.incarnation = from->incarnation,
			.counter = PFSNL_BROKEN(CKPT_NUMBER) ?
				   set->lineage.at[set->lineage.n - 1].count : from->n,
		};
		c->origin = c->number;
		c->attr = m->attr;
		c->name_len = m->name_len;
		memcpy(c->name, m->name, m->name_len);
		changed(set, c, m->time);
		c->born = c->changed;
		set->used += PFSNL_CKPT_COST;
		WARN_ON(pfsnl_set_insert(set, c));
		WARN_ON(pfsnl_set_name(set, c));
		result->created = true;
	}
	if (!p->node) {
		p->node = pfsnl_mem_take(&store->mem, sizeof(*p->node));
		p->node->addr = from->addr;
		p->node->incarnation = from->incarnation;
		pfsnl_refs_node_insert(set, p->node);
	}
	h = pfsnl_mem_take(&store->mem, sizeof(*h));
	h->key = key_of(from, m);
	h->number = c->number;
	h->flags = m->flags & (PFSNL_OPEN_READ | PFSNL_OPEN_WRITE);
	pfsnl_handle_insert(set, p->node, h);
	pfsnl_handle_bind(h, c);
	pfsnl_ckpt_due(set, c);
	result->number = c->number;
}

static void apply_unlink(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c, u64 time,
			 struct pfsnl_ckpt_result *result)
{
	changed(store->set, c, time);
	pfsnl_set_unname(store->set, c);
	c->flags |= PFSNL_CKPT_UNLINKED;
	pfsnl_ckpt_due(store->set, c);
	result->freed = !c->refs;
	if (!c->refs)
		pfsnl_set_drop(store, c);
}

static void apply_create(struct pfsnl_ckpts *store, const struct pfsnl_ckptmsg *m,
			 struct plan *p, struct pfsnl_ckpt_result *result)
{
	struct pfsnl_section *s = pfsnl_mem_take(&store->mem,
						 pfsnl_section_size(p->id_len));
	u8 id[PFSNL_SECTION_ID_MADE];

	if (m->flags & PFSNL_CREATE_ID)
		make_id(p->c, id, &p->c->next_id);
	pfsnl_section_init(s, p->id, p->id_len);
	s->data = pfsnl_data_write(&store->mem, NULL, &p->vecs);
	s->len = p->len;
	s->expires = m->expires;
	s->modified = m->time;
	pfsnl_section_insert(p->c, s);
	store->set->used += pfsnl_section_cost(s);
	pfsnl_due_set(store->set, &s->due, s->expires);
	result->id_len = p->id_len;
	if (p->id_len)
		memcpy(result->id, p->id, p->id_len);
}

static void apply_delete(struct pfsnl_ckpts *store, struct plan *p)
{
	pfsnl_due_set(store->set, &p->s->due, PFSNL_NEVER);
	store->set->used -= pfsnl_section_cost(p->s);
	pfsnl_section_remove(&store->mem, p->c, p->s);
}

static void apply_write(struct pfsnl_ckpts *store, const struct pfsnl_ckptmsg *m,
			struct plan *p)
{
	struct pfsnl_section *s = p->s;

	if (m->kind == PFSNL_CKPTMSG_SECTION_OVERWRITE) {
		pfsnl_data_put(&store->mem, s->data);
		s->data = NULL;
	}
	s->data = pfsnl_data_write(&store->mem, s->data, &p->vecs);
	p->c->bytes = p->c->bytes - s->len + p->len;
	store->set->used = store->set->used - s->len + p->len;
	s->len = p->len;
	s->modified = m->time;
	s->hashed = false;
}

static void apply_section(struct pfsnl_ckpts *store, const struct pfsnl_ckptmsg *m,
			  struct plan *p, struct pfsnl_ckpt_result *result)
{
	struct pfsnl_ckpt *c = p->c;

	switch (m->kind) {
	case PFSNL_CKPTMSG_SECTION_CREATE:
		apply_create(store, m, p, result);
		break;
	case PFSNL_CKPTMSG_SECTION_DELETE:
		apply_delete(store, p);
		break;
	case PFSNL_CKPTMSG_SECTION_WRITE:
	case PFSNL_CKPTMSG_SECTION_OVERWRITE:
		apply_write(store, m, p);
		break;
	case PFSNL_CKPTMSG_SECTION_EXPIRATION:
		p->s->expires = m->expires;
		p->s->modified = m->time;
		p->s->hashed = false;
		pfsnl_due_set(store->set, &p->s->due, m->expires);
		break;
	}
	changed(store->set, c, m->time);
}

/* Handles of a node go, or of one of its processes. */
static void apply_gone(struct pfsnl_ckpts *store, u32 addr, u64 incarnation,
		       const u32 *process, u64 time)
{
	struct pfsnl_handle_key key = {
		.addr = addr,
		.incarnation = incarnation,
		.process = process ? *process : 0,
	};
	struct pfsnl_ckpt_handle *h;

	while ((h = pfsnl_handle_from(store->set, &key)) && h->key.addr == addr &&
	       h->key.incarnation == incarnation &&
	       (!process || h->key.process == *process))
		let_go(store, pfsnl_handle_remove(&store->mem, store->set, h), time);
}

static void apply_node_gone(struct pfsnl_ckpts *store, const struct pfsnl_ckptmsg *m)
{
	struct pfsnl_ckpt_node *node = pfsnl_refs_node(store->set, m->addr,
						       m->incarnation);

	if (!node)
		return;
	apply_gone(store, m->addr, m->incarnation, NULL, m->time);
	pfsnl_refs_node_remove(&store->mem, store->set, node);
}

static void apply_expire(struct pfsnl_ckpts *store, const struct pfsnl_ckptmsg *m,
			 struct plan *p, struct pfsnl_ckpt_result *result)
{
	if (p->s) {
		apply_delete(store, p);
		changed(store->set, p->c, m->time);
		return;
	}
	pfsnl_set_drop(store, p->c);
	result->freed = true;
}

static void apply_op(struct pfsnl_ckpts *store, const struct pfsnl_ckpt_from *from,
		     const struct pfsnl_ckptmsg *m, struct plan *p,
		     struct pfsnl_ckpt_result *result)
{
	switch (m->kind) {
	case PFSNL_CKPTMSG_OPEN:
		apply_open(store, from, m, p, result);
		break;
	case PFSNL_CKPTMSG_CLOSE:
		result->freed = let_go(store,
				       pfsnl_handle_remove(&store->mem, store->set,
							   p->h), m->time);
		break;
	case PFSNL_CKPTMSG_UNLINK:
		apply_unlink(store, p->c, m->time, result);
		break;
	case PFSNL_CKPTMSG_RETENTION:
		p->c->attr.retention = m->attr.retention;
		changed(store->set, p->c, m->time);
		break;
	case PFSNL_CKPTMSG_EXPIRE:
		apply_expire(store, m, p, result);
		break;
	case PFSNL_CKPTMSG_GONE:
		apply_node_gone(store, m);
		break;
	case PFSNL_CKPTMSG_PROCESS_GONE:
		apply_gone(store, from->addr, from->incarnation, &m->process, m->time);
		break;
	case PFSNL_CKPTMSG_LIMITS:
		store->set->limits = m->limits;
		break;
	default:
		apply_section(store, m, p, result);
	}
}

/**
 * pfsnl_ckpts_apply - apply an operation
 * @store: the store; pfsnl_ckpts_reserve() of the same came right before
 * @from: whose message it is
 * @m: the operation, decoded
 * @result: filled
 *
 * Answers: -EAGAIN no ring was activated yet; -EBADF no such handle; -EBUSY there is
 * one already; -EACCES not opened for that; -EMFILE too many handles; -ENOENT no such
 * checkpoint or section; -EEXIST it exists, or was created with other attributes;
 * -EINVAL attributes that make no sense; -ENAMETOOLONG id longer than allowed; -EFBIG
 * section longer than allowed; -ENOSPC more sections, or more in all of them, than
 * allowed; -ENOMEM more than the store may hold; -ESTALE it expires at another time.
 */
void pfsnl_ckpts_apply(struct pfsnl_ckpts *store, const struct pfsnl_ckpt_from *from,
		       const struct pfsnl_ckptmsg *m, struct pfsnl_ckpt_result *result)
{
	struct pfsnl_ckpt_set *set = store->set;
	struct plan p = {};

	if (WARN_ON(store->n_sides))
		pfsnl_ckpts_abort(store);
	memset(result, 0, sizeof(*result));
	p.err = plan_op(set, from, m, &p);
	result->err = p.err;
	if (p.c)
		result->number = p.c->number;
	/* each counts, so that its number says the same everywhere */
	if (set->lineage.n)
		set->lineage.at[set->lineage.n - 1].count++;
	if (!p.err)
		apply_op(store, from, m, &p, result);
	/* also by what it was refused this node has been heard */
	p.node = pfsnl_refs_node(set, from->addr, from->incarnation);
	if (p.node && p.node->seen < from->n)
		p.node->seen = from->n;
	pfsnl_mem_trim(&store->mem);
}
