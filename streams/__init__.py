"""touchpoint-streams: notices, while it happens, where a company's channels tell one customer different things."""
