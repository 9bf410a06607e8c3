"""The commands of `touchpoints`, one file each."""
