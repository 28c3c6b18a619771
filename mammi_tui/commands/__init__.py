"""One module for each command of `mammi`, holding a click command of the same name. Heavy imports go in functions."""
