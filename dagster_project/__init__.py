"""The platform in Dagster: its assets, checks, sensors, schedules, jobs and resources.

Here: orchestration. Assets stand for what exists after the bootstrap and after each
run; external assets, checks and sensors for what runs and flows by itself.
``definitions`` puts all of it together.

Not here: what an asset or a check does. That is in ``goodsflow``, which knows nothing
of Dagster; each definition is a thin shell over one call of it.
"""
