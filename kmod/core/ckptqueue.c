// SPDX-License-Identifier: GPL-2.0
/*
 * What was delivered to the checkpoint service, in its order. A copy of it is all the
 * memory that delivering needs, and is got before; what applying or recording it needs
 * is got afterwards, since what an operation needs depends on those before it, of which
 * many may be delivered at once. While something waits for memory no more is delivered.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "ckptround.h"
#include "state.h"

/**
 * pfsnl_ckptqueue_reserve - something is about to be delivered
 * @svc: the service
 * @ev: RESERVE
 *
 * Return: 0 or -ENOMEM.
 */
int pfsnl_ckptqueue_reserve(struct pfsnl_ckptsvc *svc, const struct pfsnl_sync_event *ev)
{
	struct pfsnl_ckpt_item *item;

	/* of a round that it is out of it needs nothing */
	if (!ev->said && svc->error)
		return 0;
	if (!pfsnl_ckptqueue_drain(svc))
		return -ENOMEM;
	item = svc->ops.store.alloc_raw(svc->ctx, sizeof(*item) + ev->len);
	if (!item)
		return -ENOMEM;
	memset(item, 0, sizeof(*item));
	item->place = ev->place;
	item->said = ev->said;
	item->whole = ev->whole;
	item->kept = ev->kept;
	item->len = ev->len;
	if (ev->len)
		memcpy(item->data, ev->data, ev->len);
	list_add_tail(&item->list, &svc->spares);
	return 0;
}

/**
 * pfsnl_ckptqueue_trim - what was reserved and not delivered will not be
 * @svc: the service
 */
void pfsnl_ckptqueue_trim(struct pfsnl_ckptsvc *svc)
{
	struct pfsnl_ckpt_item *item, *tmp;

	list_for_each_entry_safe(item, tmp, &svc->spares, list) {
		list_del(&item->list);
		pfsnl_ckptsvc_free(svc, item);
	}
}

/* The copy of what is delivered; those before it are for nobody. */
static struct pfsnl_ckpt_item *take_spare(struct pfsnl_ckptsvc *svc, u64 place)
{
	struct pfsnl_ckpt_item *item, *tmp;

	list_for_each_entry_safe(item, tmp, &svc->spares, list) {
		if (item->place > place)
			break;
		list_del(&item->list);
		if (item->place == place)
			return item;
		pfsnl_ckptsvc_free(svc, item);
	}
	return NULL;
}

/**
 * pfsnl_ckptqueue_add - something is delivered
 * @svc: the service
 * @ev: SAID or DATA, for which there was RESERVE
 */
void pfsnl_ckptqueue_add(struct pfsnl_ckptsvc *svc, const struct pfsnl_sync_event *ev)
{
	bool said = ev->kind == PFSNL_SYNC_SAID;
	struct pfsnl_ckpt_item *item;

	if (!said && !pfsnl_ckptround_expects(svc, ev))
		return;
	item = take_spare(svc, ev->place);
	if (WARN_ON(!item))
		return;
	item->from = (struct pfsnl_ckpt_from) {
		.addr = ev->sender,
		.incarnation = ev->incarnation,
		.n = ev->n,
	};
	item->own = said && ev->own;
	list_add_tail(&item->list, &svc->queue);
	svc->n_queued++;
	svc->bytes += item->len;
	/* whoever lacks memory needs an alarm */
	if (!pfsnl_ckptqueue_drain(svc))
		svc->ops.due(svc->ctx);
}

/* The name of the checkpoint that an operation is about, while there is one. */
static void note_name(struct pfsnl_ckptsvc *svc, const struct pfsnl_ckpt_from *from,
		      const struct pfsnl_ckptmsg *m)
{
	const struct pfsnl_handle_key key = {
		.addr = from->addr,
		.incarnation = from->incarnation,
		.process = m->process,
		.handle = m->handle,
	};
	const struct pfsnl_ckpt_handle *h;
	const struct pfsnl_ckpt *c = NULL;

	svc->name_len = 0;
	switch (m->kind) {
	case PFSNL_CKPTMSG_OPEN:
	case PFSNL_CKPTMSG_UNLINK:
		svc->name_len = m->name_len;
		memcpy(svc->name, m->name, m->name_len);
		return;
	case PFSNL_CKPTMSG_GONE:
	case PFSNL_CKPTMSG_PROCESS_GONE:
	case PFSNL_CKPTMSG_LIMITS:
		return;
	case PFSNL_CKPTMSG_EXPIRE:
		c = pfsnl_ckpts_find(svc->store, &m->number);
		break;
	default:
		h = pfsnl_ckpts_handle(svc->store, &key);
		c = h ? h->ckpt : NULL;
	}
	if (!c)
		return;
	svc->name_len = c->name_len;
	memcpy(svc->name, c->name, c->name_len);
}

/* Return: 0 or -ENOMEM. */
static int apply(struct pfsnl_ckptsvc *svc, const struct pfsnl_ckpt_item *item)
{
	struct pfsnl_ckpt_applied a = { .from = item->from, .own = item->own };
	struct pfsnl_ckpt_result result;
	struct pfsnl_ckptmsg m;
	int err;

	if (pfsnl_ckptmsg_decode(&m, item->data, item->len)) {
		pfsnl_count(svc->core, PFSNL_COUNT_SYNC_MALFORMED);
		if (item->own)
			pfsnl_ckptsvc_outcome(svc, item->from.n, -EBADMSG, NULL);
		return 0;
	}
	err = pfsnl_ckpts_reserve(svc->store, &item->from, &m);
	if (err)
		return err;
	note_name(svc, &item->from, &m);
	pfsnl_ckpts_apply(svc->store, &item->from, &m, &result);
	if (item->own)
		pfsnl_ckptsvc_outcome(svc, item->from.n, result.err, &result);
	a.m = &m;
	a.result = &result;
	a.name = svc->name;
	a.name_len = svc->name_len;
	svc->ops.applied(svc->ctx, &a);
	pfsnl_ckptsvc_changed(svc);
	return 0;
}

static void forget(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_item *item)
{
	list_del(&item->list);
	svc->n_queued--;
	svc->bytes -= item->len;
	pfsnl_ckptsvc_free(svc, item);
}

/**
 * pfsnl_ckptqueue_drain - apply and record what was delivered, as far as there is memory
 * @svc: the service
 *
 * Return: whether that was all.
 */
bool pfsnl_ckptqueue_drain(struct pfsnl_ckptsvc *svc)
{
	struct pfsnl_ckpt_item *item;
	int err;

	while (!list_empty(&svc->queue)) {
		item = list_first_entry(&svc->queue, struct pfsnl_ckpt_item, list);
		err = item->said ? apply(svc, item) :
				   pfsnl_ckptround_parcel(svc, item);
		if (err) {
			svc->short_of = true;
			return false;
		}
		forget(svc, item);
	}
	return true;
}

/**
 * pfsnl_ckptqueue_forget - what was delivered is not needed any more
 * @svc: the service
 * @said: operations neither
 */
void pfsnl_ckptqueue_forget(struct pfsnl_ckptsvc *svc, bool said)
{
	struct pfsnl_ckpt_item *item, *tmp;

	list_for_each_entry_safe(item, tmp, &svc->queue, list)
		if (said || !item->said)
			forget(svc, item);
}
