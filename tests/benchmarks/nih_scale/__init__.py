"""A run file at the size of NIH ChestX-ray14: what it costs to write it, and how fast it answers (`__main__`)."""
