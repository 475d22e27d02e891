// SPDX-License-Identifier: GPL-2.0
/*
 * What the core notes, for those who look later: the tracepoint, and lines in the
 * kernel's log for what an operator should see.
 */
#include <linux/printk.h>
#include <net/net_namespace.h>

#include "instance.h"
#include "note.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * pfsnl_note_log - something happened
 * @inst: to which node; its lock is held
 * @note: what
 * @addr: the address concerned, host order; 0: none
 * @reason: why, enum pfsnl_reason
 * @number: as PFSNL_NOTES says
 *
 * Node thread.
 */
void pfsnl_note_log(struct pfsnl_instance *inst, enum pfsnl_note note, u32 addr,
		    u32 reason, u64 number)
{
	u32 self = pfsnl_core_config(inst->core)->addr;
	__be32 us = htonl(self), them = htonl(addr);

	trace_pfsnl_note(inst->net, self, note, addr, reason, number);
	switch (note) {
	case PFSNL_NOTE_LEAD:
		pr_info_ratelimited("pfsnl: %pI4 leads\n", &us);
		break;
	case PFSNL_NOTE_LEADER_LOST:
		pr_info_ratelimited("pfsnl: %pI4 lost its leader %pI4: %s\n",
				    &us, &them, pfsnl_reason_text(reason));
		break;
	case PFSNL_NOTE_DROP:
		pr_info_ratelimited("pfsnl: %pI4 dropped %pI4: %s\n", &us,
				    &them, pfsnl_reason_text(reason));
		break;
	case PFSNL_NOTE_STEP_DOWN:
		pr_info_ratelimited("pfsnl: %pI4 gives way to leader %pI4\n",
				    &us, &them);
		break;
	case PFSNL_NOTE_DUPLICATE:
		pr_warn_ratelimited("pfsnl: %pI4 hears two nodes of address %pI4\n",
				    &us, &them);
		break;
	case PFSNL_NOTE_UNCLAIMED:
		pr_info_ratelimited("pfsnl: %pI4 hears leader %pI4, which does not claim it: can it hear %pI4, and connect to it?\n",
				    &us, &them, &us);
		break;
	case PFSNL_NOTE_TOO_LARGE:
		pr_warn_ratelimited("pfsnl: %pI4: no room for %pI4: the cluster is larger than max-nodes of one of them\n",
				    &us, &them);
		break;
	default:
		break;
	}
}
