#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs the tests of libpfsnl that need the module, as root, in a VM:
#
#	tools/vm/run -e PFSNL_KO=/path/of/pfsnl.ko -- selftests/lib/run-vm.sh
#
# Loads PFSNL_KO if the module isn't loaded. Arguments choose some of the tests.
# Prints one TAP stream; the programs must have been built (make, here).
set -u

here=$(dirname "$(realpath "$0")")
export O=${O:-$here/../../.build/selftests/lib}
if [ ! -x "$O/node" ]; then
	echo "Bail out! there is no $O/node: run make in $here first"
	exit 1
fi
limit=${PFSNL_TEST_TIMEOUT:-240}
nodes=5
tests=("$@")
[ $# -gt 0 ] || tests=(vm_seed.sh vm_watch vm_loss vm_remove vm_nomem vm_group vm_group_end vm_ckpt vm_ckpt_told vm_sync vm_reload)

if [ ! -d /sys/module/pfsnl ]; then
	if [ -z "${PFSNL_KO:-}" ] || ! insmod "$PFSNL_KO"; then
		echo "1..0 # SKIP the module pfsnl is not loaded: set PFSNL_KO"
		exit 4
	fi
fi

# With the address sanitizer where it works, which is not everywhere.
"$O/node" >/dev/null 2>&1
[ $? = 2 ] || O=$O/plain

number=0
failed=0
echo "TAP version 13"
for test in "${tests[@]}"; do
	prog=$O/$test
	[ -x "$here/$test" ] && prog=$here/$test
	echo "# $test"
	# Results of a program become ours; it may die before its last one.
	while read -r line; do
		if [[ $line =~ ^(ok|not\ ok)\ [0-9]+\ -\ (.*) ]]; then
			number=$((number + 1))
			[ "${BASH_REMATCH[1]}" = ok ] || failed=1
			echo "${BASH_REMATCH[1]} $number - $test: ${BASH_REMATCH[2]}"
		elif [[ $line =~ ^status\ ([0-9]+)$ ]]; then
			number=$((number + 1))
			word=ok
			[ "${BASH_REMATCH[1]}" = 0 ] || word="not ok"
			[ "$word" = ok ] || failed=1
			echo "$word $number - $test ends with ${BASH_REMATCH[1]}"
		elif [[ $line =~ ^ok\ [0-9]+\ (#\ *SKIP.*) ]]; then
			number=$((number + 1))
			echo "ok $number ${BASH_REMATCH[1]}"
		elif [[ ! $line =~ ^(1\.\.|TAP) ]]; then
			echo "# ${line#\# }"
		fi
	done < <(timeout -k 10 "$limit" "$here/with_nodes.sh" $nodes "$prog" 2>&1
		echo "status $?")
done
echo "1..$number"
exit $failed
