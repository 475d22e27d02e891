#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each allocation of the library fails once, in each of its functions.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/library.sh"

library vm_nomem
