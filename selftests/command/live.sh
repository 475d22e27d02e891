#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
# The command with a loaded module: three nodes, each in a network namespace
# on one segment. To be run as root in a VM:
#   PFSNL_KO=$(tools/build-module uml) tools/vm/run -k uml -e PFSNL_KO -- selftests/command/live.sh
# PFSNL_KO=FILE loads the module if it isn't yet. Exit status 4: no module.
cd "$(dirname "$0")" || exit 1

echo "KTAP version 1"
if [[ ! -d /sys/module/pfsnl && ${PFSNL_KO-} ]]; then
	insmod "$PFSNL_KO" || exit 1
fi
if [[ ! -d /sys/module/pfsnl ]]; then
	echo "1..0 # SKIP the module pfsnl isn't loaded"
	exit 4
fi
if [[ ! ${PFSNL-} ]]; then
	build=$(cd ../.. && pwd)/.build
	PFSNL=$build/pfsnl-san/pfsnl
	# AddressSanitizer finds no room in User-Mode Linux.
	"$PFSNL" --version >/dev/null 2>&1 || PFSNL=$build/pfsnl/pfsnl
fi
. ./tap.sh
echo "# testing $PFSNL"
# A build on the host must not change what a guest is running.
# shellcheck disable=SC2154 # tap.sh sets it
cp "$PFSNL" "$tmp/pfsnl" && PFSNL=$tmp/pfsnl

# --- three nodes ---
base=cmd$$
jobs_started=()

clean_up()
{
	local i

	for i in "${jobs_started[@]}"; do
		kill "$i" 2>/dev/null
	done
	for i in a b c x; do
		ip netns del "$base$i" 2>/dev/null
	done
	rm -rf "$tmp"
}
trap clean_up EXIT

make_nodes()
{
	local i=0 n

	ip netns add "${base}x" && ip -n "${base}x" link add br0 type bridge &&
	ip -n "${base}x" link set br0 up || return
	for n in a b c; do
		i=$((i + 1))
		ip netns add "$base$n" &&
		ip -n "${base}x" link add "p$n" type veth peer name eth0 \
			netns "$base$n" &&
		ip -n "${base}x" link set "p$n" master br0 up &&
		ip -n "$base$n" link set lo up &&
		ip -n "$base$n" address add "10.0.0.$i/24" brd + dev eth0 &&
		ip -n "$base$n" link set eth0 up || return
	done
}

if ! make_nodes; then
	echo "1..0 # SKIP can't make network namespaces"
	exit 4
fi

# within SECONDS COMMAND...: waits until the command succeeds
within()
{
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[[ $SECONDS -lt $end ]] || return 1
		sleep 0.02
	done
}

# on NODE SUBCOMMAND...: calls it there; as "gives" and "call" take words
on()
{
	local node=$base$1

	shift
	"$PFSNL" -N "$node" "$@"
}

# A member of a JSON object that a file has, as a Python expression of "o".
json()
{
	/usr/bin/python3 -c "import json, sys
o = json.load(open(sys.argv[1]))
print(($2))" "$1"
}

# node_says NODE WORDS EXPRESSION WANTED
node_says()
{
	# shellcheck disable=SC2086 # words they are
	on "$1" $2 --json >"$tmp/says" 2>/dev/null
	[[ $(json "$tmp/says" "$3" 2>/dev/null) == "$4" ]]
}

# says DESCRIPTION FILE EXPRESSION WANTED
says()
{
	tap_is "$1" "$(json "$2" "$3" 2>&1)" "$4"
}

# starts FILE NODE WORDS...: in the background, ready when it printed a line
# or, for monitor, when the kernel knows of it. Leaves $job.
starts()
{
	local file=$1

	shift
	# A shell without job control has its background jobs ignore SIGINT.
	env --default-signal=INT "$PFSNL" -N "$base$1" "${@:2}" >"$file" \
		2>"$file.err" </dev/null &
	job=$!
	jobs_started+=("$job")
}

has_lines()
{
	[[ -e $1 && $(wc -l <"$1") -ge $2 ]]
}

# listens NODE PID: the process has a netlink socket that joined groups
listens()
{
	local inode

	for inode in $(find "/proc/$2/fd" -lname 'socket:*' -printf '%l\n' \
			2>/dev/null | tr -dc '0-9\n'); do
		ip netns exec "$base$1" cat /proc/net/netlink |
			awk -v i="$inode" '$2 == 16 && $10 == i &&
				$4 != "00000000" { f = 1 } END { exit !f }' &&
			return 0
	done
	return 1
}

ended()
{
	! kill -0 "$1" 2>/dev/null
}

# ends DESCRIPTION PID CODE: the job ends in time, with this code
ends()
{
	if within 20 ended "$2"; then
		wait "$2"
		tap_is "$1" "$?" "$3"
	else
		tap_not_ok "$1: still runs after 20 s"
		kill -9 "$2"
	fi
}

