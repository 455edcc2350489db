"""Search of the valid cards by name and brand, and the events of users' requests.

Here: the ``interface`` that every back end has, and the two that there are: an
``embedded`` index, and ``ksqldb``'s view; ``backends`` chooses. Not here: how results
are printed (``goodsflow.cli``). This file imports none of them: that would take as long
as a search.
"""
