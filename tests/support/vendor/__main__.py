"""python -m tests.support.vendor FOLDER: serve until standard input ends; the first line printed says where."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.support.vendor.book import Book
from tests.support.vendor.server import Vendor

if __name__ == "__main__":
    home = Path(sys.argv[1])
    vendor = Vendor(Book(folder=home), home)
    vendor.serve()
    print(json.dumps(asdict(vendor.places)), flush=True)
    sys.stdin.read()
