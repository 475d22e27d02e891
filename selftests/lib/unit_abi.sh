#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the library shows to the outside: exactly the functions of the headers,
# under a version; and it installs as its pkg-config file says.
set -u

: "${ROOT:?is set by the Makefile}" "${O:?is set by the Makefile}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
failed=0

ok() { # STATUS TEXT
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}

echo "# unit_abi"
echo "TAP version 13"
echo "1..9"

make -s -C "$ROOT/libpfsnl" O="$work/lib" SANITIZE=0 DESTDIR="$work/root" \
	PREFIX=/opt/pfsnl install >"$work/log" 2>&1
rc=$?
[ $rc = 0 ] || sed 's/^/# /' "$work/log"
ok $rc "builds and installs"

lib=$work/root/opt/pfsnl/lib
objdump -T "$lib/libpfsnl.so.1.0.0" |
	awk '$2 == "g" && /\.text/ { print $(NF-1), $NF }' | sort >"$work/shown"
grep -oh '\bpfsnl_[a-z0-9_]*(' "$ROOT"/libpfsnl/include/*.h | tr -d '(' |
	sort -u >"$work/mentioned"
# Of what is mentioned with a parenthesis, all but the macro is a function.
grep -vx 'pfsnl_settings_init' "$work/mentioned" |
	sed 's/^/PFSNL_1.0 /' >"$work/declared"
diff "$work/declared" "$work/shown" >"$work/diff"
rc=$?
sed 's/^/# /' "$work/diff"
ok $rc "shows the functions of the headers, as PFSNL_1.0, and no other"

objdump -p "$lib/libpfsnl.so" | grep -q 'SONAME *libpfsnl\.so\.1$'
ok $? "has its soname"

cat >"$work/t.c" <<-'END'
	#include <pfsnl.h>
	int main(void)
	{
		struct pfsnl *handle;

		if (pfsnl_open(&handle))
			return 1;
		pfsnl_close(handle);
		return 0;
	}
END
export PKG_CONFIG_PATH=$lib/pkgconfig
export PKG_CONFIG_SYSROOT_DIR=$work/root
# shellcheck disable=SC2046
cc -o "$work/t" "$work/t.c" $(pkg-config --cflags --libs libpfsnl) &&
	LD_LIBRARY_PATH=$lib "$work/t"
ok $? "a program finds it through pkg-config"

# Each has a page, and links lead to one that is there.
man=$work/root/opt/pfsnl/share/man
rc=0
while read -r name; do
	page=$man/man3/$name.3
	target=$(sed -n 's|^\.so ||p' "$page" 2>/dev/null)
	if [ ! -s "$page" ] ||
	   { [ -n "$target" ] && [ ! -s "$man/$target" ]; }; then
		echo "# $name has no man page"
		rc=1
	fi
done <"$work/mentioned"
ok $rc "every function has a man page"

# The example of the page about groups is a whole program.
sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$man/man3/pfsnl_group_join.3" |
	sed -n '/^\.Bd/,/^\.Ed/p' | sed '/^\.[BE]d/d; s/\\e/\\/g' >"$work/g.c"
# shellcheck disable=SC2046
cc -Wall -Wextra -Werror -o "$work/g" "$work/g.c" \
	$(pkg-config --cflags --libs libpfsnl)
ok $? "the example of groups compiles"

sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$man/man3/pfsnl_ckpt_open.3" |
	sed -n '/^\.Bd/,/^\.Ed/p' | sed '/^\.[BE]d/d; s/\\e/\\/g' >"$work/c.c"
# shellcheck disable=SC2046
cc -Wall -Wextra -Werror -o "$work/c" "$work/c.c" \
	$(pkg-config --cflags --libs libpfsnl)
ok $? "the example of checkpoints compiles"

# shellcheck disable=SC2046
cc -o "$work/ts" "$work/t.c" -I"$work/root/opt/pfsnl/include" \
	"$lib/libpfsnl.a" $(pkg-config --libs libnl-genl-3.0) && "$work/ts"
ok $? "a program takes the static library"

make -s -C "$ROOT/libpfsnl" O="$work/lib" DESTDIR="$work/root" \
	PREFIX=/opt/pfsnl uninstall >/dev/null
[ -z "$(find "$work/root" ! -type d)" ]
ok $? "uninstalls without a trace"

exit $failed
