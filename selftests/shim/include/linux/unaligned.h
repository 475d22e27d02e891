/* SPDX-License-Identifier: GPL-2.0 */
/* The header of the kernel's tools uses byte order macros that it lacks. */
#ifndef SHIM_LINUX_UNALIGNED_H
#define SHIM_LINUX_UNALIGNED_H

#include <linux/kernel.h>
#include <linux/types.h>
#include_next <linux/unaligned.h>

#endif /* SHIM_LINUX_UNALIGNED_H */
