"""The fault campaign: disturbs a store in every known way and prints what became of it.

`python -m tests.faults` takes long. `--short` tries every fault once, and kills every job, on a job and at a point that
depend on a seed; it is printed, and `--seed=N` repeats it. `--draw=N` leaves so many faults, a death among them.
Other words choose the faults whose names contain them.
Exit code 1 when anything was lost, differs, or could not be repaired.
"""

from __future__ import annotations

import random
import shutil
import sys
import time
from functools import cache
from itertools import cycle
from pathlib import Path

from goldilocks.store.files.scratch import scratch
from tests.faults import shim

HEADINGS = ("fault", "job", "trials", "killed", "refused", "check passed", "repaired", "problems", "seconds")


def main() -> int:
    """Runs the campaign."""
    if not shim.compiler():
        print("the fault campaign needs a C compiler (cc) for its preloaded library", file=sys.stderr)
        return 2
    shim.preload()
    from tests.faults.jobs import ENGINE, PACKING, PACKING_ALONE, STORE
    from tests.faults.scenarios import DEATHS, LONG, SCENARIOS, SHORT
    from tests.faults.trial import Bench

    size = SHORT if "--short" in sys.argv else LONG
    given = dict(word.split("=", 1) for word in sys.argv if word.startswith("--") and "=" in word)
    seed = int(given.get("--seed", random.randrange(10**6) if size is SHORT else 0))
    draw = random.Random(seed)
    problems = 0
    # In memory a thousand fsyncs take no time; what reaches a disk is not at issue here.
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and shutil.disk_usage(memory).free > 1e9 else None
    print(f"seed {seed}\n", flush=True)
    print(f"| {' | '.join(HEADINGS)} |\n|---|---{'|---:' * (len(HEADINGS) - 2)}|", flush=True)
    with scratch(place) as folder:
        packing = (PACKING, PACKING_ALONE) if size is LONG else (PACKING_ALONE,)
        jobs = (STORE, *packing, ENGINE)
        # What a job does undisturbed is found out when it is first disturbed.
        bench = cache(lambda job: Bench(job, folder / job.name, seed))
        words = [word for word in sys.argv[1:] if not word.startswith("--")] or [""]
        chosen = {name: one for name, one in SCENARIOS.items() if any(word in name for word in words)}
        if "--draw" in given:
            kept = {draw.choice([name for name, one in chosen.items() if one in DEATHS])}
            kept |= set(draw.sample(sorted(set(chosen) - kept), int(given["--draw"]) - 1))
            chosen = {name: one for name, one in chosen.items() if name in kept}
        # Jobs differ most in where they can be killed: each one is, when every fault is tried once.
        killed = cycle(draw.sample(jobs, len(jobs)))
        for name, scenario in chosen.items():
            once = next(killed) if scenario in DEATHS else draw.choice(jobs)
            for job in jobs if size is LONG else [once]:
                problems += _run(name, bench(job), list(_timed(scenario(bench(job), size))))
    return 1 if problems else 0


def _timed(outcomes):
    start = time.monotonic()
    for outcome in outcomes:
        yield outcome, time.monotonic() - start


def _run(name, bench, timed) -> int:
    outcomes = [outcome for outcome, _ in timed]
    broken = [outcome for outcome in outcomes if outcome.problems]
    counts = (
        len(outcomes),
        sum(outcome.killed for outcome in outcomes),
        sum(bool(outcome.refused) for outcome in outcomes),
        sum(not outcome.repaired for outcome in outcomes),
        sum(bool(outcome.repaired) for outcome in outcomes),
        len(broken),
        round(timed[-1][1]) if timed else 0,
    )
    print(f"| {name} | {bench.job.name} | {' | '.join(map(str, counts))} |", flush=True)
    for outcome in broken:
        print(f"{name}, {bench.job.name}: {outcome}", file=sys.stderr)
    return len(broken)


if __name__ == "__main__":
    sys.exit(main())
