# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154,SC2034 # variables of lib.sh, and for the caller
# shellcheck shell=bash
#
# Making allocations of the module fail, after lib.sh: what inject.h is for programs.

debugfs=/sys/kernel/debug

# inject_possible: or else the test is skipped
inject_possible()
{
	{ [ -w /proc/thread-self/fail-nth ] && [ -d $debugfs/failslab ]; } ||
		skip_all "this kernel has no fail-nth: it is for the debug kernel"
}

# inject_begin: from here on fail-nth counts what the module asks for, and only that
inject_begin()
{
	local facility file start size

	read -r _ size _ _ _ start _ < <(grep '^pfsnl ' /proc/modules)
	for facility in failslab fail_page_alloc; do
		echo N >$debugfs/$facility/ignore-gfp-wait
		echo 0 >$debugfs/$facility/verbose
		echo "$start" >$debugfs/$facility/require-start
		printf '%#x' $((start + size)) >$debugfs/$facility/require-end
	done
	echo 0 >$debugfs/fail_page_alloc/min-order
	# copying from a process is no allocation, and the checkers' own are none of
	# ours
	echo 0x1 >$debugfs/fail_usercopy/reject-start
	echo 0xffffffffffffffff >$debugfs/fail_usercopy/reject-end
	for file in /sys/kernel/slab/*/failslab; do
		[[ $file == */@(kmemleak_object|kmemleak_scan_area|debug_objects_cache)/* ]] ||
			echo 1 >"$file"
	done 2>"$tmp/null"
	echo Y >$debugfs/failslab/cache-filter
	trap '(s=$?; inject_end; exit $s); clean_up' EXIT
}

inject_end()
{
	local facility

	echo N >$debugfs/failslab/cache-filter
	echo 0 >$debugfs/fail_usercopy/reject-start
	echo 0 >$debugfs/fail_usercopy/reject-end
	for facility in failslab fail_page_alloc; do
		echo 0 >$debugfs/$facility/require-start
		echo 0xffffffffffffffff >$debugfs/$facility/require-end
		echo Y >$debugfs/$facility/ignore-gfp-wait
	done
	echo 1 >$debugfs/fail_page_alloc/min-order
}

# node_thread I: sets tid to the node thread of node I
node_thread()
{
	local comm name inum

	inum=$(in_node "$1" stat -L -c %i /proc/self/ns/net)
	for comm in /proc/[0-9]*/comm; do
		{ read -r name <"$comm"; } 2>/dev/null || continue
		[ "$name" != "pfsnl-n$inum" ] ||
			{ tid=${comm#/proc/}; tid=${tid%/comm}; }
	done
}
