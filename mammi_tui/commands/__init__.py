"""One module for each command of `mammi`, with a click command of the module's name. Heavy imports go inside functions."""
