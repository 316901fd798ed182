# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For the test scripts that run inside the machine, or on any gateway that has
# the module smallbms-bench and boards on its chips.  Boards are known by their
# label, the name of the power supply; the chip below is bench-LABEL, and the second
# chip of a board that has two is part-LABEL.

bench=/sys/kernel/debug/smallbms-bench
supplies=/sys/class/power_supply

# shellcheck source-path=SCRIPTDIR/../../lib source=ktap.sh
. ../../lib/ktap.sh

# A fork takes as long as reading ten files, and more than 10 ms on a kernel that looks for
# bugs, so the shell itself does what is done often.

# A pause: to read what nobody ever writes
mkfifo "/tmp/silence.$$"
exec 9<>"/tmp/silence.$$"
rm "/tmp/silence.$$"
usleep() {
	_us=$((1000000 + $1 % 1000000))
	# shellcheck disable=SC3045 # busybox has it
	read -r -t "$(($1 / 1000000)).${_us#1}" _silence <&9 2>/dev/null
	# not every shell's read has -t
	[ $? -ne 2 ] || sleep "$(($1 / 1000000)).${_us#1}"
}

# take FILE: its line, in $taken
take() {
	taken=
	read -r taken 2>/dev/null <"$1"
}

# take_attribute LABEL NAME: the same, of a board's attribute
take_attribute() {
	take "$supplies/$1/device/$2"
}

