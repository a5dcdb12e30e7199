"""Options of a command as a frozen dataclass: each of its fields is an option."""

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Lets a command take groups of options as dataclasses.

    A command ``go(source: str, search: Search)``, where ``Search`` has the fields
    ``seed: int = 0`` and ``fresh: bool = False``, is to typer
    ``go(source: str, seed: int = 0, fresh: bool = False)``, and gets ``Search(seed, fresh)``.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {n: hint for n, hint in hints.items() if isinstance(hint, type) and is_dataclass(hint)}
    parameters: list[Parameter] = []
    for name, parameter in signature(command).parameters.items():
        if name in groups:
            parameters += _options(groups[name])
        else:
            parameters.append(
                parameter.replace(annotation=hints[name], kind=Parameter.KEYWORD_ONLY)
            )

    @wraps(command)
    def expanded(**given: object) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        command(**given)

    vars(expanded)["__signature__"] = Signature(parameters)
    expanded.__annotations__ = {each.name: each.annotation for each in parameters}
    return expanded


def _options(group: type[Any]) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
