"""Names of brands: whether they are free."""

from __future__ import annotations

from overheard.domain import Brand, Catalogue
from overheard.errors import NameTaken


def require_free_names(catalogue: Catalogue, brand: Brand) -> None:
    """Refuse a spelling that means another brand: every mention would count for both.

    Raises:
        NameTaken: when there is one.
    """
    for name in brand.names:
        owner = catalogue.brand(name)
        if owner and owner.name != brand.name:
            raise NameTaken(name=name, owner=f"the brand {owner.name}")
