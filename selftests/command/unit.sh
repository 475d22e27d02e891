#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
# What "make install" puts where, and that systemd takes the unit.
cd "$(dirname "$0")" || exit 1
. ./tap.sh

dest=$tmp/dest
make_at()
{
	make -s --no-print-directory -C "$root/tools/pfsnl" "$@" \
		DESTDIR="$dest" PREFIX=/opt/pfsnl >"$tmp/make" 2>&1 ||
		sed 's/^/# /' "$tmp/make"
}

make_at install
tap_is "make install: files" "$(cd "$dest" && find . -type f | sort)" \
"./etc/pfsnl.conf
./opt/pfsnl/lib/systemd/system/pfsnl.service
./opt/pfsnl/sbin/pfsnl
./opt/pfsnl/share/bash-completion/completions/pfsnl
./opt/pfsnl/share/man/man5/pfsnl.conf.5
./opt/pfsnl/share/man/man8/pfsnl.8"
tap_is "make install: the command runs where it was put" \
	"$("$dest/opt/pfsnl/sbin/pfsnl" --version)" "$("$PFSNL" --version)"
echo "priority = 7" >"$dest/etc/pfsnl.conf"
make_at install
tap_is "make install again: the config file is kept" \
	"$(<"$dest/etc/pfsnl.conf")" "priority = 7"

unit=$dest/opt/pfsnl/lib/systemd/system/pfsnl.service
tap_is "unit: every place is filled in" "$(grep @ "$unit")" ""
if command -v systemd-analyze >/dev/null; then
	# It looks for what ExecStart names, so the path is that of the copy.
	sed "s|/opt/pfsnl/|$dest/opt/pfsnl/|" "$unit" >"$tmp/pfsnl.service"
	tap_is "unit: systemd finds nothing to say" \
		"$(systemd-analyze verify --man=no "$tmp/pfsnl.service" 2>&1 |
			grep -F pfsnl.service)" ""
else
	tap_skip "unit: systemd finds nothing to say" "no systemd-analyze"
fi
# The lines of the unit are command lines that the command takes.
while read -r line; do
	read -ra words <<<"$line"
	"$PFSNL" "${words[1]}" --help 2>&1 | grep -q -- "${words[2]---help}"
	tap_is "unit: pfsnl ${words[*]:1}" "$?" 0
done < <(sed -n 's/^Exec[A-Za-z]*=\([^-]\)/\1/p' "$unit" | grep /pfsnl\ )

make_at uninstall
tap_is "make uninstall: only the config file stays" \
	"$(cd "$dest" && find . -type f)" "./etc/pfsnl.conf"
tap_done
