# SPDX-License-Identifier: GPL-2.0
# smallBMS: kernel module, tool, tests.  "make help" tells the targets.

prefix ?= /usr/local
PYTHON ?= python3
PYTEST ?= pytest-3
KDIR ?= /lib/modules/$(shell uname -r)/build

lib := selftests/lib
release = $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h 2>/dev/null)
module_out = build/$(release)/module
make_in = $(MAKE) --no-print-directory -C

export PYTHONDONTWRITEBYTECODE := 1

all: module tool

help:
	@echo 'Build and install'
	@echo '  all          module for the running kernel, and the tool (default)'
	@echo '  module       the module alone; KDIR=FOLDER for another kernel'
	@echo '  tool         the tool alone'
	@echo '  install      all of it; DESTDIR and prefix ($(prefix)) are honoured'
	@echo '  bridges      programs that carry boards to MQTT, Venus OS and NUT'
	@echo '  install-bridges  these, and a page for Cockpit'
	@echo '  install-tool the tool alone, without the module'
	@echo '  uninstall    removes what install has put there'
	@echo '  dkms         the sources as DKMS wants them: build/dkms'
	@echo '  deb          Debian packages: build/deb/*.deb'
	@echo '  patches      a series for the newest kernel, and its checks: build/patches'
	@echo '  clean        removes what was built, not what was downloaded'
	@echo
	@echo 'Try it, no hardware needed'
	@echo '  demo         plays a story on an emulated board: build/demo.svg'
	@echo '  shell        the same machine, with a root prompt for you'
	@echo
	@echo 'Test'
	@echo '  check        the quick ones, with the totals:'
	@echo '  check-host   the protection logic, compiled for this machine: scenarios,'
	@echo '               random runs, and every state that it can reach'
	@echo '  check-fuzz   inputs that find their own way, in the core and the tool'
	@echo '  check-tools  the tool, against made-up boards'
	@echo '  check-static checkpatch, sparse, compiler warnings, shellcheck, dt-schema'
	@echo '  check-pins   the driver, on the emulated pins of a stock arm64 kernel'
	@echo
	@echo '  check-all    the long ones, with the totals; among them, whether the tests'
	@echo '               would notice (mutants), what the newest kernel asks of patches'
	@echo '               (patches), whether the benchmark works, and'
	@echo '  check-expander  the driver on an I2C expander that fails on demand'
	@echo '  check-kernels  the driver on 6.1, 6.12 and the newest kernel that Debian'
	@echo '               has, and built for amd64, armhf and riscv64 as well'
	@echo '  check-userland  upowerd, node_exporter, udev, systemd and libgpiod on it; asked'
	@echo '               for by name, with the systemd of Debian 13 as well'
	@echo '  check-package  the packages and DKMS in a Debian root of their own, and'
	@echo '               an overlay on an emulated Raspberry Pi'
	@echo '  check-bridges  what carries boards to other systems, with these systems'
	@echo '  check-debug  the driver on kernels that look for bugs; to build those'
	@echo '               takes some 10 minutes, once'
	@echo
	@echo '  scenarios    all rigs play selftests/scenarios/*.scn: this machine, an'
	@echo '               expander, pins; NAME=PART OF A TITLE for some of them'
	@echo '  mutation     would the host tests notice? Every operator, constant and'
	@echo '               branch of the rules, inputs, outputs and charge is made wrong'
	@echo '  mutants      some of those: what the proof and the tests say of each'
	@echo '  layers       what each part of the driver uses; it must point down'
	@echo '  coverage     which lines of the driver do the tests in the machine run?'
	@echo '               build/coverage.txt; a kernel is built for it, once'
	@echo
	@echo '  Not among them, as it takes as long as you like:'
	@echo '  soak         an hour of inputs that find their own way (all of it of what a'
	@echo '               battery monitor sends), a million damaged blocks, and an hour'
	@echo '               of all that can happen, at random; HOURS=n or MINUTES=n instead'
	@echo '               of an hour, and SEED=n to see the same again'
	@echo
	@echo 'Measure'
	@echo '  bench        the driver against what one would use instead: build/bench;'
	@echo '               DOCUMENT=1 brings the figures into Documentation/'
	@echo
	@echo 'Documents'
	@echo '  docs         builds them: build/docs/index.html'
	@echo '  diagrams     plays the timing diagrams in them again, on the pins'
	@echo '  pictures     draws what they show of the tool again'
	@echo '  cockpit-pictures  the same of the page for Cockpit'
	@echo
	@echo 'The emulated machine'
	@echo '  vm-paths     builds what it is made of; prints where that is (make -s)'
	@echo '  update-cache fetches the newest kernels; otherwise those'
	@echo '               that are there are used, without the network'
	@echo '  cache-list   what is kept of downloads and kernels, and what it is for'
	@echo '  cache-drop   removes of that what nothing needs any more'
	@echo
	@echo 'Packages'
	@echo '  setup        installs, by apt-get, what it takes to build module and tool, or'
	@echo '               PARTS="module tool bridges deb docs"'
	@echo
	@echo 'What builds, installs nothing: it names the packages that are missing. What tests,'
	@echo 'measures or tries it out, installs those that it needs.'

