#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
# The config file: every wrong line is told with its number.
cd "$(dirname "$0")" || exit 1
. ./tap.sh

f=$tmp/pfsnl.conf

# wrong DESCRIPTION TEXTS: the file on stdin gives exactly these lines, with
# FILE for its name, and code 2.
wrong()
{
	cat >"$f"
	call set --config "$f"
	tap_is "$1" "$code
$err" "2
${2//FILE/pfsnl: $f}"
}

wrong "unknown key" "FILE:3: unknown key 'prioritiy'; did you mean 'priority'?" <<'EOF'
# a comment

prioritiy = 3
EOF
wrong "unknown key, nothing near" \
	"FILE:1: unknown key 'frobnicate'; the keys are in pfsnl.conf(5)" <<'EOF'
frobnicate = 3
EOF
wrong "options that are no keys" "FILE:1: unknown key 'json'; the keys are in pfsnl.conf(5)
FILE:2: unknown key 'netns'; the keys are in pfsnl.conf(5)
FILE:3: unknown key 'config'; the keys are in pfsnl.conf(5)" <<'EOF'
json = yes
netns = a
config = /etc/passwd
EOF
wrong "no key = value" "FILE:2: '[cluster]' is not 'key = value'
FILE:3: 'priority 3' is not 'key = value'" <<'EOF'
dead = 5
[cluster]
priority 3
EOF
wrong "bad values, each is told" \
"FILE:1: bad value '5' for interval: milliseconds from 10 to 10000
FILE:2: bad value '' for dead: a whole number from 3 to 100
FILE:4: bad value 'maybe' for level0: auto, off or on
FILE:5: bad value 'maybe' for broadcast: yes or no
FILE:6: bad value '2' for preempt: yes or no
FILE:7: bad value '256' for votes: a whole number from 0 to 255
FILE:8: bad value '65536' for expected-votes: a whole number from 0 to 65535" <<'EOF'
interval = 5
dead =
priority = 7
level0 = maybe
broadcast = maybe
preempt = 2
votes = 256
expected-votes = 65536
EOF
wrong "key twice" "FILE:3: 'dead' is in line 1 already" <<'EOF'
dead = 5
interval = 100
dead = 6
EOF
wrong "two ways to send beacons" \
	"FILE:2: 'multicast' and 'broadcast' (line 1) exclude each other: beacons go one way at a time" <<'EOF'
broadcast = yes
multicast = 239.1.1.1
EOF
wrong "quotes" "FILE:1: the closing quote is missing
FILE:2: 'x' is left over after the closing quote" <<'EOF'
cluster = "blue
device = "eth0" x
EOF
wrong "bad address in a list" \
	"FILE:1: bad address '10.0.0.300' in peers: an IPv4 address such as 10.0.0.1" <<'EOF'
peers = 10.0.0.1, 10.0.0.300
EOF
wrong "empty list" "FILE:1: peers needs at least one address, such as 10.0.0.1" <<'EOF'
peers = # none yet
EOF
wrong "zero byte" "FILE:2: this is no text: it has a zero byte" \
	< <(printf 'dead = 5\nclus\0ter = x\n')
wrong "last line without an end" \
	"FILE:1: bad value '2' for dead: a whole number from 3 to 100" \
	< <(printf 'dead = 2')
printf 'dead = %s\n' "$(printf '5%.0s' {1..100000})" >"$f"
gives "very long line" 2 "" "pfsnl: $f:1: bad value '5555*" set --config "$f"
gives "no such file" 2 "" \
	"pfsnl: can't read the config file $tmp/none: No such file or directory" \
	up --config "$tmp/none"
gives "a directory" 2 "" \
	"pfsnl: can't read the config file $tmp: Is a directory" \
	up --config "$tmp"
echo 'dead = 1' >"$f"
gives "a wrong line is told also when the command line overrules it" 2 "" \
	"pfsnl: $f:1: bad value '1' for dead*" set --dead 5 --config "$f"

wrong "a '#' without a blank before it belongs to the value" \
	"FILE:1: bad value '10.0.0.1#x' for address: an IPv4 address such as 10.0.0.1" <<'EOF'
address = 10.0.0.1#x
EOF

# --- right files: without a module they get as far as code 3 ---
right()
{
	cat >"$f"
	gives "$1" 3 "" "pfsnl: *not loaded*" set --config "$f"
}

if module_is_here; then
	tap_skip "right files" "with a module they would do something"
else
	right "all keys, quotes, comments, blanks" <<'EOF'
	device="eth0"	# the inner one
address = 10.0.0.1 # a comment

port = 1
tether-port = 65535
cluster = "a # b"# a comment
priority = 0
preempt = Yes
votes = 0
expected-votes = 65535
interval = 0.5s
dead = 3
peers = 10.0.0.1, 10.0.0.2 10.0.0.3,10.0.0.4   # four
broadcast = no
max-nodes = 4096
retain = 262144
drain = 3s
sync-deadline = 60s
level0 = off
level0-dead = 600000
  wait = yes
EOF
	right "lines that end as DOS has it" \
		< <(printf 'dead = 5\r\npriority = 3\r\n')
	right "last line without an end" < <(printf 'dead = 5')
	right "empty file" </dev/null
	for preempt in yes no true false on off; do
		right "preempt = $preempt" <<<"preempt = $preempt"
	done
	for wait in yes no true false 0 5 5s; do
		right "wait = $wait" <<<"wait = $wait"
	done
	# The defaults that the example shows are values the command takes.
	shown=0
	while read -r line; do
		right "example: $line" <<<"$line"
		shown=$((shown + 1))
	done < <(sed -n 's/^#\([a-z0-9-]* = \)/\1/p' \
		"$root/tools/systemd/pfsnl.conf")
	tap_is "the example shows all 21 keys" "$shown" 21
	right "the example as it is" <"$root/tools/systemd/pfsnl.conf"
fi

# --- bytes of any kind: refused or taken, never a fault ---
seed=${SEED:-$RANDOM}
/usr/bin/python3 - "$seed" "$tmp" <<'EOF'
import random
import sys

rng = random.Random(int(sys.argv[1]))
words = [b'dead', b'peers', b'cluster', b'interval', b'=', b' = ', b'"', b'#',
         b',', b'\n', b'10.0.0.1', b'5', b'yes', b'\r', b'\0', b'0.5s', b'\t',
         b'4294967296', b'wait', b'multicast', b'239.1.1.1', b'\xff\xfe']
for i in range(150):
    with open(f'{sys.argv[2]}/fuzz{i}', 'wb') as f:
        for _ in range(rng.randrange(60)):
            f.write(rng.choice(words) if rng.random() < .9
                    else rng.randbytes(rng.randrange(9)))
EOF
bad=0
for f in "$tmp"/fuzz*; do
	call set --config "$f"
	# 4 and 5: there is a module, and nothing runs or nothing is permitted.
	if [[ $code != [2345] || $err != pfsnl:* ]]; then
		echo "# code $code of file: $(od -An -c "$f" | tr -d '\n')"
		bad=$((bad + 1))
	fi
done
tap_is "150 random files (SEED=$seed)" "$bad" 0
tap_done
