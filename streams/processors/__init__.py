"""The four processors, the shell around the core: admit, identify, stitch, record."""
