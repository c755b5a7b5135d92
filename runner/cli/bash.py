"""Completion in bash, whose words are not ours: it also breaks a line at `=`, `:` and `@`."""

from __future__ import annotations

import os

from click.shell_completion import BashComplete, add_completion_class, split_arg_string


class WholeWords(BashComplete):
    """Completion that is given the line up to the cursor and cuts it itself.

    What is offered stands for a whole word. The script takes off what bash keeps: it replaces only `$2`, the part after
    its last break. So no shell-wide setting has to change.
    """

    source_template = """\
%(complete_func)s() {
    local line="${COMP_LINE:0:COMP_POINT}" option="" kind value
    local word="${line##*[[:space:]]}"
    if [[ $word == -*=* ]]; then option="${word%%%%=*}="; fi
    local keep="${word%%"$2"}"
    while IFS=',' read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                if [[ $value == *= ]]; then compopt -o nospace; fi
                value="$option$value"
                COMPREPLY+=("${value#"$keep"}")
                ;;
        esac
    done < <(COMP_WORDS="$line" %(complete_var)s=bash_complete "$1")
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)
        begins_anew = line[-1:].isspace() and not (words and words[-1][-1:].isspace())
        cut = [*words, ""] if begins_anew else words
        return cut[1:-1], cut[-1] if len(cut) > 1 else ""


def register() -> None:
    """Let click use this for bash."""
    add_completion_class(WholeWords, "bash")
