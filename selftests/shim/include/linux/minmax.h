/* SPDX-License-Identifier: GPL-2.0 */
/* min(), max() and clamp() stand in another header of the kernel's tools. */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

#include <linux/kernel.h>
#include <linux/types.h>

#endif /* SHIM_LINUX_MINMAX_H */
