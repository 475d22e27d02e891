# SPDX-License-Identifier: GPL-2.0
"""Fault reports ("splats") in kernel logs."""
import re

SPLAT = re.compile(r'''
    \bBUG[ :] | \bWARNING: | \bOops\b | \bKASAN: | \bUBSAN: | \bODEBUG: | \bKCSAN: |
    Kernel\ panic | Kernel\ BUG\ at | general\ protection\ fault | Internal\ error: |
    unable\ to\ handle | segfault\ at\ .*\ in\ kernel |
    possible\ (circular|recursive|irq)\ lock | lock\ inversion | inconsistent\ lock\ state |
    bad\ unlock\ balance | suspicious\ RCU\ usage | held\ lock\ freed | lock\ held\ when\ returning |
    still\ has\ locks\ held | Invalid\ wait\ context |
    sleeping\ function\ called | scheduling\ while\ atomic | voluntary\ context\ switch\ within |
    INFO:\ task\ .*blocked\ for | self-detected\ stall | detected\ stalls | detected\ expedited\ stalls |
    soft\ lockup | hard\ LOCKUP | workqueue\ lockup |
    refcount_t: | leaked\ reference | ref_tracker: | reference\ already\ released |
    waiting\ for\ .*\ to\ become\ free |
    unreferenced\ object | (list_add|list_del)\ corruption |
    Objects\ remaining | Bad\ page | page\ dumped\ because | stack\ is\ corrupted |
    module\ .*\ is\ stuck | rcu:\ INFO:
''', re.X)

# Remarks about the processor, not about a fault.
HARMLESS = re.compile(r'CPU bug present|Spectre|MDS|TAA:|L1TF|Vulnerable|mitigation')

END = re.compile(r'---\[ end |</TASK>|Memory state around')
# A stack entry the unwinder only guessed
GUESS = re.compile(r' \? \S+\+0x')
CONTEXT = 120


def _plain(line):
    """A line without its time, to tell whether two logs show the same."""
    return re.sub(r'^(<\d+>)?\[[^]]*\] ?', '', line).rstrip()


def find_splats(text):
    """The reports in the kernel log TEXT, each as its lines."""
    found, lines, i = [], text.splitlines(), 0
    while i < len(lines):
        if not SPLAT.search(lines[i]) or HARMLESS.search(lines[i]):
            i += 1
            continue
        first = i
        while i < len(lines) and i - first < CONTEXT:
            i += 1
            if END.search(lines[i - 1]):
                break
        found.append('\n'.join(line for line in lines[first:i] if not GUESS.search(line)))
    return found


def merge(*logs):
    """The reports of several logs of one boot, each only once. The console
    has what was cleared from the log and what came after it was saved."""
    seen, found = set(), []
    for log in logs:
        for report in find_splats(log):
            head = _plain(report.split('\n', 1)[0])
            if head not in seen:
                seen.add(head)
                found.append(report)
    return found


def find_leaks(first, second, since, hz=100):
    """Objects that both reads of kmemleak list and that were allocated after
    SINCE seconds of uptime; what booting leaves unreferenced isn't ours."""
    def blocks(text):
        out = {}
        for part in re.split(r'(?m)^(?=unreferenced object)', text):
            m = re.match(r'unreferenced object (\S+) \(size (\d+)\)', part)
            if m:
                out[m.groups()] = part.rstrip()
        return out

    # jiffies start five minutes before the 32-bit counter wraps
    start = (1 << 32) - 300 * hz + int(since * hz)
    again, leaks = blocks(second), []
    for key in blocks(first):
        if key not in again:
            continue
        m = re.search(r'jiffies (\d+)', again[key])
        if not m or int(m[1]) >= start:
            leaks.append(again[key])
    return leaks
