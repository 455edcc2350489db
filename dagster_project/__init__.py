"""Orchestration of the platform with Dagster, and nothing else.

Here: assets for what exists after the bootstrap and after a run of the recommender,
external assets, checks and sensors for what is watched. Not here: what any of them does
(``goodsflow``). Each asset is a thin shell over one call of it.
"""
