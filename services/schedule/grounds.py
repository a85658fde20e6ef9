"""What a reading of a deadline rests on, and why a person should look at it, in Chinese."""

from services.schedule.doubt import Doubt
from services.schedule.phrase import Phrase

DOUBTS: dict[Doubt, str] = {
    "ambiguous": "有两种理解",
    "number-passed-over": "未作为时限的文字中有数字",
    "condition-passed-over": "另有一项须待条件具备后计时，未列入时限",
    "counted-from-issue": "期限自文件印发之日起计算，前文另有工作内容",
    "start-unclear": "期限自何时起算，文中没有写明",
    "other-time-passed-over": "另有一项时间要求，未列入时限",
    "other-interval": "不是按年、半年、季度或月重复，作为长期工作",
    "about": "时间只是大致写明",
    "no-time": "只写了目标，没有写时间",
    "next-year": "未写年份，印发时本年时限早已届满，按下一年理解",
    "out-of-order": "各项时间未按先后写，已按先后排列",
    "over-when-issued": "时限早于文件印发日",
}


def grounds(phrase: Phrase) -> tuple[str, ...]:
    """Return a line each for the words that carry the reading, those passed over, and its doubts; no empty ones."""
    lines = (
        ("依据：", "、".join(f"“{words}”" for words in phrase.carried)),
        ("未作为时限：", "、".join(f"“{words}”" for words in phrase.passed_over)),
        ("请核对：", "；".join(DOUBTS[doubt] for doubt in phrase.doubts)),
    )
    return tuple(f"{label}{words}。" for label, words in lines if words)
