// SPDX-License-Identifier: GPL-2.0
/*
 * Removing watches while they run. Each thread gives its watch memory of its
 * own, removes the watch and frees the memory at once: if the library ever
 * calls one that it said it had removed, the address sanitizer sees it (and
 * without it the magic number is wrong).
 */
#define _GNU_SOURCE
#include "vm.h"

#include <sched.h>

#define THREADS 6
#define ROUNDS 300
#define CHANGES 40
#define MAGIC 0x7319

static struct pfsnl *client;
static bool stop;
static unsigned int wrong, calls;

struct mine {
	unsigned int magic;
	unsigned int running;
	bool remove_self;
	bool removed;
};

static void use(void *arg, const struct pfsnl_update *update)
{
	struct mine *mine = arg;
	unsigned int i;
	int err;

	(void)update;
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	if (mine->magic != MAGIC || mine->running++)
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	if (mine->remove_self && !mine->removed) {
		mine->removed = true;
		/* The other thread may be at it, waiting for us to end. */
		err = pfsnl_watch_remove(client, use, mine);
		if (err && err != -ENOENT)
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	}
	/* Long enough for the other threads to catch us at it. */
	for (i = 0; i < 20; i++) {
		sched_yield();
		if (mine->magic != MAGIC)
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	}
	mine->running--;
}

static void *add_and_remove(void *arg)
{
	unsigned int seed = (uintptr_t)arg, round;

	for (round = 0; round < ROUNDS ||
	     !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); round++) {
		struct mine *mine = calloc(1, sizeof(*mine));
		int i, err;

		mine->magic = MAGIC;
		mine->remove_self = rand_r(&seed) & 1;
		if (pfsnl_watch_add(client, use, mine))
			return "adding failed";
		for (i = rand_r(&seed) % 50; i; i--)
			sched_yield();
		/* It may have been quicker: then it must have ended, too. */
		err = pfsnl_watch_remove(client, use, mine);
		if (err && !(mine->remove_self && err == -ENOENT))
			return "removing failed";
		if (mine->running)
			return "it runs after it was removed";
		mine->magic = 0;
		free(mine);
	}
	return NULL;
}

static void test_race(void **state)
{
	struct timespec limit = deadline_in(2 * PATIENCE_MS);
	static struct model model;
	pthread_t threads[THREADS];
	const char *complaint = NULL;
	void *said;
	uintptr_t i;

	(void)state;
	model_init(&model);
	cluster_up(num_nodes);
	assert_done(pfsnl_open_netns(&client, nodes[0].netns));
	assert_done(pfsnl_watch_add(client, model_watch, &model));
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						add_and_remove,
						(void *)(i + 1)), 0);
	while (node_generation(&nodes[0]) < CHANGES && !past(&limit)) {
		for (i = 1; i < num_nodes; i++)
			assert_done(node_stop(&nodes[i]));
		for (i = 1; i < num_nodes; i++)
			assert_done(node_start(&nodes[i]));
		wait_for(node_peers(&nodes[0]) == num_nodes);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &said);
		if (said)
			complaint = said;
	}
	if (complaint)
		fail_msg("%s", complaint);
	assert_int_equal(wrong, 0);
	assert_true(node_generation(&nodes[0]) >= CHANGES);
	assert_true(calls > THREADS);
	assert_true(wait_for(model_is_list(&model, client)));
	assert_null(model.complaint);
	pfsnl_close(client);
}

/* Removing waits for the watch that runs, and only for that. */
struct slow {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool inside, go_on, ended;
};

static void be_slow(void *arg, const struct pfsnl_update *update)
{
	struct slow *slow = arg;

	(void)update;
	pthread_mutex_lock(&slow->lock);
	slow->inside = true;
	pthread_cond_broadcast(&slow->cond);
	while (!slow->go_on)
		pthread_cond_wait(&slow->cond, &slow->lock);
	slow->ended = true;
	pthread_mutex_unlock(&slow->lock);
}

static void be_quick(void *arg, const struct pfsnl_update *update)
{
	(void)update;
	__atomic_fetch_add((unsigned int *)arg, 1, __ATOMIC_RELEASE);
}

struct removal {
	pthread_t thread;
	struct slow *slow;
	pid_t tid;
	int err;
	bool ended, ended_before;
};

static void *remove_slow(void *arg)
{
	struct removal *removal = arg;

	__atomic_store_n(&removal->tid, gettid(), __ATOMIC_RELEASE);
	removal->err = pfsnl_watch_remove(client, be_slow, removal->slow);
	pthread_mutex_lock(&removal->slow->lock);
	removal->ended_before = removal->slow->ended;
	pthread_mutex_unlock(&removal->slow->lock);
	__atomic_store_n(&removal->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Whether the thread waits for something, or has come back already. */
static bool is_settled(struct removal *removal)
{
	pid_t tid = __atomic_load_n(&removal->tid, __ATOMIC_ACQUIRE);
	char path[64], state = 0;
	FILE *file;

	if (__atomic_load_n(&removal->ended, __ATOMIC_ACQUIRE))
		return true;
	if (!tid)
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state == 'S';
}

static void test_waits(void **state)
{
	struct slow slow = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.cond = PTHREAD_COND_INITIALIZER,
	};
	struct removal first = { .slow = &slow }, other = { .slow = &slow };
	unsigned int quick = 0;

	(void)state;
	assert_done(pfsnl_open_netns(&client, nodes[0].netns));
	assert_done(pfsnl_watch_add(client, be_quick, &quick));
	assert_true(wait_for(__atomic_load_n(&quick, __ATOMIC_ACQUIRE) == 1));
	assert_done(pfsnl_watch_add(client, be_slow, &slow));
	pthread_mutex_lock(&slow.lock);
	while (!slow.inside)
		pthread_cond_wait(&slow.cond, &slow.lock);
	pthread_mutex_unlock(&slow.lock);

	/* Another one doesn't run, so it can be removed now. */
	assert_done(pfsnl_watch_remove(client, be_quick, &quick));

	assert_int_equal(pthread_create(&first.thread, NULL, remove_slow,
					&first), 0);
	assert_int_equal(pthread_create(&other.thread, NULL, remove_slow,
					&other), 0);
	assert_true(wait_for(is_settled(&first) && is_settled(&other)));
	pthread_mutex_lock(&slow.lock);
	slow.go_on = true;
	pthread_cond_broadcast(&slow.cond);
	pthread_mutex_unlock(&slow.lock);
	pthread_join(first.thread, NULL);
	pthread_join(other.thread, NULL);
	assert_true(first.ended_before);
	assert_true(other.ended_before);
	/* One of the two removed it. */
	assert_int_equal(first.err + other.err, -ENOENT);
	pfsnl_close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_waits, nodes_stop),
		cmocka_unit_test_teardown(test_race, nodes_stop),
	};

	return cm_main(tests, nodes_open, nodes_close);
}
