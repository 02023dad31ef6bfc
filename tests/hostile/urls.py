"""Addresses that lead elsewhere: more than 200 spellings of hosts that nobody has configured.

`evil.test` stands for any host of somebody else, the others are this machine and its network.
"""

from __future__ import annotations

from itertools import product

_NEAR = (
    *("127.0.0.1", "127.1", "0", "0.0.0.0", "2130706433", "017700000001", "0x7f000001", "0x7f.1"),
    *(
        "0177.0.0.1",
        "127.0.0.1.",
        "localhost.",
        "localtest.me",
        "127.0.0.1.nip.io",
        "127.127.127.127",
    ),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]"),
    *("[fe80::1%25eth0]", "[fd00::1]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1"),
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[::ffff:a9fe:a9fe]"),
    *(
        "[fd00:ec2::254]",
        "metadata.google.internal",
        "metadata",
        "instance-data",
        "169.254.169.254.",
    ),
    *(
        "①②⑦.⓪.⓪.①",
        "１２７.0.0.1",
        "ⓛocalhost",
        "127。0。0。1",
        "localhost\u3002",
        "loca\u00adlhost",
    ),
)
_FAR = (
    *("evil.test", "evil.test.", "EVIL.TEST", "evil.test:443", "evil.test:99999", "evil.test:0"),
    *("x.my.salesforce.com.evil.test", "salesforce.com.evil.test", "xsalesforce.com"),
    *("my-salesforce.com", "salesforce.co", "salesforce.com.co", "salesforce.com%2eevil.test"),
    *("x.my.salesforce.com@evil.test", "x.my.salesforce.com:443@evil.test", "user:pw@evil.test"),
    *("x.my.salesforce.com%40evil.test", "x.my.salesforce.com%00.evil.test", "evil.test#@x"),
    *(
        "evil.test\\@x.my.salesforce.com",
        "evil.test\\.my.salesforce.com",
        "evil.test?.salesforce.com",
    ),
    *("evil.test#.my.salesforce.com", "evil.test/.my.salesforce.com", "evil.test;.salesforce.com"),
    *(
        "evil.test\t.my.salesforce.com",
        "evil.test\n.my.salesforce.com",
        "evil.test .salesforce.com",
    ),
    *(
        "evil.test\r\nhost: x",
        "evil。test",
        "ｅｖｉｌ.test",
        "sаlesforce.com",
        "salesforce.com\u200b",
    ),
    *(
        "xn--slesforce-b2g.com",
        "my.ѕalesforce.com",
        "",
        ".",
        "..",
        "/",
        "//evil.test",
        "[evil",
        "]",
    ),
)
_SCHEMES = ("https://", "http://", "//", "")
_OTHERS = (
    *(
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "ftp://evil.test/",
        "gopher://evil.test/",
    ),
    *(
        "dict://evil.test:11211/",
        "ldap://evil.test/",
        "jar:http://evil.test!/",
        "data:text/plain,x",
    ),
    *("javascript:alert(1)", "about:blank", "ws://evil.test/", "wss://evil.test/", "unix:///run/x"),
    *("http+unix://%2Frun%2Fx", "https:evil.test", "https:/evil.test", "https:///evil.test"),
    *("https:\\\\evil.test", "\\\\evil.test\\x", "HTTPS://EVIL.TEST", "ht\ttps://evil.test"),
    *(" https://evil.test", "https://evil.test ", "https ://evil.test", "hxxps://evil.test"),
    *("url:https://evil.test", "view-source:https://evil.test", "https://https://evil.test"),
)


def hostile() -> list[str]:
    """All of them, each once."""
    made = [f"{scheme}{host}" for host, scheme in product((*_NEAR, *_FAR), _SCHEMES)]
    return list(dict.fromkeys((*made, *_OTHERS)))
