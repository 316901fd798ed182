# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The device tree: the binding, its examples, and what it has to refuse.

binding=smallbms,io-board.yaml
bindings=Documentation/devicetree/bindings
dt=$out/dt

# Lays the binding out as it would stand in the kernel, beside those that it and
# its examples need. The overlays' checks, which run at the same time, do so too.
stage() (
	exec 9>"$out/stage.lock"
	flock 9
	[ ! -e "$dt/schema.json" ] || exit 0
	for each in power/supply/power-supply.yaml power/supply/battery.yaml \
		    gpio/gpio-pca95xx.yaml gpio/pl061-gpio.yaml; do
		install -D -m 644 "$kernel/$bindings/$each" "$dt/$bindings/$each"
	done
	install -m 644 "dt-bindings/$binding" "$dt/$bindings/power/supply/"
	dt-mk-schema -j -o "$dt/schema.json" "$dt/$bindings"
	dt-extract-example "$dt/$bindings/power/supply/$binding" >"$dt/example.dts"
)

# compile SOURCE: what the kernel's build does with an example
compile() {
	cpp -nostdinc -undef -x assembler-with-cpp -P -I "$kernel/include" \
		"$1.dts" "$1.pp"
	dtc -@ -I dts -O dtb -Wno-avoid_unnecessary_addr_size \
		-Wno-interrupt_provider -o "$1.dtb" "$1.pp" 2>&1 |
	complain "dtc complains"
}

# validate TREE: dt-validate's own exit status says nothing
validate() {
	dt-validate -m -s "$dt/schema.json" "$1.dtb" 2>&1
}

# holds_board FILE: or what is validated may be nothing
holds_board() {
	dt-validate -M -s "$dt/schema.json" "$1" 2>&1 |
	grep "/$binding#\?\$" >/dev/null
}

check binding_schema "the binding is a valid one"
binding_schema() {
	stage
	dt-doc-validate -u "$dt/$bindings" "$dt/$bindings/power/supply/$binding" \
		2>&1 | complain "dt-doc-validate complains"
}

check binding_example "the binding's examples compile and follow it"
binding_example() {
	stage
	compile "$dt/example"
	validate "$dt/example" | complain "dt-validate complains"
}

check binding_complete "the examples show every property of the binding"
binding_complete() {
	"$python" - "dt-bindings/$binding" <<-'END' | complain "in no example"
		import re, sys
		import ruamel.yaml
		with open(sys.argv[1], encoding="utf-8") as file:
		    binding = ruamel.yaml.YAML(typ="safe").load(file)
		examples = "\n".join(binding["examples"])
		for name in binding["properties"]:
		    if not re.search(rf"^\s*{re.escape(name)}( =|;)", examples, re.M):
		        print(name)
	END
}

# refuse EXAMPLE WORDS SED-SCRIPT: after the edit of that example (1 or 2), the
# binding complains in these words
refuse() {
	local name=$dt/refuse-$((++refused)) range complaints

	range="/example-$(($1 - 1)) \{/,/^    };/"
	sed -E "$range{$3}" "$dt/example.dts" >"$name.dts"
	if cmp -s "$name.dts" "$dt/example.dts"; then
		echo "nothing is changed by: $3"
		return 1
	fi
	compile "$name"
	complaints=$(validate "$name")
	echo "$3: ${complaints:-accepted}"
	grep -qF "$2" <<<"$complaints"
}

