// SPDX-License-Identifier: GPL-2.0
/*
 * Thousands of random operations on two stores, and on the simplest that could be one:
 * arrays. After each of them all three answer and hold the same.
 */
#include <errno.h>

#include "depot.h"
#include "test.h"

#define SEEDS		6
#define OPS		1000
#define CKPTS		64
#define SECTIONS	5
#define HANDLES		24
#define LONGEST		(2 * PFSNL_CHUNK + 100)
#define NODES		2

struct msection {
	bool used;
	u32 len;
	u64 expires;
	u8 id;
	u8 data[LONGEST];
};

struct mckpt {
	bool used;
	bool linked;
	u8 name;
	u64 idle;
	u64 retention;
	struct pfsnl_ckpt_number number;
	struct msection sections[SECTIONS];
};

struct mhandle {
	bool used;
	u32 node;
	u32 process;
	u32 handle;
	u8 flags;
	struct mckpt *ckpt;
};

struct model {
	struct mckpt ckpts[CKPTS];
	struct mhandle handles[HANDLES];
	u64 seed;
	struct depots all;
};

/* what all of them are created with */
static const struct pfsnl_ckpt_attr attr = {
	.size = LONGEST + PFSNL_CHUNK,
	.retention = 100,
	.max_section = LONGEST,
	.max_sections = SECTIONS - 1,
	.max_id = 1,
};

static u32 below(struct model *m, u32 n)
{
	return test_random(&m->seed) % n;
}

static struct mckpt *named(struct model *m, u8 name)
{
	u32 i;

	for (i = 0; i < CKPTS; i++)
		if (m->ckpts[i].used && m->ckpts[i].linked && m->ckpts[i].name == name)
			return &m->ckpts[i];
	return NULL;
}

static u32 refs(const struct model *m, const struct mckpt *c)
{
	u32 i, n = 0;

	for (i = 0; i < HANDLES; i++)
		n += m->handles[i].used && m->handles[i].ckpt == c;
	return n;
}

static struct mhandle *handle_of(struct model *m, u32 node, u32 process, u32 handle)
{
	u32 i;

	for (i = 0; i < HANDLES; i++) {
		struct mhandle *h = &m->handles[i];

		if (h->used && h->node == node && h->process == process &&
		    h->handle == handle)
			return h;
	}
	return NULL;
}

static struct msection *section_of(struct mckpt *c, u8 id)
{
	u32 i;

	for (i = 0; i < SECTIONS; i++)
		if (c->sections[i].used && c->sections[i].id == id)
			return &c->sections[i];
	return NULL;
}

static u32 bytes_of(const struct mckpt *c)
{
	u32 i, n = 0;

	for (i = 0; i < SECTIONS; i++)
		n += c->sections[i].used ? c->sections[i].len : 0;
	return n;
}

static void let_go(struct model *m, struct mckpt *c, u64 time)
{
	if (refs(m, c))
		return;
	if (c->linked)
		c->idle = time;
	else
		c->used = false;
}

static int model_open(struct model *m, u32 node, const struct pfsnl_ckptmsg *op)
{
	struct mckpt *c = named(m, op->name[0]);
	u32 i;

	if (handle_of(m, node, op->process, op->handle))
		return -EBUSY;
	if (!c && !(op->flags & PFSNL_OPEN_CREATE))
		return -ENOENT;
	if (!c) {
		for (i = 0; m->ckpts[i].used; i++)
			assert_true(i < CKPTS - 1);
		c = &m->ckpts[i];
		memset(c, 0, sizeof(*c));
		c->used = true;
		c->linked = true;
		c->name = op->name[0];
		c->retention = op->attr.retention;
		c->number.creator = DEPOT_ADDR(node);
		c->number.incarnation = m->all.at[node]->from.incarnation;
		c->number.counter = m->all.at[node]->from.n + 1;
	}
	for (i = 0; m->handles[i].used; i++)
		assert_true(i < HANDLES - 1);
	m->handles[i] = (struct mhandle) {
		.used = true, .node = node, .process = op->process,
		.handle = op->handle, .flags = op->flags, .ckpt = c,
	};
	return 0;
}

