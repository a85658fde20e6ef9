"""Letters for the tests of channels."""

from events.text import Language
from services.notify.letter import Item, Letter

TITLE = "落实<三无>人员补贴"

ITEM = Item(
    f"逾期：zj-2017-01 {TITLE}",
    ("牵头单位：市民政局", "应于2018年3月31日前（含当日）办结，至今未销号"),
    "https://board.example.cn/zhanjiang/tasks/zj-2017-01",
    urgent=True,
    task="zj-2017-01",
)

MORE = "https://board.example.cn/zhanjiang/"


def letter(*items: Item, more: str = MORE, language: Language = "zh", id: str = "zhanjiang-0a1b2c") -> Letter:
    """Return a letter of items, or of one."""
    return Letter(id, "【督办】市民政局有 1 项提醒", items or (ITEM,), more, b'{"type":"duban.alerts.v1"}', language)


def numbered(count: int, lines: int = 2) -> list[Item]:
    """Return items of about 250 bytes, each with a title of its own; every third is urgent."""
    return [
        Item(
            f"第{number}项工作任务",
            ("应于2018年12月31日前（含当日）办结，至今未销号，请抓紧办理并报送进展情况",) * lines,
            f"https://board.example.cn/zhanjiang/tasks/zj-2017-{number:02}",
            urgent=number % 3 == 0,
            task=f"zj-2017-{number:02}",
        )
        for number in range(1, count + 1)
    ]
