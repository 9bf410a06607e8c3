"""Batch delivery and partitioned state that owns its position, on Faust."""
