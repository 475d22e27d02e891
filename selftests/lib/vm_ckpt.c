// SPDX-License-Identifier: GPL-2.0
/* Checkpoints against the module: what is opened, changed and read, on three nodes. */
#define _GNU_SOURCE
#include "vm_ckpt.h"

#include <signal.h>
#include <sys/wait.h>

static char big[5 * PFSNL_CKPT_WRITE_MAX / 2 + 77];
static char back[sizeof(big)];

static void fill(unsigned int seed)
{
	size_t i;

	srand(seed);
	for (i = 0; i < sizeof(big); i++)
		big[i] = rand();
}

/* ---- opening -------------------------------------------------------- */

static void test_attributes(void **state)
{
	struct pfsnl_ckpt_attr attr;
	struct pfsnl_ckpt *a, *b, *c;

	(void)state;
	pfsnl_ckpt_attr_init(&attr);
	attr.size = 1 << 20;
	attr.max_section = 1 << 18;
	attr.retention_ns = 5000000000;
	assert_err(pfsnl_ckpt_open(nodes[0].handle, "a", RW, NULL, &a), -ENOENT);
	assert_null(a);
	assert_has(pfsnl_errmsg(), "opening the checkpoint a: ");
	assert_done(pfsnl_ckpt_open(nodes[0].handle, "a", CREATE, &attr, &a));
	assert_true(pfsnl_ckpt_created(a));
	/* The same, and it is there; the retention may be another. */
	attr.retention_ns = 0;
	assert_done(pfsnl_ckpt_open(nodes[1].handle, "a", CREATE, &attr, &b));
	assert_false(pfsnl_ckpt_created(b));
	assert_true(pfsnl_ckpt_number(a).counter ==
		    pfsnl_ckpt_number(b).counter);
	assert_true(pfsnl_ckpt_number(a).addr.s_addr ==
		    pfsnl_ckpt_number(b).addr.s_addr);
	attr.max_sections--;
	assert_err(pfsnl_ckpt_open(nodes[2].handle, "a", CREATE, &attr, &c),
		   -EEXIST);
	/* Without attributes any will do. */
	c = open_on(2, "a", CREATE);
	assert_false(pfsnl_ckpt_created(c));
	assert_done(pfsnl_ckpt_close(a, 0));
	assert_done(pfsnl_ckpt_close(b, PFSNL_SAFE));
	assert_done(pfsnl_ckpt_close(c, 0));
}

static void test_rights(void **state)
{
	struct pfsnl_ckpt *r, *w;
	size_t len = 1;
	char c;

	(void)state;
	w = open_on(0, "rights", PFSNL_CKPT_CREATE | PFSNL_CKPT_WRITE);
	r = open_on(0, "rights", PFSNL_CKPT_READ);
	assert_done(pfsnl_section_create(w, "x", 1, "y", 1, PFSNL_NEVER, 0));
	assert_err(pfsnl_section_overwrite(r, "x", 1, "z", 1, 0), -EACCES);
	assert_err(pfsnl_section_read(w, "x", 1, 0, &c, &len, NULL), -EACCES);
	len = 1;
	assert_done(pfsnl_section_read(r, "x", 1, 0, &c, &len, NULL));
	assert_int_equal(c, 'y');
	assert_done(pfsnl_ckpt_close(w, 0));
	assert_done(pfsnl_ckpt_close(r, 0));
}

/* Without its name it lives until the last close; the next is another. */
static void test_unlink(void **state)
{
	struct pfsnl_ckpt *a, *b;
	struct pfsnl_ckpt_info *info;
	struct pfsnl_ckpts *all;
	char c = 0;
	size_t len = 1;

	(void)state;
	a = open_on(0, "gone", CREATE);
	assert_done(pfsnl_section_create(a, "x", 1, "1", 1, PFSNL_NEVER, 0));
	assert_done(pfsnl_ckpt_unlink(nodes[1].handle, "gone", 0));
	assert_err(pfsnl_ckpt_unlink(nodes[1].handle, "gone", 0), -ENOENT);
	assert_true(wait_for(refs_on(0, "gone") == UINT32_MAX));
	assert_done(pfsnl_ckpt_status(a, &info));
	assert_true(info->unlinked);
	assert_string_equal(info->name, "gone");
	pfsnl_ckpt_info_free(info);
	assert_done(pfsnl_section_read(a, "x", 1, 0, &c, &len, NULL));
	assert_int_equal(c, '1');
	b = open_on(0, "gone", CREATE);
	assert_true(pfsnl_ckpt_created(b));
	assert_true(pfsnl_ckpt_number(a).counter !=
		    pfsnl_ckpt_number(b).counter);
	assert_done(pfsnl_ckpts_get(nodes[0].handle, &all));
	assert_int_equal(pfsnl_ckpts_count(all), 2);
	assert_true(pfsnl_ckpts_at(all, 1)->unlinked);
	assert_null(pfsnl_ckpts_at(all, 2));
	pfsnl_ckpts_free(all);
	assert_done(pfsnl_ckpt_close(a, 0));
	assert_done(pfsnl_ckpts_get(nodes[0].handle, &all));
	assert_int_equal(pfsnl_ckpts_count(all), 1);
	pfsnl_ckpts_free(all);
	assert_done(pfsnl_ckpt_close(b, 0));
}

