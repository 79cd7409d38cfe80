"""Avro schemas: reading them, their lock of ids and versions, their compatibility."""
