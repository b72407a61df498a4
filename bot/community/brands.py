"""How a community shows itself on its pages: name, colour, logo, and the language it speaks."""

from dataclasses import dataclass

from storage.tables import Community


@dataclass(frozen=True, slots=True)
class Brand:
    """What a page shows of the community that it belongs to."""

    community: str  # its name; empty: Porchlight's own page
    colour: str  # "#0b4f58"
    logo: str  # as in `Community`
    language: str  # BCP 47


def of(community: Community) -> Brand:
    """The brand of this community."""
    return Brand(community.name, community.colour, community.logo, community.language)
