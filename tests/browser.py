"""A browser in the hands of one person: opens a page, fills in its form, goes where it is sent.

Run as a program by `webbrowser`, which finds it in the variable BROWSER. The name and the password
that the person types are in SIGN_IN_AS, as `name password`; "deny" presses the other button.
"""

from __future__ import annotations

import os
import re
import sys
from html import unescape
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen


def main(address: str) -> None:
    name, _, password = os.environ["SIGN_IN_AS"].partition(" ")
    with urlopen(address) as reply:
        page = reply.read().decode()
        here = reply.url.partition("?")[0]
    form = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    filled = {key: unescape(text) for key, text in form.items()}
    filled |= {"deny": "1"} if name == "deny" else {"username": name, "password": password}
    try:
        with urlopen(here, urlencode(filled).encode()) as reply:
            shown = reply.read().decode()
    except HTTPError as error:
        shown = error.read().decode()
    if told := os.environ.get("SHOWN_IN"):
        with open(told, "w", encoding="utf-8") as file:
            file.write(shown)


if __name__ == "__main__":
    main(sys.argv[1])
