"""The structure of `events` and `services`, read from their source: modules, functions and classes by full name."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]

PACKAGES = ("events", "services")

PURE_CONTRACT = "what calls itself pure"
"""Beginning of the name of the import contract that lists the pure modules."""


def modules() -> dict[str, ast.Module]:
    """Return the syntax tree of each module."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {_module(path): ast.parse(path.read_bytes()) for path in paths}


def called_pure(trees: Mapping[str, ast.Module]) -> set[str]:
    """Return the modules with a docstring whose first paragraph ends with `Pure.`."""
    return {name for name, tree in trees.items() if _summary(tree).endswith(" Pure.")}


def listed_pure() -> set[str]:
    """Return the modules to which the import contract forbids clocks, I/O and client libraries."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (contract,) = (one for one in contracts if one["name"].startswith(PURE_CONTRACT))
    return set(contract["source_modules"])


def function_lines(trees: Mapping[str, ast.Module]) -> dict[str, int]:
    """Return the lines of each function, from `def` to its end, functions inside it included."""
    return {
        name: (node.end_lineno or 0) - node.lineno + 1
        for name, node in _definitions(trees)
        if not isinstance(node, ast.ClassDef)
    }


def class_fields(trees: Mapping[str, ast.Module]) -> dict[str, int]:
    """Return the number of fields that each class assigns in `__init__`."""
    return {
        name.removesuffix(".__init__"): len(_fields(node))
        for name, node in _definitions(trees)
        if node.name == "__init__" and not isinstance(node, ast.ClassDef)
    }


def class_modules(trees: Mapping[str, ast.Module]) -> dict[str, list[str]]:
    """Return the modules that define a class of each name."""
    found: dict[str, list[str]] = {}
    for name, node in _definitions(trees):
        if isinstance(node, ast.ClassDef):
            found.setdefault(node.name, []).append(name.removesuffix(f".{node.name}"))
    return found


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _definitions(trees: Mapping[str, ast.Module]) -> Iterator[tuple[str, Definition]]:
    """Yield functions and classes with their full names, nested ones too."""
    for module, tree in trees.items():
        yield from _inside(module, tree)


def _inside(name: str, node: ast.AST) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        inner = name
        if isinstance(child, Definition):
            inner = f"{name}.{child.name}"
            yield inner, child
        yield from _inside(inner, child)


def _fields(function: ast.AST) -> set[str]:
    """Return the attributes of `self` that a function assigns."""
    return {
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


def _summary(tree: ast.Module) -> str:
    paragraph = (ast.get_docstring(tree) or "").partition("\n\n")[0]
    return f" {' '.join(paragraph.split())}"


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
