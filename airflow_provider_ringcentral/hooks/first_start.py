"""When a task began to wait, whatever tries, deferrals and reschedules came between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.hooks.notebook import notebook_of
from airflow_provider_ringcentral.sending.notebook import PREFIX

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient


def first_start(context: Mapping[str, Any], client: RingCentralClient, *, resumed: bool) -> float:
    """When the first try of the task began (epoch seconds); a person who clears it makes it begin anew.

    It is noted in Airflow's task state store (3.3+), else in the ledger. `resumed`: this is no first look. Then, and in
    a retry, a note that is missing (a ledger that is not shared lies on the machine of the first try) is replaced by
    the start of the run: earlier, so that nothing is missed.
    """
    notebook = notebook_of(context, client, resumed=resumed)
    name = f"{PREFIX}since:{notebook.order}"
    noted = notebook.pages.get(name)
    if not isinstance(noted, int | float):
        noted = notebook.now() if notebook.retried_since is None else notebook.retried_since
        notebook.pages.set(name, noted)
    return float(noted)
