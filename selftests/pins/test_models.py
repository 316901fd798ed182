# SPDX-License-Identifier: GPL-2.0
"""What the bench itself is held to: bank, terminals and devices, without a machine."""

from pins import bank
from pins import devices
from pins import terminals


def refused(function, *arguments):
    try:
        function(*arguments)
    except ValueError as error:
        return str(error)
    return ''


def test_voltages():
    """B1: Banks of 12, 24 and 48 V are built from 12.8 V and 25.6 V batteries, and no others"""
    for words, volts in (('12.8V', 12), ('2s1p 12.8V', 24), ('4s5p 12.8V', 48), ('25.6V', 24),
                         ('2s10p 25.6V', 48)):
        assert bank.Bank.parse(words + ' 100Ah').system_v == volts
    assert '12, 24 or 48' in refused(bank.Bank.parse, '3s1p 12.8V 100Ah')
    assert '12.8 V or 25.6 V' in refused(bank.Bank.parse, '24V 100Ah')


def test_twenty():
    """B1: Twenty batteries are a bank, twenty-one are not"""
    assert len(bank.Bank.parse('1s20p 12.8V 330Ah').batteries) == 20
    assert 'at most 20' in refused(bank.Bank.parse, '1s21p 12.8V 330Ah')


def test_ranges():
    """B2: Thresholds can be set within the battery's ranges only"""
    battery = bank.Battery(12.8, 100)
    for volts in (2.85, 3.15):
        battery.set_pre_alarm_v(volts)
    for volts in (2.6, 2.8):
        battery.set_disconnect_v(volts)
    assert '2.85 V to 3.15 V' in refused(battery.set_pre_alarm_v, 2.84)
    assert '2.85 V to 3.15 V' in refused(battery.set_pre_alarm_v, 3.16)
    assert '2.6 V to 2.8 V' in refused(battery.set_disconnect_v, 2.59)
    assert '2.6 V to 2.8 V' in refused(battery.set_disconnect_v, 2.81)


def test_weakest():
    """B2: The weakest cell of any battery pulls the shared lines, at its own thresholds"""
    whole = bank.Bank.parse('2s2p 12.8V 100Ah')
    assert not any(whole.lines().values())
    whole.set_cell_v(3.05, number=4, battery=3)
    assert whole.lines()['cell-low'] and not whole.lines()['cell-undervoltage']
    whole.set_cell_v(2.75, number=4, battery=3)
    assert whole.lines()['cell-undervoltage']
    whole.battery(3).set_disconnect_v(2.6)
    whole.set_cell_v(2.7, number=4, battery=3)
    assert not whole.lines()['cell-undervoltage']


def test_faults():
    """B2: Above 50 and below 5 degrees, and with a cell too full, charge is inhibited"""
    for celsius, line in ((50.5, 'over-temperature'), (4.5, 'under-temperature')):
        whole = bank.Bank()
        whole.set_temperature_c(celsius)
        assert whole.lines()[line] and whole.lines()['charge-inhibit']
    whole = bank.Bank()
    whole.set_temperature_c(50)
    whole.set_temperature_c(5)
    assert not any(whole.lines().values())
    whole.set_cell_v(3.8)
    assert whole.lines()['cell-overvoltage'] and whole.lines()['charge-inhibit']


def test_cord():
    """B1: A broken cord makes every line active"""
    whole = bank.Bank()
    whole.cord_broken = True
    assert all(whole.lines().values())


def test_reserve():
    """B4: Drawn down to its disconnect, a 100 Ah bank has about 1 Ah left"""
    whole = bank.Bank.parse('12.8V 100Ah soc=10%')
    while not whole.lines()['cell-undervoltage']:
        whole.step(10, -10)
    assert 0.5 < whole.soc() * whole.capacity_ah < 2


def test_sharing():
    """B1: Current is shared between strings, and charge is neither made nor lost"""
    whole = bank.Bank.parse('1s4p 12.8V 100Ah soc=50%')
    for cell in whole.battery(1).cells:
        cell.soc = 0.3
    before = sum(battery.cells[0].soc * battery.cells[0].capacity_ah for battery in whole.batteries)
    whole.step(3600, 40)
    after = sum(battery.cells[0].soc * battery.cells[0].capacity_ah for battery in whole.batteries)
    assert abs(after - before - 40) < 0.01
    assert whole.battery(1).current_a > whole.battery(2).current_a


def test_truth():
    """M1: The terminals are on in the manual's three cases, and off in every other"""
    for l_v, h_v, joined, on in (
            (None, None, False, False), (None, None, True, True), (0, None, False, True),
            (3.49, None, False, True), (3.5, None, False, False), (12.8, None, False, False),
            (None, 2.9, False, False), (None, 2.95, False, True), (None, 12.8, False, True),
            (None, 14.0, False, False), (3.6, 2.8, False, False)):
        wired = terminals.Terminals()
        wired.l_v, wired.h_v, wired.joined = l_v, h_v, joined
        assert wired.on(12.8) is on, (l_v, h_v, joined)


def test_cables():
    """O1: Devices run while their output is high, given the cable that they need"""
    for kind, cable, runs in (('protect', None, True), ('phoenix', None, True),
                              ('vebus', None, True), ('vebus', 'direct', False),
                              ('solar', None, True), ('protect', 'inverting', False)):
        device = devices.build(kind, cable=cable)
        device.update({'load': True, 'charge': True}, 13.0)
        assert device.on is runs, (kind, cable)
        device.update({'load': False, 'charge': False}, 13.0)
        assert not device.on
    engine = devices.build('cyrix', amps=50)
    engine.update({'charge': True}, 13.0)
    assert engine.on and engine.current_a(13.0) == 50