# ---- build and install

PARTS ?= module tool

setup:
	@$(lib)/host-packages.sh $(PARTS)

module:
	@$(lib)/host-packages.sh --check module
	@if [ -z "$(release)" ]; then \
		echo "smallbms: no kernel headers in $(KDIR);" \
			"install linux-headers-$$(uname -r), or give KDIR=" >&2; \
		exit 1; \
	fi
	@echo '  MODULE  $(module_out)'
	+@$(lib)/kbuild.sh $(KDIR) $(module_out) modules

tool:
	@$(lib)/host-packages.sh --check tool
	@echo '  TOOL    build/tools'
	@$(make_in) tools O=$(CURDIR)/build/tools all history overlays

bridges:
	@$(lib)/host-packages.sh --check bridges
	@echo '  BRIDGES build/tools'
	@$(make_in) tools O=$(CURDIR)/build/tools bridges

# Relative to this folder, also for those that run elsewhere
destdir = $(if $(DESTDIR),$(shell realpath -ms -- "$(DESTDIR)"))
tools_to = $(make_in) tools O=$(CURDIR)/build/tools DESTDIR="$(destdir)" \
	prefix=$(prefix)
modules_to := $(CURDIR)/build/install

# Not to DESTDIR itself: the kernel's build knows no blanks in names.
install: all install-tool
	@echo '  INSTALL $(DESTDIR)/lib/modules/$(release)'
	@rm -rf $(modules_to)
	+@$(lib)/kbuild.sh $(KDIR) $(module_out) \
		INSTALL_MOD_PATH=$(modules_to) INSTALL_MOD_DIR=updates \
		CONFIG_MODULE_SIG_ALL= modules_install
	@mkdir -p "$(destdir)/lib/modules/$(release)"
	@cp -r $(modules_to)/lib/modules/$(release)/updates \
		"$(destdir)/lib/modules/$(release)"
	@[ "$(DESTDIR)" ] || PATH=$$PATH:/sbin:/usr/sbin depmod $(release)

install-tool: tool
	@$(tools_to) install install-history

install-bridges: bridges
	@$(tools_to) install-bridges

uninstall-bridges:
	@$(tools_to) uninstall-bridges

uninstall: release := $(or $(release),$(shell uname -r))
uninstall:
	@$(tools_to) uninstall uninstall-history
	@rm -f "$(destdir)/lib/modules/$(release)/updates/smallbms.ko"* \
		"$(destdir)/lib/modules/$(release)/updates/driver/smallbms.ko"*
	@[ "$(DESTDIR)" ] || PATH=$$PATH:/sbin:/usr/sbin depmod $(release)

dkms:
	@tools/debian/dkms-source.sh build/dkms
	@cp COPYING build/dkms/smallbms-*/

