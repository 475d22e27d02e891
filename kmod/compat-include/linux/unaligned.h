/* SPDX-License-Identifier: GPL-2.0 */
/* The header moved here in 6.12. */
#ifndef PFSNL_COMPAT_LINUX_UNALIGNED_H
#define PFSNL_COMPAT_LINUX_UNALIGNED_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include_next <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif /* PFSNL_COMPAT_LINUX_UNALIGNED_H */
