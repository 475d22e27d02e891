/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parameters of the module.
 */
#ifndef PFSNL_MAIN_H
#define PFSNL_MAIN_H

#include <linux/types.h>

extern bool pfsnl_param_fifo;
extern bool pfsnl_param_fifo_users;
extern unsigned int pfsnl_param_max_per_user;
extern unsigned int pfsnl_param_group_backlog_kib;
extern unsigned int pfsnl_param_group_backlogs_kib;
extern unsigned int pfsnl_param_ckpt_most_mib;

#endif /* PFSNL_MAIN_H */