static void test_retention(void **state)
{
	struct pfsnl_ckpt *a = open_on(0, "short", CREATE);

	(void)state;
	assert_done(pfsnl_ckpt_set_retention(a, 200000000, 0));
	assert_done(pfsnl_ckpt_close(a, 0));
	assert_true(wait_for(refs_on(0, "short") == UINT32_MAX &&
			     refs_on(1, "short") == UINT32_MAX));
}

/* Who has it open: by node; a process that is killed has not. */
static void test_references(void **state)
{
	struct pfsnl_ckpt *a, *b;
	struct pfsnl_ckpt_info *info;
	int fds[2], status;
	const struct pfsnl_ckpt_info *listed;
	struct pfsnl_ckpts *list;
	size_t i;
	pid_t child;
	char c;

	(void)state;
	a = open_on(0, "refs", CREATE);
	b = open_on(0, "refs", RW);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct pfsnl_ckpt *ckpt;
		struct pfsnl *handle;

		if (pfsnl_open_netns(&handle, nodes[1].netns) ||
		    pfsnl_ckpt_open(handle, "refs", RW, NULL, &ckpt) ||
		    write(fds[1], "!", 1) != 1)
			_exit(1);
		pause();
		_exit(1);
	}
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_true(wait_for(refs_on(0, "refs") == 3));
	assert_done(pfsnl_ckpt_status(a, &info));
	assert_int_equal(info->num_nodes, 2);
	assert_int_equal(info->nodes[0].refs + info->nodes[1].refs, 3);
	assert_true(info->nodes[0].addr.s_addr != info->nodes[1].addr.s_addr);
	assert_int_equal(info->more_refs, 0);
	pfsnl_ckpt_info_free(info);
	/* Likewise in the list of all. */
	assert_done(pfsnl_ckpts_get(nodes[2].handle, &list));
	for (i = 0; (listed = pfsnl_ckpts_at(list, i)); i++)
		if (!strcmp(listed->name, "refs"))
			break;
	assert_non_null(listed);
	assert_int_equal(listed->num_nodes, 2);
	assert_true(ntohl(listed->nodes[0].addr.s_addr) <
		    ntohl(listed->nodes[1].addr.s_addr));
	assert_int_equal(listed->nodes[0].refs + listed->nodes[1].refs, 3);
	pfsnl_ckpts_free(list);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(wait_for(refs_on(0, "refs") == 2));
	assert_done(pfsnl_ckpt_close(a, 0));
	assert_done(pfsnl_ckpt_close(b, 0));
	assert_true(wait_for(refs_on(2, "refs") == 0));
	close(fds[0]);
	close(fds[1]);
}

/* ---- sections ------------------------------------------------------- */

