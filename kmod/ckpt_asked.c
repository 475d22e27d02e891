// SPDX-License-Identifier: GPL-2.0
/*
 * What openers of checkpoints ask for, and what came of it.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "ckpt_opener.h"
#include "instance.h"
#include "netlink.h"

/* what is kept of a request beside the operation */
#define ASKED_HEAD	1024

/* longest text of an answer, with its end */
#define TEXT_MAX	128

/* what the node thread gives the service in a row */
#define TAKE_MAX	64
#define TAKE_BYTES	0x100000

/* a socket that did not take an answer is tried again */
#define RETRY_MS	20

/* ---- life ---- */

/**
 * pfsnl_asked_new - a request that was not asked for yet
 * @m: the operation, but its end
 * @more: bytes of that, which the caller fills in at the end of its data
 * @flags: PFSNL_MSG_*
 *
 * Any process; may sleep for memory.
 *
 * Return: it, used once, or NULL.
 */
struct pfsnl_asked *pfsnl_asked_new(const struct pfsnl_ckptmsg *m, u32 more, u16 flags)
{
	struct pfsnl_asked *a = kzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);
	u32 len = pfsnl_ckptmsg_size(m) + more;

	if (!a)
		return NULL;
	a->r.data = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!a->r.data) {
		kfree(a);
		return NULL;
	}
	pfsnl_ckptmsg_encode(m, a->r.data);
	a->r.len = len;
	a->r.kind = m->kind;
	a->r.flags = flags;
	a->r.process = m->process;
	a->r.handle = m->handle;
	INIT_LIST_HEAD(&a->r.list);
	INIT_LIST_HEAD(&a->of);
	refcount_set(&a->refs, 1);
	return a;
}

/**
 * pfsnl_asked_put - the end of a use
 * @a: the request
 *
 * Any process; may sleep.
 */
void pfsnl_asked_put(struct pfsnl_asked *a)
{
	if (!refcount_dec_and_test(&a->refs))
		return;
	if (a->opener)
		pfsnl_opener_put(a->opener);
	kfree_skb(a->answer);
	kvfree(a->r.data);
	kfree(a->waiter);
	kfree(a);
}

/**
 * pfsnl_asked_answerable - a socket is to be told what comes of it
 * @a: the request
 * @cookie: the socket's number of it
 *
 * Any process; may sleep for memory.
 *
 * Return: 0 or -ENOMEM.
 */
int pfsnl_asked_answerable(struct pfsnl_asked *a, u64 cookie)
{
	size_t len = nla_total_size_64bit(sizeof(cookie)) +
		     2 * nla_total_size(sizeof(u32)) + nla_total_size(TEXT_MAX) +
		     nla_total_size(PFSNL_CKPT_NUMBER_LEN) + nla_total_size(0);

	if (a->r.kind == PFSNL_CKPTMSG_SECTION_CREATE)
		len += nla_total_size(PFSNL_SECTION_ID_MAX);
	a->cookie = cookie;
	/* so that it can be sent once more without memory */
	a->answer = alloc_skb_fclone(nlmsg_total_size(genlmsg_total_size(len)),
				     GFP_KERNEL_ACCOUNT);
	return a->answer ? 0 : -ENOMEM;
}

/* ---- asking ---- */

/* What it counts for, if there is room; the lock of @io is held. */
static int charge_locked(struct pfsnl_opener *o, struct pfsnl_asked *a)
{
	struct pfsnl_ckpt_io *io = o->io;
	u32 charge = ASKED_HEAD + a->r.len;

	if (o->gone)
		return -ENOTCONN;
	if (o->n >= PFSNL_ASKED_MAX || o->bytes + charge > PFSNL_ASKED_BYTES)
		return -EAGAIN;
	if (io->n >= PFSNL_ASKED_ALL_MAX ||
	    io->bytes + charge > PFSNL_ASKED_ALL_BYTES)
		return -ENOBUFS;
	a->charge = charge;
	o->n++;
	o->bytes += charge;
	io->n++;
	io->bytes += charge;
	return 0;
}