A="-N ${base}a" B="-N ${base}b" C="-N ${base}c"
# shellcheck disable=SC2086 # $A, $B and $C are two words each
{
# --- nothing runs yet ---
gives "status while down" 4 "role *down*'pfsnl up DEV' starts the node*" "" \
	$A status
gives "status --json while down" 4 '{"role":"down"}' "" $A status --json
for c in ring peers stats sync down "group list" "group members g" "group join g" \
	"send g" "recv g" "ckpt ls" "ckpt stat g" "ckpt create g" "ckpt read g" \
	"ckpt write g x" "ckpt rm g" "ckpt dump g" "ckpt limit"; do
	gives "$c while down: code 4, and what to do" 4 "" "pfsnl: *pfsnl up*" \
		$A $c
done
gives "set while down" 4 "" "pfsnl: *pfsnl up*" $A set --priority 3
gives "watch while down, --count 0" 0 "20??-??-?? ??:??:??.???  = (nobody) * this node is down" \
	"" $A watch --count 0
gives "watch --json while down" 0 \
	'{"op":"add","addresses":\[\],"why":\[\],*"instance":null,*"reason":"initial","nodes":0}' \
	"" $A watch --count 0 --json

gives "watch --rings while down" 0 \
	"* = (nobody) * this node is down
20??-??-?? ??:??:??.???  \* this node is down, 0 nodes" "" \
	$A watch --rings --count 0

# Followed from here to the end, on the node that is never stopped but once.
starts "$tmp/watch.json" a watch --json
watcher=$job
starts "$tmp/watch.txt" a watch
text_watcher=$job
starts "$tmp/rings.json" a watch --rings --json
ring_watcher=$job
starts "$tmp/monitor.json" a monitor --json
monitor=$job
within 10 has_lines "$tmp/watch.json" 1 && within 10 has_lines "$tmp/watch.txt" 1 &&
	within 10 has_lines "$tmp/rings.json" 2 &&
	within 10 listens a "$monitor"
tap_is "watches and a monitor have begun" "$?" 0

# --- up ---
gives "up: address that the interface doesn't have" 1 "" "pfsnl: *address*" \
	$A up eth0 --address 10.9.9.9
gives "up: an address nobody has" 1 "" "pfsnl: *address*" $A up 10.9.9.9
gives "up: mistyped interface of the namespace" 1 "" \
	"pfsnl: there is no interface 'eht0'; did you mean 'eth0'[?]" $A up eht0
gives "up --wait" 0 \
	"up: 10.0.0.1 on eth0 in cluster pfsnl, leader, ring [1-9]*, 1 node" \
	"" $A up eth0 --wait
for words in "up eth0" "up" "up eth0 --priority 3"; do
	gives "$words again" 4 "" \
		"pfsnl: already up: 10.0.0.1 on eth0 in cluster pfsnl
       'pfsnl set' changes it, *" $A $words
done
gives "up by address" 0 "up: 10.0.0.2 on eth0 in cluster pfsnl*" "" $B up 10.0.0.2
cat >"$tmp/c.conf" <<EOF
device = eth0
priority = 50
max-nodes = 16
wait = yes
EOF
gives "up by config file, only interface, waits" 0 \
	"up: 10.0.0.3 on eth0 in cluster pfsnl, client of 10.0.0.1, ring [1-9]*, ? nodes" \
	"" $C up --config "$tmp/c.conf"
for n in a b c; do
	within 20 node_says $n status 'o["peers"]' 3
	tap_is "$n sees three nodes" "$?" 0
done

# --- status ---
gives "status of the leader" 0 "role        leader
ring        *, leader 10.0.0.1
quorum      none, no votes are expected
peers       3 nodes (of at most 256)
cluster     pfsnl
address     10.0.0.1 on eth0
priority    100
votes       1
timing      beacon every 200 ms, dead after 5 missed (1 s)
beacons to  broadcast 10.0.0.255, UDP port 7319
tethers     TCP port 7319
messages    * of 8192 KiB kept, taken within 5 s
level 0     auto: served, dead after 5 s of silence
uptime      *s
incarnation 0x????????????????" "" $A status
gives "status of a client" 0 "role        client of 10.0.0.1
*
peers       3 nodes (of at most 16)
*
priority    50
votes       1
*" "" $C status
on a status --json >"$tmp/a.json"
says "status --json: the keys of the manual" "$tmp/a.json" \
	'" ".join(sorted(o))' \
	"address beacon_to broadcast cluster dead dead_ms drain_ms expected_votes generation ifindex incarnation interface interval_ms level0 level0_dead_ms log_bytes max_nodes out_bytes peers port preempt priority retain_kib ring role sync_deadline_ms tether_port uptime_ms votes"
says "status --json: the values" "$tmp/a.json" \
	'[o[k] for k in ("role", "cluster", "address", "interface", "broadcast", "port", "tether_port", "priority", "interval_ms", "dead", "dead_ms", "beacon_to", "max_nodes", "level0", "level0_dead_ms", "peers", "preempt", "votes", "expected_votes")]' \
	"['leader', 'pfsnl', '10.0.0.1', 'eth0', '10.0.0.255', 7319, 7319, 100, 200, 5, 1000, 'broadcast', 256, 'auto', 5000, 3, False, 1, 0]"
says "status --json: the ring" "$tmp/a.json" \
	'o["ring"]["leader"], o["ring"]["seq"] > 0, o["ring"]["leader_incarnation"] == o["incarnation"]' \
	"('10.0.0.1', True, True)"
says "status --json: no quorum" "$tmp/a.json" \
	'[o["ring"][k] for k in ("quorate", "votes", "expected_votes")]' \
	"[None, None, 0]"

# --- ring ---
gives "ring" 0 "ring        [1-9]*
leader      10.0.0.1
quorum      none, no votes are expected
nodes       3
  10.0.0.1  leader
  10.0.0.2  self
  10.0.0.3" "" $B ring
gives "ring of the leader" 0 "*
  10.0.0.1  leader, self
  10.0.0.2
  10.0.0.3" "" $A ring
for n in a b c; do
	on $n ring --json >"$tmp/ring.$n"
done
says "ring --json: the keys of the manual" "$tmp/ring.b" \
	'sorted(o), sorted(o["ring"]), sorted({k for m in o["members"] for k in m})' \
	"(['generation', 'instance', 'members', 'ring'], ['expected_votes', 'leader', 'leader_incarnation', 'quorate', 'seq', 'votes'], ['address', 'leader', 'self'])"
says "ring --json: the values" "$tmp/ring.b" \
	'o["ring"]["leader"], [(m["address"], m["self"], m["leader"]) for m in o["members"]]' \
	"('10.0.0.1', [('10.0.0.1', False, True), ('10.0.0.2', True, False), ('10.0.0.3', False, False)])"
for n in b c; do
	tap_is "ring --json: the same ring on a and $n" \
		"$(json "$tmp/ring.$n" 'sorted(o["ring"].items())')" \
		"$(json "$tmp/ring.a" 'sorted(o["ring"].items())')"
done

# --- peers ---
gives "peers of the leader" 0 "ADDRESS *AGE *HEARD *LEVEL *PRIORITY
10.0.0.1  leader, self  * -  *1 *100
10.0.0.2  * ago *1 *100
10.0.0.3  * ago *1 *50" "" $A peers
gives "peers of a client" 0 "ADDRESS *
10.0.0.1  leader *
10.0.0.2  self *
10.0.0.3  *" "" $B peers
on a peers >"$tmp/peers.txt"
tap_is "peers: aligned" "$(awk '{ print length }' "$tmp/peers.txt" | sort -u |
	wc -l)" 1
on b peers --json >"$tmp/peers.json"
says "peers --json: the keys of the manual" "$tmp/peers.json" \
	'sorted(o), sorted({k for p in o["peers"] for k in p})' \
	"(['generation', 'peers'], ['address', 'age_ms', 'heard_ms', 'incarnation', 'leader', 'level', 'priority', 'self', 'tether_port'])"
says "peers --json: the values" "$tmp/peers.json" \
	'[(p["address"], p["self"], p["leader"], p["level"], p["priority"], p["tether_port"]) for p in o["peers"]]' \
	"[('10.0.0.1', False, True, 1, 100, 7319), ('10.0.0.2', True, False, 1, 100, 7319), ('10.0.0.3', False, False, 1, 50, 7319)]"

# --- set ---
gives "set" 0 "" "" $B set --priority 7 --interval 100ms --dead 4
gives "set: shown by status" 0 "*
priority    7
votes       1
timing      beacon every 100 ms, dead after 4 missed (400 ms)
*" "" $B status
gives "set --json" 0 '{"role":"client",*"priority":0,*}' "" $B set --json \
	--priority 0
gives "set: static peers" 0 "" "" $B set --peers 10.0.0.1,10.0.0.3
gives "set: static peers, shown" 0 "*
beacons to  the list 10.0.0.1, 10.0.0.3, UDP port 7319
*" "" $B status
gives "set: multicast" 0 "" "" $B set --multicast 239.1.2.3
gives "set: multicast, shown" 0 "*
beacons to  multicast group 239.1.2.3, UDP port 7319
*" "" $B status
gives "set: back to broadcast" 0 "" "" $B set --broadcast --interval 200 --dead 5
cat >"$tmp/b.conf" <<EOF
device = eth0
cluster = other
priority = 80
port = 7319
EOF
gives "set --config: applies, tells what waits" 0 "" \
	"pfsnl: $tmp/b.conf:2: cluster stays as it is until*" \
	$B set --config "$tmp/b.conf"
gives "set --config: was applied" 0 "*cluster     pfsnl*priority    80
*" "" $B status

# --- quorum ---
# From here on 2 of 3 votes are a majority.
for n in a b c; do
	on $n set --expected-votes 3
done
for n in a b c; do
	within 20 node_says $n status 'o["ring"]["quorate"]' True
	tap_is "set --expected-votes: $n becomes quorate" "$?" 0
