# SPDX-License-Identifier: GPL-2.0
#
# What "pfsnl watch --json" said, for lib.sh.
#
#	awk -f watch.awk net=NET what=fold FILE...
#	awk -f watch.awk net=NET what=changes from=LINE FILE from=LINE FILE...
#
# fold: for each file a line with the updates folded into an empty set, as
# "1 2 3", or "broken: ..." if one contradicts those before.
# changes: the updates beyond that line, as "-1 +7".
# Addresses are given as their last number. Lines of rings ("watch --rings") are
# no updates.

function complain(text)
{
	if (broken == "")
		broken = "broken: line " FNR " " text
}

function member(name)
{
	if (!match($0, "\"" name "\":[^,}]*"))
		return ""
	text = substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
	gsub("\"", "", text)
	return text
}

function result(    i, out)
{
	if (what == "changes")
		return changes
	if (broken != "")
		return broken
	for (i = 0; i < 256; i++)
		if (i in have)
			out = out (out == "" ? "" : " ") i
	return out
}

FNR == 1 {
	if (file != "")
		print result()
	file = FILENAME
	split("", have)
	count = 0
	broken = changes = ""
}

index($0, "\"op\":\"ring\"") {
	next
}

{
	adding = index($0, "\"op\":\"add\"") > 0
	at = index($0, "\"addresses\":[") + 13
	list = substr($0, at)
	list = substr(list, 1, index(list, "]") - 1)
	gsub("\"", "", list)
	n = split(list, addrs, ",")
	if (FNR > from && what == "changes")
		for (i = 1; i <= n; i++) {
			sub("^" net "[.]", "", addrs[i])
			changes = changes (changes == "" ? "" : " ") \
				  (adding ? "+" : "-") addrs[i]
		}
}

what == "fold" {
	reason = member("reason")
	if ((FNR == 1) != (reason == "initial"))
		complain("has reason " reason)
	for (i = 1; i <= n; i++) {
		if (sub("^" net "[.]", "", addrs[i]) != 1) {
			complain("has address " addrs[i])
			continue
		}
		who = addrs[i] + 0
		if (adding && who in have)
			complain("adds " who " again")
		if (!adding && !(who in have))
			complain("removes absent " who)
		if (adding && !(who in have)) {
			have[who] = 1
			count++
		} else if (!adding && who in have) {
			delete have[who]
			count--
		}
	}
	if (member("nodes") != count)
		complain("counts " member("nodes") " nodes, there are " count)
}

END {
	if (file != "")
		print result()
}