/* It counts no more; any process that keeps the instance. */
static void uncharge(struct pfsnl_opener *o, struct pfsnl_asked *a)
{
	struct pfsnl_ckpt_io *io = o->io;

	if (!a->charge)
		return;
	spin_lock(&io->lock);
	o->n--;
	o->bytes -= a->charge;
	io->n--;
	io->bytes -= a->charge;
	spin_unlock(&io->lock);
	a->charge = 0;
}

/**
 * pfsnl_ask_admit - make sure that something may be asked for
 * @o: who
 * @a: what
 * @extack: says what went wrong
 *
 * Any process that keeps the instance.
 *
 * Return: 0, and then pfsnl_ask_go() or pfsnl_ask_withdraw() follows; -EMSGSIZE;
 * -EAGAIN when too much is under way; -ENOTCONN when @o is gone.
 */
int pfsnl_ask_admit(struct pfsnl_opener *o, struct pfsnl_asked *a,
		    struct netlink_ext_ack *extack)
{
	struct pfsnl_ckpt_io *io = o->io;
	int err;

	if (a->r.len > io->longest) {
		NL_SET_ERR_MSG(extack, "longer than a message may be: a quarter of retain");
		return -EMSGSIZE;
	}
	spin_lock(&io->lock);
	err = charge_locked(o, a);
	spin_unlock(&io->lock);
	switch (err) {
	case 0:
		return 0;
	case -EAGAIN:
		NL_SET_ERR_MSG(extack, "128 requests or 4 MiB are under way: await an answer");
		break;
	case -ENOBUFS:
		NL_SET_ERR_MSG(extack, "too much is under way of all sockets: try again");
		err = -EAGAIN;
		break;
	default:
		NL_SET_ERR_MSG(extack, "this socket is being closed");
	}
	atomic64_inc(&io->busy);
	return err;
}

/**
 * pfsnl_ask_withdraw - it is not asked for after all
 * @o: who
 * @a: what; admitted
 *
 * Any process that keeps the instance.
 */
void pfsnl_ask_withdraw(struct pfsnl_opener *o, struct pfsnl_asked *a)
{
	uncharge(o, a);
}

/**
 * pfsnl_ask_go - ask for an operation
 * @o: who
 * @a: what; admitted, and the room's from now on. Who waits for it keeps a use
 *
 * Any process that keeps the instance; waits for nothing. What comes of it will be
 * told.
 */
void pfsnl_ask_go(struct pfsnl_opener *o, struct pfsnl_asked *a)
{
	struct pfsnl_ckpt_io *io = o->io;
	bool first;

	refcount_inc(&o->refs);
	a->opener = o;
	spin_lock(&io->lock);
	first = list_empty(&io->asked);
	list_add_tail(&a->r.list, &io->asked);
	spin_unlock(&io->lock);
	/* whoever made it not empty did that */
	if (first)
		kthread_queue_work(io->inst->worker, &io->work);
}

/* ---- what came of it ---- */

static const char *text_enoent(u8 kind)
{
	return kind == PFSNL_CKPTMSG_OPEN || kind == PFSNL_CKPTMSG_UNLINK ?
	       "there is no checkpoint of this name" :
	       "the checkpoint has no such section";
}

static const char *text_eexist(u8 kind)
{
	return kind == PFSNL_CKPTMSG_OPEN ?
	       "it exists, and was created with other attributes" :
	       "the checkpoint has such a section already";
}

static const char *text_enospc(u8 kind)
{
	return kind == PFSNL_CKPTMSG_SECTION_CREATE ?
	       "the checkpoint has as many sections as it may, or would hold more than it may" :
	       "the checkpoint would hold more than it may";
}