done
gives "status: quorate" 0 "*
quorum      quorate, 3 of 3 votes
*" "" $C status
gives "ring: quorate" 0 "*
quorum      quorate, 3 of 3 votes
*" "" $B ring
on c ring --json >"$tmp/ring.c"
says "ring --json: quorate" "$tmp/ring.c" \
	'[o["ring"][k] for k in ("quorate", "votes", "expected_votes")]' \
	"[True, 3, 3]"
gives "watch --rings: quorate" 0 "*
* \* ring *, leader 10.0.0.1, 3 nodes, quorate, 3 of 3 votes" "" \
	$C watch --rings --count 0
gives "set --expected-votes on one only" 0 "" "" $B set --expected-votes 7
gives "its status tells both numbers" 0 "*
votes       1; expected-votes is 7 here, but 3 for the leader
*" "" $B status
gives "back" 0 "" "" $B set --expected-votes 3

# --- stats ---
gives "stats" 0 "Beacons
  beacon-tx  *sent*
(*counters are 0; --all shows them)" "" $A stats
gives "stats: no counter at 0" 0 "*" "" $A stats
tap_is "stats: no counter at 0 is shown" \
	"$(grep -cE '^  [a-z0-9-]+ +0( |$)' <<<"$out")" 0
gives "stats --all: those at 0 too" 0 "*beacon-malformed *0  *" "" $A stats --all
tap_is "stats --all: every counter once" \
	"$(grep -cE '^  [a-z0-9-]+ +[0-9]+' <<<"$out")" \
	"$(grep -c '^[[:space:]]PFSNL_A_STATS_[A-Z0-9_]*' \
		<(grep -v PAD "$root/kmod/include/uapi/linux/pfsnl.h"))"
on a stats --json >"$tmp/stats.json"
says "stats --json: numbers with the names of the manual" "$tmp/stats.json" \
	'o["beacon_tx"] > 0, o["beacon_malformed"], all(type(v) is int and "-" not in k for k, v in o.items())' \
	"(True, 0, True)"

# --- colours ---
gives "no colours in a file" 0 "[!$(printf '\033')]*" "" $A status
tap_is "no colours in a file: no escapes" "$(grep -c $'\033' <<<"$out")" 0
gives "--color=always" 0 "*$(printf '\033')\[*" "" $A status --color=always
gives "--color" 0 "*$(printf '\033')\[*" "" $A peers --color
gives "--color=never" 0 "ADDRESS*" "" $A peers --color=never
if command -v script >/dev/null; then
	tap_is "colours on a terminal" \
		"$(script -qec "$PFSNL $A peers" /dev/null </dev/null |
			grep -c $'\033')" 4
	tap_is "no colours with NO_COLOR" \
		"$(NO_COLOR=1 script -qec "$PFSNL $A peers" /dev/null \
			</dev/null | grep -c $'\033')" 0
else
	tap_skip "colours on a terminal" "no script(1)"
	tap_skip "no colours with NO_COLOR" "no script(1)"
fi

# --- who may ---
nobody()
{
	ip netns exec "${base}a" setpriv --reuid 65534 --regid 65534 \
		--clear-groups --bounding-set=-all --inh-caps=-all \
		"$PFSNL" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	code=$?
	out=$(<"$tmp/out")
	err=$(<"$tmp/err")
}
nobody status
tap_is "anybody may ask for the status" "$code: ${out%%$'\n'*}" \
	"0: role        leader"
nobody peers --json
tap_is "anybody may ask for the peers" "$code" 0
nobody watch --count 0
tap_is "anybody may watch" "$code" 0
nobody monitor --count 0
tap_is "anybody may monitor, all but checkpoints" "$code: $err" \
	"0: pfsnl: checkpoints are left out: that needs CAP_NET_ADMIN"
nobody monitor --only sync --count 0
tap_is "who does not ask for checkpoints is told nothing of them" "$code: $err" "0: "
nobody monitor --only ckpt --count 0
tap_is "not anybody may monitor checkpoints: code 5" "$code" 5
for words in "down" "set --priority 3"; do
	nobody $words
	tap_is "not anybody may $words: code 5" "$code" 5
	[[ $err == "pfsnl: "*CAP_NET_ADMIN* || $err == "pfsnl: "*root* ]]
	tap_is "not anybody may $words: what to do ($err)" "$?" 0
done

# --- watch: how it ends ---
gives "watch --timeout with a count not reached: code 124" 124 \
	"* = 10.0.0.1 *
* = 10.0.0.2 *
* = 10.0.0.3 * ring *, leader 10.0.0.1, 3 nodes" "" \
	$A watch --count 1 --timeout 0.3
gives "watch --timeout alone: code 0" 0 "* = 10.0.0.1 *" "" \
	$A watch --timeout 0.3
gives "monitor --timeout with a count not reached" 124 "" "" \
	$B monitor --count 1000 --timeout 0.3
for sig in INT TERM HUP; do
	starts "$tmp/sig" a watch
	within 10 has_lines "$tmp/sig" 3
	kill -$sig "$job"
	ends "watch ends with SIG$sig, code 0" "$job" 0
	tap_is "watch ends with SIG$sig: says nothing" "$(<"$tmp/sig.err")" ""
done
(
	trap '' HUP
	exec "$PFSNL" $A monitor >"$tmp/sig" 2>"$tmp/sig.err" </dev/null
) &
job=$!
jobs_started+=("$job")
within 10 listens a "$job"
kill -HUP "$job"
on a set --priority 99
on a set --priority 100
within 10 has_lines "$tmp/sig" 2
tap_is "monitor under nohup goes on after SIGHUP" "$?" 0
kill -TERM "$job"
ends "monitor under nohup ends with SIGTERM" "$job" 0
mkfifo "$tmp/fifo"
"$PFSNL" $A watch >"$tmp/fifo" 2>"$tmp/fifo.err" &
job=$!
jobs_started+=("$job")
head -n 1 <"$tmp/fifo" >/dev/null
ends "watch ends at once when its reader does, code 0" "$job" 0
tap_is "watch ends with its reader: says nothing" "$(<"$tmp/fifo.err")" ""

# --- checkpoints ---
gives "ckpt ls of none" 0 "0 checkpoints, 0 bytes of * used" "" $A ckpt ls
gives "ckpt ls --json of none" 0 '{"checkpoints":\[\],"active":true,*' "" \
	$A ckpt ls --json
starts "$tmp/ckpt.c" c ckpt watch
ckpt_watcher=$job
starts "$tmp/ckpt.json" b ckpt watch notes --json
ckpt_json_watcher=$job
within 10 has_lines "$tmp/ckpt.c" 1 && within 10 has_lines "$tmp/ckpt.json" 1
tap_is "ckpt watch has begun" "$?" 0
gives "ckpt create" 0 "" "" $A ckpt create notes --size 1M --max-sections 4
gives "ckpt create of one that is there" 1 "" \
	"pfsnl: there is a checkpoint 'notes' already*pfsnl ckpt stat notes*" \
	$B ckpt create notes
gives "ckpt create of just that one" 1 "" "pfsnl: *already*just like that" \
	$B ckpt create notes --size 1M --max-sections 4
