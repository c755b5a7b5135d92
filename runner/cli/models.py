"""scorefile models"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import complete
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.catalog.models import Catalog
    from runner.records.catalog import Model
    from runner.report.records import Report


@click.command("models")
@click.argument("model", required=False, shell_complete=complete.models)
@text_or_json
def command(model: str | None) -> Report:
    """List the models, or show one model's parameters and price."""
    from pathlib import Path

    from runner.report.models import ModelReport, ModelsReport
    from runner.state.schemas import read_catalog, schema_folders

    catalog = read_catalog(schema_folders(Path.cwd()))
    if model is not None:
        return ModelReport(model=find_model(catalog, model))
    return ModelsReport(models=tuple(sorted(catalog.models.values(), key=lambda found: found.id)))


def find_model(catalog: Catalog, name: str) -> Model:
    """Return a model. Raises UsageError with the nearest name."""
    import difflib

    from runner.errors import UsageError

    if name in catalog.models:
        return catalog.models[name]
    close = difflib.get_close_matches(name, catalog.models, n=1)
    raise UsageError(
        f"there is no model {name}", help=f"did you mean {close[0]}?" if close else "scorefile models lists all"
    )