/* Why, for people. Below TEXT_MAX bytes each. */
static const char *text_of(u8 kind, int err)
{
	switch (err) {
	case -EAGAIN:
		return "this node does not take part in checkpoints for now: try again";
	case -EBADF:
		return "this handle is not open: opening it failed, or it was closed before";
	case -EBUSY:
		return "this handle is open already";
	case -EACCES:
		return "the checkpoint was not opened for writing";
	case -EMFILE:
		return "this node has 65536 handles, more it may not have";
	case -ENOENT:
		return text_enoent(kind);
	case -EEXIST:
		return text_eexist(kind);
	case -EINVAL:
		return "a checkpoint can't have such attributes";
	case -ENAMETOOLONG:
		return "the id is longer than the checkpoint allows";
	case -EFBIG:
		return "the section would be longer than the checkpoint allows";
	case -ENOSPC:
		return text_enospc(kind);
	case -ENOMEM:
		return "all checkpoints together would hold more than they may: see ckpt-limit";
	case -ESTALE:
		return "the handle was lost: others closed it while this node was away";
	case -ECONNABORTED:
		return "nobody knows: this node fell out of the ring before it was told";
	case -ESHUTDOWN:
	case -ENETDOWN:
		return "the instance is being taken down; nothing was done";
	case -EMSGSIZE:
		return "longer than a message may be: a quarter of retain";
	default:
		return NULL;
	}
}

static int put_result(struct sk_buff *skb, const struct pfsnl_asked *a,
		      const struct pfsnl_ckpt_result *result)
{
	u8 number[PFSNL_CKPT_NUMBER_LEN];

	if (result->number.incarnation || result->number.counter) {
		pfsnl_ckpt_number_encode(number, &result->number);
		if (nla_put(skb, PFSNL_A_CKPT_NUMBER, sizeof(number), number))
			return -EMSGSIZE;
	}
	if (result->created && nla_put_flag(skb, PFSNL_A_CKPT_CREATED))
		return -EMSGSIZE;
	if (a->r.kind == PFSNL_CKPTMSG_SECTION_CREATE && !result->err &&
	    nla_put(skb, PFSNL_A_CKPT_SECTION, result->id_len, result->id))
		return -EMSGSIZE;
	return 0;
}

/* There is room for all of it, see pfsnl_asked_answerable(). */
static int fill(struct pfsnl_asked *a, int err, const struct pfsnl_ckpt_result *result)
{
	const char *text = err ? text_of(a->r.kind, err) : NULL;
	struct sk_buff *skb = a->answer;
	void *head;

	head = genlmsg_put(skb, 0, 0, &pfsnl_netlink_family, 0,
			   PFSNL_CMD_CKPT_DONE_NTF);
	if (!head)
		return -EMSGSIZE;
	if ((a->cookie && nla_put_u64_64bit(skb, PFSNL_A_CKPT_COOKIE, a->cookie,
					    PFSNL_A_CKPT_PAD)) ||
	    (a->r.handle && nla_put_u32(skb, PFSNL_A_CKPT_HANDLE, a->r.handle)) ||
	    nla_put_s32(skb, PFSNL_A_CKPT_ERROR, err) ||
	    (text && nla_put_string(skb, PFSNL_A_CKPT_TEXT, text)) ||
	    (result && put_result(skb, a, result)))
		return -EMSGSIZE;
	genlmsg_end(skb, head);
	return 0;
}

/* Return: whether the socket took it, or will take nothing any more. */
static bool post(struct pfsnl_opener *o, struct pfsnl_asked *a)
{
	struct sk_buff *skb = skb_clone(a->answer, GFP_KERNEL);

	return skb && genlmsg_unicast(o->io->inst->net, skb, o->portid) != -EAGAIN;
}

/* It was told, or there is nobody to tell. */
static void finish(struct pfsnl_opener *o, struct pfsnl_asked *a)
{
	uncharge(o, a);
	pfsnl_asked_put(a);
}

/* Tell a socket; as soon as it reads, if its buffer is full. */
static void tell(struct pfsnl_opener *o, struct pfsnl_asked *a)
{
	struct pfsnl_ckpt_io *io = o->io;

	if (READ_ONCE(o->gone) || (list_empty(&o->answers) && post(o, a))) {
		finish(o, a);
		return;
	}
	list_add_tail(&a->of, &o->answers);
	if (list_empty(&o->deaf)) {
		refcount_inc(&o->refs);
		list_add_tail(&o->deaf, &io->deaf);
	}
	kthread_queue_delayed_work(io->inst->worker, &io->retry,
				   msecs_to_jiffies(RETRY_MS));
}

/**
 * pfsnl_asked_forget - what a socket did not take it won't
 * @o: the socket, which is gone, or its instance
 *
 * Node thread or who ends it.
 */
