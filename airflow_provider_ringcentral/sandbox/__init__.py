"""RingCentral on a loopback port: for demos, for our tests, and for the tests of your own DAGs.

Needs the extra `sandbox` on Airflow 2.11; Airflow 3 brings all it is made of.
"""

from __future__ import annotations

from airflow_provider_ringcentral.sandbox.remote import SandboxControl, SandboxError
from airflow_provider_ringcentral.sandbox.server import Sandbox

__all__ = ["Sandbox", "SandboxControl", "SandboxError"]
