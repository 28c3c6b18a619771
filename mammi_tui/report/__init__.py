"""The report of a triage: one file to hand on."""
