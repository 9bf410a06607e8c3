"""The pure core: identity, journeys, ledger, inconsistencies. No I/O, no clock, no randomness, no Faust."""
