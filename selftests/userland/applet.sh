#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# applet.sh: draws Documentation/applet.png, what a desktop's battery applet
# shows of a board.  Real are upowerd and Xfce's applet; they see the board as the
# emulated machine had it, replayed by umockdev.
#
# It needs an X server without a screen, and installs what is missing.

set -eu

here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")
states=$top/build/userland/gateway-alone/states
picture=$top/Documentation/applet.png
background='#36618e'

# Inside umockdev-run and dbus-run-session: one state, into the file $2
session() {
	local tries

	export DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS
	export UPOWER_HISTORY_DIR=$HOME SYSTEMD_DEVICE_VERIFY_SYSFS=0
	trap 'kill $(jobs -p)' EXIT
	xsetroot -solid "$background"
	/usr/libexec/upowerd &
	xfsettingsd --no-daemon --disable-wm-check &
	xfce4-panel --disable-wm-check &
	for ((tries = 0; tries < 30; tries++)); do
		xdotool mousemove 492 14 click 1
		sleep 1
		import -window root "$1"
		# the applet's menu is open once it covers the background here
		[ "$(convert "$1" -format '%[hex:p{480,100}]' info:)" = \
			"$(tr -d '#' <<<"${background^^}")" ] || return 0
	done
	echo "applet.sh: the applet's menu does not open" >&2
	return 1
}

if [ "${1-}" = session ]; then
	session "$2"
	exit
fi

"$top/selftests/lib/host-packages.sh" applet userland
"${PYTEST:-pytest-3}" "$here/states.py" "$here/gauge.py"

work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || :; rm -rf "$work"' EXIT
export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config
settings=$XDG_CONFIG_HOME/xfce4/xfconf/xfce-perchannel-xml
mkdir -p "$settings"
cat >"$settings/xfce4-panel.xml" <<END
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="28"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="power-manager-plugin"/>
  </property>
</channel>
END
cat >"$settings/xfce4-power-manager.xml" <<END
<channel name="xfce4-power-manager" version="1.0">
  <property name="xfce4-power-manager" type="empty">
    <property name="show-panel-label" type="int" value="1"/>
  </property>
</channel>
END
cat >"$settings/xsettings.xml" <<END
<channel name="xsettings" version="1.0">
  <property name="Net" type="empty">
    <property name="ThemeName" type="string" value="Adwaita"/>
    <property name="IconThemeName" type="string" value="Adwaita"/>
  </property>
  <property name="Gtk" type="empty">
    <property name="FontName" type="string" value="DejaVu Sans 10"/>
  </property>
</channel>
END

# -displayfd: a free display, told once the server answers
mkfifo "$work/display"
Xvfb -noreset -displayfd 3 -screen 0 512x220x24 3>"$work/display" 2>"$work/xvfb" &
server=$!
read -r display <"$work/display"
export DISPLAY=:$display

parts=()
for state in healthy pre-alarm two-boards; do
	timeout 60 umockdev-run --device "$states/$state.umockdev" -- \
		dbus-run-session -- "$here/applet.sh" session \
		"$work/$state.png" 2>"$work/log" || {
		cat "$work/log" >&2
		exit 1
	}
	convert "$work/$state.png" -crop 290x206+222+0 +repage \
		-background white -fill '#202020' -font DejaVu-Sans \
		-pointsize 13 label:"${state//-boards/ boards}" +swap -gravity center -append \
		-bordercolor white -border 6 "$work/$state-part.png"
	parts+=("$work/$state-part.png")
done
convert "${parts[@]}" +append -strip "$picture"
echo "$picture"
