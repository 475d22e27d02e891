#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# Checkpoints on three nodes: what one writes all have; who may do what; how much may
# be stored; who has what open, and what becomes of it when processes and names go;
# what expires.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"
. "$here/ckpt.sh"

hurry
nodes_make 3
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
node_up 3
check "three nodes are one cluster" wait_until 20 agree "1 2 3" "1* 2 3"
for i in 1 2 3; do
	keeper k$i $i
done
check "all have the same: nothing" all_same k1 k2 k3
tell k2 listen

# ---- creating, writing, reading ---------------------------------------------

check "a checkpoint is created" \
	asks k1 "open ok created" open red crw 1000000 500000 10 32 0
r1=$(handle_of k1)
check "it is opened on another node" asks k2 "open ok" open red rw
r2=$(handle_of k2)
check "a section is created" asks k1 "create ok one" create "$r1" one 100
check "the empty id is an id" asks k1 "create ok -" create "$r1" - 0
check "an id is made" asks k1 "create ok 0000000000000000" create "$r1" "*" 5
check "a section is written" asks k1 "write ok" write "$r1" one 50 1000
check "at several places" \
	asks k2 "write ok" write "$r2" one 0 10 5000 10 200000 32768 232768 32768 \
	265536 32768 298304 1696
check "written with a long section" \
	asks k1 "overwrite ok" overwrite "$r1" - 131072
check "the other node reads the same" same_data k1 k2 "$r1" "$r2" one
check "the other node reads the same, of the empty id" same_data k1 k2 "$r1" "$r2" -
check "reading begins anywhere" asks k2 "read 299990 10 300000 *" read "$r2" one 299990
check "reading behind the end finds nothing" \
	asks k2 "read 300000 0 300000 0" read "$r2" one 300000
check "reading is 131072 bytes at most" \
	asks k2 "read 0 131072 300000 *" read "$r2" one 0 300000
