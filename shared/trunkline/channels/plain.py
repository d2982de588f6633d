"""What text alone can say of a part, for channels that carry text."""

from __future__ import annotations

from trunkline.messages import Choice, Choices, ContactCard, Location, Media, Part, Text


def said(part: Part) -> str | None:
    """A part as plain text: words, captions, numbered choices, a place, a card; None where text cannot stand for it."""
    match part:
        case Text():
            return part.text
        case Choice():
            return part.title
        case Choices():
            return "\n".join(f"{number}. {option.title}" for number, option in enumerate(part.options, start=1))
        case Media():
            return part.caption or ""
        case Location():
            place = f"{part.latitude:.6f}, {part.longitude:.6f}"
            return "\n".join(line for line in (part.name, part.address, place) if line)
        case ContactCard():
            return "\n".join((part.name, *part.phones, *part.emails))
        case _:
            return None