deb:
	@$(lib)/host-packages.sh --check deb
	@echo '  DEB     build/deb'
	@tools/debian/build.sh build/deb

clean:
	@echo '  CLEAN   build'
	@rm -rf build

# ---- the emulated machine

vm:
	@$(lib)/host-packages.sh vm
	+@$(lib)/vm.sh

vm-paths: vm
	@cat build/vm-paths

update-cache:
	@$(lib)/cache --update newest-source machine-6.12 machine-6.12-rt \
		machine-6.1 machine-newest headers

cache-list:
	@$(lib)/cache --list

cache-drop:
	@$(lib)/cache --drop

# What the documents show of the tool
pictures: tool
	@$(lib)/host-packages.sh tools
	@$(PYTHON) selftests/userland/tools/screenshot.py build/tools/smallbms Documentation
	@(printf '.. SPDX-License-Identifier: GPL-2.0\n\n'; \
		build/tools/smallbms wiring --rst) >Documentation/wiring-table.txt

# And of the page for Cockpit, in a browser
cockpit-pictures: tool
	@$(lib)/host-packages.sh check-bridges
	@$(PYTHON) selftests/userland/tools/bridges/pictures.py build/tools/smallbms \
		Documentation

demo: vm
	@$(PYTHON) selftests/pins/demo.py

shell: vm
	@$(PYTHON) selftests/pins/shell.py

# ---- documents

docs:
	@$(lib)/host-packages.sh --check docs
	@echo '  DOCS    build/docs/index.html'
	@sphinx-build -q -W -E -d build/doctrees Documentation build/docs

diagrams: vm
	@$(PYTHON) selftests/pins/pictures.py

# ---- tests: each a title and the command that prints its results; one that begins with
# "& " runs beside those before it, whatever the clock says

gather := $(lib)/gather.sh
quietly := $(MAKE) --no-print-directory
play := $(PYTHON) selftests/scenarios/run
mutants = '& whether the proof and the tests would notice, by examples' \
	'$(lib)/host-packages.sh host && selftests/host/mutation/run --examples'
check_notice = '& whether these tests would notice, by a sample' \
	'$(lib)/host-packages.sh host && selftests/host/mutation/run --sample 60' \
	$(mutants)
check_host = 'scenarios, on this machine, judged by the oracle' \
	'$(lib)/host-packages.sh host && $(make_in) selftests/host scenarios' \
	'the same at random' '$(make_in) selftests/host random' \
	'state of charge, on this machine' '$(make_in) selftests/host soc' \
	'whether to power down, on this machine' '$(make_in) selftests/host power' \
	'what these tests cover of it' '$(make_in) selftests/host coverage' \
	'what is read and written, on this machine' \
	'$(make_in) selftests/host lines'
check_proof = '& protection logic, every state' \
	'$(lib)/host-packages.sh host && $(make_in) selftests/host/proof check'
check_fuzz = '& inputs that find their own way' \
	'$(lib)/host-packages.sh fuzz && selftests/host/fuzz/run'
check_tools = 'the tool' \
	'$(lib)/host-packages.sh tools && $(PYTEST) -n auto selftests/userland/tools'
check_static = '& static checks' \
	'$(lib)/host-packages.sh static && selftests/static/run'
check_patches = '& the kernel'\''s own checks, on the patches for it' \
	'selftests/static/patches/check'
check_pins = 'scenarios, on emulated pins' \
	'$(quietly) vm && $(play) --rig pins' \
	'driver, on emulated pins' \
	'$(lib)/host-packages.sh pins && $(quietly) vm && \
	$(PYTEST) -n auto --dist loadgroup selftests/pins'
check_bench = '& the benchmark, whether it works' \
	'$(quietly) vm && selftests/bench/run --smoke'
check_kernels = 'driver, on all supported kernels' \
	'selftests/static/kernels/run'
check_userland = 'upowerd, node_exporter, udev, systemd' \
	'$(lib)/host-packages.sh userland && \
	$(PYTEST) -n 2 --dist loadgroup --ignore=selftests/userland/debian13.py selftests/userland'
