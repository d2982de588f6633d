"""Web chat's pure parts: tokens, sealed files, settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trunkline.channels.webchat import WebChatSettings, identity
from trunkline.messages import Address, Blob, Media

SECRET, OLD = "secret-of-the-tests-shop", "the-secret-before-that-one"
VISITOR = Address(scheme="visitor", value="0" * 32)
ANNA = Address(scheme="customer", value="anna@shop.example")
FILE = Media(content_type="image/png", name="dūmi.png", blob=Blob(digest="a" * 64, size=7))
NOW = 1_800_000_000


def token(contact: Address = VISITOR, *, secret: str = SECRET, account: str = "site") -> str:
    return identity.token_of(contact, account, secret, issued=NOW)


def read(text: str, *, account: str = "site", now: int = NOW, days: int = 90) -> Address | None:
    return identity.read_token(text, account, (SECRET, OLD), now=now, days=days)


def test_a_token_names_its_contact_by_either_secret_and_for_its_own_account_only() -> None:
    assert read(token()) == VISITOR
    assert read(token(ANNA)) == ANNA
    assert read(token(secret=OLD)) == VISITOR
    assert read(token(secret="another-secret-altogether")) is None
    assert read(token(), account="another") is None


def test_a_token_wears_out_and_a_customers_after_a_day() -> None:
    assert read(token(), now=NOW + 89 * 86_400) == VISITOR
    assert read(token(), now=NOW + 90 * 86_400) is None
    assert read(token(ANNA), now=NOW + 86_399) == ANNA
    assert read(token(ANNA), now=NOW + 86_400) is None


@given(st.integers(0, 200), st.characters(codec="utf-8"))
def test_no_other_text_is_a_token(at: int, mark: str) -> None:
    right = token()
    at %= len(right)
    changed = right[:at] + mark + right[at + 1 :]

    assert read(changed) is None or changed == right
    assert read(right + mark) is None


@given(st.text(max_size=300))
def test_nonsense_is_no_token_and_no_file(text: str) -> None:
    assert read(text) is None
    assert identity.unseal(text, (SECRET,)) is None


def test_a_file_is_sealed_for_one_contact_and_no_bit_of_it_can_be_changed() -> None:
    sealed = identity.seal(FILE, VISITOR, SECRET)
    opened = identity.unseal(sealed, (OLD, SECRET))

    assert opened is not None
    assert (opened.contact, opened.media) == ("visitor:" + "0" * 32, FILE)
    for at in range(len(sealed)):
        changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
        assert identity.unseal(changed, (OLD, SECRET)) is None


def test_a_file_we_do_not_keep_cannot_be_sealed() -> None:
    with pytest.raises(ValueError, match="not kept"):
        identity.seal(FILE.model_copy(update={"blob": None}), VISITOR, SECRET)


@given(st.integers(0, 3_600))
def test_a_key_opens_its_contacts_files_for_half_an_hour_at_least_and_an_hour_at_most(late: int) -> None:
    def fits(*, contact: str = "visitor:" + "0" * 32, account: str = "site", after: int = 0) -> bool:
        return identity.opens(key, contact, account, (OLD, SECRET), now=NOW + late + after)

    key = identity.file_key(VISITOR, "site", SECRET, now=NOW + late)
    assert fits()
    assert fits(after=1_800)
    assert not fits(after=3_600)
    assert not fits(contact="customer:" + "0" * 32)
    assert not fits(account="another")


@given(st.text(max_size=90))
def test_nonsense_is_no_key(text: str) -> None:
    assert not identity.opens(text, "visitor:1", "site", (SECRET,), now=NOW)


@pytest.mark.parametrize(
    "broken",
    [
        {"origins": []},
        {"origins": ["*"]},
        {"origins": ["http://shop.example"]},
        {"origins": ["https://shop.example/path"]},
        {"origins": ["https://user@shop.example"]},
        {"identity_secret": "short"},
        {"identity_secret": ["a" * 16, "b" * 16, "c" * 16]},
        {"max_file_bytes": 20_000_001},
        {"texts": {"de": {"title": "Hallo"}}},
    ],
)
def test_settings_that_would_let_strangers_in_are_refused(broken: dict[str, object]) -> None:
    good: dict[str, object] = {"origins": ["https://Shop.example/"], "identity_secret": SECRET}
    assert WebChatSettings.model_validate(good).origins == ("https://shop.example",)

    with pytest.raises(ValidationError) as refused:
        WebChatSettings.model_validate(good | broken)
    assert SECRET not in str(refused.value)
