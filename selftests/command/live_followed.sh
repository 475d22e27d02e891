# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Part of live.sh: its last, when all that its nodes went through is over. What those were
# told who followed it from the beginning: $watcher, $text_watcher, $ring_watcher and
# $monitor, and $json_joiner.
# shellcheck disable=SC2086 # $A, $B and $C are two words each

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
