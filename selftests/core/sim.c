// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual time: a binary heap of events that knows where each one is, so that
 * moving and cancelling cost no search.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

void (*sim_on_failure)(const char *text);
const char *sim_assertion;

/**
 * sim_violated - the world is not as it must be
 * @assertion: name of what does not hold
 * @format: as printf
 *
 * Does not return.
 */
void sim_violated(const char *assertion, const char *format, ...)
{
	static char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	sim_assertion = assertion;
	if (sim_on_failure)
		sim_on_failure(text);
	fprintf(stderr, "%s: %s\n", assertion, text);
	abort();
}

/**
 * sim_alloc - memory for the world itself, which does not run out
 * @size: bytes
 *
 * Return: zeroed memory.
 */
void *sim_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		sim_fail("the simulator has no memory for %zu bytes", size);
	return p;
}

/**
 * sim_resize - more memory for the world itself
 * @p: from sim_alloc() or this, or NULL
 * @size: bytes
 *
 * Return: memory with the same content.
 */
void *sim_resize(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		sim_fail("the simulator has no memory for %zu bytes", size);
	return p;
}

/**
 * sim_init - begin at time 0
 * @sim: overwritten
 * @seed: of chance
 */
void sim_init(struct sim *sim, u64 seed)
{
	*sim = (struct sim) { .random = seed };
}

/**
 * sim_exit - end it
 * @sim: what is planned never happens; whose events those are frees them
 */
void sim_exit(struct sim *sim)
{
	free(sim->heap);
	sim->heap = NULL;
	sim->n = 0;
	sim->room = 0;
}

/**
 * sim_mix - scatter a number over all bits
 * @x: the number
 */
u64 sim_mix(u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/**
 * sim_random - chance
 * @sim: virtual time
 *
 * Return: any number.
 */
u64 sim_random(struct sim *sim)
{
	sim->random += 0x9e3779b97f4a7c15ULL;
	return sim_mix(sim->random);
}

/**
 * sim_below - chance
 * @sim: virtual time
 * @n: not 0
 *
 * Return: a number below @n.
 */
u64 sim_below(struct sim *sim, u64 n)
{
	return sim_random(sim) % n;
}

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->when != b->when ? a->when < b->when : a->order < b->order;
}

static void put(struct sim *sim, u32 slot, struct sim_event *ev)
{
	sim->heap[slot - 1] = ev;
	ev->slot = slot;
}

static struct sim_event *at(const struct sim *sim, u32 slot)
{
	return sim->heap[slot - 1];
}

/* Let an event find its place, beginning at a slot that is free for it. */
static void settle(struct sim *sim, u32 slot, struct sim_event *ev)
{
	u32 child;

	while (slot > 1 && before(ev, at(sim, slot / 2))) {
		put(sim, slot, at(sim, slot / 2));
		slot /= 2;
	}
	while ((child = 2 * slot) <= sim->n) {
		if (child < sim->n && before(at(sim, child + 1), at(sim, child)))
			child++;
		if (!before(at(sim, child), ev))
			break;
		put(sim, slot, at(sim, child));
		slot = child;
	}
	put(sim, slot, ev);
}

/**
 * sim_cancel - it is not to happen
 * @sim: virtual time
 * @ev: an event, planned or not
 */
void sim_cancel(struct sim *sim, struct sim_event *ev)
{
	u32 slot = ev->slot;
	struct sim_event *last;

	if (!slot)
		return;
	last = at(sim, sim->n--);
	ev->slot = 0;
	if (last != ev)
		settle(sim, slot, last);
}

/**
 * sim_at - let something happen at a time
 * @sim: virtual time
 * @ev: the event; if it is planned already it moves
 * @when: nanoseconds; what is past happens now, SIM_NEVER cancels
 */
void sim_at(struct sim *sim, struct sim_event *ev, u64 when)
{
	sim_cancel(sim, ev);
	if (when == SIM_NEVER)
		return;
	if (sim->n == sim->room) {
		sim->room = sim->room ? 2 * sim->room : 256;
		sim->heap = sim_resize(sim->heap,
				       sim->room * sizeof(*sim->heap));
	}
	ev->when = when < sim->now ? sim->now : when;
	ev->order = sim->order++;
	settle(sim, ++sim->n, ev);
}

/**
 * sim_next - when something happens next
 * @sim: virtual time
 *
 * Return: nanoseconds, SIM_NEVER when nothing is planned.
 */
u64 sim_next(const struct sim *sim)
{
	return sim->n ? at(sim, 1)->when : SIM_NEVER;
}

/**
 * sim_step - let the next thing happen
 * @sim: virtual time; something is planned
 */
void sim_step(struct sim *sim)
{
	struct sim_event *ev = at(sim, 1);

	sim->now = ev->when;
	if (++sim->steps == sim->steps_max)
		sim_violated("ends", "%llu things happened, at last at %llu ms",
			     (unsigned long long)sim->steps,
			     (unsigned long long)sim->now / 1000000);
	sim_cancel(sim, ev);
	ev->run(ev);
}
