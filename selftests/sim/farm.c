// SPDX-License-Identifier: GPL-2.0
/*
 * Worker processes. Parent and workers share a page of memory each, in which a
 * worker says at which seed it is and what came of those before.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "farm.h"

#define JOBS_MAX	64
/* real seconds that one run may take */
#define SECONDS_MAX	300
/* what is shown of a run that failed */
#define TAIL_MS		3000.0
#define TAIL_LINES	150
#define LINE_MAX_LEN	256

/**
 * struct slot - what a worker says
 * @seed: at which it is, or was when it ended
 * @busy: it is
 * @failed: an assertion did not hold; @failure says which
 * @failure: that
 * @totals: of all runs that it finished
 */
struct slot {
	u64 seed;
	bool busy;
	bool failed;
	struct failure failure;
	struct totals totals;
};

static struct {
	u64 next;
	struct slot slots[JOBS_MAX];
} *shared;
static struct slot *mine;

static void failed(const char *text)
{
	mine->failed = true;
	mine->failure.seed = mine->seed;
	snprintf(mine->failure.assertion, sizeof(mine->failure.assertion), "%s",
		 sim_assertion);
	snprintf(mine->failure.text, sizeof(mine->failure.text), "%s", text);
	_exit(3);
}

static void work(const struct farm *farm, struct slot *slot)
{
	u64 seed;

	mine = slot;
	sim_on_failure = failed;
	while ((seed = __atomic_fetch_add(&shared->next, 1, __ATOMIC_SEQ_CST)) <
	       farm->end) {
		slot->seed = seed;
		slot->busy = true;
		alarm(SECONDS_MAX);
		scenario_run(seed, &farm->setup, &slot->totals);
		slot->busy = false;
	}
	_exit(0);
}

static pid_t hire(const struct farm *farm, struct slot *slot)
{
	pid_t pid;

	slot->failed = false;
	slot->busy = false;
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (pid)
		return pid;
	/* a variant that crashes is no news */
	if (farm->wanted && !freopen("/dev/null", "w", stderr))
		_exit(2);
	work(farm, slot);
	_exit(2);
}

static void add_totals(struct totals *sum, const struct totals *t)
{
	u32 i;

	sum->seeds += t->seeds;
	sum->time += t->time;
	sum->steps += t->steps;
	sum->datagrams += t->datagrams;
	for (i = 0; i < FAULT_N; i++)
		sum->faults[i] += t->faults[i];
	sum->rings += t->rings;
	sum->leads += t->leads;
	sum->dials += t->dials;
	sum->messages += t->messages;
	sum->stuck += t->stuck;
	sum->lossy_lost += t->lossy_lost;
	sum->predicted += t->predicted;
	sum->false_lost += t->false_lost;
	sum->converged += t->converged;
	if (t->slowest > sum->slowest)
		sum->slowest = t->slowest;
}

static void sum_up(struct farm *farm)
{
	u32 i;

	memset(&farm->totals, 0, sizeof(farm->totals));
	for (i = 0; i < farm->jobs; i++)
		add_totals(&farm->totals, &shared->slots[i].totals);
}

static void progress(struct farm *farm)
{
	u64 faults = 0;
	u32 i;

	sum_up(farm);
	for (i = 0; i < FAULT_N; i++)
		faults += farm->totals.faults[i];
	printf("%llu seeds, %.1f simulated hours, %llu faults, %llu ring changes, %u failures\n",
	       (unsigned long long)farm->totals.seeds,
	       farm->totals.time / 3.6e12, (unsigned long long)faults,
	       (unsigned long long)farm->totals.rings, farm->n_failures);
	fflush(stdout);
}