echo hello | on b ckpt write notes today
tap_is "ckpt write: code 0" "$?" 0
gives "ckpt read on another node" 0 "hello" "" $A ckpt read notes today
gives "ckpt read: a part" 0 "ell" "" $A ckpt read notes today --offset 1 --length 3
gives "ckpt read: an empty part" 0 "" "" $A ckpt read notes today --length 0
gives "ckpt read --json" 0 \
	'{"checkpoint":"notes","section":"today","offset":0,"bytes":6,"length":6,"text":"hello\\n"}' \
	"" $A ckpt read notes today --json
gives "ckpt read: no such checkpoint, but one like it" 1 "" \
	"pfsnl: there is no checkpoint 'ntoes'; did you mean 'notes'[?]" \
	$A ckpt read ntoes today
gives "ckpt read: no such section, but one like it" 1 "" \
	"pfsnl: the checkpoint notes has no section 'tody'; did you mean 'today'[?]" \
	$A ckpt read notes tody
gives "ckpt read: a part of no section" 2 "" \
	"pfsnl: --offset, --length and --raw go with a SECTION*" \
	$A ckpt read notes --offset 1
gives "ckpt watch: one that is not there is named" 0 "* =*  nothing  (not there)" "" \
	$A ckpt watch nothing --count 0
for words in "ckpt read notes today" "ckpt watch --timeout 1" "ckpt ls --json" "group join g --timeout 1"; do
	# shellcheck disable=SC2086 # words they are
	on a $words 2>"$tmp/err" >/dev/full
	tap_is "$words: a full disk is a failure" "$?" 1
	tap_is "$words: that is said once" "$(<"$tmp/err")" \
		"pfsnl: can't write the output: No space left on device"
done
gives "ckpt rm: nothing like it" 1 "" \
	"pfsnl: there is no checkpoint 'frobnicate'*'pfsnl ckpt ls' lists them" \
	$A ckpt rm frobnicate
gives "ckpt write: no checkpoint, no --create" 1 "" \
	"pfsnl: there is no checkpoint 'frobnicate'*with --create it is created" \
	$A ckpt write frobnicate x
head -c 400000 /dev/urandom >"$tmp/random"
gives "ckpt write of a long file, by a number" 0 \
	'{"checkpoint":"notes","section":"0x00ff","offset":0,"bytes":400000,"created":true}' \
	"" $A ckpt write notes 0x00ff "$tmp/random" --json --safe
on c ckpt read notes 0x00ff | cmp - "$tmp/random"
tap_is "ckpt read: it is there on another node" "$?" 0
printf XY | on c ckpt write notes today --offset 8 --expires 1h
tap_is "ckpt write --offset --expires: code 0" "$?" 0
call $C ckpt read notes today --json
tap_is "ckpt read --json: a zero byte makes it base64" \
	"$(grep -c '"base64":"aGVsbG8KAABYWQ=="' <<<"$out")" 1
printf new | on c ckpt write notes today --overwrite --expires never
gives "ckpt write --overwrite" 0 "new" "" $C ckpt read notes today
gives "ckpt read: the sections" 0 \
	"SECTION *SIZE *MODIFIED *EXPIRES
0x00ff *390.6 KiB *20??-??-?? ??:??:??.??? *never
today *3 bytes *20??-??-?? ??:??:??.??? *never" "" $B ckpt read notes
gives "ckpt write: more than it may hold" 1 "" "pfsnl: writing a section: *" \
	$A ckpt write notes today "$tmp/random" --offset 1M
on a ckpt ls --json >"$tmp/ckpt"
says "ckpt ls --json: the keys of the manual" "$tmp/ckpt" \
	'" ".join(sorted(o["checkpoints"][0]))' \
	"bytes checkpoint conflict counter creator creator_incarnation expires lost_ring lost_to max_id max_section max_sections modified nodes open open_elsewhere retention_ms sections size unlinked"
says "ckpt ls --json: of all" "$tmp/ckpt" \
	'" ".join(sorted(k for k in o if k != "checkpoints"))' \
	"active digest error headroom limit used waiting"
on a ckpt stat notes --json >"$tmp/ckpt"
on b ckpt stat notes --json >"$tmp/ckpt.b"
says "ckpt stat --json" "$tmp/ckpt" \
	'[o[k] for k in ("checkpoint", "sections", "bytes", "size", "max_sections", "retention_ms", "open", "nodes")]' \
	"['notes', 2, 400003, 1048576, 4, None, 0, []]"
tap_is "ckpt stat: the same digest on all nodes" \
	"$(json "$tmp/ckpt" 'o["digest"]')" "$(json "$tmp/ckpt.b" 'o["digest"]')"
gives "ckpt stat" 0 "checkpoint  notes
number *of 10.0.0.1
sections    2 of 4, ids of up to 255 bytes
size        390.6 KiB of 1 MiB, up to 1 MiB in a section
retention   kept for ever
modified *
open        nowhere
digest *" "" $A ckpt stat notes

# Who writes what does not come has it open.
mkfifo "$tmp/never"
exec 8<>"$tmp/never"
writers=()
for node in c b c; do
	"$PFSNL" -N "$base$node" ckpt write notes never <&8 2>/dev/null &
	writers+=($!)
done
within 10 node_says a ckpt\ ls \
	'[(n["address"], n["open"]) for n in o["checkpoints"][0]["nodes"]]' \
	"[('10.0.0.2', 1), ('10.0.0.3', 2)]"
tap_is "ckpt ls --json: which nodes have it open how often" "$?" 0
gives "ckpt ls: which nodes have it open how often" 0 \
	"CHECKPOINT *SECTIONS *SIZE *MODIFIED *OPEN  BY NODE
