"""Airflow 2.11's own form: what a person saves there, and what Test says."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import airflow
import pytest
from packaging.version import Version

JWT = "aGVhZGVy.Y2xhaW1z.c2lnbmF0dXJl"

if Version(airflow.__version__) < Version("3"):

    class Form(HTMLParser):
        """The fields of the page's form with the values that a browser would send back."""

        def __init__(self, page: str) -> None:
            super().__init__()
            self.fields: dict[str, str] = {}
            self._into, self._text = "", False
            self.feed(page)

        def handle_starttag(self, tag, attrs):
            given = dict(attrs)
            name = given.get("name")
            if tag == "input" and name:
                self.fields[name] = given.get("value") or ""
            if tag in ("textarea", "select") and name:
                self.fields[name], self._into = "", name
            if tag == "option" and self._into and "selected" in given:
                self.fields[self._into] = given["value"]
            self._text = tag == "textarea"

        def handle_data(self, data):
            if self._into and self._text:
                # A browser drops the line break that follows the tag.
                self.fields[self._into] += data.removeprefix("\r\n").removeprefix("\n")

        def handle_endtag(self, tag):
            if tag in ("textarea", "select"):
                self._into, self._text = "", False

    @pytest.fixture(scope="module")
    def web(tmp_path_factory):
        """A browser's session with Airflow's web server, as an administrator."""
        from airflow.utils.db import initdb
        from airflow.www.app import create_app

        settings = tmp_path_factory.mktemp("web") / "webserver_config.py"
        settings.write_text("AUTH_ROLE_PUBLIC = 'Admin'\nWTF_CSRF_ENABLED = False\n")
        initdb()
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("AIRFLOW__WEBSERVER__CONFIG_FILE", str(settings))
            # Sessions in the database would hold SQLite's lock while a test reads.
            environment.setenv("AIRFLOW__WEBSERVER__SESSION_BACKEND", "securecookie")
            return create_app(testing=True).test_client()

    @pytest.fixture
    def stored():
        """Reads, and before that makes, a Connection in Airflow's database."""
        from airflow.models.connection import Connection
        from airflow.utils.session import create_session

        def read():
            with create_session() as session:
                row = session.query(Connection).filter_by(conn_id="ringcentral_form").one()
                return row.id, row.password, row.extra_dejson, row.description

        with create_session() as session:
            session.query(Connection).filter_by(conn_id="ringcentral_form").delete()
            extra = json.dumps({"jwt_token": JWT, "timeout": 30, "site": "kept"})
            session.add(
                Connection("ringcentral_form", "ringcentral", login="id", password="the secret", port=443, extra=extra)
            )
        return read

    def edit(web, key, **changes):
        page = web.get(f"/connection/edit/{key}").text
        answer = web.post(f"/connection/edit/{key}", data=Form(page).fields | changes)
        assert answer.status_code == 302, answer.text[-2000:]
        return page

    def test_saving_the_form_untouched_but_for_the_description_keeps_both_secrets(web, stored):
        page = edit(web, stored()[0], description="calls of the sales team")

        _, password, extra, description = stored()
        assert description == "calls of the sales team"
        assert password == "the secret"
        assert extra == {"jwt_token": JWT, "timeout": "30", "site": "kept"}
        assert JWT not in page

    def test_a_second_save_keeps_them_too_and_a_new_jwt_replaces_the_old(web, stored):
        edit(web, stored()[0], description="once")
        edit(web, stored()[0], description="twice")
        assert stored()[2]["jwt_token"] == JWT

        edit(web, stored()[0], extra__ringcentral__jwt_token="bmV3.bmV3.bmV3")
        assert stored()[2]["jwt_token"] == "bmV3.bmV3.bmV3"

    def test_emptying_the_jwt_removes_it(web, stored):
        edit(web, stored()[0], extra__ringcentral__jwt_token="")

        assert "jwt_token" not in stored()[2]
