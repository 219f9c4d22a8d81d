"""Members of the engine as the store writes them: `name`, `name(parameter=value)`, `name@version` of a plugin."""


def family(member: str) -> str:
    """Return the name of a member without its parameters, and without the version of a plugin.

    Args:
        member: as the store writes it.
    """
    return member.partition("(")[0].partition("@")[0]
