#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml 6.1 6.12
#
# Programs that live with the events: the C++ class of 1998, watches of the C
# library in each form, and how it recovers when events are lost.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/library.sh"

[ "${PFSNL_SUBSET-}" != 1 ] || library vm_seed.sh
library vm_seed.sh vm_watch vm_loss vm_remove vm_reload
