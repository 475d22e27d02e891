# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Part of live.sh, which has three nodes that run: services. The module's own are always
# there; another comes with pfsnl_ledger, if that was built.
# shellcheck disable=SC2086 # $A, $B and $C are two words each

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
