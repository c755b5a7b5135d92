"""Runs that are killed: a fork server, an independent checker, random kills, a kill at every system call."""
