"""The three services by name, and the function that builds each."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TypeAlias

from services.common.edge import Service
from services.common.settings import SERVICES, Settings

Build: TypeAlias = Callable[[Settings], Service]


class Builders(Mapping[str, Build]):
    """Each is imported on use: a process that runs one service need not have the code of all."""

    def __getitem__(self, service: str) -> Build:
        if service not in SERVICES:
            raise KeyError(service)
        build: Build = import_module(f"services.{service}.app").build
        return build

    def __iter__(self) -> Iterator[str]:
        return iter(SERVICES)

    def __len__(self) -> int:
        return len(SERVICES)


BUILDERS = Builders()
