"""What is said about networks as their authors ship them: `python -m tests.diagnosis.sound` prints a line for each.

No error may be among it but about those of `UNSOUND`.
"""

import os
import sys
from collections import Counter

from goldilocks.engine.diagnosis.judgement import judge
from goldilocks.engine.diagnosis.measure import measure
from tests.diagnosis.transformers_zoo import transformers_zoo
from tests.diagnosis.zoo import NETWORKS

# Why an error about it is true, at the size that its authors train, too.
UNSOUND = {
    "efficientnet": "transformers draws the scales of its batch norms from N(0, 0.02²), and the signal dies out",
}


def main() -> None:
    """Print the findings about each network, notes aside, and how many there are."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    every = {**NETWORKS, **transformers_zoo()}
    counts: Counter[str] = Counter()
    for name in sys.argv[1:] or every:
        found = [one for one in judge(measure(every[name], ["as_is"], [0, 1], method="loop")) if one.severity != "note"]
        counts.update(one.severity for one in found if name not in UNSOUND)
        said = "; ".join(f"{one.severity} {one.rule} at {one.site} ({one.value:.3g})" for one in found)
        print(f"{name}: {said or 'nothing'}{' [' + UNSOUND[name] + ']' if name in UNSOUND else ''}", flush=True)
    print(f"{counts['error']} errors and {counts['warning']} warnings about the others")


if __name__ == "__main__":
    main()
