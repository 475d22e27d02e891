// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: writer NOTES NODE
 *
 * A process that changes checkpoints as fast as it is let, on a node that may lose its
 * ring, or be stopped, at any time: one of its own, "own-NODE", and some that writers on
 * all nodes change. It creates, writes, overwrites and deletes sections, agreed and
 * safe, opens and closes, and now and then unlinks one that is shared. What was
 * acknowledged it notes in the file NOTES, see writer.h. If there is one, this is the
 * next life of the node.
 *
 * Its standard input says
 *
 *	go		it does not begin before
 *	hold		ask for nothing more
 *	fell		the node was stopped: what only it knew is gone
 *	calm		likewise hold; then, when all outcomes are known,
 *			"calm ACKED of ASKED"
 *
 * and each is answered with "done WORD". It ends with its input.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <pfsnl.h>

#include "writer.h"

#define SHARED		3
#define SHARED_SECTIONS	12
#define SHARED_MOST	20000
#define UNDER_WAY	16
/* where it can't be asked now it is tried so often, ms */
#define RETRY		10

/* An open checkpoint. */
struct opened {
	struct pfsnl_ckpt *ckpt;
	char name[16];
	uint32_t under_way;
	bool lost;		/* it is to be opened again */
};

/* What was asked for and is not known yet. */
struct asked {
	struct opened *of;	/* NULL: free */
	uint64_t version;	/* 0: nobody notes what becomes of it */
	uint32_t section;
	bool deletes;
	bool safe;
	struct pfsnl_ring ring;	/* in which it was asked for, if safe */
	uint32_t members;
};

static struct notes *notes;
static struct pfsnl *handle;
static struct opened own, shared[SHARED];
static struct asked asked[UNDER_WAY];
static uint64_t draw;
static bool going;

static void die(const char *what)
{
	fprintf(stderr, "writer: %s: %s\n", what, pfsnl_errmsg());
	exit(1);
}

static uint32_t below(uint32_t n)
{
	draw = draw * 6364136223846793005ULL + 1442695040888963407ULL;
	return (draw >> 33) % n;
}

static bool one_in(uint32_t n)
{
	return !below(n);
}

/* ---- notes ---------------------------------------------------------- */

static void notes_open(const char *path, uint32_t node)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, sizeof(*notes)))
		die(path);
	notes = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (notes == MAP_FAILED)
		die(path);
	close(fd);
	notes->node = node;
	notes->opens = 0;
}

/* What only this node knew is gone. */
static void fell(void)
{
	uint32_t i;

	for (i = 0; i < OWN_SECTIONS; i++) {
		notes->own[i].must = notes->own[i].floor;
		notes->own[i].must_deleted = notes->own[i].floor_deleted;
	}
}

static void note_open(const struct opened *o)
{
	if (notes->opens == OPENS)
		die("too many open");
	notes->open[notes->opens++] = pfsnl_ckpt_number(o->ckpt);
}

static void note_closed(const struct opened *o)
{
	struct pfsnl_ckpt_number number = pfsnl_ckpt_number(o->ckpt);
	uint32_t i;

	for (i = 0; i < notes->opens; i++)
		if (!memcmp(&notes->open[i], &number, sizeof(number)))
			break;
	if (i < notes->opens)
		notes->open[i] = notes->open[--notes->opens];
}

/* How many nodes are in the ring. */
static uint32_t ring_now(struct pfsnl_ring *ring)
{
	struct pfsnl_instance *instance;
	uint32_t members;

	memset(ring, 0, sizeof(*ring));
	if (pfsnl_instance_get(handle, &instance))
		return 0;
	*ring = instance->ring;
	members = instance->peers;
	pfsnl_instance_free(instance);
	return members;
}

/*
 * All that was acknowledged so far is known to others, if what was safe began and ended
 * in one ring that has others.
 */
static void note_safe(const struct asked *a)
{
	struct pfsnl_ring ring;
	uint32_t i;

	if (a->members < 2 || ring_now(&ring) != a->members ||
	    ring.seq != a->ring.seq || ring.incarnation != a->ring.incarnation)
		return;
	notes->safe++;
	for (i = 0; i < OWN_SECTIONS; i++) {
		notes->own[i].floor = notes->own[i].must;
		notes->own[i].floor_deleted = notes->own[i].must_deleted;
	}
}

static void note_acked(const struct asked *a)
{
	struct own_section *s = &notes->own[a->section];

	notes->acked++;
	if (!a->version)
		return;
	s->must = a->version;
	s->must_deleted = a->deletes;
	if (a->safe)
		note_safe(a);
}

/* ---- outcomes ------------------------------------------------------- */

static void error_counted(int err)
{
	if (-err > 0 && -err < ERRNOS)
		notes->errors[-err]++;
	notes->unknown += err == -ECONNABORTED;
}

