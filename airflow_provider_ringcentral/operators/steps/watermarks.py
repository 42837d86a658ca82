"""Watermarks between runs: kept with the events of an asset, which Airflow stores only when the task succeeds."""

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
"""The key of an event's extra."""

FEW, MANY = 10, 1000
"""Events looked at, newest first: mapped tasks and others may share the asset."""


def own_asset(operator: BaseOperator) -> Asset | None:
    """The asset that keeps the operator's watermark, made its inlet and outlet.

    The first asset of its outlets, else one named after DAG and task; None when the DAG is not known yet.
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


def recall(
    context: Mapping[str, Any], asset: Asset | None, series: str, *, former: str, task: tuple[str, str]
) -> Watermark | None:
    """The watermark of the newest event of `asset` that belongs to `series`.

    `former` is what earlier versions called the series, not telling tasks apart: an event with it counts only when it
    came from `task` (ids of DAG and task). Events can be removed by an administrator; then, on Airflow 3.3+, that of
    the asset's state store. None when there is neither, and in a context without events. Raises `BadArgument` when a
    run's events cannot be asked for.
    """
    inlets = context.get("inlet_events")
    if inlets is None:
        log.info("Asset events cannot be read here: this is a first run, and nothing will be remembered of it.")
        return None
    try:
        events = inlets[asset] if asset is not None else None
    except KeyError:
        events = None
    if events is None:
        raise BadArgument(
            "the watermark of the last run cannot be read. Give outlets=[Asset(...)]; a mapped task needs the same "
            "asset twice, as partial(..., inlets=[asset], outlets=[asset]).",
            parameter="outlets",
        )
    strange = False
    for event in _newest_first(events):
        told = (event.extra or {}).get(FIELD)
        if found := Watermark.of_dict(told, series):
            return found
        if (found := Watermark.of_dict(told, former)) and _source(event) == task:
            return found
        strange = strange or told is not None
    confirmed = _confirmed(_store(context, asset), series)
    if strange and confirmed is None:
        log.info("The events of %s have watermarks of other tasks or settings only: this is a first run.", asset)
    return confirmed


def remember(
    context: Mapping[str, Any], asset: Asset | None, series: str, *, begin: Watermark, reached: Watermark
) -> None:
    """Put both ends of a run into the asset's state store, where there is one.

    The store is written at once, while the event is stored when the task has succeeded. So the store alone never
    proves that the event of `reached` is there, and only `begin`, which came from an event, is gone on from.
    """
    store = _store(context, asset)
    if store is not None:
        confirmed = begin.as_dict(series) if begin.cursor else None
        store.set(_key(series), {"reached": reached.as_dict(series), "confirmed": confirmed})


def _newest_first(events: Any) -> Iterable[Any]:
    """An asset's events."""
    if not hasattr(events, "limit"):
        yield from reversed(events)
        return
    for size in (FEW, MANY):
        found = list(events.ascending(ascending=False).limit(size))
        yield from found
        if len(found) < size:
            return


def _source(event: Any) -> tuple[Any, Any]:
    """The ids of the DAG and the task that an event came from."""
    return getattr(event, "source_dag_id", None), getattr(event, "source_task_id", None)


def _store(context: Mapping[str, Any], asset: Asset | None) -> Any:
    stores = context.get("asset_state_store")
    return None if stores is None or asset is None else stores[asset]


def _confirmed(store: Any, series: str) -> Watermark | None:
    kept = None if store is None else store.get(_key(series))
    return Watermark.of_dict(kept.get("confirmed"), series) if isinstance(kept, dict) else None


def _key(series: str) -> str:
    return f"call-log-sync-{series}"
