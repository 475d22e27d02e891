// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints against the module: what is told of changes that nobody waits for, of
 * what happens, and when nodes part and meet.
 */
#define _GNU_SOURCE
#include "vm_ckpt.h"

#include <poll.h>

static char big[60000];

/* ---- many at once --------------------------------------------------- */

static struct {
	struct pfsnl *handle;
	unsigned int told;
	unsigned int last;	/* number of the last that was told */
	unsigned int failed;
	bool disorder;
	bool was_busy;		/* dispatching in a call was refused */
	bool worked;		/* a function that waits was not */
	bool close_it;
	char text[128];
} seen;

static void done(void *arg, struct pfsnl_ckpt *ckpt,
		 const struct pfsnl_ckpt_outcome *outcome)
{
	unsigned int number = (uintptr_t)arg;

	if (seen.told && number != seen.last + 1)
		seen.disorder = true;
	seen.last = number;
	seen.told++;
	if (outcome->error) {
		seen.failed++;
		snprintf(seen.text, sizeof(seen.text), "%s", outcome->text);
	}
	if (seen.told == 1) {
		seen.was_busy = pfsnl_ckpts_dispatch(seen.handle, 0) == -EBUSY;
		seen.worked = !pfsnl_section_overwrite(ckpt, "in", 2, "side", 4,
						       0);
	}
	if (seen.close_it)
		pfsnl_ckpt_close(ckpt, 0);
}

static void dispatch_until(struct pfsnl *handle, unsigned int told)
{
	struct pollfd pfd = { .events = POLLIN };
	struct timespec limit = deadline_in(PATIENCE_MS);

	pfd.fd = pfsnl_ckpts_fd(handle);
	assert_true(pfd.fd >= 0);
	while (seen.told < told && !past(&limit)) {
		poll(&pfd, 1, 1000);
		assert_true(pfsnl_ckpts_dispatch(handle, 0) >= 0);
	}
	assert_true(seen.told >= told);
}

/* All are told, in their order; the last one is what is read. */
static void test_submit(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	unsigned int i, refused = 0, value = 0;
	struct pfsnl_ckpt_vec vec = { 0, &i, sizeof(i) };
	struct pfsnl_ckpt_op op = {
		.size = sizeof(op), .kind = PFSNL_CKPT_OP_WRITE, .id = "x",
		.id_len = 1, .vecs = &vec, .count = 1,
	};
	struct pollfd pfd = { .events = POLLIN };
	size_t len = sizeof(value);
	struct pfsnl_ckpt *a;
	int err;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.handle = handle;
	a = open_on(0, "many", CREATE);
	assert_done(pfsnl_section_create(a, "x", 1, "", 0, PFSNL_NEVER, 0));
	assert_done(pfsnl_section_create(a, "in", 2, "", 0, PFSNL_NEVER, 0));
	pfd.fd = pfsnl_ckpts_fd(handle);
	for (i = 1; i <= 2000; i++) {
		for (;;) {
			err = pfsnl_ckpt_submit(a, &op, done,
						(void *)(uintptr_t)i);
			if (err != -EAGAIN)
				break;
			refused++;
			assert_has(pfsnl_errmsg(), "writing a section: ");
			assert_true(poll(&pfd, 1, PATIENCE_MS) == 1);
			assert_true(pfsnl_ckpts_dispatch(handle, 0) >= 0);
		}
		assert_done(err);
	}
	dispatch_until(handle, 2000);
	assert_true(refused > 0);
	assert_int_equal(seen.failed, 0);
	assert_false(seen.disorder);
	assert_true(seen.was_busy);
	assert_true(seen.worked);
	assert_done(pfsnl_section_read(a, "x", 1, 0, &value, &len, NULL));
	assert_int_equal(value, 2000);
	/* Nothing more comes: the descriptor falls silent. */
	assert_true(pfsnl_ckpts_dispatch(handle, 0) >= 0);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_done(pfsnl_ckpt_close(a, 0));
}

/* Functions that wait get along with a full socket, too. */
static void test_submit_and_wait(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	struct pfsnl_ckpt_op op = {
		.size = sizeof(op), .kind = PFSNL_CKPT_OP_OVERWRITE, .id = "x",
		.id_len = 1, .data = big, .len = sizeof(big),
	};
	struct pfsnl_ckpt *a;
	uintptr_t n = 0;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.handle = handle;
	seen.told = 0;
	a = open_on(0, "full", CREATE);
	assert_done(pfsnl_section_create(a, "x", 1, "", 0, PFSNL_NEVER, 0));
	assert_done(pfsnl_section_create(a, "in", 2, "", 0, PFSNL_NEVER, 0));
	while (!pfsnl_ckpt_submit(a, &op, done, (void *)(n + 1)))
		assert_true(++n < 1000000);
	assert_has(pfsnl_errmsg(), "writing a section: ");
	assert_done(pfsnl_section_create(a, "y", 1, "1", 1, PFSNL_NEVER, 0));
	dispatch_until(handle, n);
	assert_int_equal(seen.failed, 0);
	assert_false(seen.disorder);
	assert_done(pfsnl_ckpt_close(a, 0));
}

