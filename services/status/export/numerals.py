"""Chinese numerals, as documents number their parts. Pure."""

_DIGITS = "零一二三四五六七八九"

_MOST = 99


def numeral(number: int) -> str:
    """Return a Chinese numeral from 1 to 99 (二十三), other numbers in digits."""
    if not 1 <= number <= _MOST:
        return str(number)
    tens, ones = divmod(number, 10)
    leading = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return leading + (_DIGITS[ones] if ones else "")
