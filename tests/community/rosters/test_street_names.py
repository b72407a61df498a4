"""Streets: the same for every way in which people write an address there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community.rosters.street_names import street_of

CASES = {
    "3 Elm Street": "Elm Street",
    "3 Elm St.": "Elm Street",
    "3 elm st": "Elm Street",
    "FLAT 2, 5 ELM STREET": "Elm Street",
    "12A Elm Street": "Elm Street",
    "12 a Elm Street": "Elm Street",
    "12-14 Elm Street": "Elm Street",
    "12/3 Elm Street": "Elm Street",
    "No. 5 Elm Street": "Elm Street",
    "#5 Elm Street": "Elm Street",
    "Elm Street 5": "Elm Street",
    "Elm Street": "Elm Street",
    "3 Elm Street, Apt 4B, Springfield, IL 62701": "Elm Street",
    "3 Elm Street Apt 4B": "Elm Street",
    "3 Elm Street #4": "Elm Street",
    "Apt. 4 3 Elm Street": "Elm Street",
    "2 Harbour Road, Flat 4B": "Harbour Road",
    "Flat 4B, 2 Harbour Road": "Harbour Road",
    "Flat 4B, Harbour House, 2 Harbour Road": "Harbour Road",
    "Harbour House 12": "Harbour House",
    "Harbour House, Flat 12": "Harbour House",
    "Flat 12, Harbour House 3": "Harbour House",
    "8 Saint Ann's Way": "Saint Ann's Way",
    "8 St John's Road": "St John's Road",
    "350 5th Avenue": "5th Avenue",
    "350 5th Ave": "5th Avenue",
    "5th Avenue 350": "5th Avenue",
    "8 Río Grande Drive": "Río Grande Drive",
    "Calle Mayor 5": "Calle Mayor",
    "Calle Mayor, 5": "Calle Mayor",
    "Calle Mayor, 5, 2º B": "Calle Mayor",
    "Calle Mayor nº 5": "Calle Mayor",
    "C/ Mayor 5": "C/ Mayor",
    "12 bis rue de la Paix": "Rue de la Paix",
    "12, rue de la Paix": "Rue de la Paix",
    "Tower 2": "Tower 2",
    "Tower 2, Flat 31": "Tower 2",
    "Flat 4B": "Flat",
    "Lot 7": "Lot",
    "Unit 12": "Unit",
    "王府井大街 5": "王府井大街",
    "12": "12",
    "": "",
}


@pytest.mark.parametrize(("address", "street"), CASES.items())
def test_an_address_is_in_its_street(address: str, street: str) -> None:
    assert street_of(address) == street


@given(st.text(max_size=60))
def test_any_text_has_one(address: str) -> None:
    street = street_of(address)
    assert street == street.strip()
    assert bool(street) or not any(char.isalnum() for char in address)
