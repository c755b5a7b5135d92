"""The way to one provider over HTTP."""

import sys

# httpx imports the packages of a command line of its own where they are there, which is half of its time. Without that it
# offers a function in its place, which nothing here calls.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # what Python takes for "not there"
