"""Avro codecs, wire forms and the schema registry."""
