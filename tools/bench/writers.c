// SPDX-License-Identifier: GPL-2.0
/*
 * Writers. Each has a section of its own, and writes at its beginning again and
 * again; what it writes begins with a count.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "cause.h"
#include "keeper.h"
#include "writers.h"

/* for all nodes to have the same, after the last outcome */
#define SAME_MS 60000

static struct writer {
	struct keeper keeper;
	pthread_t thread;
	char id[16];
	uint64_t n;		/* written so far */
	struct written *written;
	uint64_t took[PINGS_MAX];
	char data[SIZE_MOST];
} *writers;

static const struct writing *writing;
static pthread_barrier_t gate;
static char error[192];

const char *writers_error(void)
{
	return error;
}

static bool failed(const char *text)
{
	snprintf(error, sizeof(error), "%s", text);
	return false;
}

/* ---- a writer ------------------------------------------------------- */

static unsigned int flags(void)
{
	return writing->safe ? PFSNL_SAFE : 0;
}

/* What is too long goes in several changes, one behind the other. */
static bool submit(struct writer *w)
{
	struct pfsnl_ckpt_vec vec = { .offset = 0 };
	struct pfsnl_ckpt_op op = {
		.size = sizeof(op),
		.kind = PFSNL_CKPT_OP_WRITE,
		.flags = flags(),
		.id = w->id,
		.id_len = strlen(w->id),
		.vecs = &vec,
		.count = 1,
	};

	for (; vec.offset < writing->size; vec.offset += vec.len) {
		vec.data = w->data + vec.offset;
		vec.len = writing->size - vec.offset;
		if (vec.len > PFSNL_CKPT_WRITE_MAX)
			vec.len = PFSNL_CKPT_WRITE_MAX;
		if (!keeper_submit(&w->keeper, &op,
				   vec.offset + vec.len == writing->size))
			return false;
	}
	return true;
}

static bool wait_for_one(struct writer *w)
{
	uint64_t began = now_ns();

	if (pfsnl_section_write_long(w->keeper.ckpt, w->id, strlen(w->id), 0,
				     w->data, writing->size, flags(), NULL))
		return keeper_failed(&w->keeper, pfsnl_errmsg());
	w->keeper.last = now_ns();
	w->keeper.done++;
	w->took[w->written->pings++] = w->keeper.last - began;
	return true;
}

static void write_all(struct writer *w)
{
	uint64_t end = w->written->first + (uint64_t)writing->ms * 1000000;
	bool good = true;

	do {
		w->n++;
		memcpy(w->data, &w->n, sizeof(w->n));
		good = writing->ping ? wait_for_one(w) : submit(w);
	} while (good && now_ns() < end && w->written->pings < PINGS_MAX);
	if (good)
		keeper_finish(&w->keeper);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t percentile(const struct writer *w, unsigned int percent)
{
	uint64_t i = (w->written->pings * percent + 99) / 100;

	return i ? w->took[i - 1] : 0;
}

static void *be(void *arg)
{
	struct writer *w = arg;
	struct written *written = w->written;

	pthread_barrier_wait(&gate);
	written->first = now_ns();
	write_all(w);
	written->last = w->keeper.last;
	written->done = w->keeper.done;
	qsort(w->took, written->pings, sizeof(*w->took), compare_u64);
	written->p50 = percentile(w, 50);
	written->p90 = percentile(w, 90);
	written->p99 = percentile(w, 99);
	written->most = percentile(w, 100);
	return NULL;
}

/* ---- all of them ---------------------------------------------------- */

static bool writes(const struct writer *w)
{
	return !writing->only || w->keeper.number == writing->only;
}

bool writers_start(void)
{
	struct pfsnl_ckpt_attr attr;
	struct writer *w;
	int i;

	pfsnl_ckpt_attr_init(&attr);
	attr.size = (uint64_t)count * SIZE_MOST;
	writers = calloc((size_t)count + 1, sizeof(*writers));
	if (!writers)
		die("out of memory");
	for (i = 1; i <= count; i++) {
		w = &writers[i];
		snprintf(w->id, sizeof(w->id), "n%d", i);
		memset(w->data, i, sizeof(w->data));
		if (!keeper_open(&w->keeper, i, &attr))
			return failed(w->keeper.error);
		if (pfsnl_section_create(w->keeper.ckpt, w->id, strlen(w->id),
					 NULL, 0, PFSNL_NEVER, 0))
			return failed(pfsnl_errmsg());
	}
	return true;
}

void writers_stop(void)
{
	int i;

	if (!writers)
		return;
	for (i = 1; i <= count; i++)
		if (writers[i].keeper.handle)
			keeper_close(&writers[i].keeper);
	free(writers);
	writers = NULL;
}

static bool empty(struct writer *w)
{
	if (pfsnl_section_overwrite(w->keeper.ckpt, w->id, strlen(w->id), NULL,
				    0, 0))
		return failed(pfsnl_errmsg());
	return true;
}

static bool same_everywhere(void)
{
	unsigned char one[PFSNL_CKPT_DIGEST], other[PFSNL_CKPT_DIGEST];
	uint64_t end = now_ns() + (uint64_t)SAME_MS * 1000000;
	struct timespec a_while = { .tv_nsec = 2000000 };
	int i = 2;

	while (i <= count) {
		if (!kept_digest(writers[1].keeper.handle, one) ||
		    !kept_digest(writers[i].keeper.handle, other))
			return failed(pfsnl_errmsg());
		if (!memcmp(one, other, sizeof(one))) {
			i++;
			continue;
		}
		if (now_ns() >= end)
			return failed("nodes have different things");
		nanosleep(&a_while, NULL);
	}
	return true;
}

/* What a writer wrote last is there. */
static bool is_there(const struct writer *w)
{
	static char data[SIZE_MOST];
	size_t len = sizeof(data);
	uint64_t total;

	if (pfsnl_section_read(writers[1].keeper.ckpt, w->id, strlen(w->id), 0,
			       data, &len, &total))
		return failed(pfsnl_errmsg());
	if (len != writing->size || total != len || memcmp(data, w->data, len))
		return failed("what was written is not there");
	return true;
}

static void start(struct writer *w)
{
	int err = pthread_create(&w->thread, NULL, be, w);

	if (err)
		die("pthread_create: %s", strerror(err));
}

bool writers_write(const struct writing *what, struct written *written)
{
	int i;

	writing = what;
	memset(written, 0, ((size_t)count + 1) * sizeof(*written));
	for (i = 1; i <= count; i++) {
		writers[i].written = &written[i];
		writers[i].keeper.done = 0;
		if (writes(&writers[i]) && !empty(&writers[i]))
			return false;
	}
	pthread_barrier_init(&gate, NULL,
			     writing->only ? 1 : (unsigned int)count);
	for (i = 1; i <= count; i++)
		if (writes(&writers[i]))
			start(&writers[i]);
	for (i = 1; i <= count; i++)
		if (writes(&writers[i]))
			pthread_join(writers[i].thread, NULL);
	pthread_barrier_destroy(&gate);
	for (i = 1; i <= count; i++)
		if (writes(&writers[i]) && *writers[i].keeper.error)
			return failed(writers[i].keeper.error);
	if (!same_everywhere())
		return false;
	for (i = 1; i <= count; i++)
		if (writes(&writers[i]) && !is_there(&writers[i]))
			return false;
	return true;
}
