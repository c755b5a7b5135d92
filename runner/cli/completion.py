"""scorefile completion"""

from __future__ import annotations

import click

SHELLS = {
    "bash": 'eval "$(scorefile completion bash)"    # in ~/.bashrc',
    "zsh": 'eval "$(scorefile completion zsh)"     # in ~/.zshrc, after compinit',
    "fish": "scorefile completion fish | source     # in ~/.config/fish/config.fish",
}


@click.command("completion", epilog="\b\n" + "\n".join(SHELLS.values()))
@click.argument("shell", type=click.Choice(list(SHELLS)), required=False)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Output format: the script itself, or JSON that contains it.",
)
def command(shell: str | None, format_: str) -> None:
    """Print a completion script for bash, zsh or fish. Without SHELL: that of $SHELL."""
    from click.shell_completion import get_completion_class

    from runner.cli import bash
    from runner.cli.main import COMPLETE, cli
    from runner.cli.show import print_data, print_json

    bash.register()
    name = shell or _own_shell()
    kind = get_completion_class(name)
    assert kind is not None
    script = kind(cli, {}, "scorefile", COMPLETE).source()
    if format_ == "json":
        print_json({"command": "completion", "shell": name, "script": script})
    else:
        print_data(script + "\n")


def _own_shell() -> str:
    """Return the name of the user's shell. Raises UsageError when it is none that is known here."""
    import os

    from runner.errors import UsageError

    name = os.environ.get("SHELL", "").rpartition("/")[2]
    if name not in SHELLS:
        raise UsageError("it is unknown which shell you use", help=f"name it: {', '.join(SHELLS)}")
    return name
