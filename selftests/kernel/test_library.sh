#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# Programs that use the library's groups, checkpoints and synchronization.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/library.sh"

library vm_group vm_group_end vm_ckpt vm_ckpt_told vm_sync
