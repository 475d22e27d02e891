/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: one for everything that the core notes, to be filtered by
 * "note". Enable with: echo 1 > /sys/kernel/tracing/events/pfsnl/enable
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pfsnl

#if !defined(PFSNL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PFSNL_TRACE_H

#include <linux/tracepoint.h>
#include <net/net_namespace.h>

#include "core/core.h"

#undef PFSNL_NOTE_TRACE
#define PFSNL_NOTE_TRACE(name, text) TRACE_DEFINE_ENUM(PFSNL_NOTE_##name);
PFSNL_NOTES(PFSNL_NOTE_TRACE)

#undef PFSNL_NOTE_PAIR
#define PFSNL_NOTE_PAIR(name, text) { PFSNL_NOTE_##name, text },
#undef PFSNL_REASON_PAIR
#define PFSNL_REASON_PAIR(name, n, text) { n, text },

TRACE_EVENT(pfsnl_note,

	TP_PROTO(const struct net *net, u32 self, u32 note, u32 addr, u32 reason,
		 u64 number),

	TP_ARGS(net, self, note, addr, reason, number),

	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, note)
		__field(u32, reason)
		__field(u64, number)
		__array(u8, self, 4)
		__array(u8, addr, 4)
	),

	TP_fast_assign(
		__entry->netns = net->ns.inum;
		__entry->note = note;
		__entry->reason = reason;
		__entry->number = number;
		*(__be32 *)__entry->self = htonl(self);
		*(__be32 *)__entry->addr = htonl(addr);
	),

	TP_printk("netns=%u node=%pI4 note=%s addr=%pI4 reason=%s number=%llu",
		  __entry->netns, __entry->self,
		  __print_symbolic(__entry->note,
				   PFSNL_NOTES(PFSNL_NOTE_PAIR)
				   { -1, "" }),
		  __entry->addr,
		  __print_symbolic(__entry->reason,
				   PFSNL_REASONS(PFSNL_REASON_PAIR)
				   { -1, "" }),
		  __entry->number)
);

#endif /* PFSNL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
