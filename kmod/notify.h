/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the rest of the kernel tells us of: links, and the end of the machine.
 */
#ifndef PFSNL_NOTIFY_H
#define PFSNL_NOTIFY_H

int pfsnl_notify_init(void);
void pfsnl_notify_exit(void);

#endif /* PFSNL_NOTIFY_H */
