"""Ten thousand cells are checked while a person still looks at the screen."""

from __future__ import annotations

import time

import pytest

from tests.pipeline.conftest import check_text
from tests.support.long import sampled

BIG = f"""version: 1
defaults: {{model: acme/band}}
vars: {{game: Emberfall}}
jobs:
  big:
    matrix:
      a: [{", ".join(f"a{n}" for n in range(50))}]
      b: [{", ".join(f"b{n}" for n in range(20))}]
      heat: {{bad: 320, {", ".join(f"h{n}: {90 + n}" for n in range(9))}}}
    prompt: "{{{{ a }}}} and {{{{ b }}}} of {{{{ game }}}}"
    params: {{bpm: "{{{{ heat }}}}", duration: 30, key: D minor}}
"""


def test_one_bad_value_in_ten_thousand_cells_is_reported_once_and_quickly() -> None:
    took_s: list[float] = []
    while len(took_s) < 3 and min(took_s, default=1.5) >= 1.5:
        started = time.process_time()
        result = check_text(BIG)
        took_s.append(time.process_time() - started)
        assert len(result.only.cells) == 1000
        assert len(result.requests) == 9000
    assert min(took_s) < 1.5


@pytest.mark.sampled
def test_thousands_of_jobs_in_one_file_are_read() -> None:
    count = sampled(1_000, 10_000)
    jobs = "".join(
        f"  job{n}: {{prompt: 'Cue {n} of {{{{ game }}}}', params: {{bpm: {60 + n % 100}}}}}\n" for n in range(count)
    )
    result = check_text(f"version: 1\nvars: {{game: Emberfall}}\ndefaults: {{model: acme/band}}\njobs:\n{jobs}")
    assert result.problems == ()
    assert len(result.requests) == count