static void test_sections(void **state)
{
	static const char id[] = { 0, 'x', 0 };
	struct pfsnl_ckpt_vec vecs[2] = { { 2, "B", 1 }, { 6, "CD", 2 } };
	struct pfsnl_section_id made;
	struct pfsnl_ckpt *a, *b;
	struct pfsnl_sections *list;
	uint64_t total = 0;
	size_t len;

	(void)state;
	a = open_on(0, "sections", CREATE);
	b = open_on(1, "sections", PFSNL_CKPT_READ);
	assert_done(pfsnl_section_create(a, id, 3, "aaaa", 4, PFSNL_NEVER, 0));
	assert_err(pfsnl_section_create(a, id, 3, "", 0, PFSNL_NEVER, 0),
		   -EEXIST);
	assert_done(pfsnl_section_write(a, id, 3, vecs, 2, 0));
	len = sizeof(back);
	assert_done(pfsnl_section_read(a, id, 3, 0, back, &len, &total));
	assert_int_equal(len, 8);
	assert_true(total == 8);
	assert_memory_equal(back, "aaBa\0\0CD", 8);
	len = 3;
	assert_done(pfsnl_section_read(a, id, 3, 5, back, &len, &total));
	assert_int_equal(len, 3);
	assert_memory_equal(back, "\0CD", 3);
	len = 3;
	assert_done(pfsnl_section_read(a, id, 3, 99, back, &len, &total));
	assert_int_equal(len, 0);
	assert_true(total == 8);
	/* With flags and all: one that is safe is on the others. */
	assert_done(pfsnl_section_overwrite(a, id, 3, "new", 3, PFSNL_SAFE));
	await_same("sections");
	len = sizeof(back);
	assert_done(pfsnl_section_read(b, id, 3, 0, back, &len, &total));
	assert_int_equal(len, 3);
	assert_memory_equal(back, "new", 3);

	assert_done(pfsnl_section_create(a, "", 0, "empty", 5, PFSNL_NEVER, 0));
	assert_done(pfsnl_section_create_any(a, &made, NULL, 0, PFSNL_NEVER, 0));
	assert_int_equal(made.len, PFSNL_SECTION_ID_MADE);
	assert_done(pfsnl_ckpt_sections(a, NULL, &list));
	assert_int_equal(pfsnl_sections_count(list), 3);
	assert_int_equal(pfsnl_sections_at(list, 0)->id_len, 0);
	assert_true(pfsnl_sections_at(list, 0)->len == 5);
	assert_int_equal(pfsnl_sections_at(list, 1)->id_len, 3);
	assert_memory_equal(pfsnl_sections_at(list, 1)->id, id, 3);
	assert_int_equal(pfsnl_sections_at(list, 2)->id_len, made.len);
	assert_memory_equal(pfsnl_sections_at(list, 2)->id, made.bytes,
			    made.len);
	assert_null(pfsnl_sections_at(list, 3));
	pfsnl_sections_free(list);
	assert_done(pfsnl_section_delete(a, "", 0, 0));
	assert_err(pfsnl_section_delete(a, "", 0, 0), -ENOENT);
	len = 1;
	assert_err(pfsnl_section_read(a, "", 0, 0, back, &len, NULL), -ENOENT);
	assert_int_equal(len, 0);
	assert_done(pfsnl_ckpt_close(a, 0));
	assert_done(pfsnl_ckpt_close(b, 0));
}

static void test_limits(void **state)
{
	struct pfsnl_ckpt_attr attr = {
		.size = 150000, .retention_ns = PFSNL_NEVER,
		.max_section = 100000, .max_sections = 2, .max_id = 4,
	};
	struct pfsnl_ckpt_vec vec = { 99999, "xy", 2 };
	struct pfsnl_ckpt *a;
	size_t written = 0;

	(void)state;
	assert_done(pfsnl_ckpt_open(nodes[0].handle, "limits", CREATE, &attr,
				    &a));
	assert_err(pfsnl_section_create(a, "12345", 5, "", 0, PFSNL_NEVER, 0),
		   -ENAMETOOLONG);
	assert_done(pfsnl_section_create(a, "1", 1, "", 0, PFSNL_NEVER, 0));
	assert_done(pfsnl_section_create(a, "2", 1, "", 0, PFSNL_NEVER, 0));
	assert_err(pfsnl_section_create(a, "3", 1, "", 0, PFSNL_NEVER, 0),
		   -ENOSPC);
	assert_err(pfsnl_section_write(a, "1", 1, &vec, 1, 0), -EFBIG);
	assert_done(pfsnl_section_overwrite(a, "1", 1, big, 100000, 0));
	assert_err(pfsnl_section_overwrite(a, "2", 1, big, 50001, 0), -ENOSPC);
	assert_done(pfsnl_section_overwrite(a, "2", 1, big, 50000, 0));
	assert_err(pfsnl_section_overwrite(a, "2", 1, big, sizeof(big), 0),
		   -EMSGSIZE);
	assert_err(pfsnl_section_write_long(a, "1", 1, 0, big, sizeof(big), 0,
					    &written), -EFBIG);
	assert_int_equal(written, 0);
	assert_done(pfsnl_ckpt_close(a, 0));
}