static int model_write(struct mckpt *c, struct msection *s, const struct pfsnl_ckptmsg *op)
{
	const u8 *p = op->rest;
	struct pfsnl_vec v;
	u64 end = s->len;
	u32 i;

	for (i = 0; i < op->vectors; i++) {
		p = pfsnl_vec_next(p, &v);
		end = max(end, v.offset + v.len);
	}
	if (end > attr.max_section)
		return -EFBIG;
	if (end > s->len && bytes_of(c) - s->len + end > attr.size)
		return -ENOSPC;
	memset(s->data + s->len, 0, LONGEST - s->len);
	for (p = op->rest, i = 0; i < op->vectors; i++) {
		p = pfsnl_vec_next(p, &v);
		memcpy(s->data + v.offset, v.bytes, v.len);
	}
	s->len = end;
	return 0;
}

static int model_replace(struct mckpt *c, struct msection *s,
			 const struct pfsnl_ckptmsg *op)
{
	if (op->len > attr.max_section)
		return -EFBIG;
	if (op->len > s->len && bytes_of(c) - s->len + op->len > attr.size)
		return -ENOSPC;
	memcpy(s->data, op->rest, op->len);
	s->len = op->len;
	return 0;
}

static int model_create(struct mckpt *c, const struct pfsnl_ckptmsg *op)
{
	struct msection *s;
	u32 i, n = 0;
	int err;

	for (i = 0; i < SECTIONS; i++)
		n += c->sections[i].used;
	if (n >= attr.max_sections)
		return -ENOSPC;
	for (i = 0; c->sections[i].used; i++)
		;
	s = &c->sections[i];
	s->len = 0;
	s->used = true;
	s->id = op->name[0];
	s->expires = op->expires;
	err = model_replace(c, s, op);
	s->used = !err;
	return err;
}

static int model_section(struct model *m, struct mhandle *h, const struct pfsnl_ckptmsg *op)
{
	struct msection *s;

	if (!(h->flags & PFSNL_OPEN_WRITE))
		return -EACCES;
	s = section_of(h->ckpt, op->name[0]);
	if (op->kind == PFSNL_CKPTMSG_SECTION_CREATE)
		return s ? -EEXIST : model_create(h->ckpt, op);
	if (!s)
		return -ENOENT;
	switch (op->kind) {
	case PFSNL_CKPTMSG_SECTION_WRITE:
		return model_write(h->ckpt, s, op);
	case PFSNL_CKPTMSG_SECTION_OVERWRITE:
		return model_replace(h->ckpt, s, op);
	case PFSNL_CKPTMSG_SECTION_EXPIRATION:
		s->expires = op->expires;
		return 0;
	default:
		s->used = false;
		return 0;
	}
}

static void model_gone(struct model *m, u32 node, const u32 *process, u64 time)
{
	u32 i;

	for (i = 0; i < HANDLES; i++) {
		struct mhandle *h = &m->handles[i];

		if (!h->used || h->node != node || (process && h->process != *process))
			continue;
		h->used = false;
		let_go(m, h->ckpt, time);
	}
}

static int model_expire(struct model *m, const struct pfsnl_ckptmsg *op)
{
	struct mckpt *c = NULL;
	struct msection *s;
	u32 i;

	for (i = 0; i < CKPTS; i++)
		if (m->ckpts[i].used &&
		    m->ckpts[i].number.creator == op->number.creator &&
		    m->ckpts[i].number.counter == op->number.counter)
			c = &m->ckpts[i];
	if (!c)
		return -ENOENT;
	if (!(op->flags & PFSNL_EXPIRE_SECTION)) {
		if (refs(m, c) || !c->linked || c->idle + c->retention != op->expires)
			return -ESTALE;
		c->used = false;
		return 0;
	}
	s = section_of(c, op->name[0]);
	if (!s)
		return -ENOENT;
	if (s->expires != op->expires)
		return -ESTALE;
	s->used = false;
	return 0;
}