notes *2 *390.6 KiB *3  10.0.0.2:1 10.0.0.3:2
*" "" $A ckpt ls
# on_terminal COLUMNS WORDS...: what node a says there
on_terminal()
{
	/usr/bin/python3 - "$1" "$PFSNL" -N "${base}a" "${@:2}" <<'EOF'
import fcntl
import os
import pty
import struct
import sys
import termios

pid, fd = pty.fork()
if not pid:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('4H', 24, int(sys.argv[1]), 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
said = b''
while True:
    try:
        said += os.read(fd, 4096)
    except OSError:
        break
os.waitpid(pid, 0)
print(said.decode().replace('\r', ''), end='')
EOF
}
tap_is "ckpt ls: on a narrow terminal those that don't fit are added up" \
	"$(on_terminal 80 ckpt ls --color=never | grep -o '10.0.0.2:1.*')" \
	"10.0.0.2:1 others:2"
gives "ckpt stat: which nodes have it open" 0 \
	"*open        3 times: 10.0.0.2 (1), 10.0.0.3 (2)*" "" $B ckpt stat notes
kill "${writers[@]}"
exec 8>&-
within 10 node_says a ckpt\ stat\ notes 'o["open"]' 0
tap_is "ckpt stat: nobody has it open" "$?" 0

# What is written out is read in, and is the same then.
: | on a ckpt write other "" --create
head -c 200000 /dev/zero | on a ckpt write other sparse
printf end | on a ckpt write other sparse --offset 300000 --expires 1h
on a ckpt dump --all "$tmp/dump"
tap_is "ckpt dump: code 0" "$?" 0
[[ $(wc -c <"$tmp/dump") -lt 700000 ]]
tap_is "ckpt dump: zeros take no room" "$?" 0
on a ckpt dump --all 2>"$tmp/err" | head -c 10 >"$tmp/begin"
tap_is "ckpt dump: whoever closes it is not complained to" "$(<"$tmp/err")" ""
gives "ckpt load of what is there" 1 "" \
	"pfsnl: there is a checkpoint 'notes' already*--overwrite loads into it*" \
	$B ckpt load "$tmp/dump"
gives "ckpt load --overwrite" 0 "2 checkpoints, 4 sections" "" \
	$B ckpt load --overwrite "$tmp/dump"
gives "ckpt rm" 0 "" "" $C ckpt rm notes
gives "ckpt rm of the other" 0 "" "" $C ckpt rm other --safe
gives "ckpt load --json" 0 '{"checkpoints":2,"sections":4}' "" \
	$B ckpt load "$tmp/dump" --json
on c ckpt dump --all | cmp - "$tmp/dump"
tap_is "ckpt dump of what was loaded is the same" "$?" 0
# bad_dump DESCRIPTION TEXT: as the file on stdin
bad_dump()
{
	"$PFSNL" $B ckpt load --overwrite >"$tmp/out" 2>"$tmp/err"
	code=$?
	# shellcheck disable=SC2053
	[[ $code == 1 && $(<"$tmp/err") == $2 ]]
	tap_is "ckpt load: $1" "$?" 0
	[[ $code == 1 ]] || echo "#   code $code: $(<"$tmp/err")"
}
bad_dump "one that is cut off" "pfsnl: standard input:*: the dump is cut off here" \
	< <(head -n 5 "$tmp/dump")
bad_dump "what is none" "pfsnl: standard input:1: this is no dump of checkpoints" \
	<<<'hello'
bad_dump "nothing" "pfsnl: standard input:1: this is no dump of checkpoints" </dev/null
bad_dump "of a newer version" "pfsnl: standard input:1: *newer*" \
	<<<'{"pfsnl_checkpoints":2}'
bad_dump "checkpoints that are missing" "pfsnl: standard input:*: checkpoints are missing" \
	< <(sed 's/"end":2/"end":3/' "$tmp/dump")
bad_dump "data beyond the end" "pfsnl: standard input:4: data that is out of order*" <<'EOF'
{"pfsnl_checkpoints":1}
{"checkpoint":"bad","size":9,"retention_ns":0,"max_section":9,"max_sections":1,"max_id":9}
{"section":"x","length":3,"expires_ns":null}
{"offset":2,"text":"ab"}
EOF
gives "ckpt create: a section that could be longer than all of them" 0 "" "" \
	$A ckpt create small --size 1M --max-section 1G
gives "ckpt stat: it can't" 0 "*
size        0 bytes of 1 MiB, up to 1 MiB in a section
*" "" $B ckpt stat small
on a ckpt rm small
gives "ckpt rm of a section" 0 "" "" $A ckpt rm other 0x
gives "ckpt rm of a section: which there are" 1 "" \
	"pfsnl: the checkpoint other has no section '0x'*" $A ckpt rm other 0x
gives "ckpt limit of a size" 0 "" "" $A ckpt limit 128M
gives "ckpt limit" 0 "2 checkpoints, * of 128 MiB used" "" $C ckpt limit
gives "ckpt limit of more than may be: it says how much may be" 1 "" \
	"pfsnl: *half of ckpt_most_mib*
       pfsnl(8), 'ckpt limit', says how it becomes more than 256 MiB" $A ckpt limit 257M
nobody ckpt ls
tap_is "not anybody may list checkpoints: code 5" "$code" 5

# Kinds of events are chosen; the first that comes is told.
starts "$tmp/only" b monitor --only sync --count 1
only=$job
within 10 listens b "$only"
tap_is "monitor --only has begun" "$?" 0
on a ckpt write other told </dev/null

# Two sides write; one goes on, and the other is there under another name. A third
# was on neither side, and comes when that is over.
ip -n "${base}x" link set pc down
ip -n "${base}x" link set pb down
within 20 node_says c peers 'len(o["peers"])' 1 &&
	within 20 node_says b peers 'len(o["peers"])' 1 &&
	within 20 node_says a peers 'len(o["peers"])' 1
tap_is "ckpt: the cluster is parted" "$?" 0
ends "monitor --only sync ends with the first it hears of services" "$only" 0
tap_is "monitor --only sync: nothing of checkpoints that were written" \
	"$(cut -c 25- "$tmp/only" | sed 's/ring [0-9]*/ring N/' | grep -cvE '^ *sync +checkpoints \(1\) ')" 0
echo "side a" | on a ckpt write notes today --overwrite --timeout 20
tap_is "ckpt: one side writes" "$?" 0
echo "side c" | on c ckpt write notes today --overwrite --timeout 20
tap_is "ckpt: the other side writes" "$?" 0
ip -n "${base}x" link set pc up
within 20 node_says a ckpt\ ls 'sum(c["conflict"] for c in o["checkpoints"])' 1
tap_is "ckpt: they meet, and one is kept under another name" "$?" 0
ring=$(json "$tmp/says" \
	'[c["lost_ring"]["seq"] for c in o["checkpoints"] if c["conflict"]][0]')
ip -n "${base}x" link set pb up
within 20 node_says b ckpt\ ls \
	'[(c["lost_to"], c["lost_ring"]["seq"]) for c in o["checkpoints"] if c["conflict"]]' \
	"[('notes', $ring)]"
tap_is "ckpt: who comes later has what was decided, and since which ring" "$?" 0
loser=$(on a ckpt ls --json | /usr/bin/python3 -c "import json, sys
print([c['checkpoint'] for c in json.load(sys.stdin)['checkpoints'] if c['conflict']][0])")
tap_is "ckpt: what both wrote is there, on both sides" \
	"$({ on c ckpt read notes today; on a ckpt read "$loser" today; } | sort)" \
	$'side a\nside c'
within 10 grep -q "! conflict, content *notes  the other is $loser" "$tmp/ckpt.c"
tap_is "ckpt watch tells of the conflict" "$?" 0
grep -A2 "! conflict, content" "$tmp/ckpt.c" | tail -n 2 | sed 's/^ *//' >"$tmp/sides"
grep -qE '^won +ring [0-9]+, leader 10.0.0.[13], digest [0-9a-f]{32}$' "$tmp/sides" &&
	grep -qE "^lost +ring [0-9]+, leader 10.0.0.[13], digest ${loser#*@conflict-}[0-9a-f]{16}\$" \
		"$tmp/sides"
tap_is "ckpt watch: which side won and which lost, with their digests" "$?" 0
gives "ckpt ls: what lost, to whom and in which ring" 0 \
	"*$loser *0  -  conflict: lost to notes in ring $ring
*" "" $B ckpt ls
gives "ckpt stat: likewise" 0 "checkpoint  $loser
state       conflict: lost to notes in ring $ring
*" "" $C ckpt stat "$loser"
for words in ". created *notes  by 10.0.0.1" ". section-written *notes  today  by 10.0.0.3" \
	". unlinked *notes  by 10.0.0.3" ". suspended" ". activated"; do
	grep -q "$words" "$tmp/ckpt.c"
	tap_is "ckpt watch: $words" "$?" 0
done
tap_is "ckpt watch: nothing of who opens" \
	"$(grep -cE ' (opened|closed) ' "$tmp/ckpt.c")" 0
kill -TERM "$ckpt_watcher" "$ckpt_json_watcher"
ends "ckpt watch ends with SIGTERM" "$ckpt_watcher" 0
ends "ckpt watch --json, too" "$ckpt_json_watcher" 0
tap_is "ckpt watch --json: events add up, of one checkpoint only" \
	"$(/usr/bin/python3 - "$tmp/ckpt.json" <<'EOF'
import json
import sys

lines = [json.loads(line) for line in open(sys.argv[1])]
assert lines[0]['event'] == 'refresh' and lines[0]['checkpoints'] == []
events = [line for line in lines if line['event'] != 'refresh']
assert all(line['checkpoint'] in ('notes', None) for line in events), events
assert [line['generation'] for line in events] == \
    sorted(line['generation'] for line in events)
conflict = [line for line in events if line['event'] == 'conflict']
# this node was on no side of it
assert len(conflict) == 1 and conflict[0]['about'] == 'content'
assert conflict[0]['checkpoint'] == 'notes'
assert conflict[0]['loser'].startswith('notes@conflict-')
assert conflict[0]['loser'].endswith(conflict[0]['loser_digest'][:16])
assert conflict[0]['earlier']['seq'] > conflict[0]['loser_ring']['seq'] > 0
assert conflict[0]['digest'] != conflict[0]['loser_digest']
print('right')
EOF
)" right
for c in "$loser" notes other; do
	on b ckpt rm "$c"
done
gives "ckpt ls: all are gone" 0 "0 checkpoints, *" "" $A ckpt ls

# --- services ---
gives "sync: checkpoints are a service" 0 "   ID *NAME *PHASE *
    1 *checkpoints *active *" "" $A sync
gives "sync --json" 0 '{"services":\[{"id":1,"name":"checkpoints","phase":"active",*' \
	"" $A sync --json
gives "sync --watch --count 0" 0 "20* = checkpoints (1) active *" "" \
	$A sync --watch --count 0
gives "sync --timeout goes with --watch" 2 "" "pfsnl: *--watch*" \
	$A sync --timeout 1
nobody sync
tap_is "anybody may ask for the services" "$code: $(grep -c checkpoints <<<"$out")" \
	"0: 1"
ledger=${PFSNL_KO-}
ledger=${ledger%/kmod/pfsnl.ko}-breakable/kmod/pfsnl_ledger.ko
# tells NODE WORDS...: the service there
tells()
{
	ip netns exec "$base$1" bash -c "echo '${*:2}' >/proc/net/pfsnl_ledger"
}
if [[ -r $ledger ]] && insmod "$ledger"; then
	starts "$tmp/sync.a" a sync --watch
	sync_watcher=$job
	starts "$tmp/sync.json" a sync --watch --json
	json_sync_watcher=$job
	within 10 listens a "$sync_watcher" &&
		within 10 listens a "$json_sync_watcher"
	tap_is "sync --watch has begun" "$?" 0
	tells a register
	within 20 node_says a sync 'o["services"][-1]["phase"]' active
	tap_is "sync: a service is activated" "$?" 0
	tells a fill 100 entry
	within 20 node_says a sync 'o["services"][-1]["ops"]' 100
	tap_is "sync: operations are counted" "$?" 0
	tells b register
	within 20 node_says b sync \
		'[o["services"][-1][k] for k in ("phase", "members", "items", "waits")]' \
		"['active', 2, 100, 0]"
	tap_is "sync: on another node it gets what the first has" "$?" 0
	gives "sync" 0 "   ID *NAME *PHASE *SINCE *NODES *ITEMS *BYTES
*
   20 *ledger *active *2 *100 *B" "" $A sync
	tells b stuck 1
	tells c register
	within 20 node_says a sync \
		'[o["services"][-1][k] for k in ("phase", "waits_for")]' \
		"['barrier', ['10.0.0.2']]"
	tap_is "sync: who is waited for" "$?" 0
	gives "sync while nodes wait" 0 "*
   20 *ledger *barrier *3 *100 *waits for 10.0.0.2" "" $C sync
	on a sync --json >"$tmp/sync"
	says "sync --json: the keys of the manual" "$tmp/sync" \
		'" ".join(sorted(o["services"][-1]))' \
		"aborted activated active_ring bytes id items members name ops phase ring since_ms transmits turn waits waits_for"
	says "sync --json: the values" "$tmp/sync" \
		'[o["services"][-1][k] for k in ("id", "name", "members", "transmits", "items", "turn", "waits")]' \
		"[20, 'ledger', 3, True, 100, 20, 1]"
	if command -v script >/dev/null; then
		script -qec "$PFSNL $A sync --watch --timeout 1" /dev/null \
			</dev/null | tr '\r' '\n' |
			grep -q 'ledger (20) \[#############\.\.\.\.\.\.\.\] 2 of 3 done, 100 items, '
		tap_is "sync --watch on a terminal: a bar" "${PIPESTATUS[2]}" 0
	else
		tap_skip "sync --watch on a terminal: a bar" "no script(1)"
	fi
	on a sync --watch --timeout 1 >"$tmp/sync.bar"
	tap_is "sync --watch elsewhere: none" "$(grep -c '\[#' "$tmp/sync.bar")" 0
	gives "set --sync-deadline" 0 "" "" $A set --sync-deadline 60s
	gives "status with a deadline" 0 "*
services    dropped after 60 s without a word of them
*" "" $A status
	on a set --sync-deadline 0
	tells b stuck 0
	within 20 node_says c sync 'o["services"][-1]["phase"]' active
	tap_is "sync: it goes on" "$?" 0
	rmmod pfsnl_ledger
	within 10 grep -q ' gone ' "$tmp/sync.a"
	tap_is "sync --watch tells that a service is gone" "$?" 0
	lines=$(grep -c '^20.* \* ledger (20) *active *ring [0-9]*, leader 10.0.0.1, ' \
		"$tmp/sync.a")
	[[ $lines -ge 3 ]]
	tap_is "sync --watch has a line for each activation" "$?" 0
	[[ $lines -ge 3 ]] || sed "s,^,# ," "$tmp/sync.a"
	kill -TERM "$sync_watcher" "$json_sync_watcher"
	ends "sync --watch ends with SIGTERM" "$sync_watcher" 0
	grep '"id": *20,' "$tmp/sync.json" | tail -n 1 >"$tmp/sync"
	says "sync --watch --json: the last line of a service" "$tmp/sync" \
		'o["id"], o["phase"], o["reason"], o["waits_for"], "time" in o' \
		"(20, 'gone', 'change', [], True)"
	gives "sync of a service that is gone: what is left" 0 "   ID *
    1 *checkpoints *active [^
]*" "" $A sync
else
	tap_skip "services" "$ledger is missing: tools/build-module --breakable"
fi

# --- groups of processes ---
gives "group list of none" 0 "no group has a member" "" $A group list
gives "group list --json of none" 0 '{"groups":\[\]}' "" $A group list --json
gives "group members of a group that isn't there" 0 \
	"nobody is in the group news" "" $A group members news
starts "$tmp/group.a" a group join news
joiner=$job
within 10 has_lines "$tmp/group.a" 1
tap_is "group join: the group begins" "$?" 0
starts "$tmp/group.b" b group join news --json
json_joiner=$job
within 10 has_lines "$tmp/group.b" 1 && within 10 has_lines "$tmp/group.a" 2
tap_is "group join: the next one is told, and tells" "$?" 0
starts "$tmp/recv.c" c recv news
receiver=$job
within 10 has_lines "$tmp/group.a" 3
gives "group list" 0 "GROUP *MEMBERS *HERE
news *3 *1" "" $B group list
gives "group members" 0 "MEMBER *PID
10.0.0.1#[1-9]*
10.0.0.2#[1-9]* here
10.0.0.3#[1-9]*$receiver" "" $B group members news
on b group members news --json >"$tmp/members.json"
says "group members --json" "$tmp/members.json" \
	'o["group"], [(m["address"], m["here"]) for m in o["members"]], sorted(o["members"][0])' \
	"('news', [('10.0.0.1', False), ('10.0.0.2', True), ('10.0.0.3', False)], ['address', 'here', 'incarnation', 'number', 'pid'])"
printf 'hello\nyou\n\nlast' | on a send news >"$tmp/sent" 2>&1
tap_is "send: lines, and the exit code" "$? $(<"$tmp/sent")" "0 "
within 10 has_lines "$tmp/recv.c" 4
tap_is "recv: each line" "$(<"$tmp/recv.c")" $'hello\nyou\n\nlast'
echo kept | on c send --safe news --json >"$tmp/sent"
says "send --safe --json: what became of it" "$tmp/sent" \
	'o["id"], o["delivered"], o["safe"], o["bytes"], sorted(o)' \
	"(1, True, True, 4, ['bytes', 'delivered', 'id', 'place', 'safe'])"
# Larger than what the kernel takes at once, and not of lines.
head -c 1500000 /dev/urandom >"$tmp/big"
on b recv --count 1 --raw big >"$tmp/big.b" &
big=$!
jobs_started+=("$big")
within 10 node_says b "group members big" 'len(o["members"])' 1
gives "send --file: 1.5 MB" 0 "" "" $A send --file "$tmp/big" big
ends "recv --count 1 --raw ends" "$big" 0
cmp "$tmp/big" "$tmp/big.b"
tap_is "recv --raw: the same bytes" "$?" 0
head -c 3000000 /dev/zero >"$tmp/huge"
gives "send: more than the cluster takes" 1 "" "pfsnl: sending to a group: *" \
	$A send --file "$tmp/huge" big
seq 1 500 >"$tmp/many"
on c send news <"$tmp/many"
on b send news <"$tmp/many"
within 20 has_lines "$tmp/recv.c" 1005
tap_is "recv: a thousand, in the order in which they were sent" \
	"$(tail -n 1000 "$tmp/recv.c" | cksum)" \
	"$(cat "$tmp/many" "$tmp/many" | cksum)"
gives "recv --timeout with a count not reached: code 124" 124 "" "" \
	$B recv --count 1 --timeout 0.3 news
gives "recv --timeout alone: code 0" 0 "" "" $B recv --timeout 0.3 news
mkfifo "$tmp/slowly"
on c send news --timeout 0.3 <>"$tmp/slowly" >"$tmp/sent" 2>&1
tap_is "send --timeout: code 124" "$? $(<"$tmp/sent")" "124 "
kill -9 "$receiver"
wait "$receiver" 2>/dev/null
within 10 grep -q ' - 10\.0\.0\.3#[0-9]* *died  *pid '"$receiver"', 2 members, ring' \
	"$tmp/group.a"
tap_is "a process that is killed: $(grep died "$tmp/group.a")" "$?" 0
kill -INT "$joiner"
ends "group join ends with SIGINT, code 0" "$joiner" 0
[[ $(tail -n 1 "$tmp/group.a") == *". the membership is over  left" ]]
tap_is "group join: leaves, and tells so" "$?" 0
nobody group list
tap_is "not anybody may list groups: code 5" "$code" 5
nobody recv news
tap_is "not anybody may join: code 5, and what to do" "$code ${err#*needs }" \
	"5 CAP_NET_ADMIN in this network namespace: be root or use sudo)"

# --- somebody leaves ---
starts "$tmp/one" a watch --count 1 --timeout 20
one=$job
within 10 has_lines "$tmp/one" 3
gives "down" 0 "down" "" $B down
ends "watch --count 1 ends with the change" "$one" 0
[[ $(tail -n 1 "$tmp/one") == *"  - 10.0.0.2        left     ring "*", leader 10.0.0.1, 2 nodes" ]]
tap_is "watch tells who left: $(tail -n 1 "$tmp/one")" "$?" 0
gives "ring: who left is missing" 0 "*
quorum      quorate, 2 of 3 votes
nodes       2
  10.0.0.1  leader, self
  10.0.0.3" "" $A ring

# --- somebody better takes over, or not ---
gives "up: better, but without --preempt" 0 "up: * client of 10.0.0.1, *" "" \
	$B up eth0 --priority 200 --expected-votes 3 --wait
gives "set --preempt" 0 "" "" $B set --preempt yes
gives "set --preempt: shown by status" 0 "*
priority    200 (takes over when it is the best)
*" "" $B status
for n in a b c; do
	within 20 node_says $n ring \
		'o["ring"]["leader"], len(o["members"])' "('10.0.0.2', 3)"
	tap_is "set --preempt: $n has the better leader" "$?" 0
done
on b status --json >"$tmp/b.json"
says "set --preempt: in the JSON" "$tmp/b.json" 'o["preempt"]' True

# --- somebody fails ---
starts "$tmp/one" a watch --rings --count 1 --timeout 60
one=$job
within 10 has_lines "$tmp/one" 4
ip -n "${base}x" link set pc down
ends "watch --rings --count 1 ends with the ring" "$one" 0
grep -q '  - 10\.0\.0\.3        failed   ring [0-9]*, leader 10\.0\.0\.2, 2 nodes$' \
	"$tmp/one"
tap_is "watch tells who failed: $(tail -n 2 "$tmp/one" | head -n 1)" "$?" 0
[[ $(tail -n 1 "$tmp/one") == *"  * ring "*", leader 10.0.0.2, 2 nodes, "*"quorate"*", 2 of 3 votes" ]]
tap_is "watch --rings tells the ring: $(tail -n 1 "$tmp/one")" "$?" 0
within 20 node_says a ring 'o["ring"]["quorate"]' True
tap_is "two of three are quorate again" "$?" 0
within 20 node_says c ring 'o["ring"]["leader"], o["ring"]["quorate"]' \
	"('10.0.0.3', False)"
tap_is "the one behind its cable leads itself, and is not quorate" "$?" 0
gives "its status says so" 0 "*
quorum      not quorate, 1 of 3 votes
*" "" $C status
ip -n "${base}x" link set pc up
within 30 node_says c ring 'o["ring"]["leader"], o["ring"]["quorate"]' \
	"('10.0.0.2', True)"
tap_is "it comes back, and all are quorate" "$?" 0
on b down >"$tmp/null"
gives "down again" 4 "" "pfsnl: *" $B down
gives "status after down" 4 "role *down*" "" $B status

# --- priority 0, nobody to lead ---
on c down >"$tmp/null"
on a down >"$tmp/null"
gives "up --wait with nobody to lead: code 124, and why" 124 "" \
	"pfsnl: the node is up, but in no ring after 300 ms (its role is listening); it goes on trying
       with priority 0 it never leads*" \
	$B up eth0 --priority 0 --wait=300
gives "its status says why" 0 "role        listening, *priority 0*" "" $B status
gives "down --wait" 0 '{"role":"down"}' "" $B down --wait 0 --json
# So slow that it hasn't given up to find a leader when we ask.
on b up eth0 --priority 0 --interval 10s --dead 100 >"$tmp/null"
gives "peers of nobody" 0 "nobody yet: *'pfsnl status'*" "" $B peers
gives "peers --json of nobody" 0 '{"peers":\[\],"generation":0}' "" $B peers --json
on b down --wait 0 >"$tmp/null"

# --- a port that is taken ---
ip netns exec "${base}b" /usr/bin/python3 -c "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.bind(('', 7319))
s.listen()
print('bound', flush=True)
sys.stdin.read()" >"$tmp/bound" < <(exec tail -f /dev/null) &
holder=$!
jobs_started+=("$holder")
within 10 has_lines "$tmp/bound" 1
gives "up: port taken" 1 "" "pfsnl: *in use*" $B up eth0
gives "up: another port" 0 "up: *" "" $B up eth0 --tether-port 7320
gives "up: another port, in the status" 0 "*, UDP port 7319
tethers     TCP port 7320
*" "" $B status
gives "down" 0 "down" "" $B down
gives "up: port of both" 0 "up: *" "" $B up eth0 -p 7400
gives "up: port of both, in the status" 0 "*, UDP port 7400
tethers     TCP port 7400
*" "" $B status
gives "down" 0 "down" "" $B down
kill "$holder"

# --- what was followed all the time ---
ends "group join ended when the node was stopped, code 4" "$json_joiner" 4
for job in "$watcher" "$text_watcher" "$ring_watcher" "$monitor"; do
	kill -INT "$job"
done
ends "the JSON watch ends" "$watcher" 0
ends "the watch ends" "$text_watcher" 0
ends "the watch of rings ends" "$ring_watcher" 0
ends "the monitor ends" "$monitor" 0
cat "$tmp"/{watch.json,watch.txt,rings.json,monitor.json}.err >"$tmp/all.err"
tap_is "none of them complained" "$(<"$tmp/all.err")" ""
}

