"""L11: batch norm makes the flow of gradients alike, whatever the initialization; which is not always better."""

GRID = """
[[study]]
kind = "propagation"
width = 128
depth = 20
batch_size = 32
init = ["normal(std=0.02)", "normal(std=0.5)", "xavier", "kaiming", "torch_default"]
activation = ["tanh", "relu"]
norm = ["none", "batch"]
seed = [0, 1, 2]
"""
SEEDS = 3


def test_l11_batch_norm_makes_gradients_alike_whatever_the_initialization(lecture):
    values = {"width": 128, "depth": 20, "batch_size": 32}
    found = lecture.lecture_11_gradient_flow(**values).df().set_index(["activation", "norm"])
    for activation in ("tanh", "relu"):
        none, batch = found.loc[activation, "none"], found.loc[activation, "batch"]
        assert batch.networks == none.networks == 5 * SEEDS
        assert batch.spread < 0.5 < 5 < none.spread
        # Never far from preserved, where without normalization gradients vanish by many powers of ten.
        assert max(abs(batch.decades_low), abs(batch.decades_high)) < 2.5
        assert none.decades_low < -5


def test_l11_the_best_initialization_needs_no_batch_norm(lecture):
    # Documented, not as on the slide: with Kaiming's initialization ReLU keeps the gradient, and batch norm makes it
    # grow by √(π/(π−1)) ≈ 1.21 per layer, more in small batches.
    sql = """SELECT norm, avg(log10(first / last)) AS decades FROM (
                 SELECT norm, cell_id, max(grad_rms) FILTER (layer = 1) AS first,
                        max(grad_rms) FILTER (layer = 20) AS last
                 FROM gradient_stats WHERE init = 'kaiming' AND activation = 'relu' AND depth = 20 GROUP BY ALL)
             GROUP BY norm"""
    decades = dict(lecture.query(sql).fetchall())
    assert abs(decades["none"]) < 0.4 < 1.2 < decades["batch"]
