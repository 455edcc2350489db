"""Search of valid cards by name and brand, and the events of users' requests.

Here: the ``interface`` of all back ends, the two back ends, which are an ``embedded``
index and ksqlDB's view (``ksqldb``), and the choice between them (``backends``). Not
here: how results are printed (``goodsflow.cli``). This file imports none of these
modules, because that would take as long as a search.
"""
