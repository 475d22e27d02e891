// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints by number and by name, their sections by id, and what expires by time.
 * It decides nothing.
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include "store.h"

/* What differs in length differs; no byte is ignored. */
static int bytes_cmp(const void *a, u32 a_len, const void *b, u32 b_len)
{
	u32 n = min(a_len, b_len);
	int order = n ? memcmp(a, b, n) : 0;

	if (order)
		return order;
	return a_len < b_len ? -1 : a_len > b_len;
}

static int u64_cmp(u64 a, u64 b)
{
	return a < b ? -1 : a > b;
}

/**
 * pfsnl_ckpt_number_cmp - order of numbers
 * @a: the one
 * @b: the other
 *
 * Return: below, equal to or above 0.
 */
int pfsnl_ckpt_number_cmp(const struct pfsnl_ckpt_number *a,
			  const struct pfsnl_ckpt_number *b)
{
	int order = u64_cmp(a->creator, b->creator);

	if (!order)
		order = u64_cmp(a->incarnation, b->incarnation);
	return order ? order : u64_cmp(a->counter, b->counter);
}

#define to_ckpt(p)	rb_entry(p, struct pfsnl_ckpt, by_number)
#define to_named(p)	rb_entry(p, struct pfsnl_ckpt, by_name)
#define to_section(p)	rb_entry(p, struct pfsnl_section, by_id)
#define to_due(p)	rb_entry(p, struct pfsnl_due, by_time)
#define to_due_ckpt(d)	container_of(d, struct pfsnl_ckpt, due)
#define to_due_section(d) container_of(d, struct pfsnl_section, due)

/**
 * pfsnl_set_find - a checkpoint by its number
 * @set: where
 * @number: which
 */
struct pfsnl_ckpt *pfsnl_set_find(const struct pfsnl_ckpt_set *set,
				  const struct pfsnl_ckpt_number *number)
{
	struct rb_node *p = set->by_number.rb_node;

	while (p) {
		int order = pfsnl_ckpt_number_cmp(number, &to_ckpt(p)->number);

		if (!order)
			return to_ckpt(p);
		p = order < 0 ? p->rb_left : p->rb_right;
	}
	return NULL;
}

/**
 * pfsnl_set_after - the next checkpoint
 * @set: where
 * @number: its number is above this, which need not exist
 */
struct pfsnl_ckpt *pfsnl_set_after(const struct pfsnl_ckpt_set *set,
				   const struct pfsnl_ckpt_number *number)
{
	struct rb_node *p = set->by_number.rb_node;
	struct pfsnl_ckpt *best = NULL;

	while (p) {
		if (pfsnl_ckpt_number_cmp(number, &to_ckpt(p)->number) < 0) {
			best = to_ckpt(p);
			p = p->rb_left;
		} else {
			p = p->rb_right;
		}
	}
	return best;
}

/**
 * pfsnl_set_first - the first checkpoint
 * @set: where
 */
struct pfsnl_ckpt *pfsnl_set_first(const struct pfsnl_ckpt_set *set)
{
	struct rb_node *p = rb_first(&set->by_number);

	return p ? to_ckpt(p) : NULL;
}

/**
 * pfsnl_set_insert - put a checkpoint among the others
 * @set: where
 * @c: which
 *
 * Return: NULL, or the one that has this number already, and then @c is not put in.
 */
struct pfsnl_ckpt *pfsnl_set_insert(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt *c)
{
	struct rb_node **link = &set->by_number.rb_node, *parent = NULL;

	while (*link) {
		int order = pfsnl_ckpt_number_cmp(&c->number, &to_ckpt(*link)->number);

		if (!order)
			return to_ckpt(*link);
		parent = *link;
		link = order < 0 ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&c->by_number, parent, link);
	rb_insert_color(&c->by_number, &set->by_number);
	return NULL;
}

/**
 * pfsnl_set_named - a checkpoint by its name
 * @set: where
 * @name: its name
 * @len: bytes of that
 */
struct pfsnl_ckpt *pfsnl_set_named(const struct pfsnl_ckpt_set *set, const void *name,
				   u32 len)
{
	struct rb_node *p = set->by_name.rb_node;

	while (p) {
		struct pfsnl_ckpt *c = to_named(p);
		int order = bytes_cmp(name, len, c->name, c->name_len);

		if (!order)
			return c;
		p = order < 0 ? p->rb_left : p->rb_right;
	}
	return NULL;
}

/**
 * pfsnl_set_name - put a checkpoint among those that have a name
 * @set: where
 * @c: which
 *
 * Return: NULL, or the one that has this name already, and then @c is not put in.
 */
struct pfsnl_ckpt *pfsnl_set_name(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt *c)
{
	struct rb_node **link = &set->by_name.rb_node, *parent = NULL;

