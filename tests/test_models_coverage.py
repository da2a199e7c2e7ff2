"""Do 95% intervals of coefficients cover 95%? A small form, on fixed seeds, of what `make soak` asks."""

import simulate_models


def test_coefficient_intervals_cover_the_population_s_models():
    """Oracle: the same models in samples of 2,400 shops. 16 samples x 37 coefficients, which share their answers."""
    known = simulate_models.truth(shops=2400, respondents=40_000, samples=1)
    found = simulate_models.coverage(known, first_seed=900, samples=16)
    assert set(found.index.get_level_values("model")) == set(simulate_models.MODELS)
    assert found["samples"].eq(16).all()
    assert 0.90 < found["share"].mean() < 0.99
    assert found.groupby("model")["share"].mean().min() > 0.85
    assert found["share"].min() >= 0.70
