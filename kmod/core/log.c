// SPDX-License-Identifier: GPL-2.0
/*
 * The log. Touches nothing but its arguments; memory comes from and goes to
 * whoever calls.
 */
#include <linux/bug.h>
#include <linux/minmax.h>

#include "log.h"

#define LOG_SIZE_MIN	64

/**
 * pfsnl_log_find - the entry of a number
 * @log: the log
 * @number: the number
 *
 * Return: the entry, or NULL if it isn't there.
 */
struct pfsnl_entry *pfsnl_log_find(const struct pfsnl_log *log, u64 number)
{
	if (number <= log->base || number > log->last)
		return NULL;
	return log->at[number & (log->size - 1)];
}

/**
 * pfsnl_log_by - in which ring a number was given
 * @log: the log
 * @number: the number, of an entry or the one before the first entry
 * @by: set to that, see pfsnl_order_epoch()
 *
 * Return: whether the log can tell.
 */
bool pfsnl_log_by(const struct pfsnl_log *log, u64 number, u64 *by)
{
	const struct pfsnl_entry *e = pfsnl_log_find(log, number);

	if (!e && number != log->base)
		return false;
	*by = e ? e->by : log->base_by;
	return true;
}

/**
 * pfsnl_log_full - whether another entry needs more places
 * @log: the log
 */
bool pfsnl_log_full(const struct pfsnl_log *log)
{
	return log->last - log->base == log->size;
}

/**
 * pfsnl_log_grown - how many places to have when they are full
 * @log: the log
 *
 * Return: places, or 0 when it may not grow any more.
 */
u32 pfsnl_log_grown(const struct pfsnl_log *log)
{
	if (log->size >= PFSNL_LOG_ENTRIES_MAX)
		return 0;
	return max_t(u32, LOG_SIZE_MIN, 2 * log->size);
}

/**
 * pfsnl_log_move - give the log other places
 * @log: the log
 * @at: the new ones
 * @size: how many, a power of two, no less than there are entries
 *
 * Return: the old ones, the caller's to free.
 */
struct pfsnl_entry **pfsnl_log_move(struct pfsnl_log *log,
				    struct pfsnl_entry **at, u32 size)
{
	struct pfsnl_entry **old = log->at;
	u64 number;

	for (number = log->base + 1; number <= log->last; number++)
		at[number & (size - 1)] = pfsnl_log_find(log, number);
	log->at = at;
	log->size = size;
	return old;
}

/**
 * pfsnl_log_append - add an entry at the end
 * @log: the log, not full; owns the entry from now on
 * @e: the entry, whose number is one more than the last
 */
void pfsnl_log_append(struct pfsnl_log *log, struct pfsnl_entry *e)
{
	WARN_ON_ONCE(e->number != log->last + 1 || pfsnl_log_full(log));
	log->last = e->number;
	log->at[e->number & (log->size - 1)] = e;
	log->bytes += pfsnl_entry_cost(e->len);
}

/**
 * pfsnl_log_shift - take the first entry out
 * @log: the log
 *
 * Return: the entry, the caller's to free, or NULL when there is none.
 */
struct pfsnl_entry *pfsnl_log_shift(struct pfsnl_log *log)
{
	struct pfsnl_entry *e = pfsnl_log_find(log, log->base + 1);

	if (!e)
		return NULL;
	log->base++;
	log->base_by = e->by;
	log->bytes -= pfsnl_entry_cost(e->len);
	return e;
}

/**
 * pfsnl_log_restart - go on with other numbers
 * @log: the log, without entries
 * @base: the next number is one more
 * @by: in which ring that number was given
 */
void pfsnl_log_restart(struct pfsnl_log *log, u64 base, u64 by)
{
	WARN_ON_ONCE(log->last != log->base);
	log->base = base;
	log->last = base;
	log->base_by = by;
}

/**
 * pfsnl_entry_cost - what an entry counts for in a bound of memory
 * @len: bytes that its message has
 */
size_t pfsnl_entry_cost(u32 len)
{
	return sizeof(struct pfsnl_entry) + len;
}