check_debian13 = 'powering down, with the systemd of Debian 13' \
	'$(lib)/host-packages.sh userland && $(PYTEST) selftests/userland/debian13.py'
check_expander = '& scenarios, on an I2C expander' \
	'$(quietly) vm && $(play) --rig expander' \
	'& driver, on an I2C expander that fails' \
	'$(quietly) vm && selftests/machine/expander/run'
check_debug = '& driver, on debug kernels' \
	'$(quietly) vm && selftests/machine/debug/run'

check_gpio = 'the GPIO chip' \
	'$(lib)/host-packages.sh userland && $(quietly) vm && selftests/userland/gpio/run'

check_bridges = 'bridges to other systems' \
	'$(lib)/host-packages.sh check-bridges && $(PYTEST) -n auto selftests/userland/tools/bridges'

check_package = '& Debian packages and DKMS' \
	'$(lib)/host-packages.sh package && selftests/userland/package/run' \
	'& an overlay, on an emulated Raspberry Pi' \
	'$(lib)/host-packages.sh static package && \
	$(PYTEST) selftests/userland/package/pi.py'

check:
	+@$(gather) $(check_host) $(check_tools) $(check_pins) \
		$(check_static) $(check_fuzz) $(check_proof)

# What takes long to make, and is needed last
ahead := machine-6.1 machine-newest headers newest-armhf newest-riscv64 kernel-debug \
	kernel-remove machine-6.12-rt

check-all:
	+@$(lib)/ahead.sh $(ahead) -- \
		$(gather) $(check_userland) $(check_gpio) $(check_bridges) \
		$(check_kernels) $(check_expander) $(check_package) $(check_patches) \
		$(check_notice) $(check_bench) $(check_debug)

check-host:
	+@$(gather) $(check_host) $(check_notice) $(check_proof)

scenarios:
	+@$(gather) 'scenarios, on all rigs' \
		'$(lib)/host-packages.sh host && $(quietly) vm && $(play) "$(NAME)"'

check-fuzz:
	+@$(gather) $(check_fuzz)

check-tools:
	+@$(gather) $(check_tools)

check-static:
	+@$(gather) $(check_static)

patches:
	+@$(gather) $(check_patches)

check-pins:
	+@$(gather) $(check_pins)

check-userland:
	+@$(gather) $(check_userland) $(check_gpio) $(check_debian13)

check-kernels:
	+@$(gather) $(check_kernels)

check-expander:
	+@$(gather) $(check_expander)

check-debug:
	+@$(gather) $(check_debug)

check-bridges:
	+@$(gather) $(check_bridges)

check-package:
	+@$(gather) $(check_package)

mutation:
	@$(lib)/host-packages.sh host
	@nice selftests/host/mutation/run $(FILES)

mutants:
	+@$(gather) $(mutants)

layers:
	@selftests/static/layers.py $(wildcard build/*/module/driver/*.o)

coverage: vm
	@$(lib)/host-packages.sh userland
	@selftests/machine/coverage/run $(TESTS)

# An hour unless told otherwise
MINUTES ?= $(shell expr $(or $(HOURS),1) '*' 60)

soak: vm
	@$(lib)/host-packages.sh fuzz tools
	@selftests/host/fuzz/run $$(($(MINUTES) * 60))
	@BLOCKS=1000000 $(PYTEST) selftests/userland/tools/cases_shunt.py -k test_damaged
	@selftests/machine/expander/soak $(MINUTES) $(SEED)

bench: vm
	@$(lib)/host-packages.sh userland
	@selftests/bench/run $(if $(DOCUMENT),--document)

.PHONY: all help setup module tool install install-tool uninstall clean vm vm-paths update-cache cache-list \
	cache-drop demo shell \
	docs diagrams pictures cockpit-pictures check check-all check-host check-tools check-static \
	check-pins check-userland check-expander check-debug check-kernels \
	check-package check-bridges check-fuzz bridges install-bridges uninstall-bridges deb dkms patches soak bench mutation \
	mutants layers coverage
