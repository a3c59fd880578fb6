"""Amounts in Chinese capital figures (大写金额), as bills and contracts write them.

Rules: 支付结算办法 (People's Bank of China, 银发〔1997〕393号), annex 1 正确填写票据和结算凭证的基本规定: an amount that ends
with 元 or 角 is closed by 整; one that ends with 分 is not; zeros between figures are read 零, once.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

LARGEST = Decimal(10**12)
_FIGURES = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def capital_amount(amount: Decimal) -> str:
    """Return an amount of yuan in capital figures, rounded to 分.

    Raises:
        ValueError: It is beyond 10^12.
    """
    if abs(amount) > LARGEST:
        raise ValueError(f"{amount} is beyond {LARGEST}.")
    cents = int((abs(amount) * 100).to_integral_value(ROUND_HALF_UP))
    yuan, rest = divmod(cents, 100)
    sign = "负" if amount < 0 and cents else ""
    return f"{sign}{_whole(yuan)}{_parts(yuan, *divmod(rest, 10))}"


def _whole(yuan: int) -> str:
    if yuan == 0:
        return ""
    text, pending = "", False
    digits = str(yuan)
    for index, digit in enumerate(digits):
        place = len(digits) - 1 - index
        if digit == "0":
            pending = True
        else:
            text += ("零" if pending and text else "") + _FIGURES[int(digit)] + _PLACES[place % 4]
            pending = False
        if place % 4 == 0 and int(digits[max(0, index - 3) : index + 1]):
            text += _GROUPS[place // 4] if place // 4 < 3 else "万"
        if place == 8 and len(digits) > 12 and not int(digits[-12:-8]):
            text += "亿"
    return f"{text}元"


def _parts(yuan: int, tenths: int, hundredths: int) -> str:
    if not tenths and not hundredths:
        return "整" if yuan else "零元整"
    between = "零" if yuan and (not tenths or yuan % 10 == 0) else ""
    text = f"{_FIGURES[tenths]}角" if tenths else ""
    return f"{between}{text}{_FIGURES[hundredths]}分" if hundredths else f"{between}{text}整"