tap_is "group join --json: changes add up, places grow, and the end" \
	"$(/usr/bin/python3 - "$tmp/group.b" <<'EOF'
import json
import sys

have, place, texts, whys = None, 0, 0, set()


def key(member):
    return member['address'], member['number']


for line in open(sys.argv[1]):
    o = json.loads(line)
    if o['event'] == 'change':
        now = {key(m) for m in o['members']}
        assert len(now) == len(o['members'])
        assert o['first'] == (have is None), o
        if have is not None:
            came = {key(m) for m in o['came']}
            gone = {key(m) for m in o['gone']}
            assert not came & have and gone <= have, o
            assert now == have - gone | came, o
        have = now
        whys |= {m['why'] for m in o['came'] + o['gone']}
    elif o['event'] == 'message':
        assert o['place'] > place and key(o['sender']) in have, o
        place = o['place']
        assert o['bytes'] == len(o['text'].encode()), o
        texts += 1
    elif o['event'] == 'over':
        print(texts, o['why'], *sorted({'joined', 'left', 'died'} & whys))
EOF
)" "1005 down died joined left"
tap_is "watch --json folds to the list at each line" "$(/usr/bin/python3 - \
	"$tmp/watch.json" <<'EOF'
import json
import sys

have, seen, whys = set(), [], set()
for line in open(sys.argv[1]):
    o = json.loads(line)
    assert sorted(o) == ['addresses', 'generation', 'instance', 'nodes', 'op',
                         'reason', 'ring', 'time', 'why'], o
    new = set(o['addresses'])
    assert len(new) == len(o['addresses']) == len(o['why'])
    known = ('joined', 'merged') if o['op'] == 'add' else (
        'left', 'failed', 'dropped', 'alone')
    for why in o['why']:
        assert why in known if o['reason'] == 'change' else why is None, o
        whys.add(why)
    if o['op'] == 'add':
        assert not new & have, o
        have |= new
    else:
        assert new <= have, o
        have -= new
    assert o['nodes'] == len(have), o
    seen.append(len(have))
