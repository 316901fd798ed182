# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For recipes that need Debian packages of any architecture: apt fetches and
# verifies them, from the sources that this machine has, with a state of its own.
# Nothing is installed, and no script of a package is run.

# apt_for STATE ARCHITECTURE [MORE]: package lists, and the options for what
# follows
apt_for() {
	apt=$cache/$1
	apt_options="-o Dir::State=$apt/state
		-o Dir::State::status=$apt/status -o Dir::Cache=$apt/cache
		-o APT::Architecture=$2 -o APT::Architectures::=$2
		-o APT::Architectures::=${3-$2}
		-o APT::Sandbox::User=$(id -un) -o Acquire::Languages=none
		-o Acquire::Retries=3 -o APT::Install-Recommends=false"
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	say "fetching the package lists for $2"
	# shellcheck disable=SC2086 # a list of words
	apt-get -q $apt_options update >&2 ||
		say "going on with what could be fetched"
}

# apt_in_suites ARCHITECTURES LINE...: the same from other suites of the archive that
# this machine installs from, with a state in $new. A line is "deb unstable", say.
apt_in_suites() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	local release uri each

	release=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	# shellcheck disable=SC2016 # apt's variables
	uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' \
		'Created-By: Packages' 'Component: main' |
		sed -n "s/^$release //p" | head -n 1)
	if [ -z "$uri" ]; then
		say "apt's sources (/etc/apt/sources.list) name no archive of" \
			"Debian ${release:-, whatever release this is}"
		exit 1
	fi
	apt=$new/apt
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	apt_options="-o Dir::Etc::SourceList=$apt/sources
		-o Dir::Etc::SourceParts=/dev/null -o Dir::State=$apt/state
		-o Dir::State::status=$apt/status -o Dir::Cache=$apt/cache
		-o APT::Sandbox::User=$(id -un) -o Acquire::Languages=none
		-o Acquire::Retries=3 -o APT::Architecture=${1%% *}"
	for each in $1; do
		apt_options="$apt_options -o APT::Architectures::=$each"
	done
	shift
	for each; do
		echo "${each% *} [signed-by=$keyring] $uri ${each#* } main"
	done >"$apt/sources"
	say "fetching the package lists of other suites"
	# shellcheck disable=SC2086 # a list of words
	apt-get -q $apt_options update >&2
}

# field PACKAGE NAME: of the version that apt would install
field() {
	# shellcheck disable=SC2086 # a list of words
	apt-cache $apt_options show --no-all-versions "$1" 2>/dev/null |
		sed -n "s/^$2: //p"
}

# versions_of PACKAGE...: a line for each
versions_of() {
	for _package; do
		_version=$(field "$_package" Version)
		if [ -z "$_version" ]; then
			say "no package $_package in this machine's apt sources"
			return 1
		fi
		echo "$_package $_version"
	done
}

# unpack FOLDER PACKAGE...: these packages, and no others, fetched into FOLDER/deb
# and unpacked in FOLDER/root, beside what is there
unpack() {
	_folder=$1
	shift
	mkdir -p "$_folder/deb" "$_folder/root"
	# shellcheck disable=SC2086 # a list of words
	(cd "$_folder/deb" && apt-get -q $apt_options download "$@" >&2)
	for _deb in "$_folder"/deb/*.deb; do
		dpkg-deb -x "$_deb" "$_folder/root"
	done
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
