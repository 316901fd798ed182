# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The overlays for the Raspberry Pi, laid over the kernel's own device trees of
# two of its models.

overlays=$out/overlays
compiled=("$overlays/smallbms.dtbo" "$overlays/smallbms-expander.dtbo")
models=(bcm2837-rpi-3-b bcm2711-rpi-4-b)

# Compiles the overlays as they are installed, and what they are laid over
compile_overlays() {
	local model

	[ ! -e "$overlays/done" ] || return 0
	stage
	mkdir -p "$overlays/tried"
	make -s -C tools O="$overlays" overlays 2>&1 | complain "dtc complains"
	[ "$(find "$overlays" -name '*.dtbo' | wc -l)" -eq ${#compiled[@]} ]
	for model in "${models[@]}"; do
		cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp -P \
			-I "$kernel/scripts/dtc/include-prefixes" \
			"$kernel/arch/arm64/boot/dts/broadcom/$model.dts" \
			"$overlays/$model.pp"
		dtc -@ -q -I dts -O dtb -o "$overlays/$model.dtb" "$overlays/$model.pp"
	done
	touch "$overlays/done"
}

# What dt-validate says of the nodes that an overlay brings, in the given trees
object() {
	dt-validate -m -s "$dt/schema.json" "$@" 2>&1 |
	{ grep -E ': (battery-monitor|battery|gpio@2[0-7]):' || :; }
}

check overlay_compiles "the overlays compile, apply to a Pi 3 and a Pi 4, and follow the binding"
overlay_compiles() {
	local each model tree

	compile_overlays
	for each in "${compiled[@]}"; do
		for model in "${models[@]}"; do
			tree=${each%.dtbo}-$model.dtb
			fdtoverlay -i "$overlays/$model.dtb" -o "$tree" "$each"
			holds_board "$tree"
		done
	done
	[ "$(find "$overlays" -name '*-rpi-*.dtb' | wc -l)" -eq 6 ]
	object "$overlays"/smallbms*.dtb | complain "dt-validate complains"
}

check overlay_parameters "each parameter of an overlay sets what it is for, and nothing else"
overlay_parameters() {
	local each

	compile_overlays
	for each in "${compiled[@]}"; do
		"$python" selftests/static/overlays.py try "$each" \
			"$overlays/${models[0]}.dtb" "$overlays/tried"
	done 2>&1 | complain "parameters"
	[ "$(find "$overlays/tried" -name '*.dtb' | wc -l)" -ge 60 ]
	# All against our binding; what is of others, against theirs
	{
		object -l smallbms "$overlays/tried"/*.dtb
		object "$overlays/tried"/*+{addr,int,tca6424,charge-full*}.dtb
	} | complain "dt-validate complains"
}

check overlay_refused "what the binding refuses it refuses as a parameter"
overlay_refused() {
	local refused=$overlays/refused

	compile_overlays
	"$python" selftests/static/overlays.py set "$overlays/smallbms.dtbo" \
		"$refused.dtbo" pre-alarm-delay-ms=29999
	fdtoverlay -i "$overlays/${models[1]}.dtb" -o "$refused.dtb" "$refused.dtbo"
	object "$refused.dtb" | grep -F "29999 is less than the minimum of 30000"
}

check overlay_documented "Documentation/install.rst lists each parameter of the overlays"
overlay_documented() {
	local each

	compile_overlays
	for each in "${compiled[@]}"; do
		"$python" selftests/static/overlays.py list "$each"
	done | sort -u >"$overlays/parameters"
	[ "$(wc -l <"$overlays/parameters")" -ge 30 ]
	sed -n '/^Parameters$/,/^\.\. end of parameters/p' \
		Documentation/install.rst | tr '\140' % >"$overlays/documented"
	while read -r each; do
		grep -qF "%%$each%%" "$overlays/documented" || echo "$each"
	done <"$overlays/parameters" | complain "not documented"
	grep -E '^   \* - %%' "$overlays/documented" | grep -oE '%%[^%]*%%' |
	tr -d % | sort -u | comm -23 - "$overlays/parameters" |
	complain "documented, and no parameter"
}

# eepmake's words, for the format of a HAT of version 1
check overlay_eeprom "the HAT's EEPROM text is what eepmake reads, and suits the overlay"
overlay_eeprom() {
	local each name lines

	compile_overlays
	lines='(#.*)?|product_uuid 0{8}(-0{4}){3}-0{12}|product_(id|ver) 0x[0-9a-f]{4}'
	lines+='|(vendor|product) "[ -~]{1,255}"|gpio_(drive|slew|hysteresis) 0'
	lines+='|back_power 0|setgpio ([2-9]|1[0-9]|2[0-7]) (INPUT|ALT0) (UP|DOWN)'
	for each in "${compiled[@]}"; do
		name=$(basename "$each" .dtbo)
		{ grep -vnE "^($lines)\$" "tools/overlays/$name-eeprom.txt" || :; } |
		complain "eepmake would not read"
		# Each once, and the image with its heads in a 24C64
		[ "$(grep -oE '^[a-z_]+' "tools/overlays/$name-eeprom.txt" |
			grep -v setgpio | sort -u | wc -l)" -eq 9 ]
		[ "$(stat -c %s "$each")" -lt 8000 ]
		# The Pi's own pins that the overlay uses
		diff <("$python" selftests/static/overlays.py pins "$each") <(sed -nE \
			's/^setgpio ([0-9]+) INPUT .*/\1/p' \
			"tools/overlays/$name-eeprom.txt" | sort -n)
	done
}
