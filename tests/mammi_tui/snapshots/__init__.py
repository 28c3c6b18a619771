"""Every screen as text, at three sizes of terminal."""
