"""Sentences that state results, a module a chapter: whole messages computed from the numbers they tell."""
