"""The platform in containers: the one-shot services that prepare and bootstrap it.

Here: creating certificates, secrets and addresses, giving each container its share of
them, and launching the bootstrap in Dagster. Not here: how a part is started (its
``run.sh``), and the list of containers (``docker-compose.yml``).
"""
