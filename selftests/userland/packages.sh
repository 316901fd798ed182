# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For image.sh and prometheus.sh: Debian packages of any architecture, fetched
# and verified by apt with a state of its own.  Nothing is installed, and no
# script of a package is run.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/smallbms

say() {
	echo "smallbms: $*" >&2
}

# One at a time fills the cache
lock_cache() {
	mkdir -p "$cache"
	exec 9>"$cache/userland.lock"
	if ! flock -n 9; then
		say "waiting for another run that fills $cache"
		flock 9
	fi
}

# apt_for ARCHITECTURE: package lists, and the options for what follows
apt_for() {
	apt=$cache/apt-userland-$1
	apt_options="-o Dir::State=$apt/state
		-o Dir::State::status=$apt/status -o Dir::Cache=$apt/cache
		-o APT::Architecture=$1 -o APT::Architectures::=$1
		-o APT::Sandbox::User=$(id -un) -o Acquire::Languages=none
		-o Acquire::Retries=3 -o APT::Install-Recommends=false"
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	say "fetching the package lists for $1"
	# shellcheck disable=SC2086 # a list of words
	apt-get -q $apt_options update >&2 ||
		say "going on with what could be fetched"
}

# files_of PACKAGE...: the file names of the packages and of all they need,
# versions and all
files_of() {
	# shellcheck disable=SC2086 # a list of words
	apt-get -qq $apt_options --print-uris install "$@" |
		sed "s/^'[^']*' //; s/ .*//" | sort
}

# fetch FOLDER PACKAGE...: the packages and all they need
fetch() {
	_folder=$1
	shift
	mkdir -p "$_folder/partial"
	# shellcheck disable=SC2086 # a list of words
	apt-get -q -y $apt_options --download-only -o Debug::NoLocking=1 \
		-o Dir::Cache::archives="$_folder/" install "$@" >&2
}
