"""What old logs hold is read for ever, by us and by anybody: recorded values, published schemas, CloudEvents."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError as SchemaRefuses
from pydantic import TypeAdapter, ValidationError

from services.ingest.publish import _receipt
from tests.contract.events.record import tell
from tests.later import of_a_later_version
from trunkline.channels.base import Receipt
from trunkline.events import ALL, BY_TYPE, MAX_EVENT_BYTES, Header, Taken, Topic, envelope, unpack
from trunkline.messages import DeliveryStatus, InboundMessage, Parts

ROOT = Path(__file__).resolve().parents[3]
RECORDED = ROOT / "tests" / "payloads" / "events"
SCHEMAS = ROOT / "docs" / "events"
TYPES = sorted(BY_TYPE)

Told = dict[str, Any]


def recorded(kind: str) -> Told:
    """A record as it once stood in the log: topic, key, headers, value."""
    path = RECORDED / f"{kind}.json"
    assert path.exists(), f"no value of {kind} is recorded: python -m tests.contract.events.record"
    told: Told = json.loads(path.read_text(encoding="utf-8"))
    return told


def raw(told: Told) -> bytes:
    return json.dumps(told["value"]).encode()


def validator(kind: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def lost(old: Any, new: Any, place: str = "data") -> list[str]:
    """Where `new` does not say what `old` said; what `new` says besides is no loss."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [one for name in old for one in lost(old[name], new.get(name), f"{place}.{name}")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [one for n, part in enumerate(old) for one in lost(part, new[n], f"{place}[{n}]")]
    return [] if old == new else [f"{place}: {old!r} became {new!r}"]


def test_every_type_is_told_once_and_has_its_version() -> None:
    assert len(BY_TYPE) == len(ALL)
    assert all(kind.startswith("trunkline.") and kind.rsplit(".", 1)[1] == "v1" for kind in BY_TYPE)


@pytest.mark.parametrize("kind", [path.stem for path in sorted(RECORDED.glob("*.json"))])
def test_what_was_ever_written_is_read_and_nothing_of_it_is_lost(kind: str) -> None:
    told = recorded(kind)

    event = unpack(raw(told)).read()

    assert type(event) is BY_TYPE[kind]
    assert event.topic is Topic(told["topic"])
    assert lost(told["value"]["data"], event.model_dump(mode="json")) == []


@pytest.mark.parametrize("kind", TYPES)
def test_fields_of_a_later_version_are_read_past_at_every_depth(kind: str) -> None:
    """Else a rolling upgrade that adds a field would fill the dead letters."""
    told = recorded(kind)
    later, places = of_a_later_version(told["value"])

    assert places >= 2, "the envelope and its data at least"
    assert unpack(json.dumps(later).encode()).read() == unpack(raw(told)).read()


def test_what_does_not_come_from_the_log_stays_strict() -> None:
    """A misspelt field of a request or an adapter is an error, not silence."""
    message = recorded("trunkline.message.received.v1")["value"]["data"]["message"]

    with pytest.raises(ValidationError, match="Extra inputs"):
        InboundMessage.model_validate(of_a_later_version(message)[0])
    with pytest.raises(ValidationError, match="Extra inputs"):
        TypeAdapter(Parts).validate_python(of_a_later_version(message["parts"])[0])


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_has_a_recorded_value_whose_headers_agree_with_it(kind: str) -> None:
    told = recorded(kind)
    headers, value = told["headers"], told["value"]

    assert headers[Header.TYPE] == value["type"] == kind
    assert headers.get(Header.TRACE) in {None, "", value.get("traceparent", "")}
    assert headers.get(Header.VERSION, "0") == str(value["data"].get("version", 0))
    assert headers.get(Header.OPERATION, "") == value["data"].get("operation", "")
    assert len(raw(told)) <= MAX_EVENT_BYTES
    if told["topic"] == Topic.ROUTING:
        assert Header.TERM in headers, "who writes to routing-events holds its pen"


@pytest.mark.parametrize("kind", TYPES)
def test_the_published_schema_takes_the_recorded_value_and_later_fields(kind: str) -> None:
    value = recorded(kind)["value"]

    validator(kind).validate(value)
    validator(kind).validate(value | {"data": value["data"] | {"of_a_later_version": 1}})


@pytest.mark.parametrize("kind", TYPES)
def test_the_published_schema_refuses_another_type_and_a_value_without_its_facts(kind: str) -> None:
    value = recorded(kind)["value"]

    for spoilt in (value | {"type": "trunkline.other.v1"}, value | {"data": None}, _without(value, "id")):
        with pytest.raises(SchemaRefuses):
            validator(kind).validate(spoilt)


@pytest.mark.parametrize("kind", TYPES)
def test_any_reader_of_cloudevents_reads_our_records(kind: str) -> None:
    value = recorded(kind)["value"]

    event = JSONFormat().read(None, json.dumps(value).encode())

    assert (event.get_specversion(), event.get_type()) == ("1.0", kind)
    assert (event.get_id(), event.get_source(), event.get_subject()) == (value["id"], value["source"], value["subject"])
    assert event.get_data() == value["data"]
    assert event.get_extension("partitionkey") == value["partitionkey"]
    when = event.get_time()
    assert when is not None
    assert when.tzinfo is not None


async def test_every_record_we_write_is_a_cloudevent_to_a_kafka_binding_that_knows_nothing_of_us(
    tmp_path: Path,
) -> None:
    """Without the content type a binding takes the record for binary mode, and finds no attributes."""
    found = await tell(tmp_path)

    assert set(found) == set(BY_TYPE)
    for kind, told in found.items():
        headers = {name: value.encode() for name, value in told["headers"].items()}
        event = from_kafka(KafkaMessage(headers, told["key"], raw(told)), JSONFormat())
        assert (event.get_type(), event.get_data()) == (kind, told["value"]["data"])
        assert next(iter(headers)) == Header.TYPE, "who skips by type looks at the first header only"


def test_a_receipt_of_an_unknown_conversation_is_a_cloudevent_too() -> None:
    receipt = Receipt(provider_id="SM1", status=DeliveryStatus.DELIVERED)

    record = _receipt(receipt, "sms-main", datetime.now(UTC), "")

    assert JSONFormat().read(None, record.value).get_subject() == "SM1"


def test_an_envelope_joins_bytes_as_they_are_and_leaves_out_a_trace_that_is_not() -> None:
    value = envelope(
        Taken.type,
        b'{"term":1,"owner":"\xc3\xb6","later":[{}]}',
        id="i",
        source="s",
        subject='a"b',
        time="2026-01-02T03:04:05Z",
    )

    told = json.loads(value)
    assert told["data"] == {"term": 1, "owner": "ö", "later": [{}]}
    assert told["subject"] == told["partitionkey"] == 'a"b'
    assert "traceparent" not in told
    assert JSONFormat().read(None, value).get_type() == Taken.type


def test_a_value_that_lost_a_field_on_the_way_is_noticed() -> None:
    """The comparison above can fail."""
    old = recorded("trunkline.message.received.v1")["value"]["data"]
    new = copy.deepcopy(old)
    new["message"]["parts"][0]["text"] = "else"
    del new["message"]["reply_to"]

    assert len(lost(old, new)) == 2


def _without(value: Told, name: str) -> Told:
    return {key: part for key, part in value.items() if key != name}
