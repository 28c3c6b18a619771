"""Two runs beside each other: which units match, which words changed, and because of what."""
