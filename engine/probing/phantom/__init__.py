"""Phantom chest films with known truth: anatomy, rendering, findings, reports. probing_set.py has the probing set."""
