/* SPDX-License-Identifier: GPL-2.0 */
/* The attributes of a dump are found in another way since 6.7. */
#ifndef PFSNL_COMPAT_NET_GENETLINK_H
#define PFSNL_COMPAT_NET_GENETLINK_H

#include <linux/version.h>

#include_next <net/genetlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define genl_info_dump(cb)	genl_dumpit_info(cb)
#endif

#endif /* PFSNL_COMPAT_NET_GENETLINK_H */