/* What fails says why; what was closed is not told. */
static void test_submit_fails(void **state)
{
	struct pfsnl *handle = nodes[0].handle;
	struct pfsnl_ckpt_op op = {
		.size = sizeof(op), .kind = PFSNL_CKPT_OP_DELETE,
		.id = "not there", .id_len = 9,
	};
	struct pfsnl_ckpt *a;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.handle = handle;
	a = open_on(0, "fails", CREATE);
	assert_done(pfsnl_ckpt_submit(a, &op, done, (void *)1));
	dispatch_until(handle, 1);
	assert_int_equal(seen.failed, 1);
	assert_has(seen.text, "deleting a section: ");
	op.kind = 77;
	assert_err(pfsnl_ckpt_submit(a, &op, done, NULL), -EOPNOTSUPP);
	op.kind = PFSNL_CKPT_OP_DELETE;
	op.size = 8;
	assert_err(pfsnl_ckpt_submit(a, &op, done, NULL), -EINVAL);
	op.size = sizeof(op);
	/* Closed by the first of three. */
	memset(&seen, 0, sizeof(seen));
	seen.handle = handle;
	seen.close_it = true;
	assert_done(pfsnl_ckpt_submit(a, &op, done, (void *)1));
	assert_done(pfsnl_ckpt_submit(a, &op, done, (void *)2));
	assert_done(pfsnl_ckpt_submit(a, &op, NULL, NULL));
	dispatch_until(handle, 1);
	assert_true(pfsnl_ckpts_dispatch(handle, 0) >= 0);
	assert_int_equal(seen.told, 1);
	assert_true(wait_for(refs_on(0, "fails") == 0));
}

/* ---- waiting -------------------------------------------------------- */

static void cable(bool cut)
{
	char command[200];
	int base = (int)(strrchr(nodes[2].netns, '-') - nodes[2].netns);

	snprintf(command, sizeof(command),
		 "ip -n %.*s-segment link set p3 %s", base, nodes[2].netns,
		 cut ? "down" : "up");
	assert_int_equal(system(command), 0);
}

/* Parts the third node from the others, or ends that. */
static void part(bool parted)
{
	cable(parted);
	assert_true(wait_for(node_peers(&nodes[0]) == (parted ? 2 : 3) &&
			     node_peers(&nodes[2]) == (parted ? 1 : 3)));
}

/* How many intervals the third node believes in others whom it does not hear. */
static void patience(uint32_t dead)
{
	struct pfsnl_settings settings;

	pfsnl_settings_init(&settings);
	settings.present = PFSNL_HAS_DEAD;
	settings.dead = dead;
	assert_done(pfsnl_set(nodes[2].handle, &settings));
}

/* What isn't known in time goes on, and what it opened does not stay open. */
static void test_timeout(void **state)
{
	struct pfsnl *handle = nodes[2].handle;
	struct pfsnl_ckpt *a, *b;

	(void)state;
	a = open_on(2, "slow", CREATE);
	/* nothing can be agreed on as long as it does not know that it is alone */
	patience(100);
	cable(true);
	assert_done(pfsnl_ckpts_set_timeout(handle, 100));
	assert_int_equal(pfsnl_ckpt_open(handle, "slow", RW, NULL, &b),
			 -ETIMEDOUT);
	assert_null(b);
	assert_has(pfsnl_errmsg(), "in time");
	patience(5);
	cable(false);
	assert_true(wait_for(node_peers(&nodes[0]) == 3 &&
			     node_peers(&nodes[2]) == 3));
	assert_done(pfsnl_ckpts_set_timeout(handle, PFSNL_CKPT_FOREVER));
	/* Whatever comes is taken in by the next that waits. */
	assert_true(wait_for(!pfsnl_ckpt_set_retention(a, PFSNL_NEVER, 0) &&
			     refs_on(2, "slow") == 1));
	assert_done(pfsnl_ckpt_close(a, 0));
}