void pfsnl_asked_forget(struct pfsnl_opener *o)
{
	struct pfsnl_asked *a, *tmp;

	list_for_each_entry_safe(a, tmp, &o->answers, of) {
		list_del_init(&a->of);
		finish(o, a);
	}
	if (!list_empty(&o->deaf)) {
		list_del_init(&o->deaf);
		pfsnl_opener_put(o);
	}
}

/* Return: whether it took all of them. */
static bool tell_rest(struct pfsnl_opener *o)
{
	struct pfsnl_asked *a, *tmp;

	list_for_each_entry_safe(a, tmp, &o->answers, of) {
		if (!post(o, a))
			return false;
		list_del_init(&a->of);
		finish(o, a);
	}
	return true;
}

/**
 * pfsnl_asked_retry - sockets that did not take an answer may do so now
 * @work: of the room
 *
 * Node thread.
 */
void pfsnl_asked_retry(struct kthread_work *work)
{
	struct pfsnl_ckpt_io *io = container_of(work, struct pfsnl_ckpt_io, retry.work);
	struct pfsnl_opener *o, *tmp;

	list_for_each_entry_safe(o, tmp, &io->deaf, deaf)
		if (READ_ONCE(o->gone) || tell_rest(o))
			pfsnl_asked_forget(o);
	if (!list_empty(&io->deaf))
		kthread_queue_delayed_work(io->inst->worker, &io->retry,
					   msecs_to_jiffies(RETRY_MS));
}

/* What the outcome means for the handle. Return: the error, as the opener sees it. */
static int settle_handle(struct pfsnl_opener *o, const struct pfsnl_ckpt_request *r,
			 int err)
{
	/*
	 * Who knows it had it open: it was lost, also if pfsnl_openers_scan() finds that
	 * only after what waited for the ring was answered.
	 */
	if (err == -EBADF &&
	    pfsnl_handle_state(o, r->handle, NULL) != PFSNL_HANDLE_NONE)
		err = -ESTALE;
	/* this node does not take part for now, or it ends */
	if (err == -ESHUTDOWN && o->io->error)
		err = r->kind == PFSNL_CKPTMSG_CLOSE ? -ECONNABORTED : -EAGAIN;
	if (r->kind == PFSNL_CKPTMSG_OPEN && !err)
		pfsnl_handle_move(o, r->handle, PFSNL_HANDLE_OPENING,
				  PFSNL_HANDLE_OPEN);
	/* if nobody knows, the service closes what it finds open after the next ring */
	else if (r->kind == PFSNL_CKPTMSG_OPEN || r->kind == PFSNL_CKPTMSG_CLOSE)
		pfsnl_handle_forget(o, r->handle);
	return err;
}

static void count(struct pfsnl_ckpt_io *io, int err)
{
	switch (err) {
	case 0:
	case -ESHUTDOWN:
	case -ENETDOWN:
	case -ENOTCONN:
		break;
	case -ECONNABORTED:
		io->counts.unknown++;
		break;
	default:
		io->counts.refused++;
	}
}

static void outcome(struct pfsnl_ckpt_io *io, struct pfsnl_asked *a, int err,
		    const struct pfsnl_ckpt_result *result)
{
	struct pfsnl_opener *o = a->opener;

	err = settle_handle(o, &a->r, err);
	count(io, err);
	if (a->waiter) {
		a->waiter->err = err;
		if (result)
			a->waiter->result = *result;
		complete(&a->waiter->done);
	}
	if (a->answer && !WARN_ON_ONCE(fill(a, err, result)))
		tell(o, a);
	else
		finish(o, a);
}

/**
 * pfsnl_asked_answer - the service is done with a request
 * @io: the room
 * @r: the request
 * @err: 0 or -errno
 * @result: what it came to, if it was applied
 *
 * Node thread, under the instance lock. Needs no memory.
 */
void pfsnl_asked_answer(struct pfsnl_ckpt_io *io, struct pfsnl_ckpt_request *r, int err,
			const struct pfsnl_ckpt_result *result)
{
	struct pfsnl_asked *a = container_of(r, struct pfsnl_asked, r);

	list_del_init(&a->of);
	outcome(io, a, result ? result->err : err, result);
}

