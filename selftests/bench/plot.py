# SPDX-License-Identifier: GPL-2.0
"""Draws how latencies are distributed: how many trips took longer, both axes logarithmic."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 1000, 440
LEFT, RIGHT, TOP, BOTTOM = 78, 246, 84, 44
COLOURS = {"smallBMS": "#2f6fde", "C daemon": "#e8930c", "C daemon, FIFO": "#c9506f",
           "Python daemon": "#1f9d62", "script, 1 s": "#7b61c9", "minimal module": "#5b6876"}
SHARES = ((1, "all"), (.1, "10 %"), (.01, "1 %"), (.001, "0.1 %"), (.0001, "0.01 %"))
FACE = 'font-family="system-ui, DejaVu Sans, sans-serif"'
FONT = f'{FACE} font-size="14"'
GREY = "#5b6876"
LEGEND_PITCH = 26
FEW_DECADES = 3                         # up to here the axis has marks at 2 and 5 as well


def words_for(ns):
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= factor:
            return f"{ns / factor:.3g} {unit}"
    return f"{ns:.3g} ns"


def marks(low, high):
    """Round times, from at most @low to at least @high."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(decades) <= FEW_DECADES + 1 else (1,)
    found = [step * 10 ** decade for decade in decades for step in steps]
    first = max(n for n, value in enumerate(found) if value <= low)
    last = min(n for n, value in enumerate(found) if value >= high)
    return found[first:last + 1]


def steps_of(samples, x, y):
    """The line of one competitor: at each time, down to the share that took longer.  So few
    samples do not tell more than the longest."""
    ordered = sorted(value for value in samples if value)
    points, last = [f"{x(ordered[0]):.0f} {y(1):.0f}"], None
    for n, value in enumerate(ordered):
        share = max(len(samples) - n - 1, 1) / len(samples)
        step = f"H{x(value):.0f}V{y(share):.0f}"
        if step != last:
            points.append(step)
        last = step
    return "M" + "".join(points)


def text(x, y, words, fill=GREY, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" {FONT} {more}>{escape(words)}</text>'


def draw(path, title, series):
    """@series: {name: samples in ns, 0 where a trip was missed}."""
    series = {name: samples for name, samples in series.items() if any(samples)}
    values = [value for samples in series.values() for value in samples if value]
    times = marks(min(values) * .95, max(values))
    low, high = math.log10(times[0]), math.log10(times[-1])
    bottom = 1 / max(map(len, series.values()))
    right, floor = WIDTH - RIGHT, HEIGHT - BOTTOM

    def x(ns):
        return LEFT + (math.log10(ns) - low) / (high - low) * (right - LEFT)

    def y(share):
        return TOP + math.log10(share) / math.log10(bottom) * (floor - TOP)

    parts = [f'<text x="16" y="34" font-size="21" font-weight="600" fill="#1d2733" '
             f'{FACE}>{escape(title)}</text>',
             text(16, 60, "how many of the trips took longer than the time below")]
    for time in times:
        parts.append(f'<line x1="{x(time):.1f}" x2="{x(time):.1f}" y1="{TOP}" y2="{floor}" '
                     'stroke="#e3e8ed"/>')
        parts.append(text(x(time), floor + 24, words_for(time), more='text-anchor="middle"'))
    for share, words in SHARES:
        if share < bottom * .99:
            continue
        parts.append(f'<line x1="{LEFT}" x2="{right}" y1="{y(share):.1f}" '
                     f'y2="{y(share):.1f}" stroke="#e3e8ed"/>')
        parts.append(text(LEFT - 10, y(share) + 5, words, more='text-anchor="end"'))
    median = {name: sorted(value or math.inf for value in samples)[len(samples) // 2]
              for name, samples in series.items()}
    for n, name in enumerate(sorted(series, key=median.get)):
        colour = COLOURS.get(name, "#1d2733")
        parts.append(f'<path d="{steps_of(series[name], x, y)}" fill="none" '
                     f'stroke="{colour}" stroke-width="2.4" stroke-linejoin="round"/>')
        at = TOP + 14 + n * LEGEND_PITCH
        parts.append(f'<path d="M{right + 20} {at - 5}h18" stroke="{colour}" stroke-width="4"/>')
        parts.append(text(right + 46, at, name, colour))
        parts.append(text(WIDTH - 16, at, words_for(median[name]), more='text-anchor="end"'))
    parts.append(text(WIDTH - 16, TOP - 12, "p50", more='text-anchor="end"'))
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
                   f'width="{WIDTH}" height="{HEIGHT}" role="img">\n'
                   '<!-- SPDX-License-Identifier: GPL-2.0 -->\n'
                   f'<title>{escape(title)}</title>\n'
                   f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="#ffffff"/>\n'
                   + "\n".join(parts) + "\n</svg>\n")