static void told(void *arg, struct pfsnl_ckpt *ckpt,
		 const struct pfsnl_ckpt_outcome *outcome)
{
	struct asked *a = arg;

	(void)ckpt;
	a->of->under_way--;
	if (!outcome->error) {
		note_acked(a);
	} else {
		error_counted(outcome->error);
		if (outcome->error == -ESTALE)
			a->of->lost = true;
	}
	a->of = NULL;
}

static uint32_t under_way(void)
{
	uint32_t n = own.under_way, i;

	for (i = 0; i < SHARED; i++)
		n += shared[i].under_way;
	return n;
}

/* ---- opening -------------------------------------------------------- */

static void shut(struct opened *o)
{
	uint32_t i;

	if (!o->ckpt)
		return;
	note_closed(o);
	pfsnl_ckpt_close(o->ckpt, 0);
	o->ckpt = NULL;
	/* what becomes of these is not told any more */
	for (i = 0; i < UNDER_WAY; i++)
		if (asked[i].of == o)
			asked[i].of = NULL;
	o->under_way = 0;
}

static bool reopen(struct opened *o)
{
	const struct pfsnl_ckpt_attr attr = {
		.size = SHARED_SECTIONS << 16,
		.retention_ns = PFSNL_NEVER,
		.max_section = 1 << 16,
		.max_sections = SHARED_SECTIONS,
		.max_id = 16,
	};
	int err;

	shut(o);
	err = pfsnl_ckpt_open(handle, o->name, PFSNL_CKPT_CREATE | PFSNL_CKPT_READ |
			      PFSNL_CKPT_WRITE, &attr, &o->ckpt);
	if (err) {
		error_counted(err);
		o->ckpt = NULL;
		return false;
	}
	o->lost = false;
	note_open(o);
	return true;
}

