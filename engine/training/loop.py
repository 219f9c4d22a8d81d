"""The training loop: every network of the engine is trained here, whatever is learned and whatever is written down."""

from collections.abc import Callable

from goldilocks.engine.cores import Progress
from goldilocks.engine.training.cuda_graph import Replay, shared_memory
from goldilocks.engine.training.learner import Learner
from goldilocks.engine.training.log import Log

# A batch is cut to the networks that still train when at least this share of it has diverged.
RETIRED_SHARE = 0.25

Launch = Callable[[int], None]


def train(learner: Learner, log: Log, progress: Progress) -> None:
    """Make every update, and stop early when all networks have diverged and can be left out.

    Args:
        learner: what is trained.
        log: what is measured on the way.
        progress: called with the share that is done, from 0 to 1, at every logged step.
    """
    log.before()
    within, last = _launches(learner, log)
    for made in range(learner.steps):
        ends = made + 1 in log.logged
        if made == 0:
            log.first()
        else:
            (last if ends else within)(made)
        if not ends:
            continue
        log.after(made + 1)
        progress((made + 1) / learner.steps)
        if log.retires and log.divergence.share >= RETIRED_SHARE:
            learner.keep(log.retire())
            # A captured update goes on with the tensors that it was captured with.
            within, last = _launches(learner, log)
        if not len(log.divergence.active):
            break


def _launches(learner: Learner, log: Log) -> tuple[Launch, Launch]:
    """Return the update within an interval between two logged ones, and the one that ends it."""
    if not learner.capturable:
        return log.within, log.at_end
    memory = shared_memory(learner.device)
    return Replay(log.within, learner.device, memory), Replay(log.at_end, learner.device, memory)
