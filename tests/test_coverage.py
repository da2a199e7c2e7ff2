"""Do 95% intervals cover 95%? A small form, on fixed seeds, of what `make soak` asks of 2,000 samples."""

import simulate


def test_the_design_s_intervals_cover_the_truth():
    """Oracle: truth.yml. 40 samples x 17 estimates a metric; a metric's mean coverage has a standard error near 2%."""
    found = simulate.coverage(first_seed=500, samples=40)
    assert len(found) == 51
    by_metric = found.groupby("metric")["share"].mean()
    assert by_metric.min() > 0.90
    assert by_metric.max() < 0.99
    assert found["share"].min() >= 0.80


def test_kish_s_effective_n_alone_does_not():
    """Without the clusters MOVER promises 95% and covers some 80%."""
    assert simulate.kish_coverage(first_seed=500, samples=200) < 0.88
