"""What goes into a network: shapes, token ids, data sets, functions."""

import sys

import pytest
import torch
from torch import nn

from goldilocks.engine.diagnosis.inputs import Batch, as_batch, parse_input
from goldilocks.engine.errors import RequestError


class Pair(nn.Module):
    def forward(self, one, other=None):
        return one


class Single(nn.Module):
    def forward(self, one):
        return one


def test_a_shape_is_a_standard_normal():
    batch = parse_input("64x3x32x32", Single())
    (x,) = batch.arguments
    assert x.shape == (64, 3, 32, 32)
    assert abs(float(x.std()) - 1) < 0.01
    assert batch.size == 64
    assert torch.equal(x, parse_input("64x3x32x32", Single()).arguments[0])


def test_commas_separate_arguments():
    assert [tuple(x.shape) for x in parse_input("4x3, 4x5", Pair()).arguments] == [(4, 3), (4, 5)]


def test_token_ids_are_rows_of_the_first_embedding():
    table = nn.Sequential(nn.Embedding(7, 2), nn.Embedding(1000, 2))
    (ids,) = parse_input("ids:8x128", table).arguments
    assert ids.shape == (8, 128)
    assert set(ids.unique().tolist()) == set(range(7))
    assert int(parse_input("ids:8x128:50", nn.Linear(1, 1)).arguments[0].max()) > 7


def test_a_data_set_brings_images_and_classes():
    batch = parse_input("digits:16", Single())
    assert batch.arguments[0].shape == (16, 1, 8, 8)
    assert batch.target.shape == (16,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("64x", "is not understood"),
        ("0x3", "is empty"),
        ("ids:8x4", "has no nn.Embedding"),
        ("digit", "did you mean 'digits'"),
        ("digits:100000", "training examples; 100000 were asked for"),
        ("ids:2x3:0", "input 'ids:2x3:0' cannot be made: RuntimeError"),
        ("999999999x999999999", "cannot be made: "),
        ("99999999999999999999x2", "cannot be made: "),
        ("gaussian:8", "no examples of its own"),
    ],
)
def test_what_is_no_input_is_refused(text, said):
    with pytest.raises(RequestError, match=said):
        parse_input(text, Single())


def test_a_tuple_is_the_arguments_where_the_network_takes_so_many():
    x, y = torch.zeros(2, 3), torch.zeros(2)
    assert as_batch((x, y), Pair()).target is None
    assert as_batch((x, y), Single()).target is y
    assert as_batch((x, y, y), Pair()).target is y


def test_a_mapping_is_keywords_and_a_function_is_called():
    x = torch.zeros(2, 3)
    assert as_batch({"one": x}, Pair()).keywords["one"] is x
    assert as_batch(lambda: x, Pair()).arguments[0] is x
    ready = Batch((x,))
    assert as_batch(ready, Pair()) is ready


def test_what_is_no_batch_is_refused():
    with pytest.raises(RequestError, match="a batch must be"):
        as_batch(3, Single())
    with pytest.raises(RequestError, match="a function raises ZeroDivisionError"):
        as_batch(lambda: 1 / 0, Single())
    with pytest.raises(RequestError, match="a function raises SystemExit"):
        as_batch(lambda: sys.exit(3), Single())
    for empty in (torch.zeros(0, 3), {"one": [torch.zeros(0, 3)]}, Batch((torch.zeros(0, 3),)), lambda: torch.zeros(0)):
        with pytest.raises(RequestError, match="the batch has no examples; give at least one"):
            as_batch(empty, Single())
