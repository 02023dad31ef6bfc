"""Templates that want out of their sandbox, or never want to end: more than 500 of them.

Made from parts, so that each trick meets each thing to play it on. What a template may do instead
is told in `docs/language.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

_BASES = ("''", "title", "()", "[]", "{}", "1", "true", "self", "loop", "cycler", "lipsum")
_NAMES = ("config", "request", "namespace", "joiner", "range", "caller", "varargs", "environment")
_WALKS = (
    ".__class__.__mro__",
    "['__class__']['__base__']",
    '["__cla" ~ "ss__"]',
    "|attr('__class__')",
    "|attr('\\x5f\\x5fclass\\x5f\\x5f')",
    ".__init__.__globals__['os'].popen('id').read()",
    ".__class__.__base__.__subclasses__()",
    "|map(attribute='__class__')|list",
    ".__getattribute__('__class__')",
    "[['__class__']|first]",
)
_FORMATS = (
    "{{ '{0.__class__}'.format(title) }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(title) }}",
    "{{ '{x.__class__}'.format_map({'x': title}) }}",
    "{{ ''|attr('format')('{0.__class__}', title) }}",
    "{{ ('{0.__class__}'|attr('format'))(title) }}",
    "{{ '%s'|format(title.__class__) }}",
    "{{ '%(x)s' % {'x': title} }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '%*d' % (999999999, 1) }}",
    "{{ '%.999999999f' % 1.0 }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ title|format }}",
    "{{ title % 1 }}",
    "{{ (title ~ '%s') % title }}",
    "{% set f = ''.format %}{{ f('{0.__class__}', title) }}",
    "{{ {'a': ''.format}['a']('{0.__class__}', title) }}",
    "{{ ['{0.__class__}'.format]|first }}",
    "{{ ['{0.__class__}']|map('format', title)|list }}",
    "{{ '{0.__class__}'.__mod__(title) }}",
    "{{ title.encode('idna') }}",
    "{{ ''.join(title) }}",
    "{{ title.__format__('>999999999') }}",
    "{{ title|string|attr('format_map') }}",
    "{{ title.center(1000000000) }}",
    "{{ title.zfill(1000000000) }}",
    "{{ title.translate({}) }}",
    "{{ title|tojson|safe }}",
    "{{ title|pprint }}",
    "{{ title|xmlattr }}",
    "{{ {'x': title}|xmlattr }}",
)
_SIZES = ("999999", "10**9", "9999999999", "9**9**9", "-1")
_HUGE = (
    "{{ 'a' * N }}",
    "{{ title * N }}",
    "{{ N * title }}",
    "{{ [1] * N }}",
    "{{ range(N)|list }}",
    "{{ range(N)|sum }}",
    "{{ title|center(N) }}",
    "{{ title|indent(N) }}",
    "{{ title|wordwrap(N) }}",
    "{{ title|truncate(N) }}",
    "{{ title|batch(N)|list }}",
    "{{ title|round(N) }}",
    "{{ 1.5|round(N) }}",
    "{{ title|join('x' * N) }}",
    "{{ lipsum(n=N) }}",
    "{{ title[N] }}",
    "{{ title[:N] }}",
    "{{ title[::N] }}",
    "{{ 2 ** N }}",
    "{{ (N) % 7 }}",
    "{{ 7 // (N) }}",
    "{{ title|replace('', 'x' * N) }}",
)
_GROWING = (
    ("{{ 'aaaaaaaaaa'", "|replace('a', 'aaaaaaaaaa')", " }}"),
    ("{{ 'aaaaaaaaaa'", "|replace('', title)", " }}"),
    ("{{ title", "|join(title)", " }}"),
    ("{{ title", "|list|join(title)", " }}"),
    ("{{ title", "|urlencode", " }}"),
    ("{{ title", "|tojson", " }}"),
    ("{{ title", "|escape", " }}"),
    ("{{ title", "|reverse|title|trim", " }}"),
    ("{{ 99999999999", " * 99999999999", " }}"),
    ("{{ 9", " * 9 + 9", " }}"),
    ("{{ title", " ~ title", " }}"),
    ("{{ title", " + title", " }}"),
    ("{{ title", "|default(title)", " }}"),
    ("{{ title", " or title", " }}"),
    ("{{ 1", " < 2", " }}"),
    ("{{ 9", "9", " }}"),
    ("{{ 1e", "9", " }}"),
    ("{% set a = title %}", "{% set a = a ~ a %}", "{{ a }}"),
    ("", "{{ title }}", ""),
    ("{{ ", "title if title else ", "title }}"),
)
_DEEP = (
    ("(", ")"),
    ("[", "]"),
    ("(title,", ")"),
    ("not ", ""),
    ("- ", "1"),
    ("title[", "]"),
    ("title|default(", ")"),
    ("title if title else (", ")"),
    ("{'a': ", "}"),
)
_STATEMENTS = (
    "{% for x in title %}{{ x }}{% endfor %}",
    "{% for a in title for b in title %}x{% endfor %}",
    "{% for a in title %}{% for b in title %}x{% endfor %}{% endfor %}",
    "{% for x in title recursive %}{{ loop(title) }}{% endfor %}",
    "{% for x in range(10**12) %}{% endfor %}",
    "{% while true %}{% endwhile %}",
    "{% do title.append(1) %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
    "{% macro m() %}{{ varargs.__class__ }}{% endmacro %}{{ m(1) }}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ m.__globals__ }}{% endcall %}",
    "{% set x %}{{ title }}{% endset %}{{ x }}",
    "{% set ns = namespace(a=title) %}{% set ns.a = 1 %}{{ ns.a }}",
    "{% set title = 'x' %}{{ title }}",
    "{% set a, b = b, a %}{{ a }}",
    "{% with a = title %}{{ a }}{% endwith %}",
    "{% filter upper %}{{ title }}{% endfilter %}",
    "{% filter format(title) %}%s{% endfilter %}",
    "{% block b %}{{ self.b() }}{% endblock %}",
    "{% block b %}{{ super() }}{% endblock %}",
    "{% block title %}{% endblock %}{{ self.title }}",
    "{% autoescape true %}{{ title }}{% endautoescape %}",
    "{% debug %}",
    "{% trans %}{{ title }}{% endtrans %}",
    "{% break %}",
    "{% continue %}",
    "{% raw %}{{ title.__class__ }}{% endraw %}",
    "{% extends title %}",
    "{% extends '/etc/passwd' %}",
    "{% extends self %}",
    "{% import '/etc/passwd' as x %}{{ x }}",
    "{% import 'os' as os %}{{ os.system('id') }}",
    "{% from 'os' import system %}{{ system('id') }}",
    "{% from title import x with context %}",
)
_FILES = ("/etc/passwd", "../../syncrules.toml", "file:///etc/passwd", "http://127.0.0.1/", "%00")
_LOOKS = (
    "{｛ title ｝}",
    "｛｛ title ｝｝",
    "{{ ｔｉｔｌｅ }}",
    "{{ tіtle }}",
    "{{ title\u200b }}",
    "{{ \u202etitle }}",
    "{{ title\x00 }}",
    "{{ ''.＿＿class＿＿ }}",
    "{{ ''[\"__class__\u200b\"] }}",
    "{{ ''['\\u005f\\u005fclass\\u005f\\u005f'] }}",
    "{{ ''['\\137\\137class\\137\\137'] }}",
    "{{ ºtitle }}",
    "{{ 𝓉𝒾𝓉𝓁ℯ }}",
    "{{ title|ｕpper }}",
    "{{ 1٣ }}",
    "{{ title∕1 }}",
    "{\u2060{ title }}",
    "{{ title }\u200b}",
    "{{ '\ud800' }}",
    "{{ title ~ '\u202e' }}",
)
_KNOWN = (
    "{{ ''.__class__.mro()[1].__subclasses__()[40]('/etc/passwd').read() }}",
    "{{ self._TemplateReference__context.cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ lipsum.__globals__['os'] }}",
    "{{ (title|attr('format'))('{0.__class__}') }}",
    "{{ {'a': 1}.items()|map('attr', '__class__')|list }}",
    "{{ [title]|groupby('__class__') }}",
    "{{ [title]|sort(attribute='__class__') }}",
    "{{ [title]|sum(attribute='__class__') }}",
    "{{ [title]|unique(attribute='__class__')|list }}",
    "{{ [title]|max(attribute='__class__') }}",
    "{{ [title]|selectattr('__class__')|list }}",
    "{{ [title]|map('upper')|map('attr', 'format')|first }}",
    "{{ title|urlize(target='\" onmouseover=1') }}",
    "{{ title|random }}",
    "{{ title is callable }}",
    "{{ title is sameas title }}",
    "{{ title is filter('attr') }}",
    "{{ dict(a=1).update({'b': 2}) }}",
    "{{ (title,)|list|tojson }}",
    "{{ joiner('__').__class__ }}",
    "{{ namespace(__class__=1) }}",
    "{{ title.__init_subclass__ }}",
    "{{ title.gi_frame.f_back }}",
    "{{ [].append.__self__ }}",
    "{{ title.mro }}",
    "{{ title|map('__class__') }}",
    "{{ title|select('attr', 'x')|list }}",
    "{{ title|filesizeformat }}{{ title|dictsort }}",
)
_BROKEN = (
    *("{{", "{%", "{{ }}", "{% %}", "{{ title", "{% if %}", "{% if title %}", "{% endif %}"),
    *("{{ title }", "{{ title %}", "{% if title }}", "{{ title | }}", "{{ | upper }}", "{{ a b }}"),
    *("{{ 'x }}", '{{ "x }}', "{{ title['x }}", "{{ title..x }}", "{{ @title }}", "{{ $title }}"),
    *("{{ title; title }}", "{{ title := 1 }}", "{{ lambda: 1 }}", "{{ import os }}", "{# {{ #"),
    *("{{ await title }}", "{{ *title }}", "{{ **title }}", "{{ title! }}", "{{ `id` }}"),
    *("{{ 0x99 }}", "{{ 1_000 }}", "{{ 1e999 }}", "{{ -1e999 }}", "{{ 1e999 - 1e999 }}"),
    *("{{ title is }}", "{{ is title }}", "{{ title is title }}", "{% elif title %}", "{% foo %}"),
)


def hostile() -> list[str]:
    """All of them, each once, in the same order each time."""
    return list(dict.fromkeys(_all()))


def _all() -> Iterator[str]:
    for base, walk in product((*_BASES, *_NAMES), _WALKS):
        yield f"{{{{ {base}{walk} }}}}"
    yield from _FORMATS
    for text, size in product(_HUGE, _SIZES):
        yield text.replace("N", size)
    for (before, part, after), times in product(_GROWING, (9, 40, 400)):
        yield before + part * times + after
    for (opened, closed), times in product(_DEEP, (9, 60, 1_500)):
        inner = "" if closed in ("1", ")") and opened in ("- ",) else "title"
        yield "{{ " + opened * times + inner + closed * times + " }}"
    yield "{% if title %}" * 60 + "x" + "{% endif %}" * 60
    yield "{% if title %}" * 600 + "x" + "{% endif %}" * 600
    yield "{% if title %}" + "{% elif title %}" * 500 + "x{% endif %}"
    yield from _STATEMENTS
    for file in _FILES:
        yield f"{{% include '{file}' %}}"
        yield f"{{% include ['{file}'] ignore missing %}}"
    yield from _LOOKS
    yield from _KNOWN
    yield from _BROKEN
