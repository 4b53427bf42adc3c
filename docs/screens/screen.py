"""Draws what stands on a terminal: text with escape codes on standard input, an SVG on standard output. Argument: the title."""

import io
import sys

from rich.ansi import AnsiDecoder
from rich.console import Console

# As rich's own template, without fonts from elsewhere: a picture in a page loads nothing.
TEMPLATE = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {char_height}px;
  line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""

console = Console(record=True, width=110, file=io.StringIO(), force_terminal=True, color_system="truecolor")
for line in AnsiDecoder().decode(sys.stdin.read().rstrip()):
    console.print(line, soft_wrap=True)
svg = console.export_svg(title=sys.argv[1], code_format=TEMPLATE, unique_id="screen")
sys.stdout.write("\n".join(line.rstrip() for line in svg.split("\n")))
