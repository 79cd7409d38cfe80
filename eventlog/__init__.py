"""The only code that knows Kafka and Avro."""
