"""Where texts go out, and what holds there whatever they say."""
