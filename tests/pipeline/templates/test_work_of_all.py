"""What all templates of a file compute together is bounded: a matrix makes many of one."""

from __future__ import annotations

import time

from runner.pipeline.templates.values import SHARED_WORK
from tests.pipeline.conftest import check_text

LOOPS = "{% for i in range(3000) %}{{ range(90) | sum }}{% endfor %}"


def test_a_matrix_of_templates_that_compute_ends_soon() -> None:
    axis = list(range(6))
    jobs = f"a: {{model: acme/solo, prompt: '{LOOPS}{{{{ x }}}}{{{{ y }}}}', matrix: {{x: {axis}, y: {axis}}}}}"
    begun = time.process_time()
    problems = check_text(f"version: 1\njobs:\n  {jobs}\n").problems
    refused = [problem for problem in problems if problem.code == "SF219"]
    assert [str(problem.mark) for problem in refused] == ["night.yaml:3:34"]
    assert len(refused[0].cells) > 20
    assert time.process_time() - begun < 100


def test_the_next_file_has_an_allowance_of_its_own() -> None:
    SHARED_WORK.left = 0
    text = "version: 1\njobs: {a: {model: acme/solo, prompt: '{{ range(90) | sum }} drums'}}\n"
    assert check_text(text).problems == ()
