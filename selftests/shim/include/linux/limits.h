/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's header of this name is about its own integer types. */
#ifndef SHIM_LINUX_LIMITS_H
#define SHIM_LINUX_LIMITS_H

#include_next <linux/limits.h>
#include <linux/types.h>
#include <limits.h>

#undef U8_MAX
#undef U16_MAX
#undef U32_MAX
#undef U64_MAX
#define U8_MAX		((u8)~0U)
#define U16_MAX		((u16)~0U)
#define U32_MAX		((u32)~0U)
#define U64_MAX		((u64)~0ULL)

#endif /* SHIM_LINUX_LIMITS_H */
