"""The watermark of a sync between runs. An asset event keeps it, which Airflow stores only when the task succeeds."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import Asset

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.changes.watermark import Watermark

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator

log = logging.getLogger(__name__)

FIELD = "watermark"
"""Key of the watermark in an event's extra."""

FIRST_EVENTS, MAX_EVENTS = 10, 1000
"""Events that are read, newest first. Mapped and other tasks may share the asset."""


def watermark_asset_of(operator: BaseOperator) -> Asset | None:
    """Return the asset that keeps the operator's watermark, and add it to the operator's inlets and outlets.

    It is the first asset of the outlets, else one named after DAG and task; None when the DAG is not known yet.
    """
    asset = next((outlet for outlet in operator.outlets if isinstance(outlet, Asset)), None)
    if asset is None:
        if operator.get_dag() is None:
            return None
        asset = Asset(f"ringcentral://sync/{operator.dag_id}/{operator.task_id}")
        operator.outlets = [*operator.outlets, asset]
    if asset not in operator.inlets:
        operator.inlets = [*operator.inlets, asset]
    return asset


def load_watermark(
    context: Mapping[str, Any], asset: Asset | None, series: str, *, legacy_series: str, task: tuple[str, str]
) -> Watermark | None:
    """Return the watermark of the newest event of `asset` that belongs to `series`; None for a first run.

    `legacy_series` is the series' name of earlier versions, which did not tell tasks apart: an event with it counts
    only when it came from `task` (ids of DAG and task). Without an event (an administrator may delete them), the
    watermark comes from the asset's state store (Airflow 3.3 and later). Raises `BadArgument` when the events of a run
    cannot be read.
    """
    inlets = context.get("inlet_events")
    if inlets is None:
        log.info("Asset events are not available here: this is a first run, and its watermark is not kept.")
        return None
    try:
        events = inlets[asset] if asset is not None else None
    except KeyError:
        events = None
    if events is None:
        raise BadArgument(
            "the watermark of the last run cannot be read. Set outlets=[Asset(...)]; a mapped task needs the same "
            "asset twice, as partial(..., inlets=[asset], outlets=[asset]).",
            parameter="outlets",
        )
    foreign = False
    for event in _newest_first(events):
        values = (event.extra or {}).get(FIELD)
        if found := Watermark.of_dict(values, series):
            return found
        if (found := Watermark.of_dict(values, legacy_series)) and _source(event) == task:
            return found
        foreign = foreign or values is not None
    confirmed = _confirmed(_store(context, asset), series)
    if foreign and confirmed is None:
        log.info("The events of %s only have watermarks of other tasks or settings: this is a first run.", asset)
    return confirmed


def save_watermark(
    context: Mapping[str, Any], asset: Asset | None, series: str, *, begin: Watermark, reached: Watermark
) -> None:
    """Write both watermarks of a run to the asset's state store, if there is one.

    The store is written at once, the event only when the task succeeds. So `reached` may have no event, and a later run
    starts from `begin` ("confirmed"), which came from one.
    """
    store = _store(context, asset)
    if store is not None:
        confirmed = begin.as_dict(series) if begin.cursor else None
        store.set(_key(series), {"reached": reached.as_dict(series), "confirmed": confirmed})


def _newest_first(events: Any) -> Iterable[Any]:
    """Read an asset's events, newest first."""
    if not hasattr(events, "limit"):
        yield from reversed(events)
        return
    for size in (FIRST_EVENTS, MAX_EVENTS):
        found = list(events.ascending(ascending=False).limit(size))
        yield from found
        if len(found) < size:
            return


def _source(event: Any) -> tuple[Any, Any]:
    """Return the ids of the DAG and the task that an event came from."""
    return getattr(event, "source_dag_id", None), getattr(event, "source_task_id", None)


def _store(context: Mapping[str, Any], asset: Asset | None) -> Any:
    stores = context.get("asset_state_store")
    return None if stores is None or asset is None else stores[asset]


def _confirmed(store: Any, series: str) -> Watermark | None:
    kept = None if store is None else store.get(_key(series))
    return Watermark.of_dict(kept.get("confirmed"), series) if isinstance(kept, dict) else None


def _key(series: str) -> str:
    return f"call-log-sync-{series}"
