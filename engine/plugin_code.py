"""What a plugin consists of: its file and the files beside it that it imports or reads, and a hash of what they say.

In Python comments, blank lines, line endings and the width of an indentation are no part of the hash; every other token
is, and every byte of any other file.
"""

import ast
import hashlib
import io
import sys
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from goldilocks.engine.plugin_folder import belongs

DIGITS = 12
PYTHON = ".py"
# Tokens that say nothing, and those that stand for themselves whatever their text is.
_SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING}
_MARKS = {tokenize.NEWLINE: "newline", tokenize.INDENT: "indent", tokenize.DEDENT: "dedent", tokenize.ENDMARKER: "end"}


@dataclass(frozen=True)
class PluginCode:
    """The code of a plugin.

    Attributes:
        name: name of its file.
        files: content of its file and of the files beside it that it needs, by path relative to its folder.
    """

    name: str
    files: tuple[tuple[str, bytes], ...]

    @classmethod
    def read(cls, path: Path, more: Iterable[str] = ()) -> "PluginCode":
        """Read a plugin and, from its folder, what it imports; directly or through other such modules.

        Args:
            path: its file.
            more: other files that it needs, relative to its folder; those that are gone are passed over.

        Raises:
            OSError: a file cannot be read.
            SyntaxError: one of them is not Python.
        """
        place = path.expanduser().resolve()
        contents: dict[Path, bytes] = {}
        waiting = [place, *(file for file in map(place.parent.joinpath, more) if file.is_file())]
        while waiting:
            file = waiting.pop()
            if file not in contents:
                contents[file] = file.read_bytes()
                if file.suffix == PYTHON:
                    waiting += _imported(contents[file], file, place.parent)
        files = sorted((file.relative_to(place.parent).as_posix(), content) for file, content in contents.items())
        return cls(place.name, tuple(files))

    @property
    def digest(self) -> str:
        """The first digits of the SHA-256 of what the files say; their names count except that of the plugin."""
        whole = hashlib.sha256()
        for name, content in self.files:
            said = _said(content).encode() if name.endswith(PYTHON) else content
            whole.update(f"{'' if name == self.name else name}\0".encode() + said + b"\0")
        return whole.hexdigest()[:DIGITS]

    @property
    def helpers(self) -> tuple[str, ...]:
        """Names of the modules beside the plugin that it imports."""
        return tuple(_module(name) for name, _ in self.files if name != self.name and name.endswith(PYTHON))

    def write(self, folder: Path) -> Path:
        """Write the files into a folder and return the path of the plugin."""
        for name, content in self.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder / self.name


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imported(content: bytes, file: Path, folder: Path) -> Iterator[Path]:
    """Yield the files in the folder that a file imports by a statement, wherever it stands."""
    for node in ast.walk(_parsed(content, file)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = file.parent.relative_to(folder).parts
                base = ".".join((*package[: len(package) - node.level + 1], *filter(None, [base])))
            names = [base, *(f"{base}.{alias.name}".strip(".") for alias in node.names)]
        else:
            continue
        for name in names:
            yield from _files(name, folder)


def _parsed(content: bytes, file: Path) -> ast.Module:
    try:
        return ast.parse(content, str(file))
    except SyntaxError as error:
        # Not every error of the parser says in which file it is.
        raise SyntaxError(error.msg, (str(file), error.lineno or 1, error.offset, error.text)) from None
    except ValueError as error:
        raise SyntaxError(str(error), (str(file), 1, None, None)) from None


def _files(name: str, folder: Path) -> Iterator[Path]:
    """Yield the files of a module and of the packages that it is in, where they lie in the folder."""
    parts = name.split(".") if name else []
    if not parts or parts[0] in sys.stdlib_module_names or _is_elsewhere(parts[0], folder):
        return
    for count in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:count])
        files = (place / "__init__.py", place.with_suffix(PYTHON))
        yield from (file for file in files if file.is_file() and belongs(file, folder))


def _is_elsewhere(name: str, folder: Path) -> bool:
    """Tell whether a name is that of a module that Python has loaded from another place."""
    module = sys.modules.get(name)
    if module is None or getattr(module, "__goldilocks_plugin__", None):
        return False
    file = getattr(module, "__file__", None)
    return file is None or folder not in Path(file).resolve().parents


def _said(content: bytes) -> str:
    """Return the tokens of a file, each on a line of its own."""
    with io.TextIOWrapper(io.BytesIO(content), tokenize.detect_encoding(io.BytesIO(content).readline)[0]) as text:
        lines = text.read()
    tokens, start, depth = [], (0, 0), 0
    starts, ends = (getattr(tokenize, name, None) for name in ("FSTRING_START", "FSTRING_END"))
    for token in tokenize.generate_tokens(io.StringIO(lines).readline):
        if token.type == starts:
            start, depth = (token.start if not depth else start), depth + 1
        elif token.type == ends:
            depth -= 1
            if not depth:
                # From Python 3.12 on a formatted string is many tokens; before, it was one.
                tokens.append(_between(lines, start, token.end))
        elif not depth and token.type not in _SILENT:
            tokens.append(_MARKS.get(token.type, token.string))
    return "\0".join(tokens)


def _between(text: str, start: tuple[int, int], end: tuple[int, int]) -> str:
    lines = text.splitlines(keepends=True)[start[0] - 1 : end[0]]
    lines[-1] = lines[-1][: end[1]]
    lines[0] = lines[0][start[1] :]
    return "".join(lines)
