"""Made-up customers whose stories are known."""
