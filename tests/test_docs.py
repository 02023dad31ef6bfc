"""The papers say what is true now."""

from __future__ import annotations

import pytest
from syncrules.docs.generate import HERE, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_product_says(name: str) -> None:
    """Pages that follow from the product are as `make docs` writes them."""
    assert (HERE / name).read_text(encoding="utf-8") == PAGES[name]()