/* A node that was stopped has nothing open, and says so. */
static void test_restart(void **state)
{
	struct pfsnl_ckpt *a, *b;
	size_t len = 1;
	char c;
	int err;

	(void)state;
	a = open_on(1, "restart", CREATE);
	assert_done(pfsnl_section_create(a, "x", 1, "x", 1, PFSNL_NEVER, 0));
	assert_done(node_stop(&nodes[1]));
	err = pfsnl_section_delete(a, "x", 1, 0);
	assert_true(err == -ENETDOWN || err == -ESHUTDOWN);
	assert_done(node_start(&nodes[1]));
	assert_true(wait_for(same_on(0, 1, "restart")));
	assert_err(pfsnl_section_delete(a, "x", 1, 0), -ESTALE);
	assert_has(pfsnl_errmsg(), "open it again");
	assert_err(pfsnl_section_read(a, "x", 1, 0, &c, &len, NULL), -ESTALE);
	/* Nor is it taken for what is opened now. */
	b = open_on(1, "restart", RW);
	assert_false(pfsnl_ckpt_created(b));
	assert_err(pfsnl_section_delete(a, "x", 1, 0), -ESTALE);
	assert_done(pfsnl_ckpt_close(a, 0));
	assert_done(pfsnl_section_delete(b, "x", 1, 0));
	assert_done(pfsnl_ckpt_close(b, 0));
}

/* ---- watching ------------------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	char text[8192];
	unsigned int refreshes;
	unsigned int conflicts;
	struct pfsnl_ckpt_conflict last;	/* but for its names */
	char name[PFSNL_CKPT_NAME_MAX + 1];
	char loser[PFSNL_CKPT_NAME_MAX + 1];
	bool before;		/* an event before the first refresh */
} watched = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void on_refresh(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&watched.lock);
	watched.refreshes++;
	pthread_mutex_unlock(&watched.lock);
}

static void on_event(void *arg, const struct pfsnl_ckpt_notice *n)
{
	const char *name = pfsnl_ckpt_event_name(n->event);
	size_t used;

	(void)arg;
	pthread_mutex_lock(&watched.lock);
	watched.before |= !watched.refreshes;
	used = strlen(watched.text);
	snprintf(watched.text + used, sizeof(watched.text) - used,
		 "%s %s %.*s by %u;", name ? name : "?", n->name,
		 (int)n->section_len, n->section ? (char *)n->section : "",
		 ntohl(n->addr.s_addr) & 255);
	pthread_mutex_unlock(&watched.lock);
}

static void on_conflict(void *arg, const struct pfsnl_ckpt_conflict *c)
{
	(void)arg;
	pthread_mutex_lock(&watched.lock);
	watched.conflicts++;
	watched.last = *c;
	snprintf(watched.name, sizeof(watched.name), "%s", c->name);
	snprintf(watched.loser, sizeof(watched.loser), "%s", c->loser_name);
	pthread_mutex_unlock(&watched.lock);
}

static const struct pfsnl_ckpt_calls calls = {
	.size = sizeof(calls),
	.refresh = on_refresh,
	.event = on_event,
	.conflict = on_conflict,
};

static bool watched_has(const char *part)
{
	bool has;

	pthread_mutex_lock(&watched.lock);
	has = strstr(watched.text, part);
	pthread_mutex_unlock(&watched.lock);
	return has;
}

static unsigned int watched_count(const unsigned int *what)
{
	unsigned int count;

	pthread_mutex_lock(&watched.lock);
	count = *what;
	pthread_mutex_unlock(&watched.lock);
	return count;
}

static void watch_begin(unsigned int node)
{
	watched.text[0] = 0;
	watched.refreshes = 0;
	watched.conflicts = 0;
	watched.before = false;
	assert_done(pfsnl_ckpt_watch_add(nodes[node].handle, &calls, NULL));
	assert_err(pfsnl_ckpt_watch_add(nodes[node].handle, &calls, NULL),
		   -EEXIST);
	assert_true(wait_for(watched_count(&watched.refreshes) == 1));
}

static void watch_end(unsigned int node)
{
	assert_done(pfsnl_ckpt_watch_remove(nodes[node].handle, &calls, NULL));
	assert_err(pfsnl_ckpt_watch_remove(nodes[node].handle, &calls, NULL),
		   -ENOENT);
	assert_false(watched.before);
}

