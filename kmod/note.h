/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens, in the kernel's log and in the tracepoint.
 */
#ifndef PFSNL_NOTE_H
#define PFSNL_NOTE_H

#include "core/core.h"

struct pfsnl_instance;

void pfsnl_note_log(struct pfsnl_instance *inst, enum pfsnl_note note, u32 addr,
		    u32 reason, u64 number);

#endif /* PFSNL_NOTE_H */
