"""Seasons of a year that no calendar dates (汛前, 暑期, 春季学期, 冬闲时节): after a year they are its limit."""

import re

FEASTS = "元旦|春节|清明|五一|端午|中秋|国庆|重阳"
"""Festivals on which work is due or that it is about."""

_SEASON = re.compile(
    r"[的在于]?(?P<season>[^0-9,;。的]{0,3}?(?:(?:汛|枯水|丰水|休渔|禁渔|防火|暑|寒|[寒暑]?假|[旺淡]|农闲|采暖|供暖|取暖|封冻)期"
    r"|(?:招生|旅游|收购|榨|种植|采收|[梅旱雨])季(?!度)|季节(?!性)|时节|三[夏秋]|双抢|麦收|[夏秋]收|春播|春耕|秋[播种]|冬闲|农闲|冬春|汛[前中后]"
    r"|学期|学年|开学)(?:[前中后初末间]|期间)?)"
)


def season_of(words: str) -> str | None:
    """Return the season with which words about the work begin, or None."""
    match = _SEASON.match(words)
    return match["season"] if match else None
