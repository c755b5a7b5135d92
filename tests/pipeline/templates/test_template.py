"""What templates may do, what they give, and what they are refused."""

from __future__ import annotations

import time

import pytest
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

from runner.pipeline.templates.compiling import compile_template, of_names
from runner.pipeline.templates.filters import REFUSED_FILTERS, REFUSED_TESTS
from runner.pipeline.templates.jinja import of_jinja
from runner.pipeline.templates.sandbox import SANDBOX
from runner.pipeline.templates.template_errors import TemplateProblemsError
from tests.pipeline.conftest import check_text


def value(source: str, **names: object) -> object:
    template = compile_template(source)
    assert template.missing(names, names) == ()
    return template.render(names)


def fault(source: str, **names: object) -> tuple[str, str]:
    with pytest.raises(TemplateProblemsError) as caught:
        value(source, **names)
    first = caught.value.problems[0]
    return first.code, first.message


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ n }}", 96),
        ("{{ n * 2 }}", 192),
        ("{{ n / 2 }}", 48),
        ("{{ n / 5 }}", 19.2),
        ("  {{ n }}\n", 96),
        ("{{ n }} bpm", "96 bpm"),
        ("{{ n }}{{ n }}", "9696"),
        ("{{ flag }}", True),
        ("{{ flag }}!", "true!"),
        ("{{ none }}", None),
        ("{{ [n, 1.0, 'x'] }}", [96, 1, "x"]),
        ("{{ {'a': n} }}", {"a": 96}),
        ("{{ words[0] }}", "low"),
        ("{{ words[-1][:2] }}", "br"),
        ("{{ tree.leaf }}", 1),
        ("{{ tree['items'] }}", 2),
        ("{{ words | join(', ') }}", "low, brass"),
        ("{{ 'a' ~ n ~ true }}", "a96true"),
        ("{{ nothing | default('x') }}", "x"),
        ("{{ 'yes' if nothing is defined else 'no' }}", "no"),
        ("{% for w in words %}{{ loop.index }}{{ w }} {% endfor %}", "1low 2brass "),
        ("{% if n > 90 and not flag %}a{% else %}b{% endif %}", "b"),
        ("{{ range(3) | list }}", [0, 1, 2]),
        ("{{ 'low brass' | title }}", "Low Brass"),
        ("{{ 96.6 | round }}", 97),
        ("{{ '12' | int }}", 12),
        ("{{ 'aXb' | replace('X', '-') }}", "a-b"),
        ("{{ [3, 1, 3] | unique | sort | first }}", 1),
        ("{{ words | length }}", 2),
        ("{# note #}x", "x"),
        ("plain }} text", "plain }} text"),
    ],
)
def test_a_template_gives(source: str, result: object) -> None:
    given = value(source, n=96, flag=True, words=["low", "brass"], tree={"leaf": 1, "items": 2})
    assert given == result
    assert type(given) is type(result)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ '' | attr('__class__') }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ 'x'.upper() }}",
        "{{ cycler('a') }}",
        "{{ lipsum() }}",
        "{{ namespace() }}",
        "{{ self }}",
        "{{ self.x() }}",
        "{{ range(stop=3) }}",
        "{{ range(*[1]) }}",
        "{{ range }}x{{ range.__self__ }}",
        "{% macro f() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% block b %}{% endblock %}",
        "{% call x() %}{% endcall %}",
        "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% for a in [1] %}{% for b in [1] %}{% for c in [1] %}{% endfor %}{% endfor %}{% endfor %}",
        "{{ 2 ** 3 }}",
        "{{ x is callable }}",
        "{{ [1, 2] | random }}",
        "{{ 'a' if true else 'b' | nope }}",
        "{{ 1 if x is nope else 2 }}",
        "{{ x | values that are compared }}",
        "{% set ns.x = 1 %}",
        "{% set range = 1 %}",
        "{% set _x = 1 %}",
        "{% for loop in [1] %}{% endfor %}",
        "{% with self = 1 %}{% endwith %}",
        "{% filter attr('x') %}x{% endfilter %}",
        "{{ 'x' | items in a loop }}",
        "{{ _x }}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ " + "[" * 60 + "]" * 60 + " }}",
        "{{ " + "-" * 3000 + "1 }}",
    ],
)
def test_what_is_not_on_the_list_is_refused_before_rendering(source: str) -> None:
    with pytest.raises(TemplateProblemsError) as caught:
        compile_template(source)
    assert {problem.code for problem in caught.value.problems} <= {"SF215", "SF217"}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ 'a' * 10 }}", "SF218"),
        ("{{ [1] * 10 }}", "SF218"),
        ("{{ '%99d' % 1 }}", "SF218"),
        ("{{ 1 + 'a' }}", "SF218"),
        ("{{ true + 1 }}", "SF218"),
        ("{{ 1 / 0 }}", "SF218"),
        ("{{ 1 % 0 }}", "SF218"),
        ("{{ 'x' | int }}", "SF218"),
        ("{{ 1.5 | round(400) }}", "SF218"),
        ("{{ [1, 'a'] | sort }}", "SF218"),
        ("{{ [] | first }}", "SF218"),
        ("{{ [1] }}!", "SF218"),
        ("{{ none }}!", "SF218"),
        ("{{ {'a': 1} }}!", "SF218"),
        ("{{ 9999999999 * 9999999999 }}", "SF219"),
        ("{{ 'nan' | float }}", "SF219"),
        ("{{ 'inf' | float * 2 }}", "SF219"),
        ("{{ range(10001) | length }}", "SF219"),
        ("{{ big + big }}", "SF219"),
        ("{{ big ~ big }}", "SF219"),
        ("{{ big | replace('a', 'bb') }}", "SF219"),
        ("{{ [big, big] | join }}", "SF219"),
        ("{{ big }}{{ big }}", "SF219"),
        ("{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}", "SF219"),
        ("{% for i in big %}{{ i }}{% endfor %}", "SF219"),
        ("{{ 'x' | center(1000000000) }}", "SF219"),
        ("{{ 'x' | indent(1000000000) }}", "SF219"),
        ("{{ big | list | join(big) }}", "SF219"),
        ("{{ '%999999999d' | format(1) }}", "SF219"),
        ("{{ '%.999999999f' | format(1) }}", "SF219"),
        ("{{ '%*d' | format(999999999, 1) }}", "SF219"),
        ("{{ '%(a)9999d' | format(a=1) }}", "SF219"),
        ("{{ [1] | batch(1000000000, 0) }}", "SF219"),
        ("{{ [1] | slice(1000000000) }}", "SF219"),
        ("{{ 'a b' | wordwrap(1, wrapstring=big) | wordwrap(1, wrapstring=big) }}", "SF219"),
        ("{{ {'a': 1} | tojson(1000000000) }}", "SF219"),
        ("{{ range(10000) | map('center', 1000) | list }}", "SF219"),
        ("{{ range(10000) | map('d', big, true) | join }}", "SF219"),
        ("{% filter upper %}{% for i in range(9000) %}{{ big }}{% endfor %}{% endfilter %}", "SF219"),
        ("{% set x %}{% for i in range(9000) %}" + "x" * 1000 + "{% endfor %}{% endset %}{{ x }}", "SF219"),
        ("{% set a = [1] %}" + "{% set a = [a, a] %}" * 30 + "{{ a }}", "SF219"),
        (
            "{% set a = [1] %}{% set b = [1] %}" + "{% set a = [a, a] %}{% set b = [b, b] %}" * 30 + "{{ a == b }}",
            "SF219",
        ),
        ("{% set a = [1] %}" + "{% set a = [a, a] %}" * 30 + "{{ 1 if [a] is eq([a]) else 2 }}", "SF219"),
        ("{% set a = [1] %}" + "{% set a = [a, a] %}" * 30 + "{{ a | tojson }}", "SF219"),
        ("{{ [1, 'a'] | sum }}", "SF218"),
        ("{{ ['x'] | map('nope') | list }}", "SF218"),
        ("{{ ['x'] | select('nope') | list }}", "SF218"),
        ("{{ 'abc' | truncate(1) }}", "SF218"),
        ("{{ 'x' | float }}", "SF218"),
        ("{{ [[1], [1]] | unique }}", "SF218"),
        ("{{ [1] | upper }}", "SF218"),
        ("{{ tree.gone | items | list }}", "SF216"),
        ("{{ 'a' | center(tree.gone) }}", "SF216"),
        ("{{ '%s' | format(tree) }}", "SF218"),
        ("{{ tree.leaff }}", "SF216"),
        ("{{ tree.items }}", "SF216"),
        ("{{ tree.leaf.real }}", "SF216"),
        ("{{ 'abc'.upper }}", "SF216"),
        ("{{ [1][5] }}", "SF216"),
    ],
)
def test_what_grows_or_fails_while_rendering_is_refused(source: str, code: str) -> None:
    started = time.process_time()
    assert fault(source, big="a" * 60_000, tree={"leaf": 1})[0] == code
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{% set x = n * 2 %}{{ x }}", 192),
        ("{% set x = n %}\n{% set y = x + 1 %}\n{{ y }}\n", 97),
        ("{% set x %}low {{ n }}{% endset %}{{ x | upper }}", "LOW 96"),
        ("{% set x | upper %}low{% endset %}{{ x }}!", "LOW!"),
        ("{% set n = n + 4 %}{{ n }}", 100),
        ("{% set a, b = words %}{{ b }} {{ a }}", "brass low"),
        ("{% if n > 90 %}{% set x = 'fast' %}{% endif %}{{ x }} {{ n }}", "fast 96"),
        ("{% for n in [1, 2] %}{{ n }}{% endfor %}", "12"),
        ("{% filter upper %}low {{ n }}{% endfilter %}", "LOW 96"),
        ("{% with a = n %}{{ a }} {% endwith %}{{ n }}", "96 96"),
        ("{{ words | map('upper') | join('-') }}", "LOW-BRASS"),
        ("{{ tracks | map(attribute='bpm') | sum }}", 300),
        ("{{ tracks | sum(attribute='bpm') / tracks | length }}", 100),
        ("{{ tracks | selectattr('key', 'eq', 'D') | map(attribute='bpm') | list }}", [90, 110]),
        ("{{ tracks | rejectattr('key', '==', 'D') | map(attribute='bpm') | first }}", 100),
        ("{{ [1, 2, 3] | select('odd') | list }}", [1, 3]),
        ("{{ [1, 2, 3] | reject('odd') | first }}", 2),
        ("{% for key, group in tracks | groupby('key') %}{{ key }}{{ group | length }} {% endfor %}", "A1 D2 "),
        ("{% for g in tracks | groupby('key') %}{{ g.grouper }}{{ g.list[0].bpm }} {% endfor %}", "A100 D90 "),
        ("{{ tracks | sort(attribute='bpm', reverse=true) | map(attribute='bpm') | first }}", 110),
        ("{{ ['b', 'A', 'a'] | sort | join }}", "Aab"),
        ("{{ ['b', 'A', 'a'] | sort(case_sensitive=true) | join }}", "Aab"),
        ("{{ ['a', 'A', 'b'] | unique | join }}", "ab"),
        ("{{ ['b', 'a'] | min }}{{ (tracks | max(attribute='bpm')).bpm }}", "a110"),
        ("{{ {'b': 1, 'a': 2} | dictsort }}", [["a", 2], ["b", 1]]),
        ("{% for k, v in tree | items %}{{ k }}={{ v }} {% endfor %}", "leaf=1 items=2 "),
        ("{{ [1, 2, 3] | batch(2, 0) | list }}", [[1, 2], [3, 0]]),
        ("{{ [1, 2, 3] | slice(2, 0) | list }}", [[1, 2], [3, 0]]),
        ("{{ [1, 2, 3] | reverse | list }}", [3, 2, 1]),
        ("{{ 'abc' | reverse }}", "cba"),
        ("{{ '%03d %s' | format(7, 'x') }}", "007 x"),
        ("{{ '%(a)s' | format(a=true) }}", "true"),
        ("{{ 'a' | center(3) }}|", " a |"),
        ("{{ 'a\nb' | indent(2) }}", "a\n  b"),
        ("{{ 'low brass' | wordwrap(5) }}", "low\nbrass"),
        ("{{ 'low brass choir' | truncate(9, leeway=0) }}", "low..."),
        ("{{ ['a', 1.0] | tojson }}", '["a", 1]'),
        ("{{ {'b': 1, 'a': 'ü'} | tojson }}", '{"a": "ü", "b": 1}'),
        ("{{ ['a'] | pprint }}", "['a']"),
        ("{{ 'a b/c' | urlencode }}", "a%20b/c"),
        ("{{ {'q': 'a b'} | urlencode }}", "q=a+b"),
        ("{{ '<b>' | e ~ '&' }}", "&lt;b&gt;&"),
        ("{{ '<b>low</b>' | striptags }}", "low"),
        ("{{ {'a': 1} | xmlattr }}", ' a="1"'),
        ("{{ 1500 | filesizeformat }}", "1.5 kB"),
        ("{{ 'ff' | int(base=16) }}", 255),
        ("{{ 'x' | int(3) }}", 3),
        ("{{ 'x' | float(0.5) }}", 0.5),
        ("{{ 90.4 | round(method='ceil') }}", 91),
        ("{{ 'aaa' | replace('a', 'b', 2) }}", "bba"),
        ("{{ words is iterable and words is sequence and 'upper' is filter and 'odd' is test }}", True),
        ("{{ n is gt 90 and n is eq 96 and 'low' in words and n is divisibleby 3 }}", True),
        ("{% for w in words %}{{ loop.nextitem | default('end') }} {% endfor %}", "brass end "),
    ],
)
def test_a_template_has_what_jinja_has(source: str, result: object) -> None:
    tracks = [{"bpm": 90, "key": "D"}, {"bpm": 100, "key": "A"}, {"bpm": 110, "key": "D"}]
    names = {"n": 96, "words": ["low", "brass"], "tracks": tracks, "tree": {"leaf": 1, "items": 2}}
    given = value(source, **names)
    assert given == result
    assert type(given) is type(result)


