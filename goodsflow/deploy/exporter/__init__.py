"""The exporter: metrics for Prometheus that no part serves itself.

Here: the end offsets of topics, the lag of consumer groups, and the expiry of
certificates. Not here: metrics of the parts themselves (``containers/jmx-exporter``,
the services' ``/metrics``), rules and alerts (``containers/prometheus``), dashboards
(``containers/grafana``).
"""
