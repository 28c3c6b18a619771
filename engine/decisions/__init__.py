"""From neurons to decisions: why a film has its outputs, which neurons matter for a class, what to check first."""
