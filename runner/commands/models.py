"""`models`: the models of the catalog, or one of them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.report.models import ModelReport, ModelsReport
from runner.state.schemas import read_catalog, schema_folders

if TYPE_CHECKING:
    from pathlib import Path

    from runner.catalog.models import Catalog
    from runner.records.catalog import Model


def models(folder: Path, name: str | None) -> ModelReport | ModelsReport:
    """Return the models for pipelines in `folder`, or the one of that name. Raises UsageError with the nearest name."""
    catalog = read_catalog(schema_folders(folder))
    if name is not None:
        return ModelReport(model=find_model(catalog, name))
    return ModelsReport(models=tuple(sorted(catalog.models.values(), key=lambda found: found.id)))


def find_model(catalog: Catalog, name: str) -> Model:
    """Return a model. Raises UsageError with the nearest name."""
    if name in catalog.models:
        return catalog.models[name]
    close = difflib.get_close_matches(name, catalog.models, n=1)
    raise UsageError(
        f"there is no model {name}", help=f"did you mean {close[0]}?" if close else "scorefile models lists all"
    )
