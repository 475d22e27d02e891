/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Services of this node, as the rooms of the module have them. Which there are, what
 * they are told and when, is in core/service.h; here is how they come to the core,
 * which lives in the node thread.
 */
#ifndef PFSNL_SERVICE_H
#define PFSNL_SERVICE_H

#include <linux/types.h>

#include "core/service.h"

struct pfsnl_instance;

/* ids that are ours; other modules have those above */
#define PFSNL_SERVICE_ID_OWN_MAX	15

/**
 * struct pfsnl_service_sink - whoever is a service of a node
 * @name: for those who look, or NULL; to stay as long as the service
 * @told: the core tells it something; what to return depends on that. Node thread,
 *	under the instance lock; may sleep. Must not call the core, but that
 *	pfsnl_core_sync_data() may be called while PROCESS is told
 * @room: whoever was told -EAGAIN since there was too much under way may say something
 *	again; NULL if it need not know. Otherwise as @told
 *
 * It is what is given to pfsnl_core_service_add() as @who, always.
 */
struct pfsnl_service_sink {
	const char *name;
	int (*told)(struct pfsnl_service_sink *sink,
		    const struct pfsnl_sync_event *ev);
	void (*room)(struct pfsnl_service_sink *sink);
};

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

#endif /* PFSNL_SERVICE_H */
