"""The words of differences between a document and the ledger, in English and Chinese. Pure."""

from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "zh"]

WORDS: dict[str, dict[Language, str]] = {
    "title": {
        "en": "the ledger's title is “{old}”; the words of an assignment stay as they were",
        "zh": "台账中的任务名称为“{old}”；已下达任务的文字保持不变",
    },
    "units": {
        "en": "the ledger's units are {old}; here they are {new}",
        "zh": "台账中的责任单位为{old}；文件中为{new}",
    },
    "deadline": {
        "en": "the ledger's deadline is “{old}”; here it is “{new}”",
        "zh": "台账中的时限为“{old}”；文件中为“{new}”",
    },
    "section": {"en": "the ledger's section is {old}; here it is “{new}”", "zh": "台账中的类别{old}；文件中为“{new}”"},
    "leader": {
        "en": "the ledger's leading official is {old}; here it is “{new}”",
        "zh": "台账中的责任领导{old}；文件中为“{new}”",
    },
    "deliverable": {
        "en": "the ledger's deliverable is {old}; here it is “{new}”",
        "zh": "台账中的成果{old}；文件中为“{new}”",
    },
    "person": {
        "en": "the ledger's person in charge of {unit} is {old}; here it is “{new}”",
        "zh": "台账中{unit}的责任人{old}；文件中为“{new}”",
    },
    "closed": {
        "en": "the task is closed; it would have to be reopened first",
        "zh": "任务已办结，须先重新启动",
    },
    "quoted": {"en": "“{old}”", "zh": "为“{old}”"},
    "unnamed": {"en": "not named", "zh": "没有写明"},
}
"""Each difference by its name."""


def words(name: str, language: Language, **parts: str) -> str:
    """Return a difference in words."""
    return WORDS[name][language].format(**parts)


def shown(old: str | None, language: Language) -> str:
    """Return what the ledger has, or that it names nothing."""
    return words("quoted", language, old=old) if old else words("unnamed", language)