	while (*link) {
		struct pfsnl_ckpt *other = to_named(*link);
		int order = bytes_cmp(c->name, c->name_len, other->name,
				      other->name_len);

		if (!order)
			return other;
		parent = *link;
		link = order < 0 ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&c->by_name, parent, link);
	rb_insert_color(&c->by_name, &set->by_name);
	return NULL;
}

/**
 * pfsnl_set_unname - take its name from a checkpoint
 * @set: where it is among those that have one
 * @c: which
 */
void pfsnl_set_unname(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt *c)
{
	rb_erase(&c->by_name, &set->by_name);
}

/**
 * pfsnl_ckpt_init - a checkpoint that has nothing
 * @c: zeroed
 */
void pfsnl_ckpt_init(struct pfsnl_ckpt *c)
{
	c->sections = RB_ROOT;
	INIT_LIST_HEAD(&c->handles);
	c->idle = PFSNL_NEVER;
	c->due.when = PFSNL_NEVER;
}

/**
 * pfsnl_ckpt_expires - when a checkpoint expires
 * @c: which
 *
 * What lost a conflict is kept until somebody unlinks it, whatever its retention.
 *
 * Return: nanoseconds; PFSNL_NEVER if it doesn't, as it is now.
 */
u64 pfsnl_ckpt_expires(const struct pfsnl_ckpt *c)
{
	if (c->refs || (c->flags & (PFSNL_CKPT_UNLINKED | PFSNL_CKPT_CONFLICT)) ||
	    c->attr.retention >= PFSNL_NEVER - c->idle)
		return PFSNL_NEVER;
	return c->idle + c->attr.retention;
}

/* Of what expires at the same time checkpoints come first, then it goes by number and id. */
static int due_cmp(const struct pfsnl_due *a, const struct pfsnl_due *b)
{
	const struct pfsnl_section *s, *t;
	int order = u64_cmp(a->when, b->when);

	if (order || a->section != b->section)
		return order ? order : a->section - b->section;
	if (!a->section)
		return pfsnl_ckpt_number_cmp(&to_due_ckpt(a)->number,
					     &to_due_ckpt(b)->number);
	s = to_due_section(a);
	t = to_due_section(b);
	order = pfsnl_ckpt_number_cmp(&s->ckpt->number, &t->ckpt->number);
	return order ? order : bytes_cmp(s->id, s->id_len, t->id, t->id_len);
}

/**
 * pfsnl_due_set - something expires at another time
 * @set: where it is
 * @due: what
 * @when: nanoseconds; PFSNL_NEVER: it doesn't
 */
void pfsnl_due_set(struct pfsnl_ckpt_set *set, struct pfsnl_due *due, u64 when)
{
	struct rb_node **link = &set->due.rb_node, *parent = NULL;

	if (due->when != PFSNL_NEVER)
		rb_erase(&due->by_time, &set->due);
	due->when = when;
	if (when == PFSNL_NEVER)
		return;
	while (*link) {
		parent = *link;
		link = due_cmp(due, to_due(parent)) < 0 ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&due->by_time, parent, link);
	rb_insert_color(&due->by_time, &set->due);
}

/* Whether it is behind a section of a checkpoint, or that it would be there. */
static bool due_behind(const struct pfsnl_due *due, const struct pfsnl_ckpt *c, u64 when,
		       const void *id, u32 len)
{
	const struct pfsnl_section *s = to_due_section(due);
	int order = u64_cmp(due->when, when);

	if (order)
		return order > 0;
	if (!due->section)
		return false;
	order = pfsnl_ckpt_number_cmp(&s->ckpt->number, &c->number);
	if (order)
		return order > 0;
	return !id || bytes_cmp(s->id, s->id_len, id, len) > 0;
}

/**
 * pfsnl_section_due_after - the next section of a checkpoint by when they expire
 * @store: the store
 * @c: the checkpoint, in the regular store
 * @when: it expires at this time and its id is behind @id, or later
 * @id: an id, which need not exist; NULL: before all
 * @len: bytes of that
 *
 * Return: the section, or NULL; those that don't expire are left out.
 */
struct pfsnl_section *pfsnl_section_due_after(const struct pfsnl_ckpts *store,
					      const struct pfsnl_ckpt *c, u64 when,
					      const void *id, u32 len)
{
	struct rb_node *p = store->set->due.rb_node, *best = NULL;

	while (p) {
		if (due_behind(to_due(p), c, when, id, len)) {
			best = p;
			p = p->rb_left;
		} else {
			p = p->rb_right;
		}
	}
	while (best && (!to_due(best)->section ||
			to_due_section(to_due(best))->ckpt != c))
		best = rb_next(best);
	return best ? to_due_section(to_due(best)) : NULL;
}

/**
 * pfsnl_ckpt_due - what a checkpoint expires by has changed
 * @set: where it is
 * @c: which
 */