def test_every_filter_and_test_of_jinja_is_there_or_refused_with_a_reason() -> None:
    assert set(FILTERS) - set(SANDBOX.filters) == set(REFUSED_FILTERS)
    assert set(TESTS) - set(SANDBOX.tests) == set(REFUSED_TESTS)
    message = "the filter random cannot be used in a template: it gives another result each time"
    assert fault("{{ [1, 2] | random }}") == ("SF217", message)


def test_a_filter_that_does_not_exist_is_named_where_it_is_also_in_a_branch() -> None:
    with pytest.raises(TemplateProblemsError) as caught:
        compile_template("{{ 'a' if true else 'b' | uper }}")
    (problem,) = caught.value.problems
    assert (problem.message, problem.help) == ("there is no filter uper here", "did you mean upper?")
    assert (problem.start, problem.end) == (26, 30)


def test_a_method_that_is_a_filter_is_told_as_one() -> None:
    with pytest.raises(TemplateProblemsError) as caught:
        compile_template("{% for k, v in tree.items() %}{% endfor %}")
    (problem,) = caught.value.problems
    assert problem.help == "write it as a filter: {{ … | items }}"


def test_a_name_that_a_template_sets_is_required_only_where_it_is_read_before() -> None:
    template = compile_template("{% set x = 1 %}{{ x }} {{ y }}")
    assert (template.names, template.required) == (("y",), frozenset({"y"}))
    assert compile_template("{% set x = x + 1 %}{{ x }}").names == ("x",)
    assert fault("{% set x = x + 1 %}{{ x }}") == ("SF216", "x is not defined")


