"""The one base of every expected failure.

Tree (each room derives its own)::

    GoodsflowError
    ├── EndpointsError        the platform's addresses could not be read
    ├── SpecError             platform.yaml is invalid (goodsflow.model.spec)
    ├── KafkaError            a broker refused or did not answer (goodsflow.clients.kafka)
    ├── RegistryError         the schema registry (goodsflow.clients.registry)
    ├── ConnectError          a Connect worker (goodsflow.clients.connect)
    ├── HdfsError             the file system (goodsflow.clients.hdfs)
    ├── KsqlError             ksqlDB (goodsflow.clients.ksqldb)
    ├── BootstrapError        could not be made as declared (goodsflow.desired_state.providers)
    ├── SettingsError         environment variables of a service (goodsflow.common.env_settings)
    ├── CardError             a goods card that is not one (goodsflow.model.cards)
    ├── ShopApiError          the shop's service (goodsflow.pipeline.shop_api)
    ├── BlockingError         the filter (goodsflow.pipeline.filter)
    ├── SparkError            the Spark Connect server (goodsflow.clients.spark)
    ├── RecommenderError      the batch recommender (goodsflow.pipeline.recommender)
    ├── SearchError           the search index (goodsflow.pipeline.search)
    ├── MonitoringError       the exporter (goodsflow.deploy.exporter)
    └── LocalError            the native launcher (goodsflow.deploy.native)
"""


class GoodsflowError(Exception):
    """An expected failure: its text is one message for a person.

    The text says what was attempted, on which object, what was found against what was
    expected, and what to do next. It never carries a secret.
    """
