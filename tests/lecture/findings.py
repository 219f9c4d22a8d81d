"""What the lecture claims of networks that take many steps to train."""

import pytest


def finding(shown: str) -> pytest.MarkDecorator:
    """Mark a claim that is left to `make thorough`.

    It is a property of networks, not of a line of the program: training is held to PyTorch, the named query to pandas,
    and a slip that would change the claim changes those.

    Args:
        shown: what shows the like every time.
    """
    return pytest.mark.thorough(f"a finding: training is held to PyTorch and the query to pandas; {shown}")
