/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Our address on the segment: telling whose it is, and hearing that another
 * machine thinks that it is its own.
 *
 * Beacons can't tell the two: the network drops what comes from an address of
 * this machine. ARP has no such scruples.
 */
#ifndef PFSNL_ADDRESS_H
#define PFSNL_ADDRESS_H

#include <linux/kthread.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct pfsnl_instance;

/**
 * struct pfsnl_address - whom to tell, one for each network namespace
 * @lock: taken in softirq
 * @inst: the instance, NULL when none is to be told
 */
struct pfsnl_address {
	spinlock_t lock; /* inst */
	struct pfsnl_instance *inst;
};

/**
 * struct pfsnl_address_io - the address of an instance
 * @report: node thread: another machine has it
 * @duplicates: how often that was heard
 */
struct pfsnl_address_io {
	struct kthread_work report;
	u64 duplicates;
};

void pfsnl_address_init(void);
void pfsnl_address_exit(void);

void pfsnl_address_watch(struct pfsnl_address *a, struct pfsnl_instance *inst);
void pfsnl_address_forget(struct pfsnl_address *a, struct pfsnl_instance *inst);

#endif /* PFSNL_ADDRESS_H */