static void test_watch(void **state)
{
	struct pfsnl_ckpt *a;

	(void)state;
	watch_begin(1);
	a = open_on(0, "w", CREATE);
	assert_done(pfsnl_section_create(a, "s", 1, "", 0, PFSNL_NEVER, 0));
	assert_done(pfsnl_section_overwrite(a, "s", 1, "x", 1, 0));
	assert_done(pfsnl_section_delete(a, "s", 1, 0));
	assert_done(pfsnl_ckpt_close(a, 0));
	assert_done(pfsnl_ckpt_unlink(nodes[2].handle, "w", 0));
	assert_true(wait_for(watched_has("unlinked w  by 3;")));
	assert_true(watched_has("created w  by 1;"));
	assert_true(watched_has("section-created w s by 1;section-written w s by 1;"
				"section-deleted w s by 1;closed w  by 1;unlinked w "));
	assert_int_equal(watched.refreshes, 1);
	/* The instance goes, and another comes. */
	assert_done(node_stop(&nodes[1]));
	assert_true(wait_for(watched_count(&watched.refreshes) == 2));
	assert_done(node_start(&nodes[1]));
	assert_true(wait_for(watched_count(&watched.refreshes) >= 3));
	assert_true(wait_for(watched_has("activated")));
	watch_end(1);
}

/* In a loop of one's own nothing is called but there. */
static void test_watch_loop(void **state)
{
	struct pollfd pfd = { .events = POLLIN };
	struct timespec limit = deadline_in(PATIENCE_MS);
	struct pfsnl_ckpt *a;
	struct pfsnl *handle;

	(void)state;
	assert_done(pfsnl_open_netns(&handle, nodes[0].netns));
	pfd.fd = pfsnl_watch_fd(handle);
	watched.text[0] = 0;
	watched.refreshes = 0;
	assert_done(pfsnl_ckpt_watch_add(handle, &calls, NULL));
	assert_int_equal(watched.refreshes, 0);
	assert_done(pfsnl_dispatch(handle));
	assert_int_equal(watched.refreshes, 1);
	a = open_on(1, "loop", CREATE);
	assert_done(pfsnl_ckpt_close(a, 0));
	while (!watched_has("closed loop") && !past(&limit)) {
		poll(&pfd, 1, 1000);
		assert_done(pfsnl_dispatch(handle));
	}
	assert_true(watched_has("created loop"));
	pfsnl_close(handle);
}

/* Each side writes; one goes on, the other is kept, and all are told. */
static void test_conflict(void **state)
{
	struct pfsnl_ckpt_info *info;
	struct pfsnl_ckpt *a, *c;
	struct pfsnl_ring ring;

	(void)state;
	a = open_on(0, "both", CREATE);
	c = open_on(2, "both", RW);
	assert_done(pfsnl_section_create(a, "s", 1, "0", 1, PFSNL_NEVER, 0));
	watch_begin(1);
	part(true);
	assert_done(pfsnl_section_overwrite(a, "s", 1, "1", 1, 0));
	assert_done(pfsnl_section_overwrite(c, "s", 1, "2", 1, 0));
	part(false);
	assert_true(wait_for(watched_count(&watched.conflicts) == 1));
	assert_true(watched.last.kept);
	assert_string_equal(watched.name, "both");
	assert_has(watched.loser, "both@conflict-");
	await_same("both");
	await_same(watched.loser);
	assert_done(pfsnl_ckpt_info_get(nodes[0].handle, watched.loser, &info));
	assert_true(info->conflict);
	assert_int_equal(info->refs, 0);
	assert_string_equal(info->lost_name, "both");
	ring = info->lost_ring;
	pfsnl_ckpt_info_free(info);
	/* Of each side, what it was; and since when it is settled. */
	assert_true(watched.last.ring.seq && watched.last.loser_ring.seq);
	assert_true(watched.last.ring.leader.s_addr !=
		    watched.last.loser_ring.leader.s_addr);
	assert_true(ring.seq > watched.last.ring.seq &&
		    ring.seq > watched.last.loser_ring.seq);
	assert_true(memcmp(watched.last.digest, watched.last.loser_digest,
			   PFSNL_CKPT_DIGEST));
	assert_int_equal(watched.last.earlier.seq, 0);
	assert_done(pfsnl_ckpt_info_get(nodes[2].handle, "both", &info));
	assert_memory_equal(info->digest, watched.last.digest,
			    PFSNL_CKPT_DIGEST);
	assert_null(info->lost_name);
	assert_int_equal(info->num_nodes, 2);
	pfsnl_ckpt_info_free(info);
	/* What was open is open. */
	assert_done(pfsnl_section_overwrite(a, "s", 1, "3", 1, 0));
	assert_done(pfsnl_section_overwrite(c, "s", 1, "4", 1, 0));
	watch_end(1);
	assert_done(pfsnl_ckpt_close(a, 0));
	assert_done(pfsnl_ckpt_close(c, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ckpt_test(test_submit),
		ckpt_test(test_submit_and_wait),
		ckpt_test(test_submit_fails),
		ckpt_test(test_timeout),
		ckpt_test(test_restart),
		ckpt_test(test_watch),
		ckpt_test(test_watch_loop),
		ckpt_test(test_conflict),
	};

	return cm_main(tests, nodes_open, nodes_close);
}
