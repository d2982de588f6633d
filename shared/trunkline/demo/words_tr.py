"""The demo in Turkish."""

# ruff: noqa: RUF001 - Turkish is written with letters that look like others

from __future__ import annotations

from typing import Final

from trunkline.demo.stories import BILLING, Language, Phrases, Topic

_TR: Final = Language.TURKISH

PHRASES: Final = Phrases(
    again=("Merhaba, orada kimse var mı?", "Hâlâ cevap bekliyorum."),
    thanks=("Teşekkür ederim, iyi günler!", "Çok sağ olun.", "Harika, teşekkürler."),
    general=("Yazdığınız için teşekkürler. Konuyu inceledim, her şey yolunda.",),
)

TOPICS: Final = (
    Topic(
        "late", _TR, "support",
        (
            "Merhaba, siparişim hâlâ gelmedi. Pazartesi demiştiniz.",
            "İyi günler, kargom üç gündür aynı yerde görünüyor.",
            "Acil: kurye yanlış adrese gitmiş.",
        ),
        ("Sipariş numaram {number}.", "Yarın uygun, bütün gün evdeyim."),
        (
            "Özür dileriz. Sipariş numaranızı yazar mısınız?",
            "Teşekkürler. Paketiniz bu sabah yola çıktı, yarın elinizde olur. Evde biri olacak mı?",
            "Not aldım. Kurye gelmeden yarım saat önce sizi arayacak.",
        ),
        "delivery",
    ),
    Topic(
        "hours", _TR, "support",
        ("Merhaba, cumartesi günü kaça kadar açıksınız?", "Bayramda açık mısınız?"),
        (),
        ("Cumartesi günleri 10-18 arası açığız, pazar ve bayram günleri kapalıyız.",),
        "information",
    ),
    Topic(
        "return", _TR, "support",
        (
            "Selam, ayakkabılar küçük geldi, nasıl geri gönderebilirim?",
            "Ceketi geri vermek istiyorum, rengi hiç uymadı bana, mümkün mü?",
        ),
        ("Sipariş {number}, hiç giyilmedi.",),
        (
            "Elbette. Sipariş numarası nedir, ürün kullanıldı mı?",
            "Teşekkürler. Gönderi etiketi e-postanıza geliyor, 30 gününüz var.",
        ),
        "return",
    ),
    Topic(
        "broken", _TR, "support",
        ("Sizden aldığım lamba dünden beri yanmıyor.", "Kahve makinem çok garip bir ses çıkarıyor, normal mi?"),
        ("Evet, denedim ama değişmedi.",),
        (
            "Böyle olmamalı. Fişini bir dakika çekip tekrar denediniz mi?",
            "O hâlde değiştiriyoruz. Yenisi iki gün içinde elinizde olacak.",
        ),
        "exchange",
    ),
    Topic(
        "price", _TR, "sales",
        ("Merhaba, kırmızı çanta için fiyat alabilir miyim?", "Bahçe sandalyesi için güncel fiyat nedir?"),
        ("Kargo dahil mi?",),
        ("Bu hafta sonuna kadar 1.490 lira.", "Evet, 1.000 lira üzeri siparişlerde kargo bizden."),
        "quoted",
    ),
    Topic(
        "buy", _TR, "sales",
        ("İki tane meşe sandalye almak istiyorum, stokta var mı?", "Çadırı bugün mağazadan almak mümkün mü?"),
        ("Lütfen, öğleden sonra gelirim.",),
        ("Evet, mağazamızda var. Sizin için ayıralım mı?", "Tamamdır, kasada sizi bekliyor."),
        "sold",
    ),
    Topic(
        "invoice", _TR, BILLING,
        (
            "Faturamda yanlış bir tutar var, bakar mısınız?",
            "Kartımdan aynı sipariş için iki kez ödeme alınmış.",
            "İptal ettiğim siparişin iade tutarı ne zaman yatar?",
        ),
        ("Sipariş numaram {number}.", "Karta olsun lütfen."),
        (
            "Hemen bakıyorum. Hangi sipariş?",
            "Şimdi gördüm, haklısınız. Tutarı ödediğiniz karta mı yatıralım?",
            "İşlem tamam. Üç gün içinde hesabınızda görürsünüz.",
        ),
        "booked",
    ),
)  # fmt: skip
