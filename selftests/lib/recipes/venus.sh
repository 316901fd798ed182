# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Programs that look at batteries on Venus OS' D-Bus, and what they need, from npm: as
# packages, of which no script is run.

packages() {
	cat <<-'END'
	2851fe487cf5607b5196895b13d6db4620200b225eec753897a9759f8912adb6  camelcase-6.3.0.tgz
	d1230c8ee325d759c0088ad02235f152fe38d72b2f8c44548e386e847bd14b89  dbus-native-0.2.5.tgz
	eefb859e95ca595ce94669529c1be11fe640caa0b29d21e64e07acc8435eeb32  dbus-native-victron-0.4.3.tgz
	ff604adc4fefd76708beda9cb09cefdb8e0437aea34f35f4796bcaca3b9fb39a  dbus-victron-virtual-0.1.12.tgz
	c803a8ca9b835b7a75f7150ee52f7f640675515bafbe8f5da78fcc0ae12914ac  debug-4.3.7.tgz
	6a087ac9e5702a0c9d60fbcd48696012646ec8df1491dea472b150e79fcaf804  lodash-4.17.21.tgz
	b4bfa0f1695b39b7beb11ffe71c936528e5f34bd3969192fdc4ef1df790c95fb  long-4.0.0.tgz
	f6616e15e530ed552f9daa2d3ce71963947c6bc7c98c9b64fd3e673fd02622c6  ms-2.1.3.tgz
	1ad397439fffc983bb40b1655f46a68f8d1b07fbe4b05b9e09bf3e6e7df999cb  put-0.0.6.tgz
	5d181804516c4a693a384272a7bd0e42d17e0d4b301ccfbe408669ccafdcb3e8  safe-buffer-5.2.1.tgz
	ce758b585dd0f6e010bb375db1c081be70fddea7f1af129404e6f07db2ed9309  sax-1.4.1.tgz
	427178201b3e0c42d7e4b288ad8fe730505faf02e72abb01b721b5a23d1824a0  signalk-venus-plugin-2.4.1.tgz
	6386154e63b28c5f4411bf2348596105d262e36600104dd9584e2b7251f56a11  xml2js-0.6.2.tgz
	8af7744b545bc3c8883589dafd5536b06194edb6ea667d5fd7f2cfee4c121c94  xmlbuilder-11.0.1.tgz
	END
}

# A word for these packages
folder=$cache/venus-$(packages | sha256sum | cut -c 1-8)

have() {
	[ -e "$folder/node_modules" ]
}

show() {
	echo "$folder"
}

places() {
	echo "$folder"
}

create() {
	local file each

	say "fetching programs that look at Venus OS' D-Bus"
	# shellcheck disable=SC2046 # a list of words
	(cd "$new" && npm pack --silent $(packages |
		sed 's/.*  //; s/-\([0-9][^-]*\)\.tgz$/@\1/') >&2)
	(cd "$new" && packages | sha256sum --quiet --check >&2)
	mkdir "$new/root" "$new/root/node_modules"
	for file in "$new"/*.tgz; do
		each=$(basename "${file%-*}")
		mkdir "$new/root/node_modules/$each"
		tar -xzf "$file" -C "$new/root/node_modules/$each" --strip-components=1
	done
	chmod 755 "$new/root"
	rm -rf "$folder"
	mv "$new/root" "$folder"
}
