// SPDX-License-Identifier: GPL-2.0
/* Changes of a checkpoint, many at once, by the asynchronous calls of libpfsnl. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "keeper.h"
#include "node.h"

/* where the node has no room for more, of whomever, it is tried so often */
#define RETRY_MS 1
/* submitted in a row before a look at what has come */
#define BURST 16

bool keeper_failed(struct keeper *k, const char *text)
{
	if (!*k->error)
		snprintf(k->error, sizeof(k->error), "n%d: %s", k->number,
			 text);
	return false;
}

bool keeper_open(struct keeper *k, int number,
		 const struct pfsnl_ckpt_attr *attr)
{
	char name[16];

	*k = (struct keeper){ .number = number };
	snprintf(name, sizeof(name), "n%d", number);
	if (pfsnl_open_netns(&k->handle, name) ||
	    pfsnl_ckpts_set_timeout(k->handle, KEEPER_MS) ||
	    pfsnl_ckpt_open(k->handle, KEPT,
			    PFSNL_CKPT_CREATE | PFSNL_CKPT_READ |
			    PFSNL_CKPT_WRITE, attr, &k->ckpt))
		return keeper_failed(k, pfsnl_errmsg());
	return true;
}

void keeper_close(struct keeper *k)
{
	if (k->ckpt)
		pfsnl_ckpt_close(k->ckpt, 0);
	pfsnl_close(k->handle);
	k->ckpt = NULL;
	k->handle = NULL;
}

/* ---- outcomes ------------------------------------------------------- */

static uint32_t bytes_of(const struct pfsnl_ckpt_op *op)
{
	uint32_t bytes = (uint32_t)op->len;
	size_t i;

	for (i = 0; i < op->count; i++)
		bytes += (uint32_t)op->vecs[i].len;
	return bytes;
}

/* What comes back with the outcome of a change. */
struct asked {
	struct keeper *keeper;
	uint32_t bytes;
	bool whole;
};

static void on_done(void *arg, struct pfsnl_ckpt *ckpt,
		    const struct pfsnl_ckpt_outcome *outcome)
{
	struct asked *asked = arg;
	struct keeper *k = asked->keeper;

	(void)ckpt;
	k->under_way--;
	k->bytes -= asked->bytes;
	k->done += asked->whole;
	if (outcome->error)
		keeper_failed(k, outcome->text);
	free(asked);
}

/* Is told what there is, after so long if there is nothing. */
static bool hear(struct keeper *k, int timeout_ms)
{
	struct pollfd fd = {
		.fd = pfsnl_ckpts_fd(k->handle),
		.events = POLLIN,
	};
	int told;

	if (fd.fd < 0)
		return keeper_failed(k, pfsnl_errmsg());
	if (timeout_ms && poll(&fd, 1, timeout_ms) < 0 && errno != EINTR)
		return keeper_failed(k, strerror(errno));
	told = pfsnl_ckpts_dispatch(k->handle, 0);
	if (told < 0)
		return keeper_failed(k, pfsnl_errmsg());
	if (told)
		k->last = now_ns();
	else if (timeout_ms == KEEPER_MS)
		return keeper_failed(k, "what is under way does not end");
	return !*k->error;
}

bool keeper_submit(struct keeper *k, const struct pfsnl_ckpt_op *op, bool whole)
{
	struct asked *asked;
	int err;

	while (k->under_way >= UNDER_WAY || k->bytes >= UNDER_WAY_BYTES)
		if (!hear(k, KEEPER_MS))
			return false;
	if (k->under_way % BURST == BURST - 1 && !hear(k, 0))
		return false;
	asked = malloc(sizeof(*asked));
	if (!asked)
		die("out of memory");
	*asked = (struct asked){
		.keeper = k,
		.bytes = bytes_of(op),
		.whole = whole,
	};
	while ((err = pfsnl_ckpt_submit(k->ckpt, op, on_done, asked)) ==
	       -EAGAIN)
		if (!hear(k, RETRY_MS))
			break;
	if (err) {
		free(asked);
		return keeper_failed(k, pfsnl_errmsg());
	}
	k->under_way++;
	k->bytes += asked->bytes;
	return true;
}

bool keeper_finish(struct keeper *k)
{
	while (k->under_way)
		if (!hear(k, KEEPER_MS))
			return false;
	return !*k->error;
}

/* ---- what there is -------------------------------------------------- */

bool kept_digest(struct pfsnl *handle, unsigned char *digest)
{
	struct pfsnl_ckpt_info *info;

	if (pfsnl_ckpt_info_get(handle, KEPT, &info))
		return false;
	memcpy(digest, info->digest, PFSNL_CKPT_DIGEST);
	pfsnl_ckpt_info_free(info);
	return true;
}
