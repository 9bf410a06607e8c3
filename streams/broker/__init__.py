"""Brokers started on this machine: the embedded one for a look at the product, Apache Kafka for its guarantees."""