print('empty' if not have else have, max(seen),
      *sorted({'joined', 'left', 'failed'} & whys))
EOF
)" "empty 3 failed joined left"
tap_is "watch --rings --json: each ring has the list, and comes once" \
	"$(/usr/bin/python3 - "$tmp/rings.json" <<'EOF'
import json
import sys

have, last, leaders, quorate = set(), None, set(), set()
for line in open(sys.argv[1]):
    o = json.loads(line)
    if o['op'] == 'add':
        have |= set(o['addresses'])
    elif o['op'] == 'remove':
        have -= set(o['addresses'])
    else:
        assert sorted(o) == ['addresses', 'generation', 'instance', 'nodes',
                             'op', 'reason', 'ring', 'time'], o
        assert set(o['addresses']) == have, o
        assert o['nodes'] == len(have), o
        now = (o['ring'], o['instance'], o['addresses'])
        assert now != last, o
        if last and last[1] == o['instance']:
            assert o['ring']['seq'] >= last[0]['seq'], o
        last = now
        leaders.add(o['ring']['leader'])
        quorate.add(o['ring']['quorate'])
print(sorted(filter(None, leaders)), None in leaders, sorted(map(str, quorate)))
EOF
)" "['10.0.0.1', '10.0.0.2'] True ['False', 'None', 'True']"
tap_is "watch: each line begins with a time and one of = + -" \
	"$(grep -vcE '^20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{3}  [-=+] (10\.0\.0\.[123]|\(nobody\)) +((joined|merged|left|failed|dropped|alone) +)?(ring [0-9]+, leader 10\.0\.0\.[123]|no ring|this node is down)(, [0-9] nodes?)?(, list read anew)?$' \
		"$tmp/watch.txt")" 0
