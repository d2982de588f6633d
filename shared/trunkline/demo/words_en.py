"""The demo in English."""

from __future__ import annotations

from typing import Final

from trunkline.demo.stories import BILLING, Language, Phrases, Topic

_EN: Final = Language.ENGLISH

PHRASES: Final = Phrases(
    again=("Hello? Is anybody there?", "I am still waiting for an answer."),
    thanks=("Thank you, have a nice day!", "Great, thanks a lot.", "Perfect. Bye!"),
    general=("Thank you for writing. I have looked into it and everything is in order now.",),
)

TOPICS: Final = (
    Topic(
        "late", _EN, "support",
        (
            "Hi, my order is late. It was promised for Monday.",
            "Hello, where is my parcel? The tracking page has not moved for three days.",
            "This is urgent: the courier went to the wrong address.",
        ),
        ("It is order {number}.", "Tomorrow is fine, I am at home all day."),
        (
            "I am sorry to hear that. Could you tell me the order number?",
            "Thank you. It left the depot this morning and will be with you tomorrow. Will somebody be at home?",
            "Noted. The driver will call you half an hour before.",
        ),
        "delivery",
    ),
    Topic(
        "hours", _EN, "support",
        ("Hi, until when are you open on Saturday?", "Good morning, are you open on public holidays?"),
        (),
        ("We are open from 10 to 18 on Saturdays, and closed on Sundays and public holidays.",),
        "information",
    ),
    Topic(
        "return", _EN, "support",
        (
            "Hello, the shoes are too small. How do I send them back?",
            "I would like to return a jacket, it is not my colour.",
        ),
        ("Order {number}, not worn.",),
        (
            "No problem. What is the order number, and was it worn?",
            "Thank you. A return label is on its way to your e-mail; you have 30 days.",
        ),
        "return",
    ),
    Topic(
        "broken", _EN, "support",
        (
            "The lamp I got from you stopped working yesterday.",
            "My coffee machine makes a terrible noise. Is that normal?",
        ),
        ("Yes, I did, no change.",),
        (
            "That should not happen. Did you unplug it for a minute and try again?",
            "Then we exchange it. I have ordered a new one for you, it arrives in two days.",
        ),
        "exchange",
    ),
    Topic(
        "price", _EN, "sales",
        ("Hi, what is the price of the red bag?", "Is there a discount on garden chairs?"),
        ("And with delivery?",),
        ("It is 49.90 at the moment, until the end of the week.", "Delivery is free from 40 on, so the same."),
        "quoted",
    ),
    Topic(
        "buy", _EN, "sales",
        ("I would like to buy two of the oak chairs. Are they in stock?", "Can I buy the tent in your shop today?"),
        ("Please do, I come this afternoon.",),
        ("Yes, we have them here. Shall I put them aside for you?", "Done. They wait for you at the counter."),
        "sold",
    ),
    Topic(
        "invoice", _EN, BILLING,
        (
            "There is a wrong amount on my invoice, could you check?",
            "I was charged twice for the same order.",
            "When do I get the refund for my cancelled order?",
        ),
        ("It is order {number}.", "The card, please."),
        (
            "Let me look. Which order is it?",
            "I see it now, you are right. Shall the money go back to the card you paid with?",
            "It is booked. You will see it on your account within three days.",
        ),
        "booked",
    ),
    Topic(
        "enough", _EN, "support",
        ("Please stop sending me these offers.",),
        ("STOP",),
        ("I am sorry they bother you. Answer with STOP and you will not get any message from us again.",),
        "opted-out",
    ),
    Topic(
        "back", _EN, "support",
        ("START",),
        (),
        ("Welcome back! You will get our messages again. Write whenever we can do something for you.",),
        "opted-in",
    ),
)  # fmt: skip
