"""Ids on which all versions of us must agree for ever."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from trunkline.ids import message_id

_NAMESPACE = uuid.UUID("6f1d4e0a-6d0f-5f0e-9c55-2f6d1a6c7e11")


@given(st.text(), st.text())
def test_a_messages_id_is_the_uuid_of_its_name(account: str, provider_id: str) -> None:
    assert message_id(account, provider_id) == uuid.uuid5(_NAMESPACE, f"{account}\n{provider_id}").hex


def test_a_messages_id_never_changes() -> None:
    assert message_id("sms-main", "SM0123") == "a6b9b5c96a8357e48507db98743243b7"
