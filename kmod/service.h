/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Services of this node, as the rooms of the module have them. Which there are, what
 * they are told and when, is in core/service.h; here is how they come to the core,
 * which lives in the node thread.
 */
#ifndef PFSNL_SERVICE_H
#define PFSNL_SERVICE_H

#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/types.h>

#include "core/service.h"

struct pfsnl_instance;

/**
 * struct pfsnl_service_sink - whoever is a service of a node
 * @name: for those who look, or NULL; to stay as long as the service
 * @told: the core tells it something; what to return depends on that. Node thread,
 *	under the instance lock; may sleep. Must not call the core, but that
 *	pfsnl_core_sync_data() may be called while PROCESS is told
 * @room: whoever was told -EAGAIN since there was too much under way may say something
 *	again; NULL if it need not know. Otherwise as @told
 * @due: it was told something that listeners are told too, when the input ends
 *
 * It is what is given to pfsnl_core_service_add() as @who, always.
 */
struct pfsnl_service_sink {
	const char *name;
	int (*told)(struct pfsnl_service_sink *sink,
		    const struct pfsnl_sync_event *ev);
	void (*room)(struct pfsnl_service_sink *sink);
	bool due;
};

/**
 * struct pfsnl_errand - something about a service to do in the node thread
 * @inst: the instance
 * @id: of the service
 * @sink: the service, to add it
 * @flags: PFSNL_MSG_*, to say something
 * @data: what, to stay until it is done
 * @len: bytes of that
 * @n: becomes our count of it
 * @work: in its queue
 * @done: it is
 * @err: what came of it; -ESHUTDOWN when the node ended before
 */
struct pfsnl_errand {
	struct pfsnl_instance *inst;
	u16 id;
	struct pfsnl_service_sink *sink;
	u16 flags;
	const void *data;
	u32 len;
	u64 n;
	struct kthread_work work;
	struct completion done;
	int err;
};

/* any context in which the instance stays; then any process that may sleep waits */
void pfsnl_errand_remove(struct pfsnl_errand *e);
void pfsnl_errand_say(struct pfsnl_errand *e);
int pfsnl_errand_wait(struct pfsnl_errand *e);

/* any process that keeps the instance, see pfsnl_instance_get(); may sleep */
int pfsnl_services_add(struct pfsnl_instance *inst, u16 id,
		       struct pfsnl_service_sink *sink);
int pfsnl_services_remove(struct pfsnl_instance *inst, u16 id);
int pfsnl_services_say(struct pfsnl_instance *inst, u16 id, u16 flags,
		       const void *data, u32 len, u64 *n);

/* node thread, while the core tells something */
int pfsnl_services_told(struct pfsnl_instance *inst,
			const struct pfsnl_sync_event *ev);
void pfsnl_services_room(struct pfsnl_instance *inst);

/* node thread, after an input */
void pfsnl_services_settle(struct pfsnl_instance *inst);

#endif /* PFSNL_SERVICE_H */
