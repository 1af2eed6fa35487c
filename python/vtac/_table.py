# SPDX-License-Identifier: Apache-2.0
"""Tables as text for terminals and as HTML for notebooks."""
from __future__ import annotations


def _cells(rows) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in rows]


def text(header, rows) -> str:
    """Columns two blanks apart; columns of numbers are set right."""
    rows = list(rows)
    cells = _cells([header] if header else []) + _cells(rows)
    if not cells:
        return ""
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    right = [
        bool(rows) and all(isinstance(row[i], (int, float)) for row in rows)
        for i in range(len(widths))
    ]
    lines = []
    for row in cells:
        parts = [
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right)
        ]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def escape(value) -> str:
    """The value as text that HTML shows unchanged."""
    result = str(value)
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        result = result.replace(sign, entity)
    return result


def html(header, rows) -> str:
    """The same as an HTML table."""
    parts = ["<table>"]
    if header:
        cells = "".join(f"<th>{escape(cell)}</th>" for cell in header)
        parts.append(f"<thead><tr>{cells}</tr></thead>")
    parts.append("<tbody>")
    for row in rows:
        cells = "".join(
            f"<td style='text-align:right'>{escape(cell)}</td>"
            if isinstance(cell, (int, float))
            else f"<td style='text-align:left'>{escape(cell)}</td>"
            for cell in row
        )
        parts.append(f"<tr>{cells}</tr>")
    parts.append("</tbody></table>")
    return "".join(parts)


def code(source: str) -> str:
    """Source text as HTML."""
    return f"<pre style='line-height:1.25'>{escape(source)}</pre>"
