"""Dagster from outside, over its GraphQL API."""
