/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only outlet to listeners: notifications over generic netlink.
 */
#ifndef PFSNL_EVENT_H
#define PFSNL_EVENT_H

#include <linux/types.h>

struct pfsnl_event;
struct pfsnl_instance;
struct pfsnl_ring_id;
struct pfsnl_state;
struct pfsnl_sync_state;
struct sk_buff;

void pfsnl_event_update(struct pfsnl_instance *inst,
			const struct pfsnl_event *ev);
void pfsnl_event_ring(struct pfsnl_instance *inst,
		      const struct pfsnl_event *ev);
void pfsnl_event_state(struct pfsnl_instance *inst, bool down);
void pfsnl_event_service(struct pfsnl_instance *inst,
			 const struct pfsnl_sync_state *st);

/* attributes of an instance, for the notification and for the answer to get */
int pfsnl_event_fill_instance(struct sk_buff *skb,
			      struct pfsnl_instance *inst, bool down);
size_t pfsnl_event_instance_size(const struct pfsnl_instance *inst);

/* and of a service */
int pfsnl_event_fill_service(struct sk_buff *skb,
			     const struct pfsnl_instance *inst,
			     const struct pfsnl_sync_state *st);
size_t pfsnl_event_service_size(const char *name);

/* and of a ring, for whoever tells of one */
int pfsnl_event_put_ring(struct sk_buff *skb, int type,
			 const struct pfsnl_ring_id *ring,
			 const struct pfsnl_state *st);
size_t pfsnl_event_ring_size(void);

#endif /* PFSNL_EVENT_H */
