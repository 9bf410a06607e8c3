"""One file per channel, what its events mean: an Avro record becomes a Touchpoint."""
