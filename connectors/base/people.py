"""Made-up people, the companies they work for, and our own staff, for simulators to draw from.

Knows no system: a simulator decides what a person is there (a lead, a contact, a row). Everybody is
drawn from the seed and their own index alone, so any simulator can make any slice at any size. A
simulator takes a side, `people(seed, "left", n)` or `people(seed, "right", n)`; two sides of one
seed have a third of their people in common, and most companies.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count, islice
from typing import Literal

Side = Literal["left", "right"]
Relation = Literal["new", "working", "customer", "former"]

STAFF = 9
"""People of one company, on average."""

# Companies come in rows of five: two are known to the left side only, one to both, two to the right
# side only. Everyone goes with the company they were counted to, also where they have moved on.
_SIDES: dict[Side, frozenset[int]] = {
    "left": frozenset({0, 1, 2}),
    "right": frozenset({2, 3, 4}),
}


@dataclass(frozen=True, slots=True)
class Company:
    """A company. `domain` is `something.example` and no other company's; `name` has its legal form.

    `index` counts from 0. `website` is the domain in one of the spellings people type.
    """

    index: int
    name: str
    domain: str
    website: str
    phone: str
    industry: str
    employees: int
    street: str
    city: str
    state: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class Person:
    """A person as one side has typed them in; "" is blank.

    `index` is the same on both sides, `company` is the index of a company. `email` belongs to
    nobody else (compared without case), but may be in mixed case or "". `phone` and `mobile` come
    in several spellings. `relation` is how far we are with them, `owner` the index of the user they
    belong to; the sides may be of different minds about both.
    """

    index: int
    first: str
    last: str
    email: str
    phone: str
    mobile: str
    title: str
    department: str
    seniority: str
    linkedin: str
    city: str
    state: str
    country: str
    company: int
    relation: Relation
    owner: int
    opted_out: bool


@dataclass(frozen=True, slots=True)
class User:
    """One of our own staff, known to both sides by `email`. The last one has left the company."""

    index: int
    first: str
    last: str
    email: str
    title: str
    active: bool = True


def slice_for(side: Side, n: int) -> list[int]:
    """The indices of the `n` people of a side, ascending; a third of them are the other side's too.

    Whole companies go to a side one after the other, so a bigger slice holds the smaller one.
    """
    known = _SIDES[side]
    return list(islice((index for index in count() if index // STAFF % 5 in known), n))


def people(seed: int, side: Side, n: int) -> list[Person]:
    """The `n` people of a side, in the spelling of that side. Same seed, same people."""
    return [person(seed, index, side) for index in slice_for(side, n)]


def companies(seed: int, those: list[Person]) -> list[Company]:
    """The companies these people work for, each once, by index."""
    return [company(seed, index) for index in sorted({one.company for one in those})]


def users(seed: int) -> list[User]:
    """Our own staff: an administrator, three who own records, and one who has left (inactive)."""
    chance = random.Random(f"{seed} users")
    firsts, lasts = chance.sample(_FIRST, 5), chance.sample(_LAST, 5)
    titles = ("Sales Operations", "Account Executive", "Account Executive", "SDR", "SDR")
    return [
        User(
            index,
            firsts[index],
            lasts[index],
            f"{_plain(firsts[index])}.{_plain(lasts[index])}@heron-trading.example",
            titles[index],
            active=index < 4,
        )
        for index in range(5)
    ]


@lru_cache(maxsize=256)
def company(seed: int, index: int) -> Company:
    """The company of an index."""
    chance = random.Random(f"{seed} company {index}")
    # A step that shares no factor with the number of combinations visits each of them once.
    spread = len(_WORD) * len(_TAIL) * len(_KIND)
    place = (index * 7919 + seed * 104_729) % spread
    word, tail = _WORD[place % len(_WORD)], _TAIL[place // len(_WORD) % len(_TAIL)]
    kind = _KIND[place // (len(_WORD) * len(_TAIL))]
    again = f" {index // spread + 1}" if index >= spread else ""
    domain = f"{word}{tail}-{kind}{again.strip()}.example".lower()
    city, state, country, code, prefix = chance.choice(_PLACES)
    website = chance.choice(
        (domain, f"https://{domain}", f"http://www.{domain}", f"www.{domain}", f"https://{domain}/")
    )
    legal = chance.choice(("", " Inc.", " GmbH", " AB", " Ltd", ", Inc", " S.A."))
    return Company(
        index=index,
        name=f"{word}{tail} {kind}{again}{legal}",
        domain=domain,
        website=website,
        phone=_phone(chance, prefix),
        industry=chance.choice(_INDUSTRY),
        employees=chance.choice((4, 12, 25, 60, 140, 350, 900, 2400, 12_000)) + chance.randrange(9),
        street=f"{chance.randrange(1, 400)} {chance.choice(_STREET)}",
        city=city,
        state=state,
        postal_code=f"{code}{chance.randrange(100):02d}",
        country=country,
    )


def person(seed: int, index: int, side: Side) -> Person:
    """The person of an index, as `side` has typed them in."""
    chance = random.Random(f"{seed} person {index}")
    home = index // STAFF
    # One in eight works for a neighbouring company; it may be one that only the other side knows.
    moved = chance.choice((-2, -1, 1, 2)) if chance.random() < 0.125 else 0
    where = company(seed, max(0, home + moved))
    # First names repeat only after all of them had their turn: no two of one company share one, so
    # addresses are nobody else's without our looking at anybody else.
    first = _FIRST[(index * 7 + seed) % len(_FIRST)]
    last = chance.choice(_LAST)
    city, state, country, _, prefix = chance.choice(_PLACES)
    department, seniority, title = chance.choice(_JOBS)
    kind = chance.random()
    local = chance.choice(
        (f"{_plain(first)}.{_plain(last)}", f"{_plain(first)}_{_plain(last)[:1]}")
    )
    if kind < 0.04:
        email = ""
    elif kind < 0.12:
        email = f"{_plain(first)}.{_plain(last)}{index}@{chance.choice(_FREE)}"
    else:
        email = f"{local}@{where.domain}"
    truth = Person(
        index=index,
        first=first,
        last=last,
        email=email,
        phone=_phone(chance, prefix) if chance.random() < 0.7 else "",
        mobile=_phone(chance, prefix) if chance.random() < 0.3 else "",
        title=title,
        department=department,
        seniority=seniority,
        linkedin=f"http://www.linkedin.com/in/{_plain(first)}-{_plain(last)}-{index}",
        city=city,
        state=state,
        country=country,
        company=where.index,
        relation=chance.choices(_RELATION, (4, 3, 2, 1))[0],
        owner=chance.randrange(4),
        opted_out=chance.random() < 0.03,
    )
    return _typed(truth, random.Random(f"{seed} {side} {index}"))


def _typed(one: Person, chance: random.Random) -> Person:
    """The person with the small differences that typing the same thing twice makes."""
    email, first, last, phone = one.email, one.first, one.last, one.phone
    if chance.random() < 0.08:
        email = chance.choice((email.upper(), email.title()))
    if chance.random() < 0.03:
        first = chance.choice((_bare(first), first.upper(), first + " "))
    if chance.random() < 0.03:
        last = chance.choice((_bare(last), last.upper(), last + "  "))
    if phone and chance.random() < 0.25:
        phone = _respell(chance, phone)
    return replace(
        one,
        email=email,
        first=first,
        last=last,
        phone=phone,
        title="" if chance.random() < 0.2 else one.title,
        city="" if chance.random() < 0.15 else one.city,
        linkedin="" if chance.random() < 0.25 else one.linkedin,
        relation=chance.choice(_RELATION) if chance.random() < 0.15 else one.relation,
    )


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    """A name as it stands in an address: ASCII letters only, lower case."""
    return "".join(one for one in _bare(name).lower() if one.isascii() and one.isalpha())


@lru_cache(maxsize=1024)
def _bare(name: str) -> str:
    """A name without its accents, as a keyboard without them has it."""
    apart = name.translate(_LETTERS)
    return "".join(
        one for one in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(one)
    )


def _phone(chance: random.Random, prefix: str) -> str:
    """A number in a made-up range, in one of the spellings people use."""
    digits = f"{prefix}55501{chance.randrange(100):02d}"
    return _respell(chance, f"+{digits}")


def _respell(chance: random.Random, phone: str) -> str:
    digits = "".join(one for one in phone if one.isdigit())
    if digits.startswith("1") and len(digits) == 11:
        area, middle, end = digits[1:4], digits[4:7], digits[7:]
        return chance.choice(
            (f"+1{area}{middle}{end}", f"({area}) {middle}-{end}", f"{area}.{middle}.{end}")
        )
    return chance.choice((f"+{digits}", f"+{digits[:2]} {digits[2:4]} {digits[4:]}", f"00{digits}"))


_LETTERS = {ord(one): plain for one, plain in zip("øØßłŁ", ("o", "O", "ss", "l", "L"), strict=True)}
_RELATION: tuple[Relation, ...] = ("new", "working", "customer", "former")
_FREE = ("gmail.com", "outlook.com", "yahoo.com", "web.de")
_FIRST = (
    *("Ida", "Jürgen", "Zoë", "José", "Anaïs", "Søren", "Łukasz", "Björn", "Renée", "Chloé"),
    *("Amara", "Priya", "Wei", "Yuki", "Fatima", "Omar", "Kwame", "Lucía", "Mateus", "Ingrid"),
    *("Alice", "Bob", "Carol", "David", "Ellen", "Frank", "Grace", "Henry", "Irene", "Jack"),
    *("Karen", "Leo", "Maria", "Nina", "Oscar", "Paula", "Quentin", "Rosa", "Samuel", "Tara"),
    *(
        "Uma",
        "Victor",
        "Wendy",
        "Xavier",
        "Yvonne",
        "Zachary",
        "Aoife",
        "Bruno",
        "Claire",
        "Dmitri",
    ),
    *("Elif", "Farid", "Gustav", "Hanna", "Ivan", "Jasmine", "Kenji", "Lena", "Magnus", "Noor"),
    *("Olga",),
)
_LAST = (
    *("Müller", "Sánchez", "O'Brien", "D'Angelo", "Nguyễn", "Østergaard", "Kowalska", "Björnsson"),
    *("Dvořák", "Weiß", "García", "Lefèvre", "van der Berg", "Smith-Jones", "Li", "Ng", "Sato"),
    *(
        "Smith",
        "Johnson",
        "Brown",
        "Taylor",
        "Wilson",
        "Evans",
        "Walker",
        "Wright",
        "Green",
        "Hall",
    ),
    *("Patel", "Khan", "Singh", "Okafor", "Mensah", "Haddad", "Cohen", "Rossi", "Silva", "Costa"),
    *("Novak", "Horvat", "Popescu", "Ivanova", "Petrov", "Lindqvist", "Hansen", "Korhonen", "Kim"),
    *(
        "Park",
        "Chen",
        "Wang",
        "Tanaka",
        "Suzuki",
        "Murphy",
        "Kelly",
        "Campbell",
        "Stewart",
        "Young",
    ),
)
_WORD = (
    *("North", "Blue", "Silver", "Iron", "Green", "Bright", "Clear", "Stone", "River", "Harbor"),
    *(
        "Maple",
        "Cedar",
        "Falcon",
        "Heron",
        "Amber",
        "Copper",
        "Granite",
        "Summit",
        "Valley",
        "Ocean",
    ),
    *(
        "Polar",
        "Solar",
        "Lunar",
        "Delta",
        "Vertex",
        "Quartz",
        "Cobalt",
        "Crimson",
        "Golden",
        "Quiet",
    ),
)
_TAIL = (
    *("field", "bridge", "gate", "point", "crest", "wood", "light", "works", "path", "forge"),
    *("wave", "leaf", "line", "port", "rock", "view", "way", "well", "wind", "yard"),
)
_KIND = (
    *("Labs", "Systems", "Foods", "Energy", "Logistics", "Health", "Media", "Software", "Textiles"),
    *("Robotics", "Finance", "Travel", "Design", "Education", "Materials", "Mobility"),
)
_INDUSTRY = (
    "Technology",
    "Manufacturing",
    "Finance",
    "Healthcare",
    "Retail",
    "Energy",
    "Education",
)
_STREET = (
    "Main Street",
    "Market Street",
    "Hauptstraße",
    "Rue du Moulin",
    "Kungsgatan",
    "Mill Lane",
)
_PLACES = (
    ("San Francisco", "California", "United States", "941", "1415"),
    ("New York", "New York", "United States", "100", "1212"),
    ("Austin", "Texas", "United States", "787", "1512"),
    ("München", "Bayern", "Germany", "803", "4989"),
    ("Stockholm", "Stockholm", "Sweden", "111", "4685"),
    ("London", "England", "United Kingdom", "201", "4420"),
    ("São Paulo", "São Paulo", "Brazil", "013", "5511"),
    ("Lyon", "Auvergne-Rhône-Alpes", "France", "690", "3347"),
)
_JOBS = (
    ("Sales", "vp", "VP of Sales"),
    ("Sales", "manager", "Sales Manager"),
    ("Marketing", "director", "Director of Marketing"),
    ("Marketing", "entry", "Marketing Associate"),
    ("Engineering", "c_suite", "CTO"),
    ("Engineering", "senior", "Senior Engineer"),
    ("Finance", "c_suite", "CFO"),
    ("Finance", "manager", "Head of Procurement"),
    ("Operations", "director", "Director, Operations"),
    ("Operations", "owner", "Founder & CEO"),
)
