#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
# The command with a loaded module: three nodes, each in a network namespace
# on one segment. To be run as root in a VM:
#   PFSNL_KO=$(tools/build-module uml) tools/vm/run -k uml -e PFSNL_KO -- selftests/command/live.sh
# PFSNL_KO=FILE loads the module if it isn't yet. Exit status 4: no module.
#
#	nodes.sh		the nodes, and what is asked of them
#	live_ckpt.sh		checkpoints
#	live_sync.sh		services
#	live_group.sh		groups of processes
#	live_followed.sh	what those were told who followed all of it
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

. ./nodes.sh
if ! make_nodes; then
	echo "1..0 # SKIP can't make network namespaces"
	exit 4
fi

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

# --- what nodes do together ---
. ./live_ckpt.sh
. ./live_sync.sh
. ./live_group.sh

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

. ./live_followed.sh
}

tap_done
