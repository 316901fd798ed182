# SPDX-License-Identifier: GPL-2.0
"""Draws how latencies are distributed: how many trips took longer, both axes logarithmic."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 1000, 470
LEFT, RIGHT, TOP, BOTTOM = 92, 190, 64, 56
COLOURS = {"smallBMS": "#2f6fde", "C daemon": "#e8930c", "C daemon, FIFO": "#c9506f",
           "Python daemon": "#1f9d62", "script, 1 s": "#7b61c9", "minimal module": "#5b6876"}
SHARES = ((1, "all"), (.1, "10 %"), (.01, "1 %"), (.001, "0.1 %"), (.0001, "0.01 %"))
FONT = 'font-family="system-ui, DejaVu Sans, sans-serif" font-size="14"'
LABEL_PITCH = 18


def words_for(ns):
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= factor:
            return f"{ns / factor:g} {unit}"
    return f"{ns:g} ns"


def draw(path, title, series):
    """@series: {name: samples in ns, 0 where a trip was missed}."""
    values = [value for samples in series.values() for value in samples if value]
    low = math.floor(math.log10(min(values)))
    high = math.ceil(math.log10(max(values)))
    bottom = min(.5 / max(map(len, series.values())), .0005)

    def x(ns):
        return LEFT + (math.log10(ns) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(share):
        return TOP + math.log10(share) / math.log10(bottom) * (HEIGHT - TOP - BOTTOM)

    parts = [f'<text x="16" y="34" font-size="21" font-weight="600" fill="#1d2733" '
             f'font-family="system-ui, DejaVu Sans, sans-serif">{escape(title)}</text>']
    for decade in range(low, high + 1):
        at = x(10 ** decade)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" '
                     'stroke="#e3e8ed"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle" '
                     f'fill="#5b6876" {FONT}>{words_for(10 ** decade)}</text>')
    for share, words in SHARES:
        if share < bottom:
            continue
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(share):.1f}" '
                     f'y2="{y(share):.1f}" stroke="#e3e8ed"/>')
        parts.append(f'<text x="{LEFT - 10}" y="{y(share) + 5:.1f}" text-anchor="end" '
                     f'fill="#5b6876" {FONT}>{words}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 10}" fill="#5b6876" {FONT}>'
                 'share of the trips that took longer than this</text>')
    taken = []
    for name, samples in series.items():
        ordered = sorted(value for value in samples if value)
        points, last = [], None
        for n, value in enumerate(ordered):
            share = max((len(ordered) - n) / len(samples), bottom)
            point = f"{x(value):.0f} {y(share):.0f}"
            if point != last:
                points.append(point)
            last = point
        if not points:
            continue
        end_x, end_y = map(float, points[-1].split())
        colour = COLOURS.get(name, "#1d2733")
        parts.append(f'<path d="M{" L".join(points)}" fill="none" stroke="{colour}" '
                     'stroke-width="2.4" stroke-linejoin="round"/>')
        at = end_y + 4
        while any(abs(at - other) < LABEL_PITCH and abs(end_x - where) < 160
                  for where, other in taken):
            at -= LABEL_PITCH
        taken.append((end_x, at))
        parts.append(f'<text x="{end_x + 8:.1f}" y="{at:.1f}" fill="{colour}" {FONT}>'
                     f'{escape(name)}</text>')
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
                   f'width="{WIDTH}" height="{HEIGHT}" role="img">\n'
                   '<!-- SPDX-License-Identifier: GPL-2.0 -->\n'
                   f'<title>{escape(title)}</title>\n'
                   f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="#ffffff"/>\n'
                   + "\n".join(parts) + "\n</svg>\n")
