"""Pieces of work side by side: order, failure, progress, and the number of threads of a kernel."""

import threading
import time

import pytest
import torch

from goldilocks.engine.cores import side_by_side


def test_results_come_in_the_order_of_the_pieces_and_each_kernel_has_its_share_of_the_cores():
    cores = torch.get_num_threads()

    def work(piece, progress):
        time.sleep(0.05 * (3 - piece))
        return piece, torch.get_num_threads()

    assert side_by_side(work, range(3), lambda share: None) == [
        (piece, max(1, cores // min(3, cores))) for piece in range(3)
    ]
    assert torch.get_num_threads() == cores


def test_progress_is_told_by_the_calling_thread_alone_and_covers_every_piece():
    told = []

    def work(piece, progress):
        progress(0.5)
        time.sleep(0.7)

    side_by_side(work, range(2), lambda share: told.append((share, threading.current_thread())))
    assert {thread for _, thread in told} == {threading.current_thread()}
    assert max(share for share, _ in told) > 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_run_stops_every_piece(error):
    stopped = threading.Event()

    def work(piece, progress):
        try:
            while True:
                progress(0.1)
                time.sleep(0.01)
        finally:
            stopped.set()

    def interrupt(share):
        raise error

    with pytest.raises(error):
        side_by_side(work, range(2), interrupt)
    assert stopped.is_set()


def test_the_error_of_a_piece_is_raised_and_stops_the_others():
    def work(piece, progress):
        if piece == 0:
            raise MemoryError("not enough memory")
        while True:
            progress(0.1)
            time.sleep(0.01)

    with pytest.raises(MemoryError, match="not enough"):
        side_by_side(work, range(2), lambda share: None)
