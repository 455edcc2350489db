"""`python -m goodsflow.cli` is the `goodsflow` command."""

from goodsflow.cli.main import main

main()
