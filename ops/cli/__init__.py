"""The command line `retail`."""
