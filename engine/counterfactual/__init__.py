"""Pairs of films that differ in one thing alone, and what a target model makes of the difference."""
