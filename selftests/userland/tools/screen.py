# SPDX-License-Identifier: GPL-2.0
"""A terminal on which `smallbms watch` is seen, and a picture of it."""

import re
import types
from xml.sax.saxutils import escape

import pyte

COLOURS = {"red": "#ff6b6b", "green": "#51cf66", "brown": "#fcc419", "cyan": "#66d9e8"}
INK, PAPER = "#e9ecef", "#16191d"
ALTERNATE, PASTE = 1049, 2004


class Stream(pyte.ByteStream):
    """With what ncurses uses and pyte lacks."""

    csi = {**pyte.ByteStream.csi, "b": "repeat", "S": "scroll_up", "T": "scroll_down"}
    events = pyte.ByteStream.events | {"repeat", "scroll_up", "scroll_down"}


class Screen(pyte.Screen):
    """What a person sees, and what was asked of the terminal."""

    def __init__(self, rows, columns):
        self.asked = set()
        self.last = " "
        super().__init__(columns, rows)
        self.feed = Stream(self).feed

    def draw(self, data):
        self.last = data[-1:]
        super().draw(data)

    def repeat(self, count=1, **_):
        self.draw(self.last * count)

    def scroll(self, edge, step, count):
        before = self.cursor.y
        self.cursor.y = edge
        for _ in range(count):
            step()
        self.cursor.y = before

    def scroll_up(self, count=1, **_):
        self.scroll((self.margins or (0, self.lines - 1))[1], self.index, count)

    def scroll_down(self, count=1, **_):
        self.scroll((self.margins or (0, 0))[0], self.reverse_index, count)

    def set_mode(self, *modes, **kwargs):
        if kwargs.get("private"):
            self.asked.update(modes)
            if ALTERNATE in modes:
                self.erase_in_display(2)
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes, **kwargs):
        if kwargs.get("private"):
            self.asked.difference_update(modes)
            if ALTERNATE in modes:
                self.erase_in_display(2)
        super().reset_mode(*modes, **kwargs)

    @property
    def alternate(self):
        return ALTERNATE in self.asked

    @property
    def is_normal(self):
        """As any program expects its terminal."""
        return not self.asked & {ALTERNATE, PASTE} and not self.cursor.hidden and \
            pyte.modes.DECAWM in self.mode

    @property
    def cells(self):
        """Rows of pyte's characters."""
        return [[self.buffer[row][column] for column in range(self.columns)]
                for row in range(self.lines)]

    @property
    def is_coloured(self):
        return any(cell.fg != "default" or cell.bg != "default"
                   for row in self.cells for cell in row)

    @property
    def shown(self):
        return [line.rstrip() for line in self.display]

    @property
    def text(self):
        return "\n".join(self.shown)

    @property
    def words(self):
        """All of it as one line: where it wraps does not matter."""
        return " ".join(self.text.split())

    def row_of(self, label):
        """What is said behind a label, to the next heading or column."""
        found = re.search(rf"  {label} +(.*?)(?:  |$)", self.text, re.M)
        assert found, f"no row {label!r} on\n{self.text}"
        return found.group(1)

    def says(self, label, text):
        return bool(re.search(rf"  {label} +{re.escape(text)}", self.text))


class Roll(Screen):
    """A terminal so high that nothing scrolls away, for what prints line by line."""

    ROWS = 300

    def __init__(self, columns):
        super().__init__(self.ROWS, columns)

    @property
    def row(self):
        return self.cursor.y

    @property
    def shown(self):
        return super().shown[:self.row + 1]

    def crop(self, first, last):
        """These rows alone, for a picture."""
        return types.SimpleNamespace(columns=self.columns, lines=last - first,
                                     cells=self.cells[first:last])


def svg(screen, title):
    """Draw a terminal."""
    wide, high, margin = 8.4, 18, 16
    width = screen.columns * wide + 2 * margin
    height = screen.lines * high + 2 * margin
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" '
           f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
           f'height="{height:g}">',
           "<!-- SPDX-License-Identifier: GPL-2.0 -->",
           f"<title>{escape(title)}</title>",
           f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>',
           '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" '
           'font-size="14" xml:space="preserve">']
    for number, row in enumerate(screen.cells):
        top = margin + number * high
        at = 0
        while at < len(row):
            look = row[at]._replace(data="")
            end = at
            while end < len(row) and row[end]._replace(data="") == look:
                end += 1
            text = "".join(cell.data for cell in row[at:end])
            ink = COLOURS.get(look.fg, INK)
            left = margin + at * wide
            if look.reverse:
                out.append(f'<rect x="{left:.1f}" y="{top}" '
                           f'width="{(end - at) * wide:.1f}" '
                           f'height="{high}" fill="{ink}"/>')
                ink = PAPER
            if text.strip():
                weight = ' font-weight="bold"' if look.bold else ""
                first = len(text) - len(text.lstrip())
                text = text.strip()
                out.append(f'<text x="{left + first * wide:.1f}" '
                           f'y="{top + 13.5}" '
                           f'textLength="{len(text) * wide:.1f}" '
                           f'fill="{ink}"{weight}>{escape(text)}</text>')
            at = end
    out += ["</g>", "</svg>", ""]
    return "\n".join(out)
