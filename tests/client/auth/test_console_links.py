from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from airflow_provider_ringcentral.client.auth.console_links import CONSOLE_HOME, new_app_link, new_jwt_link


def test_new_app_link_is_filled_in() -> None:
    link = new_app_link("Airflow calls & more", ["ReadCallLog", "ReadAccounts", "ReadCallLog"], description="a+b")
    assert link == (
        "https://developer.ringcentral.com/new-app?name=Airflow%20calls%20%26%20more&desc=a%2Bb&public=false"
        "&type=ServerOther&carriers=7710,7310,3420&permissions=ReadCallLog,ReadAccounts&grantType=PersonalJWT&redirectUri="
    )
    fields = parse_qs(urlsplit(link).query, keep_blank_values=True, strict_parsing=True)
    assert fields["name"] == ["Airflow calls & more"]
    assert fields["redirectUri"] == [""]


def test_new_jwt_link_binds_the_client_id() -> None:
    assert new_jwt_link("aB3_-x") == "https://developers.ringcentral.com/console/my-credentials/create?client_id=aB3_-x"
    assert new_jwt_link("a/b&c=d").endswith("?client_id=a%2Fb%26c%3Dd")


def test_console_home_is_https() -> None:
    assert urlsplit(CONSOLE_HOME).scheme == "https"
