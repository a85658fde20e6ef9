"""Texts and names as event types limit and describe them. Pure."""

from typing import Annotated, TypeAlias

from msgspec import Meta

from events.deadline import Percent

Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=20_000)]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]

Reason: TypeAlias = Annotated[Text, Meta(description="Why; for readers of the history.", examples=["材料补齐。"])]
Summary: TypeAlias = Annotated[
    Text, Meta(description="What has been done.", examples=["廉江市就业基地已挂牌，安置残疾人46名。"])
]
Done: TypeAlias = Annotated[
    Percent, Meta(description="How much of the task is done, in per cent; left out where nobody has measured it.")
]
Problems: TypeAlias = Annotated[
    Text, Meta(description="What stands in the way.", examples=["第二个基地的场地尚未落实。"])
]
RequestId: TypeAlias = Annotated[
    Name,
    Meta(description="The `id` of the open duban.extension.requested.v1 that is answered.", examples=["request-07-2"]),
]
