"""What comes out: pure functions from records to text. No clock, disk, network or environment.

A verb's report (`validate.py`, `plan.py`, `run.py`, `verify.py`, `failure.py`) says what it found; a format
(`formats.py`) says how that is written. Every format shows the same object.
"""