void pfsnl_ckpt_due(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt *c)
{
	pfsnl_due_set(set, &c->due, pfsnl_ckpt_expires(c));
}

/**
 * pfsnl_section_cost - what a section counts against the bound
 * @s: which
 */
u64 pfsnl_section_cost(const struct pfsnl_section *s)
{
	return PFSNL_SECTION_COST + s->id_len + s->len;
}

/**
 * pfsnl_ckpt_cost - what a checkpoint and its sections count against the bound
 * @c: which
 */
u64 pfsnl_ckpt_cost(const struct pfsnl_ckpt *c)
{
	return PFSNL_CKPT_COST + (u64)c->n_sections * PFSNL_SECTION_COST + c->id_bytes +
	       c->bytes;
}

/**
 * pfsnl_ckpt_free - free a checkpoint and its sections
 * @mem: whose
 * @c: in no tree
 */
void pfsnl_ckpt_free(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt *c)
{
	struct pfsnl_section *s;

	while ((s = pfsnl_section_first(c)))
		pfsnl_section_remove(mem, c, s);
	pfsnl_mem_free(mem, c);
}

/**
 * pfsnl_section_size - bytes that a section takes, its data apart
 * @id_len: bytes of its id
 */
size_t pfsnl_section_size(u32 id_len)
{
	return sizeof(struct pfsnl_section) + id_len;
}

/**
 * pfsnl_section_init - a section that holds nothing
 * @s: zeroed, pfsnl_section_size()
 * @id: its id
 * @len: bytes of that
 */
void pfsnl_section_init(struct pfsnl_section *s, const void *id, u32 len)
{
	s->id_len = len;
	if (len)
		memcpy(s->id, id, len);
	s->expires = PFSNL_NEVER;
	s->due.when = PFSNL_NEVER;
	s->due.section = true;
}

/**
 * pfsnl_section_insert - put a section into a checkpoint
 * @c: the checkpoint
 * @s: the section; its id is not there yet
 */
void pfsnl_section_insert(struct pfsnl_ckpt *c, struct pfsnl_section *s)
{
	struct rb_node **link = &c->sections.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = bytes_cmp(s->id, s->id_len, to_section(parent)->id,
				 to_section(parent)->id_len) < 0 ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&s->by_id, parent, link);
	rb_insert_color(&s->by_id, &c->sections);
	s->ckpt = c;
	c->n_sections++;
	c->bytes += s->len;
	c->id_bytes += s->id_len;
}

/**
 * pfsnl_section_remove - take a section out of a checkpoint, and free it
 * @mem: whose
 * @c: the checkpoint
 * @s: the section; it is not among what expires
 */
void pfsnl_section_remove(const struct pfsnl_ckpt_mem *mem, struct pfsnl_ckpt *c,
			  struct pfsnl_section *s)
{
	rb_erase(&s->by_id, &c->sections);
	c->n_sections--;
	c->bytes -= s->len;
	c->id_bytes -= s->id_len;
	pfsnl_data_put(mem, s->data);
	pfsnl_mem_free(mem, s);
}

/**
 * pfsnl_section_find - a section by its id
 * @c: the checkpoint
 * @id: its id
 * @len: bytes of that
 */
struct pfsnl_section *pfsnl_section_find(const struct pfsnl_ckpt *c, const void *id,
					 u32 len)
{
	struct rb_node *p = c->sections.rb_node;

	while (p) {
		struct pfsnl_section *s = to_section(p);
		int order = bytes_cmp(id, len, s->id, s->id_len);

		if (!order)
			return s;
		p = order < 0 ? p->rb_left : p->rb_right;
	}
	return NULL;
}

/**
 * pfsnl_section_after - the next section
 * @c: the checkpoint
 * @id: its id is behind this, which need not exist; NULL: the first
 * @len: bytes of that
 */
struct pfsnl_section *pfsnl_section_after(const struct pfsnl_ckpt *c, const void *id,
					  u32 len)
{
	struct rb_node *p = c->sections.rb_node;
	struct pfsnl_section *best = NULL;

	if (!id)
		return pfsnl_section_first(c);
	while (p) {
		struct pfsnl_section *s = to_section(p);

		if (bytes_cmp(id, len, s->id, s->id_len) < 0) {
			best = s;
			p = p->rb_left;
		} else {
			p = p->rb_right;
		}
	}
	return best;
}

/**
 * pfsnl_section_first - the first section
 * @c: the checkpoint
 */
struct pfsnl_section *pfsnl_section_first(const struct pfsnl_ckpt *c)
{
	struct rb_node *p = rb_first(&c->sections);

	return p ? to_section(p) : NULL;
}

/**
 * pfsnl_section_next - the section after a section
 * @s: this one
 */
struct pfsnl_section *pfsnl_section_next(const struct pfsnl_section *s)
{
	struct rb_node *p = rb_next(&s->by_id);

	return p ? to_section(p) : NULL;
}