static void test_long(void **state)
{
	struct pfsnl_ckpt *a, *b;
	size_t written = 0, len = sizeof(back);
	uint64_t total;

	(void)state;
	fill(1);
	a = open_on(0, "long", CREATE);
	assert_done(pfsnl_section_create(a, "x", 1, NULL, 0, PFSNL_NEVER, 0));
	assert_done(pfsnl_section_write_long(a, "x", 1, 3, big, sizeof(big), 0,
					     &written));
	assert_int_equal(written, sizeof(big));
	await_same("long");
	b = open_on(2, "long", PFSNL_CKPT_READ);
	assert_done(pfsnl_section_read(b, "x", 1, 3, back, &len, &total));
	assert_int_equal(len, sizeof(big));
	assert_true(total == sizeof(big) + 3);
	assert_memory_equal(back, big, sizeof(big));
	assert_done(pfsnl_ckpt_close(a, 0));
	assert_done(pfsnl_ckpt_close(b, 0));
}

static uint64_t in_ms(unsigned int ms)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec +
	       (uint64_t)ms * 1000000;
}

static size_t count_sections(unsigned int node, const char *name)
{
	struct pfsnl_sections *list;
	size_t count;

	if (pfsnl_sections_get(nodes[node].handle, name, NULL, &list))
		return 99999;
	count = pfsnl_sections_count(list);
	pfsnl_sections_free(list);
	return count;
}

static void test_expiry(void **state)
{
	struct pfsnl_section_range range = { 0, in_ms(3600000) };
	struct pfsnl_sections *list;
	struct pfsnl_ckpt *a;

	(void)state;
	a = open_on(0, "expiry", CREATE);
	assert_done(pfsnl_section_create(a, "a", 1, "", 0, PFSNL_NEVER, 0));
	assert_done(pfsnl_section_create(a, "b", 1, "", 0, in_ms(60000), 0));
	assert_done(pfsnl_section_create(a, "c", 1, "", 0, in_ms(30000), 0));
	assert_done(pfsnl_sections_get(nodes[0].handle, "expiry", &range,
				       &list));
	assert_int_equal(pfsnl_sections_count(list), 2);
	assert_memory_equal(pfsnl_sections_at(list, 0)->id, "c", 2);
	assert_memory_equal(pfsnl_sections_at(list, 1)->id, "b", 2);
	pfsnl_sections_free(list);
	range.from = PFSNL_NEVER;
	range.to = PFSNL_NEVER;
	assert_done(pfsnl_ckpt_sections(a, &range, &list));
	assert_int_equal(pfsnl_sections_count(list), 1);
	assert_memory_equal(pfsnl_sections_at(list, 0)->id, "a", 2);
	pfsnl_sections_free(list);
	assert_done(pfsnl_section_set_expiration(a, "b", 1, in_ms(100), 0));
	assert_true(wait_for(count_sections(0, "expiry") == 2 &&
			     count_sections(1, "expiry") == 2));
	assert_done(pfsnl_ckpt_close(a, 0));
}

static void test_state(void **state)
{
	struct pfsnl_ckpt_state *all;
	struct pfsnl_ckpt *a;

	(void)state;
	assert_done(pfsnl_ckpt_state_get(nodes[0].handle, &all));
	assert_true(all->active && all->limit && !all->used);
	assert_int_equal(all->checkpoints, 0);
	assert_int_equal(all->error, 0);
	pfsnl_ckpt_state_free(all);
	assert_done(pfsnl_ckpts_set_limit(nodes[1].handle, 1 << 20, PFSNL_SAFE));
	a = open_on(0, "full", CREATE);
	assert_done(pfsnl_section_create(a, "x", 1, "", 0, PFSNL_NEVER, 0));
	assert_err(pfsnl_section_write_long(a, "x", 1, 1 << 20, "x", 1, 0, NULL),
		   -ENOMEM);
	assert_done(pfsnl_ckpt_state_get(nodes[0].handle, &all));
	assert_true(all->limit == 1 << 20 && all->used > 0);
	assert_int_equal(all->checkpoints, 1);
	pfsnl_ckpt_state_free(all);
	assert_done(pfsnl_ckpt_close(a, 0));
}

/* ---- many at once --------------------------------------------------- */

struct writer {
	pthread_t thread;
	struct pfsnl_ckpt *ckpt;
	char id;
	int err;
};

