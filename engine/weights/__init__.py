"""Published weights: what there is, where it is published, and fetching it when a user asks. Nothing else downloads."""