/* A worker is gone. Return: whether to go on. */
static bool note_failure(struct farm *farm, struct slot *slot, int status)
{
	struct failure f = slot->failure;

	if (!slot->failed) {
		bool late = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;

		f.seed = slot->seed;
		strcpy(f.assertion, late ? "ends" : "crash");
		if (WIFSIGNALED(status))
			snprintf(f.text, sizeof(f.text), "ended by signal %d",
				 WTERMSIG(status));
		else
			snprintf(f.text, sizeof(f.text), "ended with status %d",
				 WEXITSTATUS(status));
	}
	if (farm->n_failures < FAILURES_KEPT)
		farm->failures[farm->n_failures] = f;
	farm->n_failures++;
	if (!farm->wanted)
		return farm->n_failures < FAILURES_KEPT;
	if (strcmp(f.assertion, farm->wanted))
		return true;
	if (f.seed < farm->caught)
		farm->caught = f.seed;
	return false;
}

/**
 * farm_run - run seeds
 * @farm: which, and filled with what came of them
 *
 * Seeds are begun in order, and those that were begun are finished. So which
 * is the lowest one that fails does not depend on the number of workers.
 */
void farm_run(struct farm *farm)
{
	pid_t pids[JOBS_MAX], pid;
	u32 i, running = 0;
	time_t said = time(NULL);
	int status;

	if (!farm->jobs || farm->jobs > JOBS_MAX)
		farm->jobs = 1;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	farm->caught = ~0ULL;
	farm->n_failures = 0;
	shared->next = farm->first;
	for (i = 0; i < farm->jobs; i++, running++)
		pids[i] = hire(farm, &shared->slots[i]);

	while (running) {
		pid = waitpid(-1, &status, farm->progress ? WNOHANG : 0);
		if (!pid) {
			usleep(100000);
			if (time(NULL) < said + 10)
				continue;
			said = time(NULL);
			progress(farm);
			continue;
		}
		if (pid < 0) {
			if (errno == EINTR)
				continue;
			perror("waitpid");
			exit(2);
		}
		for (i = 0; pids[i] != pid; i++)
			;
		running--;
		if (WIFEXITED(status) && !WEXITSTATUS(status))
			continue;
		if (!note_failure(farm, &shared->slots[i], status))
			__atomic_store_n(&shared->next, farm->end,
					 __ATOMIC_SEQ_CST);
		pids[i] = hire(farm, &shared->slots[i]);
		running++;
	}
	sum_up(farm);
	munmap(shared, sizeof(*shared));
}

/**
 * farm_tail - run a seed that failed again, and print how it ended
 * @setup: of the run
 * @seed: which
 */
void farm_tail(const struct setup *setup, u64 seed)
{
	static char lines[TAIL_LINES][LINE_MAX_LEN];
	double when[TAIL_LINES] = {};
	struct totals totals = {};
	struct setup traced = *setup;
	unsigned long n = 0, i;
	double last = 0, at;
	int ends[2];
	FILE *in;
	pid_t pid;

	fflush(NULL);
	pid = pipe(ends) ? -1 : fork();
	if (pid < 0) {
		perror("pipe, fork");
		return;
	}
	if (!pid) {
		dup2(ends[1], 2);
		close(ends[0]);
		close(ends[1]);
		sim_on_failure = NULL;
		traced.trace = true;
		scenario_run(seed, &traced, &totals);
		_exit(0);
	}
	close(ends[1]);
	in = fdopen(ends[0], "r");
	while (in && fgets(lines[n % TAIL_LINES], LINE_MAX_LEN, in)) {
		/* what is no line of the trace is shown in any case */
		at = strtod(lines[n % TAIL_LINES], NULL);
		if (at > last)
			last = at;
		when[n % TAIL_LINES] = at > 0 ? at : last;
		n++;
	}
	if (in)
		fclose(in);
	waitpid(pid, NULL, 0);
	for (i = n > TAIL_LINES ? n - TAIL_LINES : 0; i < n; i++)
		if (when[i % TAIL_LINES] >= last - TAIL_MS)
			printf("#   %s", lines[i % TAIL_LINES]);
}
