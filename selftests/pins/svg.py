# SPDX-License-Identifier: GPL-2.0
"""Draws a Recording as a timing diagram: what the board saw, what it did, what came of it.

    svg.draw(tape, path, title='A night at anchor')

A band is filled while a signal is high. The dimension line shows the 30 s between a rising
pre-alarm and the load disconnect (L2). Numbered flags stand for the notes of the tape, told below.
The drawing needs nothing but itself, scales, follows the reader's light or dark scheme, and has
words for those who cannot see it.
"""

from xml.sax.saxutils import escape

WIDTH = 1000
LEFT = 172                          # of the time axis; names stand before it
RIGHT = 26
BAND = 22                           # height of a lane's band
PITCH = 31                          # from lane to lane
CURVE = 104                         # height of the cell voltage's lane
LEVEL = 76                          # of the state of charge's
FLOW = 64                           # height of the current's lane
HEAD = 26                           # height of a group's heading
NOTE_LINE = 21

LIGHT = {'paper': '#ffffff', 'ink': '#1d2733', 'soft': '#5b6876', 'rule': '#e3e8ed',
         'lane': '#f3f5f8', 'load': '#2f6fde', 'charge': '#1f9d62', 'pre-alarm': '#e8930c',
         'low': '#c9780a', 'fault': '#d3453f', 'remote': '#12909c', 'device': '#7b61c9'}
DARK = {'paper': '#12181f', 'ink': '#e8edf2', 'soft': '#9aa7b4', 'rule': '#2a343f',
        'lane': '#1a222b', 'load': '#5b94f5', 'charge': '#3fc286', 'pre-alarm': '#f5ae3d',
        'low': '#d99a3a', 'fault': '#ee6b65', 'remote': '#37b8c4', 'device': '#9d86e6'}

# Filled (f-) and drawn (s-) in each colour, so that plain viewers need no custom properties
FONTS = ('system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", "Liberation Sans", '
         'sans-serif')
STYLE = f'''
text {{ font-family: {FONTS}; font-size: 15px; }}
.title {{ font-size: 23px; font-weight: 600; }}
.small {{ font-size: 14px; }}
.group {{ font-size: 12.5px; font-weight: 600; letter-spacing: .05em; }}
.end {{ text-anchor: end; }}
.middle {{ text-anchor: middle; }}
.number {{ font-size: 12px; font-weight: 700; text-anchor: middle; }}
.bold {{ font-weight: 700; }}
.line {{ fill: none; }}
'''

GROUPS = (('inputs', 'THE BOARD SEES'), ('outputs', 'THE BOARD DOES'),
          ('devices', 'WHAT HANGS ON IT'))
REMOTES = ('remote-l', 'remote-h', 'remote-loop')
PRE_ALARM_S = 30.0                  # L2: what a dimension line is drawn for, and a little more
LONGEST_DIMENSION_S = 31.5


def colours(scheme):
    return '\n'.join(f'.f-{name} {{ fill: {value}; }} .s-{name} {{ stroke: {value}; }}'
                     for name, value in scheme.items())


def colour_of(signal):
    """The name of a lane's colour."""
    line = signal.name.rpartition('/')[2]
    if signal.group == 'devices':
        return 'device'
    if line in ('load', 'charge', 'pre-alarm'):
        return line
    if line in REMOTES:
        return 'remote'
    return 'low' if line in ('cell-low', 'cell-undervoltage') else 'fault'


def nice_step(span):
    """Between ticks of the time axis: about ten of them."""
    for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300):
        if span / step <= 12:
            return step
    return 600


