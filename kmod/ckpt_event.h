/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What listeners are told of checkpoints, and the kernel log.
 */
#ifndef PFSNL_CKPT_EVENT_H
#define PFSNL_CKPT_EVENT_H

#include <linux/types.h>

#include "core/ckptsvc.h"

struct pfsnl_ckpt_io;

/* node thread, under the instance lock */
void pfsnl_ckpt_event_applied(struct pfsnl_ckpt_io *io,
			      const struct pfsnl_ckpt_applied *a);
void pfsnl_ckpt_event_active(struct pfsnl_ckpt_io *io, bool active);
void pfsnl_ckpt_event_out(struct pfsnl_ckpt_io *io, int err);
void pfsnl_ckpt_event_conflict(struct pfsnl_ckpt_io *io,
			       const struct pfsnl_ckpt_conflict *c);

#endif /* PFSNL_CKPT_EVENT_H */
