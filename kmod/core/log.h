/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log: numbered messages that somebody may still need. Numbers in it are
 * consecutive. What is at its end is new, what is at its beginning is held by
 * every member and was delivered here, and is freed.
 *
 * It knows nothing of rings, tethers or time.
 */
#ifndef PFSNL_CORE_LOG_H
#define PFSNL_CORE_LOG_H

#include <linux/list.h>
#include <linux/types.h>

/* entries that a log can hold; more are refused, so that its index is bounded */
#define PFSNL_LOG_ENTRIES_MAX	65536

/**
 * struct pfsnl_entry - a message
 * @list: among those that have no number yet
 * @number: its place in the sequence; 0 as long as it has none
 * @by: in which ring it got that, see pfsnl_order_epoch()
 * @at: when this node got it, nanoseconds
 * @incarnation: of the sender
 * @n: the sender's own count of its messages
 * @sender: address, host order
 * @len: bytes of @data
 * @port: who it is for, PFSNL_PORT_*
 * @flags: PFSNL_MSG_*
 * @under_way: of our own: the leader was sent it, or a part of it
 * @granted: of our own: the leader said that it may be sent
 * @bulk: of our own: a service transmits it, see pfsnl_core_sync_data()
 * @data: what it says
 */
struct pfsnl_entry {
	struct list_head list;
	u64 number;
	u64 by;
	u64 at;
	u64 incarnation;
	u64 n;
	u32 sender;
	u32 len;
	u16 port;
	u16 flags;
	bool under_way;
	bool granted;
	bool bulk;
	u8 data[];
};

/**
 * struct pfsnl_log - consecutive messages
 * @at: places of the entries, by the low bits of their numbers
 * @size: how many places, a power of two, or 0
 * @base: number of the last one that is no longer there
 * @base_by: in which ring that one got its number
 * @last: number of the last one; @base when there is none
 * @bytes: that the entries take, heads included
 */
struct pfsnl_log {
	struct pfsnl_entry **at;
	u32 size;
	u64 base;
	u64 base_by;
	u64 last;
	size_t bytes;
};

struct pfsnl_entry *pfsnl_log_find(const struct pfsnl_log *log, u64 number);
bool pfsnl_log_by(const struct pfsnl_log *log, u64 number, u64 *by);
bool pfsnl_log_full(const struct pfsnl_log *log);
u32 pfsnl_log_grown(const struct pfsnl_log *log);
struct pfsnl_entry **pfsnl_log_move(struct pfsnl_log *log,
				    struct pfsnl_entry **at, u32 size);
void pfsnl_log_append(struct pfsnl_log *log, struct pfsnl_entry *e);
struct pfsnl_entry *pfsnl_log_shift(struct pfsnl_log *log);
void pfsnl_log_restart(struct pfsnl_log *log, u64 base, u64 by);
size_t pfsnl_entry_cost(u32 len);

#endif /* PFSNL_CORE_LOG_H */