#define WRITES 50

static void *write_much(void *arg)
{
	struct writer *w = arg;
	size_t len;
	char c;
	int i;

	w->err = pfsnl_section_create(w->ckpt, &w->id, 1, "", 0, PFSNL_NEVER, 0);
	for (i = 0; !w->err && i < WRITES; i++) {
		struct pfsnl_ckpt_vec vec = { i, &w->id, 1 };

		w->err = pfsnl_section_write(w->ckpt, &w->id, 1, &vec, 1, 0);
		len = 1;
		if (!w->err)
			w->err = pfsnl_section_read(w->ckpt, &w->id, 1, i, &c,
						    &len, NULL);
		/* Who reads after a change of its own sees it. */
		if (!w->err && (len != 1 || c != w->id))
			w->err = -EBADMSG;
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct writer writers[8] = { 0 };
	struct pfsnl_ckpt_info *info;
	struct pfsnl_ckpt *a;
	size_t i;

	(void)state;
	a = open_on(0, "threads", CREATE);
	for (i = 0; i < 8; i++) {
		writers[i].ckpt = a;
		writers[i].id = 'a' + i;
		assert_int_equal(pthread_create(&writers[i].thread, NULL,
						write_much, &writers[i]), 0);
	}
	for (i = 0; i < 8; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].err, 0);
	}
	assert_done(pfsnl_ckpt_status(a, &info));
	assert_true(info->bytes == 8 * WRITES);
	assert_int_equal(info->sections, 8);
	pfsnl_ckpt_info_free(info);
	await_same("threads");
	assert_done(pfsnl_ckpt_close(a, 0));
}

/* ---- the rest ------------------------------------------------------- */

static void test_fork(void **state)
{
	struct pfsnl_ckpt *a = open_on(0, "fork", CREATE);
	size_t len = 1;
	pid_t child;
	int status;
	char c;

	(void)state;
	assert_done(pfsnl_section_create(a, "x", 1, "x", 1, PFSNL_NEVER, 0));
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		int bad = pfsnl_section_delete(a, "x", 1, 0) != -ECHILD ||
			  pfsnl_section_read(a, "x", 1, 0, &c, &len, NULL) !=
			  -ECHILD ||
			  pfsnl_ckpt_close(a, 0) != -ECHILD;

		pfsnl_close(nodes[0].handle);
		_exit(bad);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* The parent was not disturbed. */
	assert_done(pfsnl_section_delete(a, "x", 1, 0));
	assert_done(pfsnl_ckpt_close(a, 0));
}

static void test_permission(void **state)
{
	pid_t child;
	int status;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct pfsnl_ckpts *all;
		struct pfsnl_ckpt *ckpt;
		struct pfsnl *handle;
		int step = 1;

		if (!pfsnl_open_netns(&handle, nodes[0].netns) &&
		    !setgid(65534) && !setuid(65534))
			step = 2;
		if (step == 2 && pfsnl_ckpts_get(handle, &all) == -EPERM &&
		    strstr(pfsnl_errmsg(), "CAP_NET_ADMIN") &&
		    pfsnl_ckpt_open(handle, "a", RW, NULL, &ckpt) == -EPERM)
			step = 0;
		_exit(step);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Closing the handle closes what was opened with it. */
static void test_close_all(void **state)
{
	struct pfsnl_ckpt *ckpt;
	struct pfsnl *handle;

	(void)state;
	assert_done(pfsnl_open_netns(&handle, nodes[0].netns));
	assert_done(pfsnl_ckpt_open(handle, "left", CREATE, NULL, &ckpt));
	assert_done(pfsnl_ckpt_open(handle, "left", RW, NULL, &ckpt));
	assert_int_equal(refs_on(0, "left"), 2);
	pfsnl_close(handle);
	assert_true(wait_for(refs_on(0, "left") == 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ckpt_test(test_attributes),
		ckpt_test(test_rights),
		ckpt_test(test_unlink),
		ckpt_test(test_retention),
		ckpt_test(test_references),
		ckpt_test(test_sections),
		ckpt_test(test_limits),
		ckpt_test(test_long),
		ckpt_test(test_expiry),
		ckpt_test(test_state),
		ckpt_test(test_threads),
		ckpt_test(test_fork),
		ckpt_test(test_permission),
		ckpt_test(test_close_all),
	};

	return cm_main(tests, nodes_open, nodes_close);
}