# Sees to it that the bench is there; $boards are the labels of its boards
begin() {
	header
	[ -d /sys/kernel/debug/tracing ] || mount -t debugfs debugfs \
		/sys/kernel/debug 2>/dev/null
	for _driver in /lib/pinctrl-mcp23s08.ko /lib/pinctrl-mcp23s08_i2c.ko; do
		_name=$(basename "$_driver" .ko | tr - _)
		[ ! -e "$_driver" ] || [ -d "/sys/module/$_name" ] || insmod "$_driver"
	done
	if [ ! -d "$bench" ] && ! modprobe smallbms-bench 2>/dev/null &&
	   ! insmod /lib/smallbms-bench.ko; then
		skip "no module smallbms-bench"
	fi
	boards=
	for _each in "$bench"/bench-*; do
		boards="$boards ${_each##*/bench-}"
	done
	boards=${boards# }
}

# find_chip LABEL NAME: $_chip is the folder of the chip that has this pin
find_chip() {
	for _chip in "$bench/bench-$1" "$bench/part-$1"; do
		[ ! -e "$_chip/level/$2" ] || return 0
	done
	return 1
}

# pins LABEL NAME LEVEL...: levels from outside, all at one moment if the board has
# one chip
pins() {
	_label=$1
	shift
	if [ ! -e "$bench/part-$_label" ]; then
		echo "$*" >"$bench/bench-$_label/pins"
		return
	fi
	while [ $# -gt 1 ]; do
		find_chip "$_label" "$1" && echo "$1 $2" >"$_chip/pins"
		shift 2
	done
}

# level LABEL NAME: prints the level of a pin
level() {
	find_chip "$1" "$2" && take "$_chip/level/$2" && echo "$taken"
}

# bounce LABEL NAME HZ MS
bounce() {
	find_chip "$1" "$2" && echo "$2 $3 $4" >"$_chip/bounce"
}

set_bench() {
	echo "$3" >"$bench/bench-$1/$2"
}

get_bench() {
	take "$bench/bench-$1/$2" && echo "$taken"
}

# told LABEL [WORD...]: what the monitor cannot see
told() {
	_label=$1
	shift
	echo "$* " >"$bench/bench-$_label/told"
}

# attribute LABEL NAME: of the board
attribute() {
	take_attribute "$1" "$2" && echo "$taken"
}

stat_of() {
	attribute "$1" "stats/$2"
}

healthy() {
	pins "$1" cell-low 0 cell-undervoltage 0 cell-overvoltage 0 \
		over-temperature 0 under-temperature 0 charge-inhibit 0 \
		remote-l 0 remote-h 1 remote-loop 0
}

# Looks at the clock: $now_ms
look_at_clock() {
	read -r now_ms _ </proc/uptime
	_frac=${now_ms#*.}
	now_ms=$((${now_ms%.*} * 1000 + ${_frac#0} * 10))
}

uptime_ms() {
	look_at_clock
	echo "$now_ms"
}

# fault LABEL KIND [FIRST [COUNT [reads|writes]]]
fault() {
	_label=$1
	shift
	echo "$*" >"$bench/bench-$_label/fault"
}

# within MS COMMAND...: asks again and again until it is true, ever more seldom
within() {
	_limit_ms=$1
	shift
	look_at_clock
	_begun_ms=$now_ms
	until "$@"; do
		look_at_clock
		_passed_ms=$((now_ms - _begun_ms))
		[ "$_passed_ms" -lt "$_limit_ms" ] || return
		_pause_ms=$((_passed_ms / 4 + 5))
		[ "$_pause_ms" -le $((_limit_ms - _passed_ms)) ] ||
			_pause_ms=$((_limit_ms - _passed_ms))
		usleep $((_pause_ms * 1000))
	done
}

is_level() {
	find_chip "$1" "$2" && take "$_chip/level/$2" && [ "$taken" = "$3" ]
}

# attribute_is LABEL NAME VALUE
attribute_is() {
	take_attribute "$1" "$2"
	[ "$taken" = "$3" ]
}

# all_well LABEL: and nothing that was decided waits to be written. Levels alone
# do not tell: while the bus is dead they are what they were.
all_well() {
	attribute_is "$1" conditions none && is_on "$1"
}

has_condition() {
	take_attribute "$1" conditions
	case " $taken " in
	*" $2 "*) ;;
	*) return 1 ;;
	esac
}

is_on() {
	is_level "$1" load 1 && is_level "$1" charge 1 &&
		is_level "$1" pre-alarm 0
}

# all_are NAME LEVEL: of every board
all_are() {
	for _board in $boards; do
		is_level "$_board" "$1" "$2" || return
	done
}

all_on() {
	for _board in $boards; do
		is_on "$_board" || return
	done
}

# bound FOLDER DEVICE: the driver in FOLDER has the device, or takes it now
bound() {
	[ -e "$1/$2" ] || echo "$2" >"$1/bind" 2>/dev/null
}

# first DRIVER DEVICE: another driver has DEVICE-LABEL of each board before the boards
# start. gpio-keys does not wait for a chip that is on its way.
first() {
	modprobe "$1" || return
	for _label in $boards; do
		within 10000 bound "/sys/bus/platform/drivers/$1" "$2-$_label" ||
			note "$2-$_label is not bound"
	done
}

# A healthy bank on every chip, the driver loaded, all outputs on
start() {
	for _label in $boards; do
		told "$_label"
		healthy "$_label"
	done
	if [ ! -d /sys/module/smallbms ]; then
		# Some debug kernels bind every driver twice
		for _label in $boards; do
			told "$_label" leaving
		done
		modprobe smallbms || return
	fi
	within 60000 all_on || return
	for _label in $boards; do
		told "$_label"
	done
}

driver_off() {
	for _label in $boards; do
		told "$_label" leaving
	done
	rmmod smallbms
	for _label in $boards; do
		told "$_label"
	done
}

rtc=/sys/class/rtc/rtc0/wakealarm

# The system can be put to sleep, and a clock wakes it
needs_sleep() {
	if ! grep -q freeze /sys/power/state || [ ! -e $rtc ]; then
		skip "no sleep, or no clock that ends it"
	fi
}

# sleep_for SECONDS, or until something else wakes the system; false if it did
# not sleep
sleep_for() {
	read -r _before </sys/power/suspend_stats/success
	echo 0 >$rtc
	echo "+$1" >$rtc
	echo freeze >/sys/power/state
	read -r _after </sys/power/suspend_stats/success
	[ "$_after" -gt "$_before" ]
}

# described LABEL PROPERTY: it is in the device tree
described() {
	[ -e "$supplies/$1/device/of_node/$2" ]
}

clear_record() {
	for _each in "$bench"/*"-$1"/record; do
		echo >"$_each"
	done
}

# moments LABEL "KIND NAME LEVEL [LATER]"...: $moments has, of each, the ns of the first
# such entry of the record, or 0; with LATER, of those that came as many ns or more after
# the first moment asked for
moments() {
	_label=$1
	shift
	_ifs=$IFS IFS=\;
	moments=$(awk -v wanted="$*" '
		{ at[NR] = $1; what[NR] = $2 " " $3 " " $4 }
		END {
			count = split(wanted, each, ";")
			for (n = 1; n <= count; n++) {
				split(each[n], word, " ")
				found = "0"
				for (row = 1; row <= NR && found == "0"; row++)
					if (what[row] == word[1] " " word[2] " " word[3] &&
					    (word[4] == "" ||
					     begun > 0 && at[row] >= begun + word[4]))
						found = at[row]
				if (n == 1)
					begun = found
				printf "%s%s", (n > 1 ? " " : ""), found
			}
		}' "$bench"/*"-$_label"/record)
	IFS=$_ifs
}

# happened LABEL KIND NAME LEVEL: or nobody knows, as there is no record
happened() {
	moments "$1" "$2 $3 $4"
	[ "${moments:-1}" -gt 0 ]
}

# span LABEL "KIND NAME LEVEL" "KIND NAME LEVEL": $took us from the one to the other, or
# nothing if one is missing; $begun and $ended are their ns
# shellcheck disable=SC2034 # $took is for the caller
span() {
	moments "$@"
	begun=${moments% *} ended=${moments#* } took=
	[ "${begun:-0}" -eq 0 ] || [ "${ended:-0}" -eq 0 ] ||
		took=$(((ended - begun) / 1000))
}

# drives LABEL NAME: of each time that an output was driven high, how long that
# lasted in us; of the last, up to now, if it is high
drives() {
	awk -v name="$2" -v now="$(uptime_ms)" '$2 == "set" && $3 == name {
			if ($4)
				begun = $1
			else if (begun)
				printf "%d\n", ($1 - begun) / 1000
			if (!$4)
				begun = 0
		}
		END { if (begun) printf "%d\n", now * 1000 - begun / 1000 }
	' "$bench"/*"-$1"/record
}

# interrupts_of LABEL NAME: of a board's line, or of another action on its chips, as
# the kernel counts them
interrupts_of() {
	_chips=
	for _each in /sys/devices/platform/*"-$1"; do
		_chips="$_chips ${_each##*/}"
		for _expander in "$_each"/i2c-*/*-0020; do
			_chips="$_chips ${_expander##*/}"
		done
	done
	awk -v chips="$_chips " -v action="$2" '
		NR == 1 { cpus = NF }
		index(chips, " " $(2 + cpus) " ") &&
		index($0 " ", "  " action " ") {
			for (n = 2; n < 2 + cpus; n++)
				count += $n
		}
		END { print count + 0 }' /proc/interrupts
}

# transfers LABEL FROM TO: those that began in this time
transfers() {
	awk -v from="$2" -v to="$3" '($2 == "read" || $2 == "write") &&
		$1 + 0 >= from + 0 && $1 + 0 < to + 0 { n++ }
		END { print n + 0 }' "$bench/bench-$1/record"
}

# between LOW VALUE HIGH; the value may be missing, which is false
between() {
	[ "$2" ] && [ "$2" -ge "$1" ] && [ "$2" -le "$3" ]
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : "" }'
}

# Edges on all boards, without end; they may leave meanwhile
flicker() {
	for label in $boards; do
		told "$label" leaving
		# a tick for each change, and no more: debug kernels are slow
		set_bench "$label" bounce_tick_us 1000
		bounce "$label" cell-low 500 3600000
	done
}

# No more of them
calm() {
	for label in $boards; do
		bounce "$label" cell-low 1 1
		usleep 20000
		healthy "$label"
	done
	within 20000 all_on
	verdict $? "all boards work afterwards"
	for label in $boards; do
		told "$label"
	done
}
