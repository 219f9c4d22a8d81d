"""Reading a command line on which an argument may be SQL."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperOption


class SqlCommand(TyperCommand):
    """A command whose SQL may begin with a comment, `-- like this`, which looks like an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put SQL that looks like an option behind the options."""
        options = [one for one in self.get_params(ctx) if isinstance(one, TyperOption)]
        names = {name for one in options for name in (*one.opts, *one.secondary_opts)}
        awaiting = {name for one in options if not (one.is_flag or one.count) for name in one.opts}
        for place, text in enumerate(args):
            if text == "--":
                break
            if _is_comment(text, names) and not (place and args[place - 1] in awaiting):
                return super().parse_args(ctx, [*args[:place], *args[place + 1 :], "--", text])
        return super().parse_args(ctx, args)


def _is_comment(text: str, names: set[str]) -> bool:
    begins_as_option = re.split(r"[\s=]", text, maxsplit=1)[0] in names
    return text.startswith("--") and not begins_as_option and any(map(str.isspace, text))
