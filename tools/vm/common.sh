# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Sourced by the shell tools of this directory: cache, messages, place of the
# User-Mode Linux build.

CACHE=${PFSNL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/pfsnl}

note() { echo "vm: $*" >&2; }
die() { echo "$*" >&2; exit 1; }

# Set UML_SRC and UML_DIR: where source and build of the debug kernel are, or
# would be. Needs $here, the directory of this file.
uml_locate() {
	local version key
	version=$(dpkg-query -W -f '${Version}' linux-source-6.12 2>/dev/null) ||
		die "the package linux-source-6.12 is not installed: run tools/setup build"
	# shellcheck disable=SC2154 # set by who sources us
	# Raise "recipe" when build-uml makes something else out of the same input.
	key=$( { echo "recipe 1 $version"; gcc -dumpfullversion; gcc -dumpmachine
		grep -hE '^(# )?CONFIG_' "$here"/config/*.config; } | sha256sum)
	# shellcheck disable=SC2034 # used by who sources us
	UML_SRC=$CACHE/src/linux-$version
	# shellcheck disable=SC2034
	UML_DIR=$CACHE/uml/${key:0:16}
}