def test_the_label_of_an_axis_is_what_is_written() -> None:
    text = """version: 1
jobs:
  j:
    model: acme/solo
    matrix:
      biome: [Dark Forest, 7]
      heat: {Very Hot: 150}
      include: [{biome: ice, heat: Very Hot}, {biome: 7, heat: 90}]
    prompt: "{{ label.biome }} {{ label.heat }} {{ heat }} {{ label | items | list | length }}"
"""
    prompts = {request.job: request.params["prompt"] for request in check_text(text).requests}
    assert prompts == {
        "j@dark-forest-very-hot": "Dark Forest Very Hot 150 2",
        "j@7-very-hot": "7 Very Hot 150 2",
        "j@ice-very-hot": "ice Very Hot 150 2",
        "j@7-90": "7 90 90 2",
    }


def test_a_label_that_there_is_not_is_named() -> None:
    text = "version: 1\njobs: {j: {model: acme/solo, matrix: {heat: {hot: 1}}, prompt: '{{ label.heet }}'}}\n"
    problem = check_text(text).only
    assert (problem.code, problem.message, problem.help) == ("SF216", "label has no heet", "did you mean heat?")


def test_a_label_is_a_step_with_its_place() -> None:
    text = "version: 1\njobs:\n  j:\n    model: acme/band\n    matrix: {heat: {hot: 150}}\n    prompt: x {{ heat }}\n    params: {key: '{{ label.heat }}'}\n"
    (step,) = check_text(text).only.origin[1:]
    assert (step.text, str(step.mark)) == ('label.heat = "hot"', "night.yaml:5:21")


