/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One large cluster without faults: how long things take, and what they cost.
 */
#ifndef SIM_SCALE_H
#define SIM_SCALE_H

#include <linux/types.h>

int scale_run(u32 n);

#endif /* SIM_SCALE_H */