check "what was not written is zero" asks k1 "read 6000 1000 300000 *" read "$r1" one 6000 1000
zeros=${reply##* }
check "what was not written is zero everywhere" \
	asks k2 "read 7000 1000 300000 $zeros" read "$r2" one 7000 1000
check "safe operations are done, too" \
	asks k2 "open ok created" open safe crws 10 10 1 8 0
check "all have the same" all_same k1 k2 k3
check "what is where is told" ckpt_is k3 red \
	"ckpt red sections 3 bytes 431077 refs 2 * nodes 1:1 2:1"
ask k1 get red
digest=$reply
check "with the same digest" ckpt_is k2 red "$digest"
check "by its number, too" asks k3 "$digest" number \
	"$(sed -E 's/.* ([0-9a-f]{40}) nodes.*/\1/' <<<"$digest")"
check "sections are listed by rising ids" \
	listed_are k3 "- 0000000000000000 one" sections red
check "a section has a digest" asks k3 "section one 300000 ????????????????*" section red one
listing k3 list
is "checkpoints are listed" "$(xargs -n1 <<<"$listed" | sort | xargs)" "red safe"
check "listeners hear of it" eval \
	'said k2 "event created red from 1 [0-9]+" && said k2 "event opened red from 2 [0-9]+" &&
	 said k2 "event section-created red section one from 1 [0-9]+" &&
	 said k2 "event section-written red section one from 2 [0-9]+"'
in_turn()
{
	why=$(sed -nE 's/^event .* ([0-9]+)$/\1/p' "$tmp/k2.out" |
		awk 'NR > 1 && $1 != last + 1 { print "after", last, "comes", $1 } { last = $1 }')
	[ -z "$why" ]
}
check "events have numbers in a row" in_turn

# ---- refusals ---------------------------------------------------------------

check "no such checkpoint" asks k1 "open failed 2 *no checkpoint of this name" open blue r
check "other attributes" \
	asks k1 "open failed 17 *with other attributes" open red crw 1000000 500000 11 32 0
check "another retention is no other attribute" \
	asks k3 "open ok" open red crw 1000000 500000 10 32 7
check "opened for nothing" asks k1 "refused 22 *for reading, for writing or for both" open red n
check "attributes without creating" \
	asks k1 "refused 22 *for creating" open red ra 1000000 500000 10 32 0
check "sizes that can't be" \
	asks k1 "refused 22 *size fits into all*" open blue crw 1000 10 10 32 0
check "ids that can't be" asks k1 "refused 22 *ids have 255*" open blue crw 10 10 10 256 0
check "a name with control characters" \
	asks k1 "refused 22 *control characters" open "a"$'\001' r
check "no name" asks k1 "refused 22 *" open "" r
check "a handle of nobody" asks k1 "refused 9 *no such handle" write 99 one 0 1
check "a handle of another socket" asks k3 "refused 9 *" write 7 one 0 1
opens k3 red r
h=$handle
check "writing what was opened for reading" \
	asks k3 "refused 13 *not opened for writing" write "$h" one 0 1
opens k3 red w
check "reading what was opened for writing" \
	asks k3 "refused 13 *not opened for reading" read "$handle" one
check "no such section" asks k1 "write failed 2 *no such section" write "$r1" two 0 1
check "no such section to read" asks k1 "refused 2 *no such section" read "$r1" two
check "such a section already" asks k1 "create failed 17 *already" create "$r1" one 1
check "an id too long for the checkpoint" \
	asks k1 "create failed 36 *id is longer*" create "$r1" 123456789012345678901234567890123 1
check "vectors that fall" asks k1 "refused 22 *vectors rise*" write "$r1" one 10 5 0 5
check "vectors over each other" asks k1 "refused 22 *vectors rise*" write "$r1" one 0 5 4 5
check "an empty vector" asks k1 "refused 22 *1 to 32768 bytes" write "$r1" one 0 0
check "a vector too long" asks k1 "refused 22 *1 to 32768 bytes" write "$r1" one 0 32769
check "no vector" asks k1 "refused 22 *vector is needed" write "$r1" one
check "too much at once" asks k1 "refused 90 *131072 bytes*" overwrite "$r1" one 131073
check "a place that can't be" \
	asks k1 "refused 27 *1 TiB*" write "$r1" one 0xffffffffffffffff 1
check "an old digest is as before" ckpt_is k1 red "ckpt red sections 3 bytes 431077 refs 5 *"
for h in 2 3 4; do
	ask k3 close $h
done
stats_mark 1
ask k1 write "$r1" two 0 1
check "a refusal is counted" counted_is 1 "ckpt_refused=1" "sync_*"

# ---- limits -----------------------------------------------------------------

opens k1 small crw 1000 600 3 4 0
s=$handle
check "a section up to its limit" asks k1 "create ok a" create "$s" a 600
check "and not longer, written beyond" asks k1 "write failed 27 *" write "$s" a 600 1
check "at an offset far beyond" asks k1 "write failed 27 *" write "$s" a 0x100000000 1
check "all sections up to the limit" asks k1 "create ok b" create "$s" b 400
check "and not more" asks k1 "write failed 28 *" write "$s" b 400 1
check "another section, empty" asks k1 "create ok c" create "$s" c 0
check "and no more sections" asks k1 "create failed 28 *" create "$s" d 0
check "what is shorter makes room" asks k1 "overwrite ok" overwrite "$s" a 500
check "for exactly that" asks k1 "overwrite ok" overwrite "$s" c 100
check "and not more than that" asks k1 "write failed 28 *" write "$s" c 100 1
check "a handle is closed" asks k1 "close ok" close "$s"
check "and is no more" asks k1 "refused 9 *" write "$s" a 0 1
check "nobody has it open, and it is not to be kept: it expires" \
	wait_until 20 asks k3 "refused 2 *" get small

# all together: exactly as much as the limit says, but for what is kept back
ask k1 state
used=${reply#*used } used=${used%% *}
limit=$(((used + 512 + 128 + 128 + 1 + 5000) * 16 / 15 + 1))
check "the limit of all is set" asks k2 "limit ok" limit $limit
check "on all nodes" all_same k1 k2 k3
check "and shown" asks k3 "state * limit $limit headroom $((limit / 16)) *" state
opens k1 full crw 1000000 1000000 10 8 60000
f=$handle
check "as much as fits" asks k1 "create ok x" create "$f" x 5000
check "and not a byte more" asks k1 "write failed 12 *see ckpt-limit" write "$f" x 5000 2
check "nor a section" asks k1 "create failed 12 *" create "$f" y 0
check "shrinking goes always" asks k1 "overwrite ok" overwrite "$f" x 1
check "a limit that no node could collect" \
	asks k1 "refused 34 *ckpt_most_mib*" limit 268435457
check "the limit is set back" asks k1 "limit ok" limit 268435456
ask k1 close "$f"
check "an unlinked checkpoint that nobody has open is gone" \
	asks k2 "unlink ok" unlink full
check "gone on all nodes" asks k3 "refused 2 *" get full

# ---- handles ----------------------------------------------------------------

opens k1 held crw 1000 1000 10 8 100
opens k2 held r
opens k3 held rw
held=$handle
check "unlinked while it is open on other nodes: it has no name" \
	asks k1 "unlink ok" unlink held
check "another may have the name" asks k1 "open ok created" open held crw 7 7 1 1 100000
check "who has it open still writes" asks k3 "create ok z" create "$held" z 10
check "two unlinked and new: both are there" asks k2 "done list" list
is "two of this name: one unlinked" \
	"$(grep -c '^ckpt held .* refs 3 unlinked' "$tmp/k2.out")" 1
slay k3
check "who had it open is killed: its handles are gone" wait_until 20 eval \
	'ask k2 list; [ "$(grep "^ckpt held .*unlinked" "$tmp/k2.out" | tail -n 1 |
		sed "s/.*refs \([0-9]\).*/\1/")" = 2 ]'
slay k2
keeper k2 2
keeper k3 3
check "the handles of a whole process are gone" wait_until 20 eval \
	'ask k3 list; grep -c "^ckpt held .* refs 1 unlinked" "$tmp/k3.out" >/dev/null'
ask k1 close "$(sed -n 's/^handle //p' "$tmp/k1.out" | tail -n 2 | head -n 1)"
check "closed by the last: an unlinked checkpoint is freed everywhere" wait_until 20 eval \
	'from=$(wc -l <"$tmp/k3.out"); ask k3 list
	 ! tail -n +$((from + 1)) "$tmp/k3.out" | grep -q "unlinked"'
check "and the new one is not" ckpt_is k3 held "ckpt held * refs 1 *"

# ---- time -------------------------------------------------------------------

opens k1 times crw 1000 1000 20 8 300
t=$handle
ask k1 create "$t" later 1 200000
ask k1 create "$t" latest 1 300000
ask k1 create "$t" never 1
ask k1 create "$t" soon 1 5000
check "sections by when they expire, what does not at last" \
	listed_are k3 "soon later latest never" sections times by
check "those that expire within some time" \
	listed_are k3 "later" sections times by 100000 250000
check "those that expire late, or not at all, by their ids" \
	listed_are k3 "latest never" sections times 250000 never
check "a section expires" wait_until 20 asks k2 "refused 2 *" section times soon
check "on all nodes" all_same k1 k2 k3
check "a section is given more time" asks k1 "expiration ok" expiration "$t" later never
check "a section is given less" asks k1 "expiration ok" expiration "$t" latest 1
check "and expires" wait_until 20 asks k3 "refused 2 *" section times latest
check "the other stays" asks k3 "section later *" section times later
tell k3 listen
check "the retention is changed" asks k1 "retention ok" retention "$t" 1000
check "while it is open it does not expire" ckpt_is k2 times "ckpt times *refs 1 *"
check "closed" asks k1 "close ok" close "$t"
check "it expires after its retention" wait_until 20 asks k2 "refused 2 *" get times
check "which is told" wait_until 10 said k3 "event expired times [0-9]+"
check "created anew before it expires, it is another" \
	asks k1 "open ok created" open aba crw 10 10 1 8 500
ask k1 close "$(handle_of k1)"
ask k1 unlink aba
ask k1 open aba crw 10 10 1 8 100000
ask k1 close "$(handle_of k1)"
check "what expires then is not the new one" holds 1500 asks k2 "ckpt aba *" get aba
check "all have the same after all that" all_same k1 k2 k3

# ---- too much at once -------------------------------------------------------

opens k1 red rw
ask k1 create "$handle" many 1
helper_stop k3
keeper k3 3 -b 8192
opens k3 red rw
stats_mark 3
tell k3 deaf
tell k3 pour 300 "$handle" many 3
check "no more than 128 requests are under way of a socket" \
	wait_until 20 stat_over 3 ckpt_busy 100
tell k3 hear
told_all()
{
	local ok

	ok=$(grep -c '^write ok$' "$tmp/k3.out")
	why="$ok were done, $(stat 3 ckpt_busy) refused, of 300"
	[ $((ok + $(stat 3 ckpt_busy))) = 300 ]
}
check "the others are answered as soon as it reads, whatever its buffer" \
	wait_until 60 told_all
helper_stop k3
keeper k3 3
opens k3 red rw
tell k3 pour 100 "$handle" many 30000
tell k3 close-socket
check "a socket is closed with 100 requests that wait: its handles are gone" \
	wait_until 20 ckpt_is k1 red "ckpt red *refs 2 *nodes 1:2"
tell k3 open-socket
wait_until 10 said k3 "done open-socket"
check "all have the same after that" all_same k1 k2 k3

nobody=/tmp/keeper.$$
cp "$build/selftests/kernel/keeper" $nobody
words=$(printf 'get red\nopen red r\nlisten\n' | timeout 10 ip netns exec "$(node_ns 1)" \
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all $nobody 2>&1)
rm $nobody
is "who may not administer the network may not read, open or listen" \
	"$(grep -o "^refused 1 " <<<"$words" | wc -l)" 3

patience=120
check "what makes no sense is refused, and says why" asks k2 "swept * 0" sweep
unset patience
check "and harms nobody" all_same k1 k2 k3

for k in k1 k2 k3; do
	helper_stop $k
done
check "unloading at last: nothing is left" eval 'unload && nothing_left 1 2 3'
load
finish