/* That it lives for a moment only: it expires, and so does its section. */
static void brief(void)
{
	const struct pfsnl_ckpt_attr attr = {
		.size = 1000,
		.retention_ns = 200000000,
		.max_section = 1000,
		.max_sections = 100,
		.max_id = 16,
	};
	struct pfsnl_section_id id;
	struct pfsnl_ckpt *ckpt;
	struct timespec now;
	int err;

	err = pfsnl_ckpt_open(handle, "brief", PFSNL_CKPT_CREATE | PFSNL_CKPT_WRITE,
			      &attr, &ckpt);
	if (err) {
		error_counted(err);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	err = pfsnl_section_create_any(ckpt, &id, "x", 1, now.tv_sec * 1000000000ULL +
				       now.tv_nsec + 300000000, 0);
	if (err)
		error_counted(err);
	else
		notes->acked++;
	pfsnl_ckpt_close(ckpt, 0);
}

/* ---- asking --------------------------------------------------------- */

static struct asked *asked_new(struct opened *of)
{
	struct asked *a = asked;

	while (a->of)
		a++;
	memset(a, 0, sizeof(*a));
	a->of = of;
	return a;
}

static bool submit(struct asked *a, struct pfsnl_ckpt_op *op)
{
	int err;

	op->size = sizeof(*op);
	op->flags = a->safe ? PFSNL_SAFE : 0;
	err = pfsnl_ckpt_submit(a->of->ckpt, op, told, a);
	if (!err) {
		a->of->under_way++;
		return true;
	}
	if (err == -ESTALE)
		a->of->lost = true;
	if (err != -EAGAIN)
		error_counted(err);
	a->of = NULL;
	return false;
}

/* Writes all of it, in up to three places. */
static bool submit_write(struct asked *a, struct pfsnl_ckpt_op *op,
			 const unsigned char *data, size_t len)
{
	size_t first = len / 3, second = len / 2;
	const struct pfsnl_ckpt_vec vecs[] = {
		{ .offset = 0, .data = data, .len = first },
		{ .offset = first, .data = data + first, .len = second - first },
		{ .offset = second, .data = data + second, .len = len - second },
	};

	op->kind = PFSNL_CKPT_OP_WRITE;
	op->vecs = vecs;
	op->count = 3;
	return submit(a, op);
}

static bool submit_data(struct asked *a, struct pfsnl_ckpt_op *op,
			const unsigned char *data, size_t len)
{
	uint32_t how = below(4);

	if (how < 2)
		return submit_write(a, op, data, len);
	op->kind = how == 2 ? PFSNL_CKPT_OP_OVERWRITE : PFSNL_CKPT_OP_CREATE;
	op->data = data;
	op->len = len;
	op->time = PFSNL_NEVER;
	return submit(a, op);
}

static bool change_own(void)
{
	static unsigned char data[sizeof(struct stamp) + OWN_MOST];
	struct pfsnl_ckpt_op op = {};
	struct asked *a = asked_new(&own);
	struct own_section *s;
	struct stamp stamp = {};
	char id[16];
	uint64_t i;

	a->section = below(OWN_SECTIONS);
	a->version = ++notes->version;
	a->deletes = one_in(8);
	a->safe = one_in(4);
	if (a->safe)
		a->members = ring_now(&a->ring);
	/* noted before, for what it is to outlive */
	s = &notes->own[a->section];
	s->asked = a->version;
	if (a->deletes)
		s->deleting = a->version;
	op.id = id;
	op.id_len = snprintf(id, sizeof(id), "s%u", a->section);
	if (a->deletes) {
		op.kind = PFSNL_CKPT_OP_DELETE;
		return submit(a, &op);
	}
	stamp.node = notes->node;
	stamp.section = a->section;
	stamp.version = a->version;
	stamp.len = sizeof(stamp) + below(OWN_MOST);
	memcpy(data, &stamp, sizeof(stamp));
	for (i = sizeof(stamp); i < stamp.len; i++)
		data[i] = stamped_byte(&stamp, i);
	return submit_data(a, &op, data, stamp.len);
}

static bool change_shared(struct opened *o)
{
	static unsigned char data[SHARED_MOST];
	struct pfsnl_ckpt_op op = {};
	struct asked *a = asked_new(o);
	uint32_t len = 3 + below(one_in(16) ? SHARED_MOST - 3 : 200);
	char id[16];

	a->safe = one_in(4);
	op.id = id;
	op.id_len = snprintf(id, sizeof(id), "s%u", below(SHARED_SECTIONS + 2));
	if (one_in(8)) {
		op.kind = PFSNL_CKPT_OP_DELETE;
		return submit(a, &op);
	}
	memset(data, below(256), len);
	return submit_data(a, &op, data, len);
}

/* Return: whether something was asked for. */
static bool ask(void)
{
	struct opened *o = &shared[below(SHARED)];
	int err;

	if (one_in(2))
		o = &own;
	if (o != &own && one_in(500)) {
		err = pfsnl_ckpt_unlink(handle, o->name, 0);
		if (err)
			error_counted(err);
		o->lost = true;
	}
	if (one_in(400))
		brief();
	if ((!o->ckpt || o->lost || one_in(300)) && !reopen(o))
		return false;
	return o == &own ? change_own() : change_shared(o);
}

/* ---- what it is told ------------------------------------------------ */

static void drain(void)
{
	struct pollfd p = { .fd = pfsnl_ckpts_fd(handle), .events = POLLIN };

	while (under_way()) {
		pfsnl_ckpts_dispatch(handle, 0);
		if (under_way() && poll(&p, 1, RETRY) < 0)
			die("poll");
	}
}

/* What it thinks it has open it may have open no more. */
static void forget_lost(struct opened *o)
{
	struct pfsnl_ckpt_info *info;

	if (!o->ckpt)
		return;
	if (pfsnl_ckpt_status(o->ckpt, &info))
		shut(o);
	else
		pfsnl_ckpt_info_free(info);
}

static void be_calm(void)
{
	uint32_t i;

	drain();
	forget_lost(&own);
	for (i = 0; i < SHARED; i++)
		forget_lost(&shared[i]);
	printf("calm %llu of %llu\n", (unsigned long long)notes->acked,
	       (unsigned long long)notes->version);
}

static void obey(const char *word)
{
	if (!strcmp(word, "go")) {
		going = true;
	} else if (!strcmp(word, "fell")) {
		drain();
		fell();
	} else {
		going = false;
		if (!strcmp(word, "calm"))
			be_calm();
	}
	printf("done %s\n", word);
}

static bool listen_to_input(void)
{
	static char line[256];
	static size_t filled;
	char *end;
	ssize_t n = read(0, line + filled, sizeof(line) - 1 - filled);

	if (n <= 0)
		return false;
	filled += n;
	line[filled] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end++ = '\0';
		obey(line);
		filled -= end - line;
		memmove(line, end, filled + 1);
	}
	return true;
}

static void begin(void)
{
	uint32_t i;

	if (pfsnl_open(&handle))
		die("open");
	snprintf(own.name, sizeof(own.name), "own-%u", notes->node);
	for (i = 0; i < SHARED; i++)
		snprintf(shared[i].name, sizeof(shared[i].name), "shared-%u", i);
	if (notes->lives++)
		fell();
	draw = notes->node * 1000003ULL + notes->lives;
	printf("ready\n");
}

int main(int argc, char **argv)
{
	struct pollfd fds[2] = { { .fd = 0, .events = POLLIN } };

	if (argc != 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	notes_open(argv[1], atoi(argv[2]));
	begin();
	for (;;) {
		while (going && under_way() < UNDER_WAY && ask())
			;
		fds[1].fd = pfsnl_ckpts_fd(handle);
		fds[1].events = POLLIN;
		if (poll(fds, 2, RETRY) < 0)
			die("poll");
		pfsnl_ckpts_dispatch(handle, 0);
		if (fds[0].revents && !listen_to_input())
			return 0;
	}
}