/**
 * pfsnl_asked_tell_lost - a handle is lost
 * @o: whose
 * @handle: its number
 *
 * Node thread; may sleep for memory. If there is none, the next request with this
 * handle tells.
 */
void pfsnl_asked_tell_lost(struct pfsnl_opener *o, u32 handle)
{
	/* no operation, but told like one */
	const struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_CLOSE,
		.process = o->number,
		.handle = handle,
	};
	struct pfsnl_asked *a;

	if (!o->sk || READ_ONCE(o->gone))
		return;
	a = pfsnl_asked_new(&m, 0, 0);
	if (!a || pfsnl_asked_answerable(a, 0) || fill(a, -ESTALE, NULL)) {
		o->io->inst->event_failed++;
		if (a)
			pfsnl_asked_put(a);
		return;
	}
	tell(o, a);
}

/* ---- what waits ---- */

/* Of an opener that is gone: what was not said yet is not said. */
static void cancel(struct pfsnl_ckpt_io *io, struct pfsnl_opener *o)
{
	struct pfsnl_asked *a, *tmp;

	list_for_each_entry_safe(a, tmp, &o->submitted, of) {
		if (!pfsnl_ckptsvc_cancel(io->svc, &a->r))
			continue;
		list_del_init(&a->of);
		if (a->r.kind == PFSNL_CKPTMSG_OPEN)
			pfsnl_handle_forget(o, a->r.handle);
		outcome(io, a, -ENOTCONN, NULL);
	}
}

static void submit(struct pfsnl_ckpt_io *io, struct pfsnl_asked *a)
{
	list_add_tail(&a->of, &a->opener->submitted);
	pfsnl_ckptsvc_submit(io->svc, &a->r);
	io->due = true;
}

/* An opener is gone. It is forgotten here, and said if there is anything to close. */
static void farewell(struct pfsnl_ckpt_io *io, struct pfsnl_asked *a)
{
	struct pfsnl_opener *o = a->opener;

	cancel(io, o);
	pfsnl_asked_forget(o);
	pfsnl_opener_unknow(o);
	if (xa_empty(&o->handles))
		finish(o, a);
	else
		submit(io, a);
}

static void take(struct pfsnl_ckpt_io *io, struct pfsnl_asked *a)
{
	if (a->r.kind == PFSNL_CKPTMSG_PROCESS_GONE) {
		farewell(io, a);
	} else if (READ_ONCE(a->opener->gone)) {
		if (a->r.kind == PFSNL_CKPTMSG_OPEN)
			pfsnl_handle_forget(a->opener, a->r.handle);
		outcome(io, a, -ENOTCONN, NULL);
	} else {
		submit(io, a);
	}
}

/* Return: what was asked for first, in no list, or NULL. */
static struct pfsnl_asked *next(struct pfsnl_ckpt_io *io)
{
	struct pfsnl_asked *a;

	spin_lock(&io->lock);
	a = list_first_entry_or_null(&io->asked, struct pfsnl_asked, r.list);
	if (a)
		list_del_init(&a->r.list);
	spin_unlock(&io->lock);
	return a;
}

/**
 * pfsnl_asked_work - the service is given what was asked for
 * @work: of the room
 *
 * Node thread.
 */
void pfsnl_asked_work(struct kthread_work *work)
{
	struct pfsnl_ckpt_io *io = container_of(work, struct pfsnl_ckpt_io, work);
	struct pfsnl_asked *a = NULL;
	u32 n = 0, bytes = 0;
	u64 now;

	pfsnl_instance_enter(io->inst, &now);
	while (io->svc && n < TAKE_MAX && bytes < TAKE_BYTES && (a = next(io))) {
		n++;
		bytes += a->r.len;
		take(io, a);
	}
	pfsnl_instance_leave(io->inst);
	if (a)
		kthread_queue_work(io->inst->worker, &io->work);
}

/**
 * pfsnl_asked_drop - what was asked for too late is not done
 * @io: the room; the service has ended, no request comes any more
 *
 * Node thread or who ends it.
 */
void pfsnl_asked_drop(struct pfsnl_ckpt_io *io)
{
	struct pfsnl_asked *a;

	while ((a = next(io)))
		outcome(io, a, -ENETDOWN, NULL);
}