def test_an_undefined_whole_expression_is_an_error_not_an_empty_text() -> None:
    template = compile_template("{{ nope }}")
    assert [fault.message for fault in template.missing({}, ["nape"])] == ["nope is not defined"]
    assert template.missing({}, ["nape"])[0].help == "did you mean nape?"


def test_an_undefined_name_inside_a_list_is_an_error() -> None:
    assert fault("{{ [x is defined, tree.gone] }}", x=1, tree={})[0] == "SF216"


def test_a_rendered_value_is_not_rendered_again() -> None:
    text = (
        "version: 1\nvars: {a: '{{ b }}', b: 1}\njobs: {j: {model: acme/solo, prompt: \"{{ '{{ 7*7 }}' }} {{ a }}\"}}\n"
    )
    assert check_text(text).only_request.params["prompt"] == "{{ 7*7 }} 1"


def test_vars_refer_to_vars_in_any_order() -> None:
    text = "version: 1\nvars: {a: '{{ b + 1 }}', b: '{{ c * 2 }}', c: 5}\njobs: {j: {model: acme/solo, prompt: 'n {{ a }}'}}\n"
    assert check_text(text).only_request.params["prompt"] == "n 11"


def test_an_unused_var_may_need_an_axis() -> None:
    text = "version: 1\nvars: {a: '{{ biome }} x'}\njobs:\n  j: {model: acme/solo, prompt: x}\n  k: {model: acme/solo, prompt: '{{ a }}', matrix: {biome: [ash]}}\n"
    result = check_text(text)
    assert result.problems == ()
    assert result.request("k@ash").params["prompt"] == "ash x"


