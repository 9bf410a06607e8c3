"""What the desk and programs ask over HTTP."""
