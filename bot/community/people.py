"""Small words about people."""

from collections.abc import Sequence


def listed(names: Sequence[str]) -> str:
    """Ana; Ana and Luis; Ana, Luis and Mia."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