static int model_apply(struct model *m, u32 node, const struct pfsnl_ckptmsg *op)
{
	struct mhandle *h;
	struct mckpt *c;

	switch (op->kind) {
	case PFSNL_CKPTMSG_OPEN:
		return model_open(m, node, op);
	case PFSNL_CKPTMSG_UNLINK:
		c = named(m, op->name[0]);
		if (!c)
			return -ENOENT;
		c->linked = false;
		let_go(m, c, op->time);
		return 0;
	case PFSNL_CKPTMSG_EXPIRE:
		return model_expire(m, op);
	case PFSNL_CKPTMSG_GONE:
		model_gone(m, op->addr - DEPOT_ADDR(0), NULL, op->time);
		return 0;
	case PFSNL_CKPTMSG_PROCESS_GONE:
		model_gone(m, node, &op->process, op->time);
		return 0;
	}
	h = handle_of(m, node, op->process, op->handle);
	if (!h)
		return -EBADF;
	if (op->kind == PFSNL_CKPTMSG_CLOSE) {
		h->used = false;
		let_go(m, h->ckpt, op->time);
		return 0;
	}
	if (op->kind == PFSNL_CKPTMSG_RETENTION) {
		h->ckpt->retention = op->attr.retention;
		return 0;
	}
	return model_section(m, h, op);
}

static void compare_ckpt(const struct model *m, const struct mckpt *c,
			 const struct depot *d)
{
	const struct pfsnl_ckpt *real = pfsnl_ckpts_find(d->store, &c->number);
	static u8 there[LONGEST + 1];
	struct pfsnl_section *s;
	u32 i, n = 0;

	assert_non_null(real);
	assert_int_equal(real->refs, refs(m, c));
	assert_int_equal(!(real->flags & PFSNL_CKPT_UNLINKED), c->linked);
	assert_int_equal(real->bytes, bytes_of(c));
	for (i = 0; i < SECTIONS; i++) {
		if (!c->sections[i].used)
			continue;
		n++;
		s = pfsnl_section_find(real, &c->sections[i].id, 1);
		assert_non_null(s);
		assert_int_equal(s->expires, c->sections[i].expires);
		assert_int_equal(pfsnl_section_read(s, 0, there, sizeof(there)),
				 c->sections[i].len);
		assert_memory_equal(there, c->sections[i].data, c->sections[i].len);
	}
	assert_int_equal(real->n_sections, n);
}

/* When something expires first, by looking at everything. */
static u64 first_due(const struct model *m)
{
	u64 when = PFSNL_NEVER;
	u32 i, k;

	for (i = 0; i < CKPTS; i++) {
		const struct mckpt *c = &m->ckpts[i];

		if (!c->used)
			continue;
		if (c->linked && !refs(m, c))
			when = min(when, c->idle + c->retention);
		for (k = 0; k < SECTIONS; k++)
			if (c->sections[k].used)
				when = min(when, c->sections[k].expires);
	}
	return when;
}

static void compare(const struct model *m)
{
	const struct depot *d = m->all.at[1];
	struct pfsnl_ckpt_expiry e = { .when = PFSNL_NEVER };
	u64 used = 0;
	u32 i, k;

	for (i = 0; i < CKPTS; i++) {
		if (!m->ckpts[i].used)
			continue;
		compare_ckpt(m, &m->ckpts[i], d);
		used += PFSNL_CKPT_COST + bytes_of(&m->ckpts[i]);
		for (k = 0; k < SECTIONS; k++)
			used += m->ckpts[i].sections[k].used ? PFSNL_SECTION_COST + 1 : 0;
	}
	for (i = 0; i < HANDLES; i++)
		used += m->handles[i].used ? PFSNL_HANDLE_COST : 0;
	assert_int_equal(pfsnl_ckpts_used(d->store), used);
	pfsnl_ckpts_due(d->store, &e);
	assert_int_equal(e.when, first_due(m));
}

/* Some vectors, mostly small, now and then along the borders of chunks. */
static u32 vectors(struct model *m, u8 *rest, u32 *n)
{
	static u8 bytes[PFSNL_CHUNK + 10];
	u8 *p = rest;
	u64 at = 0;
	u32 i;

	*n = 1 + below(m, 3);
	for (i = 0; i < *n; i++) {
		struct pfsnl_vec v = { .bytes = bytes, .len = 1 + below(m, 40) };

		if (below(m, 8) == 0)
			v.len = PFSNL_CHUNK - 10 + below(m, 20);
		at += below(m, 4) ? below(m, 100) :
		      (u64)PFSNL_CHUNK * (1 + below(m, 2)) - below(m, 50);
		v.offset = at;
		at += v.len;
		memset(bytes, 'a' + below(m, 26), v.len);
		p = pfsnl_vec_encode(p, &v);
	}
	return p - rest;
}

