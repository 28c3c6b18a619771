"""Proof, in real terminals on a virtual display, that films are shown as they are and leave nothing behind."""
