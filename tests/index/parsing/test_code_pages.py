"""Text without a charset is read in the code page in which its letters make words."""

import pytest

from footnote_qa.index.parsing.text import decode

WESTERN = {
    "de": "Die Kündigungsfrist beträgt drei Monate, für Führungskräfte länger.",
    "fr": "Le congé dure 5 jours après l’été, où que vous soyez.",
    "es": "El año fiscal acaba en junio. ¿Cuándo empieza la sesión?",
    "pt": "A contratação não é possível sem a aprovação da direção.",
    "it": "La città è chiusa perché c'è la festa, però il museo è aperto.",
    "nl": "De financiële coördinator geeft één exemplaar aan elke patiënt.",
    "sv": "Semestern är trettio dagar och får sparas i fem år.",
    "da": "Åse fra Tromsø og Bjørn fra Ålesund møder på kontoret i året.",
    "no": "Båten går fra øya klokken åtte, og været må være bra.",
    "fi": "Työsopimus päättyy kesäkuussa, ellei sitä jatketa yhdessä.",
    "is": "Skrifstofan er opin á virkum dögum, en lokað er á föstudögum í júlí.",
    "ca": "La reunió és a les nou; després hi haurà cafè per a tothom.",
    "prices": "The fee is 12 € – not 15 £ – and “harbour dues” don’t count…",
}
OTHERS = {
    "cp1250": "Umowa wygasa z końcem miesiąca, jeżeli żadna ze stron jej nie przedłuży.",
    "iso8859-2": "Příliš žluťoučký kůň úpěl ďábelské ódy, říká se v učebnici.",
    "cp852": "A szerződés az év végén lejár, kivéve ha a felek meghosszabbítják.",
    "cp1251": "Договор действует до конца года, если стороны его не продлят.",
    "koi8-r": "Отпуск составляет двадцать восемь календарных дней.",
    "cp866": "Склад закрыт по воскресеньям и праздничным дням.",
    "cp1253": "Η σύμβαση λήγει στο τέλος του έτους, εκτός αν παραταθεί.",
    "cp1254": "Sözleşme yıl sonunda sona erer; taraflar uzatırsa geçerliliği sürer.",
    "cp1255": "החוזה מסתיים בסוף השנה אלא אם הצדדים יאריכו אותו.",
    "cp1256": "ينتهي العقد في نهاية السنة ما لم يمدده الطرفان.",
    "cp1257": "Sutartis baigiasi metų pabaigoje, jeigu šalys jos nepratęsia.",
    "cp874": "สัญญาสิ้นสุดในปลายปี เว้นแต่คู่สัญญาจะขยายเวลา",
    "gb18030": "合同于年底到期，除非双方同意延长。",
    "big5": "合約於年底到期，除非雙方同意延長。",
    "cp932": "契約は年末に終了します。ただし、双方が延長に合意した場合を除きます。",
    "euc_jp": "休暇は年に二十日です。申請は一週間前までに行ってください。",
    "cp949": "계약은 연말에 만료되며 양측이 합의하면 연장됩니다.",
    "iso8859-15": "Prix : 12 € à régler à l'œuvre",
    "mac_roman": "Le président a été élu à l’unanimité; où siège-t-il désormais?",
    "cp850": "Der Schlüssel hängt über der Tür, die Gäste müssen läuten.",
}


@pytest.mark.parametrize("language", WESTERN)
def test_a_short_western_text_from_windows_is_read_as_written(language: str) -> None:
    assert decode(WESTERN[language].encode("cp1252")) == WESTERN[language]


@pytest.mark.parametrize("page", OTHERS)
def test_another_code_page_is_recognised_by_its_language(page: str) -> None:
    assert decode(OTHERS[page].encode(page)) == OTHERS[page]


@pytest.mark.parametrize("text", ["Café", "naïve idea", "Señor Ibáñez", "Müller, 5 €", "10 µm ± 2"])
def test_one_letter_above_ascii_is_enough(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


def test_the_language_is_found_in_a_long_english_text_with_one_foreign_name() -> None:
    text = "The contract ends in June and can be renewed once. " * 200 + "Signed: Zoë Brontë."

    assert decode(text.encode("cp1252")) == text