class Drawing:
    """Collects elements; x() turns seconds into the drawing's units."""

    def __init__(self, tape, start, end):
        self.tape = tape
        self.start = start
        self.end = max(end, start + 0.001)
        self.grounds = []               # under the grid
        self.parts = []
        self.y = 0

    def x(self, seconds):
        seconds = min(max(seconds, self.start), self.end)
        return LEFT + (WIDTH - LEFT - RIGHT) * (seconds - self.start) / (self.end - self.start)

    def add(self, text):
        self.parts.append(text)

    def text(self, x, y, words, classes):
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" class="{classes}">{escape(words)}</text>')

    def rect(self, x, y, width, height, classes, radius=0):
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                 f'rx="{radius}" class="{classes}"/>')

    def ground(self, y, height):
        """What a lane is drawn on."""
        self.rect(LEFT, y, WIDTH - LEFT - RIGHT, height, 'f-lane', 4)
        self.grounds.append(self.parts.pop())

    def rule(self, x1, y1, x2, y2, classes, extra=''):
        self.add(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                 f'class="{classes}" {extra}/>')

    def heading(self, words):
        self.y += HEAD
        self.text(14, self.y - 7, words, 'group f-soft')

    def spans(self, signal):
        """(from, to) of each time that the signal is high, cut to what is drawn."""
        high_since, spans = None, []
        for when, value in signal.changes:
            if value and high_since is None:
                high_since = when
            elif not value and high_since is not None:
                spans.append((high_since, when))
                high_since = None
        if high_since is not None:
            spans.append((high_since, self.end))
        return [(max(a, self.start), min(b, self.end)) for a, b in spans
                if b > self.start and a < self.end]

    def lane(self, signal):
        top = self.y + (PITCH - BAND) / 2
        self.text(LEFT - 14, self.y + PITCH / 2 + 5, signal.name.replace(' runs', ''), 'end f-ink')
        self.ground(top, BAND)
        colour = colour_of(signal)
        for begin, end in self.spans(signal):
            self.rect(self.x(begin), top, max(self.x(end) - self.x(begin), 1.6), BAND,
                      f'f-{colour}', 3)
        self.y += PITCH

    def dimensions(self, pre_alarm, load):
        """An arrow from the pre-alarm's rise to the disconnect that followed, where one did."""
        drawn = 0
        for begin, end in self.spans(pre_alarm):
            for cut in load.edges(0):
                length = cut - begin
                if not (begin < cut <= end + 0.5 and length <= LONGEST_DIMENSION_S):
                    continue
                if length < PRE_ALARM_S - 0.1 or begin <= self.start:
                    continue
                self.arrow(self.x(begin), self.x(cut), f'{length:.1f} s')
                drawn += 1
        if drawn:
            self.y += 30

    def arrow(self, x1, x2, words):
        y = self.y + 14
        for x in (x1, x2):
            self.rule(x, self.y - 4, x, y + 7, 's-ink', 'stroke-width="1.5"')
        text_width = 9.0 * len(words) + 8
        if x2 - x1 > text_width + 30:
            middle = (x1 + x2) / 2
            self.rule(x1 + 8, y, middle - text_width / 2, y, 's-ink', 'stroke-width="1.5"')
            self.rule(middle + text_width / 2, y, x2 - 8, y, 's-ink', 'stroke-width="1.5"')
            self.text(middle, y + 5, words, 'bold middle f-ink')
        else:
            self.rule(x1, y, x2, y, 's-ink', 'stroke-width="1.5"')
            self.text(x2 + 8, y + 5, words, 'bold f-ink')
        self.add(f'<path d="M{x1:.1f} {y} l10 -4.5 v9 z" class="f-ink"/>')
        self.add(f'<path d="M{x2:.1f} {y} l-10 -4.5 v9 z" class="f-ink"/>')

    def steps(self, signal, height_of):
        """A path through the values of a real signal, and the x where each begins."""
        points = []
        for when, value in signal.changes:
            if when > self.end:
                break
            if when < self.start:
                points = [(self.start, value)]
            else:
                points.append((when, value))
        if not points:
            return []
        points.append((self.end, points[-1][1]))
        return [(self.x(when), height_of(value)) for when, value in points]

    def curve(self, signal):
        """The lowest cell's voltage against the two thresholds."""
        values = [value / 1000 for when, value in signal.changes if when >= self.start - 1]
        low = min(2.6, max(min(values, default=3) - 0.05, 2.0))
        high = max(3.5, min(max(values, default=3) + 0.05, 4.2))
        self.graph(signal, CURVE, 1000 * low, 1000 * high, {3100: '3.1 V', 2800: '2.8 V'})

    def level(self, signal):
        """The state of charge that is reported, against the floor and the recovery."""
        values = [value for when, value in signal.changes if value and when >= self.start]
        values += signal.limits
        self.graph(signal, LEVEL, max(min(values) - 2, 0), max(values) + 8,
                   {limit: f'{limit} %' for limit in signal.limits})

    def graph(self, signal, height, low, high, limits):
        """A line from @low to @high, with gaps where nothing is known."""
        bottom = self.y + height - 6

        def height_of(value):
            if value is None:
                return None
            return bottom - (min(max(value, low), high) - low) / (high - low) * (height - 12)

        self.ground(self.y + 3, height - 6)
        self.text(LEFT - 14, self.y + 20, signal.name, 'end f-ink')
        for limit, words in limits.items():
            y = height_of(limit)
            self.rule(LEFT, y, WIDTH - RIGHT, y, 's-soft', 'stroke-dasharray="3 4"')
            self.text(LEFT - 14, y + 5, words, 'end small f-soft')
        path, before = '', None
        for x, y in self.steps(signal, height_of):
            if before is None:
                path += '' if y is None else f'M{x:.1f} {y:.1f}'
            elif y is None:
                path += f' H{x:.1f}'
            else:
                # A model's slope is drawn as one; a jump stays a jump
                path += f' H{x:.1f} V{y:.1f}' if abs(y - before) > 8 else f' L{x:.1f} {y:.1f}'
            before = y
        if path:
            self.add(f'<path d="{path}" class="line s-ink" stroke-width="2.2" '
                     'stroke-linejoin="round"/>')
        self.y += height + 4

    def flow(self, signal):
        """Current: into the bank above the line, out of it below."""
        peak = max((abs(value) for _, value in signal.changes), default=0) or 1
        zero = self.y + FLOW / 2
        self.ground(self.y + 3, FLOW - 6)
        self.text(LEFT - 14, self.y + 22, 'charging', 'end small f-charge')
        self.text(LEFT - 14, self.y + 50, 'drawing', 'end small f-load')
        for colour, sign in (('charge', 1), ('load', -1)):
            points = self.steps(signal, lambda amps, sign=sign: zero - max(amps * sign, 0) * sign
                                / peak * (FLOW / 2 - 6))
            if not points:
                continue
            path = f'M{points[0][0]:.1f} {zero:.1f} V{points[0][1]:.1f}'
            path += ''.join(f' H{x:.1f} V{y:.1f}' for x, y in points[1:])
            self.add(f'<path d="{path} V{zero:.1f} Z" class="f-{colour}"/>')
        self.rule(LEFT, zero, WIDTH - RIGHT, zero, 's-soft', 'stroke-width="1"')
        self.y += FLOW + 4

    def axis(self, top):
        step = nice_step(self.end - self.start)
        self.y += 6
        tick = 0
        grid = []
        while tick * step <= self.end - self.start + 1e-9:
            x = self.x(self.start + tick * step)
            grid.append(f'<line x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{self.y:.1f}" '
                        'class="s-rule"/>')
            self.text(x, self.y + 17, f'{tick * step:g}' + (' s' if tick == 0 else ''),
                      'middle small f-soft')
            tick += 1
        self.y += 26
        return grid

    def flags(self, notes, top):
        """Numbers where something happens; told by legend()."""
        last_x, row = -100.0, 0
        for number, (when, _) in enumerate(notes, 1):
            x = self.x(when)
            row = row + 1 if x - last_x < 22 else 0
            last_x = x
            y = top - 14 - 21 * (row % 2)
            self.rule(x, y, x, self.y, 's-soft', 'stroke-dasharray="1 4"')
            self.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="10.5" class="f-soft"/>')
            self.text(x, y + 4.3, str(number), 'number f-paper')

    def legend(self, notes):
        """The notes in one or two columns."""
        wide = any(len(text) > 60 for _, text in notes)
        columns = 1 if wide or len(notes) < 4 else 2
        rows = -(-len(notes) // columns)
        for index, (_, text) in enumerate(notes):
            x = 14 + (index // rows) * (WIDTH - 28) / columns
            y = self.y + (index % rows) * NOTE_LINE + 16
            self.add(f'<circle cx="{x + 10:.1f}" cy="{y - 5:.1f}" r="9" class="f-soft"/>')
            self.text(x + 10, y - 1, str(index + 1), 'number f-paper')
            self.text(x + 27, y, text if len(text) < 122 else text[:120] + '…', 'small f-ink')
        self.y += rows * NOTE_LINE + 8


def describe(tape, start):
    """The drawing in words: when each output changed."""
    words = []
    for signal in tape.signals:
        if signal.group == 'outputs':
            changes = [f'{"high" if value else "floating"} at {when - start:.1f} s'
                       for when, value in signal.changes if when >= start]
            words.append(f'{signal.name}: ' + (', '.join(changes[:12]) or 'unchanged'))
    return '. '.join(words) + '.'


def draw(tape, path, title=None, start=None, end=None):
    """Write the drawing of @tape between @start and @end to @path."""
    notes = [note for note in tape.notes if start is None or note[0] >= start - 0.001]
    if start is None:
        start = max(notes[0][0] - 1.0, 0.0) if notes else 0.0
    drawing = Drawing(tape, start, end or tape.end)
    title = title or tape.title

    drawing.text(14, 34, title, 'title f-ink')
    crowded = any(drawing.x(b[0]) - drawing.x(a[0]) < 22 for a, b in zip(notes, notes[1:]))
    drawing.y = 44 + (27 if notes else 0) + (21 if crowded else 0)
    top = drawing.y + 4
    for group, heading in GROUPS:
        signals = [signal for signal in tape.signals if signal.group == group]
        if not signals:
            continue
        drawing.heading(heading)
        for signal in signals:
            drawing.lane(signal)
        if group == 'outputs':
            for signal in signals:
                if signal.name.endswith('pre-alarm'):
                    load = tape.find(signal.name.replace('pre-alarm', 'load'))
                    drawing.dimensions(signal, load)
    cell, current = tape.find('lowest cell'), tape.find('current')
    charge = tape.find('state of charge')
    if cell and len(cell.changes) > 1:
        drawing.heading('THE BANK')
        drawing.curve(cell)
        if charge and any(value for _, value in charge.changes):
            drawing.level(charge)
        if current and any(value for _, value in current.changes):
            drawing.flow(current)
    grid = drawing.axis(top)
    height_of_axis = drawing.y
    drawing.y -= 26
    drawing.flags(notes, top)
    drawing.y = height_of_axis + 4
    drawing.legend(notes)
    drawing.y += 6

    body = drawing.grounds + grid + drawing.parts
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'''<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {drawing.y:.0f}"
 width="{WIDTH}" height="{drawing.y:.0f}" role="img" aria-labelledby="title desc">
<!-- SPDX-License-Identifier: GPL-2.0 -->
<title id="title">{escape(title)}</title>
<desc id="desc">{escape(describe(tape, start))}</desc>
<style>
{colours(LIGHT)}
@media (prefers-color-scheme: dark) {{
{colours(DARK)}
}}
{STYLE}</style>
<rect width="{WIDTH}" height="{drawing.y:.0f}" rx="10" class="f-paper"/>
''' + '\n'.join(body) + '\n</svg>\n')