check binding_refuses "the binding refuses device trees that are wrong"
binding_refuses() {
	local refused=0 line

	stage
	for line in cell-undervoltage load charge; do
		refuse 2 "'$line-gpios' is a required property" "/ $line-gpios/d"
	done
	refuse 1 "'cell-overvoltage-gpios' is a required property" \
		"/cell-overvoltage-gpios/d"
	refuse 2 "'charge-inhibit-gpios' is a required property" \
		"/charge-inhibit-gpios/d"
	refuse 1 "29999 is less than the minimum of 30000" \
		"s/(pre-alarm-delay-ms = ).*/\1<29999>;/"
	refuse 1 "91 is greater than the maximum of 90" \
		"s/(soc-floor-percent = ).*/\1<91>;/"
	refuse 1 "1999 is less than the minimum of 2000" \
		"s/(soc-max-age-ms = ).*/\1<1999>;/"
	refuse 1 "0 is less than the minimum of 1" "s/(poll-interval = ).*/\1<0>;/"
	refuse 2 "'cell-undervolt-gpios' was unexpected" \
		"s/(cell-low-gpios)(.*)/\1\2 cell-undervolt-gpios\2/"
	refuse 1 "is too long" "s/(load-gpios = )(.*);/\1\2, \2;/"
	refuse 1 "does not match" 's#(label = ).*#\1"house/bank";#'
	refuse 1 "does not match" 's#(label = ).*#\1"a-name-of-more-than-31-characters";#'
	refuse 1 "heartbeat-gpios" "/heartbeat-gpios/d"
	refuse 1 "pre-alarm-gpios" "/ pre-alarm-gpios/d"
	refuse 1 "io-channel-names" "/io-channel-names/d"
	refuse 1 "is not one of" 's/"current"/"power"/'
	refuse 1 "gpio-controller" "/battery-monitor/,\${/^ *gpio-controller/d}"
	refuse 1 "#interrupt-cells" "/battery-monitor/,\${/#interrupt-cells/d}"
	refuse 2 "is not of type" "s/release-in-suspend/& = <1>/"
}

# Makes the device trees of all tests on pins, in $dt/rig
rig_trees() {
	local tree=$dt/rig

	stage
	mkdir -p "$tree"
	timeout 60 qemu-system-aarch64 -machine "virt,dumpdtb=$tree/virt.dtb" \
		-cpu cortex-a53 -nodefaults -nographic -nic none
	PYTHONPATH=selftests PYTHONDONTWRITEBYTECODE=1 "$python" - \
		"$tree" <<-'END'
		import glob, importlib, os, sys
		from lib.vm import dt
		folder = sys.argv[1]
		for path in sorted(glob.glob("selftests/pins/test_*.py")):
		    name = os.path.basename(path)[:-len(".py")]
		    wiring = getattr(importlib.import_module(f"pins.{name}"), "WIRING", {})
		    for key, each in (wiring if isinstance(wiring, dict)
		                      else {"wiring": wiring}).items():
		        dt.add_to_root(f"{folder}/virt.dtb", each.source(),
		                       f"{folder}/{name}-{key}-board")
	END
}

check binding_rig "the device trees of the pins rig follow the binding"
binding_rig() {
	local dtb words

	rig_trees
	words=$(dt-validate -M -s "$dt/schema.json" "$dt"/rig/*-board.dtb 2>&1)
	# Only boards of the name that the tests' own ones have: what others
	# a test brings is meant to be refused, and QEMU's are not ours.
	for dtb in "$dt"/rig/*-board.dtb; do
		grep -A 1 -F "$dtb: /smallbms" <<<"$words" |
		grep "/$binding#\?\$" >/dev/null || echo "$dtb: holds no board"
		grep -F "$dtb: smallbms" <<<"$words" || :
	done | complain "dt-validate complains"
}

check binding_agrees "the binding refuses what the pins rig shows the driver to refuse"
binding_agrees() {
	local nodes node complaints

	rig_trees
	nodes=$(PYTHONPATH=selftests PYTHONDONTWRITEBYTECODE=1 "$python" -c \
		'from pins import test_refused; print(*test_refused.NODES)')
	[ "$(wc -w <<<"$nodes")" -ge 5 ]
	complaints=$(validate "$dt/rig/test_refused-wiring-board")
	echo "$complaints"
	for node in $nodes; do
		# A schema sees one board at a time, and compares no values
		case $node in
		same-label | taken-* | low-recover) continue ;;
		esac
		grep -F ": $node:" <<<"$complaints" || echo "accepted: $node"
	done | { grep '^accepted' || :; } | complain "driver and binding differ"
}