def test_templates_see_the_job_and_its_cell() -> None:
    text = """version: 1
jobs:
  j:
    model: acme/solo
    labels: [hero]
    matrix: {biome: [ash], heat: {hot: 150}}
    prompt: "{{ job.id }} {{ job.name }} {{ job.labels[0] }} {{ job.cell.biome }} {{ job.cell.heat }}"
"""
    assert check_text(text).only_request.params["prompt"] == "j@ash-hot j hero ash 150"


def test_templates_see_vars_as_a_mapping_too() -> None:
    text = "version: 1\nvars: {a: 1, tree: {b: [2]}}\njobs: {j: {model: acme/solo, prompt: '{{ vars.a }} {{ vars.tree.b[0] }} {{ tree.b[0] }}'}}\n"
    assert check_text(text).only_request.params["prompt"] == "1 2 2"


def test_templates_see_declared_environment_only() -> None:
    text = "version: 1\nenv: [TAG]\njobs: {j: {model: acme/solo, prompt: '{{ env.TAG }}'}}\n"
    assert check_text(text, env={"TAG": "v1", "KEY": "s"}).only_request.params["prompt"] == "v1"
    hidden = check_text(text.replace("env.TAG", "env.KEY"), env={"TAG": "v1", "KEY": "s"}).only
    assert hidden.code == "SF221"
    assert hidden.allowed == "TAG"


