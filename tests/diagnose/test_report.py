from __future__ import annotations

import textwrap

from airflow_provider_ringcentral.diagnose.report import report
from airflow_provider_ringcentral.hooks.diagnosis.diagnosis import Diagnosis, Finding

LINK = "https://developers.ringcentral.com/console/my-credentials/create?client_id=Abc-123_x-and-a-long-tail"
FINE = Finding("login", "ok", "RingCentral accepts the JWT.")


def test_each_finding_is_a_row_with_its_cure_below():
    wrong = Finding("jwt_rejected", "error", "RingCentral refuses the JWT, and that is why.", "Make one.", "Connection")

    assert report(Diagnosis((FINE, wrong)), width=66) == textwrap.dedent(
        """\
        Not ready: 1 problem to fix.

        severity  finding       what it is
        --------  ------------  ------------------------------------------
        ok        login         RingCentral accepts the JWT.
        error     jwt_rejected  RingCentral refuses the JWT, and that is
                                why.
                                Fix (Connection): Make one."""
    )


def test_links_are_never_broken():
    wrong = Finding("jwt_rejected", "error", "Refused.", "Make a new one.", "developer console", LINK)

    assert f" {LINK}" in report(Diagnosis((wrong,)), width=30)


def test_the_first_line_is_the_headline():
    warning = Finding("no_sms_number", "warning", "None can send.", "Assign one.", "admin portal")

    assert report(Diagnosis((FINE, warning)), width=80).splitlines()[0] == "Ready, with 1 warning."
