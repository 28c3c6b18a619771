"""Published weights: a catalogue, downloads at a user's request, and reading. Nothing else in the project downloads."""
