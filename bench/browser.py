"""Opens a page in Chromium and scrolls through it: python -m bench.browser FILE CHROMIUM ROUNDS. Prints seconds and milliseconds as JSON."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

STEP = 240
FRAMES = 240
SCROLL = """async ([step, frames]) => {
  await new Promise((done) => {
    let left = frames;
    const next = () => { scrollBy(0, step); left -= 1; left ? requestAnimationFrame(next) : done(); };
    requestAnimationFrame(next);
  });
  return scrollY;
}"""


def main() -> None:
    """Print how long the page took to open, and the longest frame of the main thread while it scrolled."""
    file, chromium, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    opened, worst = [], []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as kept:
        for number in range(rounds):
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            begun = time.perf_counter()
            page.goto(file.as_uri())
            page.wait_for_selector("html[data-ready=yes]")
            page.wait_for_selector(".card:first-child .wave")
            opened.append(time.perf_counter() - begun)
            trace = Path(kept) / f"{number}.json"
            browser.start_tracing(page=page, path=trace, categories=["devtools.timeline", "cc", "toplevel"])
            page.evaluate(SCROLL, [STEP, FRAMES])
            browser.stop_tracing()
            browser.close()
            worst.append(longest_frame(json.loads(trace.read_text())["traceEvents"]))
    print(json.dumps({"open_s": statistics.median(opened), "frame_ms": statistics.median(worst)}))


def longest_frame(events: list[dict[str, Any]]) -> float:
    """Return the processor time in ms of the longest frame: on the wall clock it would be that of the machine's other work."""
    threads = {
        (e["pid"], e["tid"]) for e in events if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    frames = (e for e in events if e["name"] == "ProxyMain::BeginMainFrame" and e["ph"] == "X")
    return max(e.get("tdur", 0) / 1000 for e in frames if (e["pid"], e["tid"]) in threads)


if __name__ == "__main__":
    main()
