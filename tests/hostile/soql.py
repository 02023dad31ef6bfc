"""Texts that want to become part of a SOQL statement: 300 of them, as values and as names."""

from __future__ import annotations

from itertools import product

_ENDS = ("'", "\\'", "''", "\\\\'", "\\\\\\'", '"', "%'", "\u2019", "\uff07", "\x00'", "\r'", "a'b")
_GOES_ON = (
    " OR Name != '",
    " OR Id != null",
    ") OR (Id != null",
    " OR Name LIKE '%",
    ") LIMIT 0 --",
    " ORDER BY Id",
    "; DELETE FROM Lead",
    " FROM User",
    " AND Id IN (SELECT LeadId FROM CampaignMember) AND Name = '",
    " WITH SECURITY_ENFORCED",
    " /* x */",
    " -- x",
    " ALL ROWS",
    " FOR UPDATE",
    "' OR '1'='1",
    ", 'b') OR Name IN ('c",
    "\n OR Id != null",
    "\\n OR Id != null",
)
_ALONE = (
    *("\\", "\\\\", "\\n", "\\u0027", "\\x27", "\\'", "\\", "%", "_", "\\%", "\\_", "%%%%%%%%"),
    *("null", "TRUE", "TODAY", "LAST_N_DAYS:7", ":bind", ":Id", "{!x}", "${x}", "{0}", "#N/A"),
    *("1 OR 1=1", "1e400", "1e300", "NaN", "Infinity", "-0.0", "0x1F", "9" * 400, "9" * 5_000),
    *(
        "2026-01-31 OR Id != null",
        "2026-02-30",
        "0000-00-00",
        "10000-01-01",
        "2026-01-31T25:00:00Z",
    ),
    *("a\0b", "\0", "\ud800", "x\udfffy", "\u202eteL", "\ufeffx", "e\u0301" * 50, "👩‍👩‍👧‍👦" * 9),
    *("a\rb", "a\r\nb", "a\tb", "a\bb", "a\fb", "a\vb", "a\x1bb", "a\x7fb", "a\u2028b", "a\x85b"),
    *("x" * 255, "x" * 4_000, "x" * 4_001, "'" * 3_000, "\\" * 3_000, "%" * 3_000, "漢" * 3_000),
    *("' " * 500, "a " * 2_000, "(" * 900, ")" * 900, "," * 900, "+" * 900, "&q=SELECT", "?q=#"),
    *("a%27 OR", "a%00", "%2527", "+OR+", "a;b", "a|b", "a`b", "$(id)", "<x>", "=1+1", "@x", "-1"),
    *(
        "x@y.example' OR Id != null",
        "http://a.example/'",
        "www.a'b.example",
        "//[::1]'",
        "//[",
        "@",
    ),
    *("00Q000000000001' OR", "00Q000000000001AAA", "001", "../../x", "Id", "Name FROM User", "*"),
)


def hostile() -> list[str]:
    """All of them, each once."""
    made = [f"x{end}{more}" for end, more in product(_ENDS, _GOES_ON)]
    return list(dict.fromkeys((*made, *_ALONE)))
