"""The shop API: sends goods cards to the topic ``goods``, as shops would.

Here: the service's settings, its loop, its metrics and its health. Not here: what a
card is (``goodsflow.model.cards``), the registry's client
(``goodsflow.clients.registry``).
"""
