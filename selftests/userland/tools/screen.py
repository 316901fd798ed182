# SPDX-License-Identifier: GPL-2.0
"""A terminal, as much of one as `smallbms watch` may use, and a picture of it.

Any other sequence is an error: what works here works on every terminal.
"""

import re
from xml.sax.saxutils import escape

SEQUENCE = re.compile(r"\033\[(\?)?([\d;]*)([A-Za-z])")
COLOURS = {31: "#ff6b6b", 32: "#51cf66", 33: "#fcc419", 36: "#66d9e8"}
INK, PAPER = "#e9ecef", "#16191d"


class Screen:
    """What somebody sees: rows of (character, attributes)."""

    def __init__(self, rows, columns):
        self.alternate = False
        self.cursor = True
        self.wraps = True
        self.resize(rows, columns)

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.row = self.column = 0
        self.style = ()
        self.clear()

    def clear(self):
        self.cells = [[(" ", ())] * self.columns for _ in range(self.rows)]

    def feed(self, text):
        """Show the text; return what of its end may be half a sequence."""
        at = 0
        while at < len(text):
            if text[at] == "\033":
                found = SEQUENCE.match(text, at)
                if not found:
                    assert len(text) - at < 16, f"not known: {text[at:]!r}"
                    return text[at:]
                self.obey(*found.groups())
                at = found.end()
                continue
            assert text[at] >= " ", f"a control character: {text[at]!r}"
            assert self.row < self.rows and self.column < self.columns, \
                f"beyond the edge: {self.row}, {self.column}"
            self.cells[self.row][self.column] = (text[at], self.style)
            self.column += 1
            at += 1
        return ""

    def obey(self, private, numbers, letter):
        values = [int(number) for number in numbers.split(";") if number]
        if private:
            on = letter == "h"
            assert letter in "hl" and values[0] in (1049, 2004, 25, 7), values
            if values[0] == 1049:
                self.alternate = on
                self.clear()
            elif values[0] == 25:
                self.cursor = on
            else:
                self.wraps = on
        elif letter == "H":
            self.row, self.column = values[0] - 1, values[1] - 1
        elif letter == "J" and values == [2]:
            self.clear()
        elif letter == "m":
            self.style = tuple(value for value in values if value)
        else:
            raise AssertionError(f"not known: {numbers}{letter}")

    def lines(self):
        return ["".join(cell[0] for cell in row).rstrip() for row in self.cells]

    @property
    def text(self):
        return "\n".join(self.lines())

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


def svg(screen, title):
    """Draw a terminal."""
    wide, high, margin = 8.4, 18, 16
    width = screen.columns * wide + 2 * margin
    height = screen.rows * high + 2 * margin
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
            style = row[at][1]
            end = at
            while end < len(row) and row[end][1] == style:
                end += 1
            text = "".join(cell[0] for cell in row[at:end])
            ink = next((COLOURS[v] for v in style if v in COLOURS), INK)
            left = margin + at * wide
            if 7 in style:
                out.append(f'<rect x="{left:.1f}" y="{top}" '
                           f'width="{(end - at) * wide:.1f}" '
                           f'height="{high}" fill="{ink}"/>')
                ink = PAPER
            if text.strip():
                weight = ' font-weight="bold"' if 1 in style else ""
                first = len(text) - len(text.lstrip())
                text = text.strip()
                out.append(f'<text x="{left + first * wide:.1f}" '
                           f'y="{top + 13.5}" '
                           f'textLength="{len(text) * wide:.1f}" '
                           f'fill="{ink}"{weight}>{escape(text)}</text>')
            at = end
    out += ["</g>", "</svg>", ""]
    return "\n".join(out)
