#!/usr/bin/env python3
"""Build portal/static/site/site.css: of the design system's tokens those that are used, then portal/styles/NN-*.css.

`scripts/styles.py` writes it; `scripts/styles.py --check` ends with 1 when the file isn't what it would write, or when
a style asks for a custom property that nobody defines. tokens.css is the npm package's dist/tokens.css, unchanged.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STYLES = ROOT / "portal" / "styles"
BUILT = ROOT / "portal" / "static" / "site" / "site.css"

HEAD = """\
/*
 * The site's one stylesheet, after the Digital Agency Design System (デジタル庁デザインシステム).
 * Built by `make styles` from portal/styles/: don't edit here.
 *
 * Tokens: of the npm package @digital-go-jp/design-tokens 1.1.9 (dist/tokens.css), Copyright (c) 2023 デジタル庁,
 * MIT licence (portal/styles/LICENSE-design-tokens). Components: this project's own, after the system's descriptions.
 */
"""
_DEFINED = re.compile(r"^\s*(--[\w-]+):\s*([^;]+);", re.MULTILINE)
_USED = re.compile(r"var\((--[\w-]+)")


def built() -> str:
    """Return the stylesheet. Raise SystemExit with one line for a custom property that is defined nowhere."""
    tokens = dict(_DEFINED.findall((STYLES / "tokens.css").read_text()))
    parts = [file.read_text().strip() for file in sorted(STYLES.glob("[0-9]*.css"))]
    own = {name for part in parts for name, _ in _DEFINED.findall(part)}
    wanted, used = [name for part in parts for name in _USED.findall(part)], set[str]()
    while wanted:
        name = wanted.pop()
        if name in used or name in own:
            continue
        if name not in tokens:
            raise SystemExit(f"portal/styles: {name} is defined neither in tokens.css nor by the house")
        used.add(name)
        wanted += _USED.findall(tokens[name])
    root = "\n".join(f"  {name}: {value};" for name, value in tokens.items() if name in used)
    return "\n\n".join([HEAD.strip(), f":root {{\n{root}\n}}", *parts]) + "\n"


if __name__ == "__main__":
    sheet = built()
    if sys.argv[1:] == ["--check"]:
        if BUILT.read_text() != sheet:
            raise SystemExit("portal/static/site/site.css is not what portal/styles/ gives: run `make styles`")
    else:
        BUILT.write_text(sheet)
