"""What a reply says, as it is asked for: a text, or parts; and references to files."""

from __future__ import annotations

import orjson
from pydantic import TypeAdapter, ValidationError

from services.agents.asked import BadFields, Fields
from trunkline.messages import MAX_PARTS, Html, MailHead, Media, Part, Parts, Text
from trunkline.seals import LONGEST_SEAL

_PARTS: TypeAdapter[Parts] = TypeAdapter(Parts)
_MOST_TEXT = 16_000


def parts_of(fields: Fields) -> tuple[Part, ...]:
    """What is said in words and parts; nothing only where there are files. BadFields if it makes no sense."""
    text, parts = fields.get("text"), fields.get("parts")
    if text is not None:
        if not isinstance(text, str) or len(text) > _MOST_TEXT or not (text.strip() or fields.get("files")):
            raise BadFields("text has 1 to 16 000 characters")
        return (Text(text=text),) if text.strip() else ()
    return _read(parts) if parts is not None or not fields.get("files") else ()


def _read(given: object) -> Parts:
    try:
        parts = _PARTS.validate_json(orjson.dumps(given))
    except (ValidationError, TypeError) as error:
        raise BadFields(f"parts: {str(error)[:300]}") from error
    if sum(len(part.model_dump_json()) for part in parts) > 200_000:
        raise BadFields("a reply is at most 200 kB")
    return parts


def references_of(fields: Fields) -> tuple[str, ...]:
    """The files' references; BadFields if they cannot be any."""
    given = fields.get("files")
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > MAX_PARTS:
        raise BadFields(f"files are a list of at most {MAX_PARTS} references")
    if not all(isinstance(one, str) and len(one) <= LONGEST_SEAL for one in given):
        raise BadFields("files are references, as uploads answered them")
    return tuple(given)


def names_blobs(part: Part) -> bool:
    """Whether a part points at something kept here."""
    match part:
        case Media():
            return part.blob is not None
        case MailHead():
            return part.original is not None
        case _:
            return isinstance(part, Html)
