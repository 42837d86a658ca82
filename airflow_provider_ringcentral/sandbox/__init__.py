"""RingCentral on a loopback port: for demos, for our tests, and for the tests of your own DAGs.

Needs the extra `sandbox` on Airflow 2.11; Airflow 3 brings the same packages.
"""

from __future__ import annotations

try:
    import python_multipart  # noqa: F401
    import starlette  # noqa: F401
    import uvicorn  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"The sandbox needs {error.name}: install airflow-provider-ringcentral[sandbox] (Airflow 3 brings it)",
        name=error.name,
    ) from None

from airflow_provider_ringcentral.sandbox.control.client import SandboxControl, SandboxError
from airflow_provider_ringcentral.sandbox.control.server import Sandbox

__all__ = ["Sandbox", "SandboxControl", "SandboxError"]
