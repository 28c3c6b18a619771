"""Phantom chest films with recorded truth: anatomy, rendering, findings, reports. probing_set.py has the set."""
