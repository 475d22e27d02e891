#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test of tools/vm: run, segment, kernel-dir, and of the checkers of the debug
# kernel. Runs on the host, prints TAP. Status 4: nothing here to run a guest.
#
# Usage: vm.sh [PATTERN]    only the tests whose name matches the pattern
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm=$here/../../tools/vm
only=${1:-.}
top=$(mktemp -d /tmp/pfsnl-vmtest.XXXXXX)
faults=$top/faults

cleanup() {
	local c
	for c in "$top"/*/segment/control; do
		[ ! -e "$c" ] || "$vm/segment" stop "${c%/control}" > /dev/null 2>&1
	done
	# shellcheck disable=SC2046 # a list
	kill $(jobs -p) 2> /dev/null
	rm -rf "$top"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

skip_all() { echo "1..0 # SKIP $*"; exit 4; }
command -v qemu-system-x86_64 > /dev/null || skip_all "no qemu-system-x86_64: run tools/setup vm"
"$vm/kernel-dir" uml > /dev/null 2>&1 || skip_all "no debug kernel: run tools/vm/build-uml"
for k in 6.1 6.12; do
	"$vm/kernel-dir" --release $k > /dev/null 2>&1 || skip_all "no kernel $k: run tools/setup vm"
done

# Every guest of a test has the test's token on its command line, so that what
# it leaves behind can be told from the guests of others.
run() { "$vm/run" --append "$token" "$@" < /dev/null > "$work/out" 2> "$work/err"; rc=$?; }
left() { pgrep -f "[/ ]linux .*$token|qemu-system.*$token" > /dev/null; }

# wait_for SECONDS COMMAND...: until it succeeds, 1 if it doesn't in time
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# --- assertions; the first that fails ends its test ---------------------------
expect_rc() { [ "$rc" = "$1" ] || { echo "status $rc, not $1" >> "$work/why"; return 1; }; }
expect_text() {
	[ "$(cat "$work/$1")" = "$2" ] ||
		{ echo "$1 is '$(head -c 300 "$work/$1")', not '$2'" >> "$work/why"; return 1; }
}
expect_match() {
	grep -qE -- "$2" "$work/$1" || { echo "$1 has no '$2'" >> "$work/why"; return 1; }
}
expect() { "$@" || { echo "failed: $*" >> "$work/why"; return 1; }; }
refuse() { ! "$@" || { echo "succeeded: $*" >> "$work/why"; return 1; }; }

# --- run ----------------------------------------------------------------------
t_uml_status_and_output() {
	run -k uml 'echo out; echo err >&2; printf "\001\377\036no mark\n"; exit 7'
	expect_rc 7 && expect_text out "$(printf 'out\nerr\n\001\377\036no mark')"
}
t_deb61_status_and_output() {
	run -k 6.1 'uname -r; exit 3'
	expect_rc 3 && expect_text out "$("$vm/kernel-dir" --release 6.1)"
}
t_deb612_much_output() {
	run -k 6.12 'uname -r; seq 300000; nproc'
	expect_rc 0 && expect_text out "$("$vm/kernel-dir" --release 6.12; seq 300000; echo 2)"
}
t_words_are_kept() {
	# shellcheck disable=SC2016 # must arrive as it is
	run -k uml -e 'A=b c' -- printf '<%s>' 'two words' '$HOME' '*' "it's"
	# shellcheck disable=SC2016
	expect_rc 0 && expect_text out '<two words><$HOME><*><it'\''s>' || return 1
	# shellcheck disable=SC2016
	run -k uml -e 'A=b c' 'echo "$A"; pwd; test -t 1 || echo no terminal; echo x > /dev/stderr'
	expect_rc 0 && expect_text out "$(printf '%s\n' 'b c' "$PWD" 'no terminal' x)"
}
# The command goes on only once the host has seen its first line.
t_output_is_live() {
	local k out
	for k in uml 6.12; do
		out=$work/live.$k
		mkdir "$out"
		: > "$work/out"
		"$vm/run" --append "$token" -k $k -o "$out" \
			'echo first; until [ -e /out/go ]; do sleep 0.1; done; echo second' \
			> "$work/out" 2> "$work/err" < /dev/null &
		expect wait_for 30 grep -q first "$work/out" || return 1
		refuse grep -q second "$work/out" || return 1
		touch "$out/go"
		wait $!
		rc=$?
		expect_rc 0 && expect_text out "$(printf 'first\nsecond')" && expect test -s "$out/dmesg.txt" || return 1
	done
}
t_time_limit() {
	run -k uml -t 8 'trap "" TERM INT; echo on; sleep 1000 & wait; sleep 1000'
	expect_rc 124 && expect_text out on && expect_match err 'time limit of 8 s' && refuse left || return 1
	run -k 6.12 -t 8 'while :; do :; done'
	expect_rc 124 && refuse left
}
t_dead_guest() {
	local k
	for k in uml 6.1; do
		run -k $k 'echo before; echo c > /proc/sysrq-trigger; echo after'
		expect_rc 125 && expect_text out before && expect_match err 'the guest died' &&
			expect_match err 'sysrq triggered crash' && refuse grep -q 'once more' "$work/err" || return 1
	done
}
# failing_qemu PLAN: a qemu that takes a letter of PLAN for each boot; with x the
# kernel finds no init. Through a fifo, as the jail's files are read-only.
failing_qemu() {
	mkdir "$work/bin"
	mkfifo "$work/plan"
	exec {plan}<> "$work/plan"
	echo -n "$1" >&"$plan"
	cat > "$work/bin/qemu-system-x86_64" <<-END
		#!/bin/bash
		args=("\$@")
		read -r -n 1 letter < '$work/plan'
		for i in "\${!args[@]}"; do
			[ "\$letter \${args[i]}" != 'x -append' ] || args[i + 1]+=' rdinit=/none'
		done
		exec $(command -v qemu-system-x86_64) "\${args[@]}"
	END
	chmod +x "$work/bin/qemu-system-x86_64"
	export PFSNL_ACCEL=tcg PATH=$work/bin:$PATH
}
# what of PLAN no boot has taken
expect_plan() {
	local rest
	echo >&"$plan"
	read -r rest <&"$plan"
	[ "$rest" = "$1" ] || { echo "boots have left '$rest', not '$1'" >> "$work/why"; return 1; }
}
t_dead_before_init_boots_once_more() {
	failing_qemu xoz
	run -k 6.12 -o "$work/results" 'echo here; exit 5'
	expect_rc 5 && expect_text out here && expect_plan z &&
		expect_match err 'died before its init ran.* once more' && expect_match err 'Kernel panic' &&
		expect grep -q 'Kernel panic' "$work/results/died.txt" &&
		refuse grep -q 'Kernel panic' "$work/results/console.txt"
}
t_dead_before_init_twice() {
	failing_qemu xxooz
	run -k 6.12 -o "$work/results" 'echo here'
	expect_rc 125 && expect_text out '' && expect_plan ooz && expect_match err 'run: the guest died$' &&
		expect test "$(grep -c 'once more' "$work/err")" = 1
}
t_dead_after_init_boots_once() {
	failing_qemu oooz
	run -k 6.12 -o "$work/results" 'echo c > /proc/sysrq-trigger'
	expect_rc 125 && expect_plan ooz && refuse grep -q 'once more' "$work/err" &&
		refuse test -e "$work/results/died.txt"
}
t_splat_in_the_log() {
	run -k uml 'echo "WARNING: made to order" > /dev/kmsg; dmesg -C'
	expect_rc 126 && expect_match err 'WARNING: made to order' || return 1
	run -k 6.1 'echo "<6>unregister_netdevice: waiting for lo to become free. Usage count = 2" > /dev/kmsg; exit 9'
	expect_rc 9 && expect_match err 'waiting for lo to become free' || return 1
	run -k uml --expect-splat 'echo "WARNING: made to order" > /dev/kmsg'
	expect_rc 0 || return 1
	run -k uml --expect-splat true
	expect_rc 126
}
t_host_is_safe() {
	local k
	: > "$work/victim"
	for k in uml 6.12; do
		# shellcheck disable=SC2016
		run -k $k -o "$work/safe.$k" "
			test -e '$here/vm.sh' || exit 20
			echo changed > '$work/victim'; echo new > '$work/new'; rm -rf '$here'
			test -e '$work/new' || exit 21
			mkdir /m; mount -t hostfs none /m -o / 2>/dev/null &&
				echo changed 2>/dev/null > '/m$work/victim' && exit 22
			mount -t 9p -o trans=virtio,version=9p2000.L root /m 2>/dev/null &&
				echo changed 2>/dev/null > '/m$work/victim' && exit 23
			echo result > /out/result"
		expect_rc 0 && refuse test -s "$work/victim" && refuse test -e "$work/new" &&
			expect test -e "$here/vm.sh" && expect grep -q result "$work/safe.$k/result" || return 1
	done
}
t_virtual_time() {
	local start=$SECONDS
	# shellcheck disable=SC2016
	run -k uml --virtual-time 'sleep 7200; read -r up _ < /proc/uptime; echo ${up%.*}'
	expect_rc 0 && expect test "$(cat "$work/out")" -ge 7200 && expect test $((SECONDS - start)) -lt 60
}
t_wrong_use() {
	run --frobnicate true
	expect_rc 2 && expect_match err 'frobnicate' || return 1
	run -k 5.4 true
	expect_rc 1 && expect_match err 'no kernel 5.4' || return 1
	run -k uml -t soon true
	expect_rc 2 && expect_match err 'timeout' || return 1
	run -k 6.1 --virtual-time true
	expect_rc 2 && expect_match err 'virtual-time' || return 1
	run -k uml
	expect_rc 2
}
t_nothing_stays() {
	local sig pid
	for sig in INT TERM KILL; do
		: > "$work/out"
		# env: a background job of a script ignores SIGINT otherwise
		env --default-signal=INT "$vm/run" --append "$token" -k uml 'echo on; sleep 1000' \
			> "$work/out" 2> "$work/err" < /dev/null &
		pid=$!
		expect wait_for 30 grep -q on "$work/out" && expect left || return 1
		kill -$sig $pid
		wait $pid 2> /dev/null
		rc=$?
		expect_rc $((128 + $(kill -l $sig))) && expect wait_for 10 eval '! left' || return 1
	done
}
t_interactive() {
	# shellcheck disable=SC2016
	(printf 'tty; echo $((6 * 7))\n'; wait_for 30 grep -q 42 "$work/out"; printf 'exit 5\n'
		wait_for 30 test -e "$work/over") |
		script -qfec "'$vm/run' --append $token -i -k uml; echo status \$?; touch '$work/over'" "$work/out" \
			> /dev/null
	tr -d '\r' < "$work/out" > "$work/err"
	expect_match err '/dev/tty1$' && expect_match err '^42$' && expect_match err '^status 5$'
}
t_kernel_dir() {
	local k
	for k in uml 6.1 6.12; do
		expect test -e "$("$vm/kernel-dir" $k)/Module.symvers" || return 1
	done
}

# --- the debug kernel's checkers ------------------------------------------------
build_faults() {
	mkdir "$faults" && cp "$here/faults/Kbuild" "$here/faults/pfsnl_faults.c" "$faults" || return
	# shellcheck disable=SC2046 # words
	env -u MAKEFLAGS make -s $("$vm/kernel-dir" --make uml) M="$faults" modules > "$faults/log" 2>&1 ||
		{ sed 's/^/# /' "$faults/log"; return 1; }
}
# commit "FAULT..." STATUS PATTERN [OPTION...]
commit() {
	local list=$1 status=$2 pattern=$3
	shift 3
	run -k uml "$@" "insmod $faults/pfsnl_faults.ko || exit
		for f in $list; do echo \$f > /sys/module/pfsnl_faults/parameters/fault; done"
	expect_rc "$status" && { [ -z "$pattern" ] || expect_match err "$pattern"; }
}
# In this order, as a KASAN report is the only one of its boot and ends lockdep.
t_checkers() {
	commit none 0 '' &&
	commit 'warning shift object atomic-sleep deadlock overrun' 126 'WARNING: .*pfsnl_faults.c' &&
	expect_match err 'UBSAN: shift-out-of-bounds' &&
	expect_match err 'ODEBUG: free active .*timer_list' &&
	expect_match err 'sleeping function called from invalid context' &&
	expect_match err 'possible circular locking dependency' &&
	expect_match err 'KASAN: slab-out-of-bounds in overrun'
}
t_checkers_fatal() {
	commit use-after-free 126 'KASAN: slab-use-after-free in use_after_free' &&
	commit list 125 'list_debug.c' &&
	commit bug 125 'BUG: failure at .*pfsnl_faults.c' &&
	commit hang 124 'time limit' -t 8
}
t_kmemleak() {
	commit none 0 '' --kmemleak --virtual-time &&
	commit leak 126 'unreferenced object .*size 96' --kmemleak --virtual-time
}
# The nth allocation of our module, and of nobody else, fails.
t_fault_injection() {
	cat > "$work/inject.py" <<-'END'
	import os
	base, size = (w[i] for w in [open('/proc/modules').read().split()] for i in (5, 1))
	for which in 'failslab', 'fail_page_alloc', 'fail_usercopy':
	    for name, value in (('require-start', base), ('require-end', hex(int(base, 16) + int(size))),
	                        ('verbose', '0')):
	        with open(f'/sys/kernel/debug/{which}/{name}', 'w') as f:
	            f.write(value)
	with open('/sys/kernel/debug/failslab/ignore-gfp-wait', 'w') as f:
	    f.write('N')
	fault = os.open('/sys/module/pfsnl_faults/parameters/fault', os.O_WRONLY)
	nth = os.open('/proc/thread-self/fail-nth', os.O_RDWR)
	for n in 1, 2:
	    os.pwrite(nth, b'%d' % n, 0)
	    try:
	        os.write(fault, b'allocate')
	        print(n, 'succeeded')
	    except OSError as e:
	        print(n, e.strerror)
	    os.pwrite(nth, b'0', 0)
	END
	run -k uml "insmod $faults/pfsnl_faults.ko && /usr/bin/python3 $work/inject.py"
	expect_rc 0 && expect_text out "$(printf '1 Cannot allocate memory\n2 succeeded')"
}

# --- segment ----------------------------------------------------------------------
seg() { "$vm/segment" "$@" < /dev/null > "$work/out" 2> "$work/err"; rc=$?; }
cat_state() { "$vm/segment" status "$segment" | sed -n "$1p" | grep -qw "$2"; }

t_segment() {
	# shellcheck disable=SC2016
	seg start "$segment" -n 2 -k uml --append "$token" --owner $$ -- 'echo up $PFSNL_GUEST'
	expect_rc 0 && expect_match out 'guest 2 is up' || return 1
	expect wait_for 10 grep -q 'up 2' "$segment/guest2/boot1/command.txt" || return 1
	# shellcheck disable=SC2016
	seg exec "$segment" 2 -e X=y -- 'echo $PFSNL_GUEST of $PFSNL_GUESTS $X; echo wrong >&2; exit 6'
	expect_rc 6 && expect_text out '2 of 2 y' && expect_text err wrong || return 1
	seg exec "$segment" 1 -- seq 50000
	expect_rc 0 && expect_text out "$(seq 50000)" || return 1
	# shellcheck disable=SC2016
	seg exec "$segment" all -- 'exit $((PFSNL_GUEST - 1))'
	expect_rc 1 || return 1
	# all are asked at once, and none of the questions gets lost
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		seg exec "$segment" all -- true
		expect_rc 0 || return 1
	done
	seg exec "$segment" 1 -t 1 -- sleep 1000
	expect_rc 124 && expect wait_for 10 eval "! '$vm/segment' exec '$segment' 1 -- pgrep sleep > /dev/null" || return 1
	# alone on its wire: nothing but loopback and the segment
	seg net "$segment" -- ip -br link
	expect_rc 0 && expect test "$(wc -l < "$work/out")" = 4 || return 1
	expect wait_for 10 ping_ok || return 1
	"$vm/segment" cut "$segment" 2
	refuse ping_ok || return 1
	"$vm/segment" heal "$segment" 2
	expect wait_for 10 ping_ok || return 1
	"$vm/segment" pause "$segment" 2
	refuse ping_ok && expect cat_state 2 paused || return 1
	"$vm/segment" resume "$segment" 2
	expect wait_for 10 ping_ok || return 1
	"$vm/segment" exec "$segment" 2 -- 'sleep 1000' > "$work/out" 2> "$work/err" &
	expect wait_for 10 eval "'$vm/segment' exec '$segment' 2 -- pgrep sleep > /dev/null" || return 1
	"$vm/segment" kill "$segment" 2
	wait $!
	rc=$?
	expect_rc 125 && refuse ping_ok && expect cat_state 2 off || return 1
	seg exec "$segment" 2 -- true
	expect_rc 1 && expect_match err 'guest 2 is off' || return 1
	seg boot "$segment" 2
	expect_rc 0 && expect wait_for 10 ping_ok || return 1
	seg exec "$segment" 1 -- 'echo "WARNING: made to order" > /dev/kmsg'
	expect_rc 0 || return 1
	seg stop "$segment"
	expect_rc 126 && expect_match err 'WARNING: made to order' && expect wait_for 10 eval '! left' || return 1
	seg exec "$segment" 1 -- true
	expect_rc 1 && expect_match err 'no segment runs'
}
# Guest 2 as guest 1 sees it; UDP's port 9 answers with an ICMP error at once.
ping_ok() {
	"$vm/segment" exec "$segment" 1 -t 5 -- /usr/bin/python3 -ISc '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.7)
s.connect(("10.73.0.2", 9))
s.send(b"x")
try:
    s.recv(1)
except ConnectionRefusedError:
    raise SystemExit(0)
except OSError:
    pass
raise SystemExit(1)' > /dev/null 2>&1
}
t_segment_debian() {
	seg run -n 2 -k 6.12 --append "$token" -- \
		"test -e /sys/class/net/eth0 && ip -br -4 addr show eth0 | grep -o '10[.0-9/]*'"
	expect_rc 0 && sort "$work/out" > "$work/sorted" &&
		expect_text sorted "$(printf '[1] 10.73.0.1/24\n[2] 10.73.0.2/24')" && expect wait_for 10 eval '! left'
}
t_segment_dead_before_init_boots_once_more() {
	failing_qemu xoxxz
	seg start "$segment" -n 1 -k 6.12 --append "$token" --owner $$
	expect_rc 0 && expect_match out 'guest 1 died before its init ran, .* once more' &&
		expect_match out 'guest 1 is up' && expect grep -q 'Kernel panic' "$segment/guest1/died1/console.txt" &&
		expect_plan xxz || return 1
	"$vm/segment" kill "$segment" 1
	echo -n xxz >&"$plan"
	seg boot "$segment" 1
	expect_rc 1 && expect_match err 'guest 1 is dead' && expect_plan z || return 1
	seg stop "$segment"
	expect_rc 126 && expect_match err 'guest 1, boot 2' && refuse grep -q 'guest 1, boot 1' "$work/err"
}
t_segment_owner() {
	local owner
	sleep 1000 &
	owner=$!
	seg start "$segment" -n 1 -k uml --append "$token" --owner $owner
	expect_rc 0 || { kill $owner; return 1; }
	kill $owner
	wait $owner 2> /dev/null
	expect wait_for 10 eval '! left' && expect wait_for 10 test ! -e "$segment/control" &&
		expect_match segment/controller.txt 'owner is gone'
}

# one NAME: run a test in a directory of its own; its verdict goes to a file.
one() {
	local begin=$EPOCHREALTIME ms verdict='not ok' rc=
	work=$top/$1 token=vmtest-$$-$1-end segment=$top/$1/segment
	mkdir "$work"
	touch "$work/why" "$work/out" "$work/err"
	"t_$1" && verdict=ok
	ms=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000))
	{
		echo "$verdict $2 vm $1 # $((ms / 1000)).$((ms % 1000 / 100)) s"
		[ "$verdict" = ok ] || {
			sed 's/^/# /' "$work/why"
			for f in out err; do tail -n 15 "$work/$f" | sed "s/^/# $f: /"; done
		}
	} > "$work/verdict.new"
	mv "$work/verdict.new" "$work/verdict"
}

mapfile -t tests < <(declare -F | sed -n 's/^declare -f t_//p' | grep -E -- "$only")
echo 'TAP version 13'
echo "1..${#tests[@]}"
build_faults || { echo 'Bail out! the module of faults does not build'; exit 1; }

# Two at a time: while one guest waits, the other boots.
started=0
for t in "${tests[@]}"; do
	[ $started -lt 2 ] || wait -n
	started=$((started + 1))
	(trap - EXIT; one "$t" $started) &
done &
lead=$!
failed=0
for t in "${tests[@]}"; do
	wait_for 300 test -e "$top/$t/verdict" || { echo "Bail out! $t does not end"; exit 1; }
	cat "$top/$t/verdict"
	! grep -q '^not ok' "$top/$t/verdict" || failed=$((failed + 1))
done
wait $lead
[ $failed = 0 ]
