"""Whether importance and maps say what the model does: deletion of units, and the pointing game."""
