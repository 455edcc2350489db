"""The exporter: what no part says of itself, as metrics for Prometheus.

Here: topics' ends, consumer groups' lag, the certificates that brokers show. Not here:
what a part serves by itself (``containers/jmx-exporter``, the services' ``/metrics``),
rules and alerts (``containers/prometheus``), dashboards (``containers/grafana``).
"""
