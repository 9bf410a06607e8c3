"""Files of a company's own, mapped to channel events."""
