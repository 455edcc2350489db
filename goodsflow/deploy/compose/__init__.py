"""The platform in containers: what its one-shot services do before and after the rest.

Here: certificates, secrets and addresses, handed to each container apart; and the
bootstrap, asked of Dagster. Not here: how a part is started (its ``run.sh``), or which
containers there are (``docker-compose.yml``).
"""
