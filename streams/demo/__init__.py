"""The demonstration: a private stack, events of a known origin, the pipeline until it is drained, and what came of it."""
