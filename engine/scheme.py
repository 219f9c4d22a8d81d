"""What every member of a family is: a frozen value with a name, parameters and a card.

`Normal(std=0.01)` is written `normal(std=0.01)` in grid files and in the store. Parameters that have their default
value are left out of that text, and filled in in the canonical JSON that a cell's identity is the hash of.
"""

import ast
import re
from itertools import product
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from goldilocks.engine.card import Card
from goldilocks.engine.errors import RequestError, short
from goldilocks.engine.slips import fraction
from goldilocks.store.nearest import nearest

# Names may hold hyphens, as those of data sets do, so they are not Python's.
_CALL = re.compile(r"\s*(?P<name>[A-Za-z_][\w-]*)\s*(?P<arguments>\(.*\))?\s*", re.DOTALL)


# Of the hash of a plugin so many digits stand after the name of a member, so that two versions are told apart.
VERSION_DIGITS = 6


def plain(value: Any, annotation: Any) -> Any:
    """Return a parameter as it counts: zero has no sign, and neither truth values nor texts are numbers.

    Args:
        value: what was given.
        annotation: the type that the field declares.

    Raises:
        ValueError: a number is required.
    """
    types = types_of(annotation)
    if isinstance(value, bool | str | bytes) and types & {int, float} and type(value) not in types:
        raise ValueError(f"a number is required, not {short(value)}")
    return 0.0 if isinstance(value, float) and value == 0 else value


def types_of(annotation: Any) -> set[type]:
    """Return the types that a field may have: of a union or a literal those of its parts."""
    parts = get_args(annotation)
    if not parts:
        return {annotation if isinstance(annotation, type) else type(annotation)}
    return set().union(*map(types_of, parts))


class Scheme(BaseModel):
    """A member of a family: its class is the scheme, its fields are the scheme's parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    card: ClassVar[Card]
    # Fields that say where something lies and not what it is: no part of the text and of the identity.
    incidental: ClassVar[tuple[str, ...]] = ()
    # Hash of the code of a member that does not come with the program, and the file that registered it.
    plugin: ClassVar[str | None] = None
    plugin_file: ClassVar[str | None] = None

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: Any, info: ValidationInfo) -> Any:
        return plain(value, cls.model_fields[str(info.field_name)].annotation)

    def __str__(self) -> str:
        fields = type(self).model_fields
        own = [(key, value) for key, value in self if key not in self.incidental]
        given = [f"{key}={_number(value)}" for key, value in own if value != fields[key].default]
        name = f"{self.name}@{self.plugin[:VERSION_DIGITS]}" if self.plugin else self.name
        return f"{name}({', '.join(given)})" if given else name

    def spec(self) -> dict[str, Any]:
        """Return the name and every parameter, defaults included, as plain JSON values."""
        origin = {"plugin": self.plugin} if self.plugin else {}
        return {"name": self.name, **origin, **self.model_dump(exclude=set(self.incidental))}

    @classmethod
    def signature(cls) -> str:
        """Return the parameters with their defaults, as one would write them."""
        parts = [key if field.is_required() else f"{key}={_number(field.default)}" for key, field in _fields(cls)]
        return f"{cls.name}({', '.join(parts)})" if parts else cls.name


def _fields(scheme: type[Scheme]):
    return scheme.model_fields.items()


def _number(value: object) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else repr(value)


def split_call(text: str) -> tuple[str, dict[str, Any]]:
    """Read `name` or `name(key=value, …)`.

    Args:
        text: the scheme as written in a grid file.

    Returns:
        The name and the keyword arguments, as Python literals.

    Raises:
        RequestError: the text has another form.
    """
    form = _CALL.fullmatch(text)
    refusal = RequestError(f"{short(text)} is not of the form name or name(parameter=value, …)")
    if form is None:
        raise refusal
    if said := fraction(form["arguments"]):
        raise RequestError(f"{short(text)}: {said}")
    try:
        return form["name"], _keywords(form["arguments"] or "()")
    except RequestError as error:
        raise RequestError(f"{short(text)}: {error}") from None
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        # What Python's parser says of other texts; too deep a nesting ends in the last two.
        raise refusal from error


def _keywords(arguments: str) -> dict[str, Any]:
    """Return the keyword arguments of `(key=value, …)`, as Python literals; a ValueError says what is none."""
    call = ast.parse(f"call{arguments}", mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
        raise ValueError("not a call with keywords alone")
    if any(word.arg is None for word in call.keywords):
        raise ValueError("keywords that are not written out")
    for word in call.keywords:
        if isinstance(word.value, ast.Name):
            raise RequestError(f"text needs quotation marks: write {word.arg}='{word.value.id}'")
    names = [str(word.arg) for word in call.keywords]
    if twice := [name for name in names if names.count(name) > 1]:
        raise RequestError(f"{twice[0]} is given {names.count(twice[0])} times in {arguments}; give it once")
    return {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}


def written_out(text: str) -> list[str]:
    """Write out a call whose parameters are lists: `normal(std=[0.01, 0.05])` stands for both.

    Args:
        text: a scheme as written in a grid file.

    Returns:
        One text per combination; the text itself where it has no lists or another form.
    """
    try:
        name, arguments = split_call(text)
    except RequestError:
        return [text]
    if not any(isinstance(value, list) for value in arguments.values()):
        return [text]
    choices = [value if isinstance(value, list) else [value] for value in arguments.values()]
    calls = (zip(arguments, combination, strict=True) for combination in product(*choices))
    return [f"{name}({', '.join(f'{key}={value!r}' for key, value in call)})" for call in calls]


def build(scheme: type[Scheme], arguments: dict[str, Any]) -> Scheme:
    """Make a member from its parameters.

    Args:
        scheme: the member's class.
        arguments: its parameters by name.

    Returns:
        The frozen member.

    Raises:
        RequestError: a parameter is unknown, missing, of the wrong type or out of range.
    """
    allowed = list(scheme.model_fields)
    for key in arguments:
        if key not in allowed:
            remedy = nearest(key, allowed) if allowed else "it takes no parameters"
            raise RequestError(f"{scheme.name} has no parameter {key!r}; {remedy}")
    try:
        return scheme(**arguments)
    except ValidationError as error:
        first = error.errors()[0]
        if isinstance(cause := first.get("ctx", {}).get("error"), RequestError):
            raise cause from None
        reason = str(cause) if cause else first["msg"].lower()
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise RequestError(f"{scheme.name} needs {key}: write {scheme.signature()}") from None
        raise RequestError(f"{scheme.name}: {key} = {short(first['input'])} is refused: {reason}") from None
