"""The clients that Latchward knows, one file each."""