static void random_op(struct model *m)
{
	static u8 rest[4 * (PFSNL_CHUNK + 64)];
	struct pfsnl_ckptmsg op = {
		.process = below(m, 2),
		.handle = 1 + below(m, 4),
		.time = m->all.time,
	};
	u32 node = below(m, NODES), what = below(m, 40);
	struct pfsnl_ckpt_expiry e;
	u8 name = 'a' + below(m, 4);
	int err;

	op.name = &name;
	op.name_len = 1;
	op.rest = rest;
	op.kind = what < 8 ? PFSNL_CKPTMSG_OPEN :
		  what < 11 ? PFSNL_CKPTMSG_CLOSE :
		  what < 12 ? PFSNL_CKPTMSG_UNLINK :
		  what < 13 ? PFSNL_CKPTMSG_RETENTION :
		  what < 18 ? PFSNL_CKPTMSG_SECTION_CREATE :
		  what < 20 ? PFSNL_CKPTMSG_SECTION_DELETE :
		  what < 33 ? PFSNL_CKPTMSG_SECTION_WRITE :
		  what < 36 ? PFSNL_CKPTMSG_SECTION_OVERWRITE :
		  what < 37 ? PFSNL_CKPTMSG_SECTION_EXPIRATION :
		  what < 39 ? PFSNL_CKPTMSG_EXPIRE :
		  below(m, 6) ? PFSNL_CKPTMSG_PROCESS_GONE : PFSNL_CKPTMSG_GONE;
	switch (op.kind) {
	case PFSNL_CKPTMSG_OPEN:
		op.attr = attr;
		op.flags = 1 + below(m, 7);
		break;
	case PFSNL_CKPTMSG_RETENTION:
		op.attr.retention = below(m, 300);
		break;
	case PFSNL_CKPTMSG_SECTION_CREATE:
	case PFSNL_CKPTMSG_SECTION_OVERWRITE:
		op.len = below(m, 3) ? below(m, 100) : below(m, LONGEST + 10);
		memset(rest, 'A' + below(m, 26), op.len);
		break;
	case PFSNL_CKPTMSG_SECTION_WRITE:
		op.len = vectors(m, rest, &op.vectors);
		break;
	case PFSNL_CKPTMSG_EXPIRE:
		/* what is due, or something that is not */
		if (!pfsnl_ckpts_due(m->all.at[0]->store, &e))
			return;
		op.number = e.number;
		op.expires = e.when + (below(m, 4) ? 0 : 1);
		op.flags = e.section ? PFSNL_EXPIRE_SECTION : 0;
		if (e.section)
			name = e.section->id[0];
		op.time = max(op.time, op.expires);
		break;
	case PFSNL_CKPTMSG_GONE:
		op.addr = DEPOT_ADDR(node);
		op.incarnation = m->all.at[node]->from.incarnation;
		node = below(m, NODES);
		break;
	}
	if (op.kind == PFSNL_CKPTMSG_SECTION_CREATE ||
	    op.kind == PFSNL_CKPTMSG_SECTION_EXPIRATION)
		op.expires = below(m, 3) ? PFSNL_NEVER : op.time + below(m, 200);
	if (op.kind == PFSNL_CKPTMSG_CLOSE || op.kind == PFSNL_CKPTMSG_RETENTION ||
	    op.kind == PFSNL_CKPTMSG_GONE || op.kind == PFSNL_CKPTMSG_PROCESS_GONE ||
	    (op.kind == PFSNL_CKPTMSG_EXPIRE && !op.flags))
		op.name_len = 0;
	m->all.time = op.time + 1;
	err = model_apply(m, node, &op);
	assert_int_equal(depots_apply(&m->all, node, &op).err, err);
}

static void stores_hold_what_the_simplest_store_holds(void **state)
{
	struct model *m = malloc(sizeof(*m));
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		memset(m, 0, sizeof(*m));
		m->seed = seed;
		m->all = depots_new(NODES);
		for (i = 0; i < OPS; i++) {
			random_op(m);
			compare(m);
			if (i % 50 == 0) {
				assert_true(depots_same(&m->all));
				/* a ring changes nothing of it */
				assert_int_equal(depots_meet(&m->all), 0);
				compare(m);
			}
		}
		assert_true(depots_same(&m->all));
		depots_free(&m->all);
	}
	free(m);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(stores_hold_what_the_simplest_store_holds),
};

int main(void)
{
	return RUN_TESTS(tests);
}
