"""Readings of phrases issued on 1 August 2017, as events store them without the phrase."""

Reading = dict[str, object]


def midnight(day: str) -> str:
    return f"{day}T00:00:00+08:00"


def fixed(day: str) -> Reading:
    return {"kind": "fixed", "due": midnight(day)}


def ambiguous(strict: str, loose: str) -> Reading:
    return {"kind": "ambiguous", "strict": midnight(strict), "loose": midnight(loose)}


def recurring(every: str, first: str) -> Reading:
    return {"kind": "recurring", "every": every, "first": midnight(first)}


def triggered(trigger: str) -> Reading:
    return {"kind": "triggered", "trigger": trigger}


def milestones(*steps: tuple[str, str] | tuple[str, str, float]) -> Reading:
    return {
        "kind": "milestones",
        "milestones": [
            {"text": text, "due": midnight(day)} | ({"percent": percent[0]} if percent else {})
            for text, day, *percent in steps
        ],
    }


ONGOING: Reading = {"kind": "ongoing"}

UNSPECIFIED: Reading = {"kind": "unspecified"}