tap_is "monitor --json: every line is an event" "$(/usr/bin/python3 - \
	"$tmp/monitor.json" <<'EOF'
import json
import sys

roles, ops, last, rings, whys = [], set(), 0, [], set()
phases, told = set(), set()
for line in open(sys.argv[1]):
    o = json.loads(line)
    assert o['event'] in ('update', 'state', 'ring', 'sync', 'ckpt'), o
    assert sorted(o) == sorted(['time', 'event', o['event']]), o
    if o['event'] == 'state':
        roles.append(o['state']['role'])
    elif o['event'] == 'sync':
        phases.add((o['sync']['name'], o['sync']['phase']))
        assert o['sync']['ring'] is None or o['sync']['ring']['seq'], o
    elif o['event'] == 'ckpt':
        told.add(o['ckpt']['event'])
    elif o['event'] == 'ring':
        r = o['ring']
        assert sorted(r) == ['addresses', 'generation', 'instance', 'ring'], o
        assert '10.0.0.1' in r['addresses'], o
        assert r['generation'] == last, o
        rings.append(r['ring']['seq'])
    else:
        u = o['update']
        assert sorted(u) == ['addresses', 'generation', 'instance', 'op',
                             'ring', 'why'], o
        assert len(u['why']) == len(u['addresses']), o
        ops.add(u['op'])
        whys |= set(u['why'])
        assert u['generation'] == last + 1 or u['generation'] == 1, o
        last = u['generation']
print('leader' in roles, roles[-1], sorted(ops), rings == sorted(rings),
      None in whys, any(name == 'checkpoints' and phase in ('report', 'process', 'barrier')
                        for name, phase in phases),
      ('checkpoints', 'active') in phases,
      {'created', 'opened', 'section-written', 'unlinked', 'conflict'} <= told)
EOF
)" "True down ['add', 'remove'] True False True True True"
tap_done
