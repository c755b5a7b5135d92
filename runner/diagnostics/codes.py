"""Every kind of problem in a file: code → what it means in one line. A code never changes its meaning.

SF1xx YAML · SF2xx keys, jobs, matrix, templates · SF3xx model and provider files · SF4xx a model's parameters ·
SF5xx outputs and files · SF6xx lint · SF7xx the lock.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

CODES: Final = MappingProxyType(
    {
        "SF101": "the file is not valid YAML",
        "SF102": "a key appears twice in one mapping",
        "SF103": "a YAML tag is used",
        "SF104": "an ambiguous number",
        "SF105": "an alias or a merge key does not work",
        "SF106": "the file is too large, too deep or expands too far",
        "SF107": "a key is not text",
        "SF108": "the file is not one mapping",
        "SF109": "a character that no text file should contain",
        "SF110": "a value looks like an API key",
        "SF111": "the file has a merge conflict",
        "SF201": "unknown key",
        "SF202": "a required key is missing",
        "SF203": "a value has the wrong type",
        "SF204": "a value is outside what is allowed",
        "SF205": "unknown profile",
        "SF206": "a value is given in two places",
        "SF207": "needs names a missing job",
        "SF208": "jobs need each other in a circle",
        "SF209": "a matrix does not make sense",
        "SF210": "two matrix cells have the same id",
        "SF211": "too many matrix cells",
        "SF212": "a matrix exclude or include names something unknown",
        "SF213": "--var names something that cannot be set",
        "SF214": "a name is reserved",
        "SF215": "a template is not valid Jinja",
        "SF216": "a template uses an undefined name",
        "SF217": "a template does something that is not allowed",
        "SF218": "a template cannot be computed",
        "SF219": "a template gives too much, or something that is not a value",
        "SF220": "vars refer to each other in a circle",
        "SF221": "an environment variable is not declared or not set",
        "SF222": "an address is not acceptable",
        "SF223": "a project sends a key where nobody here has agreed to",
        "SF224": "a variable for templates holds a secret",
        "SF225": "a request holds the value of a secret",
        "SF226": "an included file cannot be used",
        "SF301": "a model or provider file is not valid",
        "SF302": "a model names a provider that has no file",
        "SF303": "a model or provider file is in the wrong place",
        "SF304": "x-scorefile names a parameter that the model does not have",
        "SF305": "a default breaks the parameter's own rules",
        "SF306": "a path in a provider file is not JMESPath",
        "SF307": "a field is both fixed in body and a parameter",
        "SF308": "a length has no unit",
        "SF401": "a number is out of the model's range",
        "SF402": "the model has no such parameter",
        "SF403": "the model needs a parameter that is missing",
        "SF404": "a parameter has the wrong type",
        "SF405": "a parameter is not one of the model's choices",
        "SF406": "a text or list has the wrong length or form for the model",
        "SF407": "parameters that cannot be combined",
        "SF408": "unknown model",
        "SF409": "a job has no model",
        "SF410": "the take does not exist",
        "SF411": "unknown provider",
        "SF501": "an output path is not allowed",
        "SF502": "two jobs write the same file",
        "SF503": "a file cannot be read",
        "SF504": "a file's path is not allowed",
        "SF505": "a file is too large",
        "SF601": "a seed has no effect",
        "SF602": "the prompt says another tempo than bpm",
        "SF603": "the prompt says another key than the parameter",
        "SF604": "a duration has no effect",
        "SF605": "an instrumental has lyrics with sung parts",
        "SF606": "a text is nearly as long as the model takes",
        "SF607": "an output ends in what the model does not make",
        "SF608": "a default that no job uses",
        "SF609": "a var that nothing uses",
        "SF610": "a matrix axis that nothing uses",
        "SF611": "a budget is set and a price is unknown",
        "SF612": "an invisible character",
        "SF613": "this problem cannot be ignored by a comment",
        "SF614": "a webhook has no effect",
        "SF701": "a job has picks that differ",
    }
)

LINT: Final = frozenset(code for code in CODES if code.startswith("SF6"))
"""The codes of warnings, which a comment can silence."""
