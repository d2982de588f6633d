"""The demo in Latvian."""

from __future__ import annotations

from typing import Final

from trunkline.demo.stories import BILLING, Language, Phrases, Topic

_LV: Final = Language.LATVIAN

PHRASES: Final = Phrases(
    again=("Labdien, vai tur kāds ir?", "Joprojām gaidu atbildi."),
    thanks=("Paldies, jauku dienu!", "Lieliski, liels paldies.", "Ļoti labi, paldies!"),
    general=("Paldies, ka rakstījāt. Es pārbaudīju, tagad viss ir kārtībā.",),
)

TOPICS: Final = (
    Topic(
        "late", _LV, "support",
        (
            "Labdien! Mans pasūtījums vēl nav atnācis, bija solīts pirmdien.",
            "Sveiki, sūtījums jau trīs dienas stāv uz vietas.",
            "Labdien, steidzami: kurjers aizbrauca uz nepareizo adresi.",
        ),
        ("Pasūtījuma numurs ir {number}.", "Rīt der, visu dienu būšu mājās."),
        (
            "Atvainojamies! Lūdzu, uzrakstiet pasūtījuma numuru.",
            "Paldies. Sūtījums šorīt izbrauca no noliktavas un rīt būs pie jums. Vai kāds būs mājās?",
            "Pierakstīju. Kurjers piezvanīs pusstundu iepriekš.",
        ),
        "delivery",
    ),
    Topic(
        "hours", _LV, "support",
        ("Labdien, cikos jūs sestdien slēdzat?", "Sveiki, vai svētku dienās strādājat?"),
        (),
        ("Sestdienās strādājam no 10 līdz 18, svētdienās un svētku dienās esam slēgti.",),
        "information",
    ),
    Topic(
        "return", _LV, "support",
        ("Sveiki! Kurpes ir par mazu, kā tās var atdot?", "Labdien, gribētu atdot jaku, krāsa nav īstā."),
        ("Pasūtījums {number}, nav valkāts.",),
        (
            "Protams. Kāds ir pasūtījuma numurs, un vai prece ir valkāta?",
            "Paldies. Atgriešanas etiķete jau ceļo uz jūsu e-pastu, jums ir 30 dienas.",
        ),
        "return",
    ),
    Topic(
        "broken", _LV, "support",
        (
            "Lampa, ko pie jums nopirku, kopš vakardienas nedeg. Ko darīt, lūdzu?",
            "Mans kafijas automāts dīvaini trokšņo, vai tas ir normāli?",
        ),
        ("Jā, mēģināju, nekas nemainījās.",),
        (
            "Tā nevajadzētu būt. Vai izrāvāt kontaktdakšu uz minūti un mēģinājāt vēlreiz?",
            "Tad apmainīsim. Jauna ierīce būs pie jums divu dienu laikā.",
        ),
        "exchange",
    ),
    Topic(
        "price", _LV, "sales",
        ("Labdien, kāda ir cena sarkanajai somai?", "Sveiki, kāda cena ir dārza krēsliem?"),
        ("Un ar piegādi?",),
        ("Līdz nedēļas beigām 49,90 eiro.", "Piegāde no 40 eiro ir bez maksas, tātad tikpat."),
        "quoted",
    ),
    Topic(
        "buy", _LV, "sales",
        ("Gribu pirkt divus ozola krēslus, vai ir noliktavā?", "Vai telti var pirkt veikalā jau šodien?"),
        ("Jā, lūdzu, atnākšu pēcpusdienā.",),
        ("Jā, ir uz vietas. Vai atlikt jums?", "Gatavs. Prece gaida jūs pie kases."),
        "sold",
    ),
    Topic(
        "invoice", _LV, BILLING,
        (
            "Manā rēķinā ir nepareiza summa, lūdzu, pārbaudiet.",
            "Rēķins par vienu pasūtījumu atnāca divreiz.",
            "Labdien, kad būs atmaksa par atcelto pasūtījumu?",
        ),
        ("Pasūtījuma numurs ir {number}.", "Uz karti, lūdzu."),
        (
            "Tūlīt paskatīšos. Kurš pasūtījums tas ir?",
            "Redzu, jums taisnība. Vai naudu atmaksāt uz karti, ar kuru maksājāt?",
            "Gatavs. Trīs dienu laikā nauda būs kontā.",
        ),
        "booked",
    ),
)  # fmt: skip
