# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Part of live.sh, which has three nodes that run and 10.0.0.1 for their leader: their
# checkpoints. None is left.
# shellcheck disable=SC2086 # $A, $B and $C are two words each

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
