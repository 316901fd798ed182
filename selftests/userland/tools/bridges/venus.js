// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that others wrote for Venus OS look at its D-Bus; a JSON object a line.
 *
 *	venus.js signalk	what Signal K's plugin receives, and makes of it
 *	venus.js native		ItemsChanged as dbus-native-victron receives it
 *	venus.js ask		as dbus-victron-virtual asks, line by line of stdin:
 *				["get", SERVICE, PATH], ["set", SERVICE, PATH, VALUE]
 *	venus.js shunt		puts a SmartShunt of dbus-victron-virtual on the bus
 *	venus.js flood N SERVICE  asks for all items again and again, N at a time
 */
'use strict';

const readline = require('readline');
const listener = require('signalk-venus-plugin/dist/dbus-listener.js');
const deltas = require('signalk-venus-plugin/dist/venusToDeltas.js');
const native = require('dbus-native-victron');
const virtual = require('dbus-victron-virtual');

const INTERFACE = 'com.victronenergy.BusItem';
const show = (object) => process.stdout.write(JSON.stringify(object) + '\n');

function signalk() {
  const app = {
    setPluginStatus: (status) => show({ status }),
    setPluginError: (error) => show({ error }),
    error: (error) => show({ error: String(error) }),
    debug: () => {}
  };
  const maker = new deltas.VenusToSignalK(app, {}, {}, null);

  new listener.DbusListener(app, (message) => {
    show({ message });
    maker.toDelta(message).forEach((delta) =>
      (delta.updates[0].values || []).forEach((value) => show({ delta: value })));
  }, null, null, { pollInterval: 0 });
}

function watch(bus) {
  bus.addMatch(`type='signal',interface='${INTERFACE}',member='ItemsChanged'`, () =>
    show({ status: 'ready' }));
  bus.connection.on('message', (m) => {
    if (m.member === 'ItemsChanged')
      show({ path: m.path, signature: m.signature, body: m.body[0].map((item) =>
        [item[0], Object.fromEntries(item[1].map(([key, value]) =>
          [key, { type: value[0][0].type, value: value[1][0] }]))]) });
  });
}

async function ask(bus) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [verb, destination, path, value] = JSON.parse(line);
    const call = verb === 'get' ? virtual.getValue : virtual.setValue;

    try {
      show({ answer: await call(bus, { destination, path, interface_: INTERFACE, value }) });
    } catch (error) {
      show({ error: String(error) });
    }
  }
  process.exit();
}

function shunt(bus) {
  const name = 'com.victronenergy.battery.ttyO1';

  bus.requestName(name, 0x4, () => {
    virtual.addVictronInterfaces(bus, {
      name,
      properties: { DeviceInstance: 'i', Soc: 'd', CustomName: 's', 'Dc/0/Temperature': 'd' }
    }, { DeviceInstance: 288, Soc: 63.4, CustomName: '', 'Dc/0/Temperature': null });
    show({ status: 'ready' });
  });
}

function flood(bus, count, destination) {
  let answers = 0;
  const again = () => bus.invoke(
    { destination, path: '/', interface: INTERFACE, member: 'GetItems' },
    (error) => {
      if (error)
        show({ error: String(error) });
      else if (++answers % 1000 === 0)
        show({ answers });
      again();
    });

  for (let i = 0; i < count; i++)
    again();
}

const [, , how, ...words] = process.argv;

if (how === 'signalk') {
  signalk();
} else {
  const bus = native.createClient({ busAddress: process.env.DBUS_SESSION_BUS_ADDRESS });

  ({ native: watch, ask, shunt, flood })[how](bus, ...words);
}
