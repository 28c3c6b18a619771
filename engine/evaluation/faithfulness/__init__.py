"""Whether words say when a unit is active: metrics, each marked by two sanity tests, and their means over a run."""
