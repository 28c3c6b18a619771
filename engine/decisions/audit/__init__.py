"""The audit of shortcuts: which outputs read an attribute of the film, and which neurons carry it."""
