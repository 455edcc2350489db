#!/bin/sh
# Spark: SPARK_ROLE is master, worker or connect. The last is the Spark Connect server, the
# only long-lived application; its clients need no JVM.
. "$(dirname "$0")/../base/part.sh"
require SPARK_ROLE SPARK_HOME SPARK_ADDRESS SPARK_UI_PORT
prepare

export SPARK_HOME SPARK_LOCAL_IP="$SPARK_ADDRESS" SPARK_CONF_DIR="$PART_CONFIG_DIR"
export PYSPARK_PYTHON="${GOODSFLOW_PYTHON:-python3}"
cat >"$PART_CONFIG_DIR/log4j2.properties" <<PROPERTIES
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_OUT
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1}: %m%n
PROPERTIES
# Serve metrics for Prometheus on each web interface; Spark has this built in.
cat >"$PART_CONFIG_DIR/metrics.properties" <<PROPERTIES
*.sink.prometheusServlet.class=org.apache.spark.metrics.sink.PrometheusServlet
*.sink.prometheusServlet.path=/metrics/prometheus
master.sink.prometheusServlet.path=/metrics/master/prometheus
applications.sink.prometheusServlet.path=/metrics/applications/prometheus
PROPERTIES
small="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC $TEMP_FLAGS"
# Of the JVM that puts the command line together.
export SPARK_LAUNCHER_OPTS="$TEMP_FLAGS"

# shellcheck disable=SC2153 # it is required above
case $SPARK_ROLE in
  master)
    require SPARK_PORT
    export SPARK_DAEMON_MEMORY="${SPARK_HEAP:-192m}"
    # Registrations survive a kill of the master, which waits this long for them.
    export SPARK_DAEMON_JAVA_OPTS="$small -Dspark.deploy.recoveryTimeout=5s
      -Dspark.deploy.recoveryMode=FILESYSTEM
      -Dspark.deploy.recoveryDirectory=$PART_DATA_DIR"
    exec "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.master.Master \
      --host "$SPARK_ADDRESS" --port "$SPARK_PORT" --webui-port "$SPARK_UI_PORT"
    ;;
  worker)
    require SPARK_PORT SPARK_MASTER_URL
    export SPARK_DAEMON_MEMORY="${SPARK_HEAP:-192m}" SPARK_LOCAL_DIRS="$PART_DATA_DIR/local"
    export SPARK_DAEMON_JAVA_OPTS="$small -Dspark.worker.cleanup.enabled=true"
    exec "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.worker.Worker \
      --host "$SPARK_ADDRESS" --port "$SPARK_PORT" --webui-port "$SPARK_UI_PORT" \
      --cores "${SPARK_CORES:-2}" --memory "${SPARK_MEMORY:-1g}" \
      --work-dir "$PART_DATA_DIR/work" "$SPARK_MASTER_URL"
    ;;
  connect)
    require SPARK_PORT SPARK_MASTER_URL HDFS_URL
    cat >"$PART_CONFIG_DIR/spark-defaults.conf" <<PROPERTIES
spark.app.name                        goodsflow-connect
spark.master                          $SPARK_MASTER_URL
spark.driver.host                     ${SPARK_HOSTNAME:-$SPARK_ADDRESS}
spark.driver.bindAddress              $SPARK_ADDRESS
spark.driver.memory                   ${SPARK_HEAP:-512m}
spark.driver.extraJavaOptions         $small
spark.executor.memory                 ${SPARK_EXECUTOR_HEAP:-512m}
spark.executor.extraJavaOptions       -XX:+UseSerialGC $TEMP_FLAGS
spark.executor.cores                  ${SPARK_EXECUTOR_CORES:-2}
spark.cores.max                       ${SPARK_EXECUTOR_CORES:-2}
spark.ui.port                         $SPARK_UI_PORT
# By default, the application ID, which changes with each start, is part of every
# metric's name.
spark.metrics.namespace               goodsflow
spark.local.dir                       $PART_DATA_DIR/local
spark.sql.warehouse.dir               $PART_DATA_DIR/warehouse
spark.sql.shuffle.partitions          4
spark.connect.grpc.binding.address    $SPARK_ADDRESS
spark.connect.grpc.binding.port       $SPARK_PORT
spark.hadoop.fs.defaultFS             $HDFS_URL
spark.hadoop.dfs.replication          2
spark.executorEnv.HADOOP_USER_NAME    recommender
PROPERTIES
    export HADOOP_USER_NAME=recommender
    cd "$PART_DATA_DIR"
    exec "$SPARK_HOME/bin/spark-submit" \
      --class org.apache.spark.sql.connect.service.SparkConnectServer spark-internal
    ;;
  *) part_fail "SPARK_ROLE must be master, worker or connect, not '$SPARK_ROLE'" ;;
esac