def test_a_missing_environment_variable_may_have_a_default() -> None:
    text = "version: 1\nenv: [TAG]\njobs: {j: {model: acme/solo, prompt: \"{{ env.TAG | default('dev') }}\"}}\n"
    assert check_text(text).only_request.params["prompt"] == "dev"


def test_all_of_vars_or_env_cannot_be_printed() -> None:
    for name in ("vars", "env", "job", "jobs"):
        text = f"version: 1\nvars: {{a: 1}}\njobs: {{j: {{model: acme/solo, prompt: 'x {{{{ {name} }}}}'}}}}\n"
        assert check_text(text).only.code == "SF218"


def test_a_job_sees_the_resolved_values_of_those_it_needs() -> None:
    text = """version: 1
jobs:
  z:
    needs: [a, m]
    model: acme/band
    prompt: "{{ jobs.a.id }} {{ jobs.a.model }} {{ jobs.a.output }} {{ jobs.m['ash'].params.prompt }}"
    params: {bpm: "{{ jobs.a.params.bpm + 1 }}", seed: "{{ jobs.a.params.seed }}"}
  a: {model: acme/band, prompt: x, params: {bpm: 90}}
  m: {model: acme/solo, prompt: "in {{ b }}", matrix: {b: [ash, ice]}}
"""
    result = check_text(text)
    assert result.problems == ()
    request = result.request("z")
    assert [request.job for request in result.requests] == ["z", "a", "m@ash", "m@ice"]
    assert request.params["prompt"] == "a acme/band audio/a in ash"
    assert (request.params["bpm"], request.params["seed"]) == (91, result.request("a").params["seed"])
    assert request.origins["bpm"].steps[0].text == "jobs.a.params.bpm = 90"


def test_a_job_that_needs_a_broken_one_is_not_blamed_for_it() -> None:
    text = """version: 1
jobs:
  a: {model: acme/band, prompt: x, params: {bpm: 999}}
  b: {model: acme/band, needs: a, prompt: "{{ jobs.a.params.bpm }}", params: {bpm: 2}}
"""
    messages = [problem.message for problem in check_text(text).problems]
    assert messages == ["bpm is 999", "bpm is 2"]


def test_a_broken_var_is_reported_once_at_its_own_place() -> None:
    text = """version: 1
vars: {a: "{{ nope }}"}
jobs:
  j: {model: acme/solo, prompt: "{{ a }}"}
  k: {model: acme/solo, prompt: "{{ a }} x"}
"""
    problem = check_text(text).only
    assert problem.mark is not None
    assert (problem.code, problem.mark.line, problem.mark.column) == ("SF216", 2, 15)


@pytest.mark.parametrize(
    "source",
    [
        *("{{ a }}", " {{ a }}\n", "x{{a}}y{{ b }}", "{{ a }}{{ a }}", "{{ c }}!", "{{ d }}!", "{{ b }}\n\n"),
        *("{{ e.f }}", "x {{ e.f }}{{ a }}", "{{ e.g.h }}", "{{ e.g }}!", "{{ e.no }}", "{{ b.upper }} {{ e.no }}"),
        *("{{ e.in }}", "{{ d }} {{ e.no }}", "{{ e.no }} {{ d }}", "{{ a.b.c }}"),
    ],
)
def test_the_short_way_for_plain_names_gives_what_jinja_gives(source: str) -> None:
    values = {"a": 1.0, "b": "t", "c": True, "d": [1], "e": {"f": 2, "g": {"h": "i"}, "in": "j"}}
    short, long = of_names(source), of_jinja(source)
    assert short is not None
    assert (short.names, short.required) == (long.names, long.required)
    outcomes = []
    for template in (short, long):
        try:
            outcomes.append(template.render(values))
        except TemplateProblemsError as error:
            outcomes.append(error.problems)
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    "source",
    [
        "{{ true }}",
        "{{ self }}",
        "{{ range }}",
        "{{- a }}",
        "{{ a._b }}",
        "{{ a.1 }}",
        "{{ loop.index }}",
        "{{ a }}{# c #}",
        "{{ a",
        "{{ _a }}",
    ],
)
def test_any_other_template_is_compiled(source: str) -> None:
    assert of_names(source) is None
