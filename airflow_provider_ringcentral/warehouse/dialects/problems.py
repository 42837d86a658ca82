"""Errors of databases with cause and cure, and how to look them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from airflow_provider_ringcentral.client.errors.remedy import CONNECTION, DAG_AUTHOR, PLATFORM_TEAM, Remedy


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of database error.

    `codes` are SQLSTATEs or their first characters, and MySQL error numbers. Where there is no code, as while
    connecting, `words` (lower case) identify the message. `passes` says whether a retry may help.
    """

    what: str
    remedy: Remedy
    codes: tuple[str, ...]
    words: tuple[str, ...] = ()
    passes: bool = False


PROBLEMS: Final[Sequence[Problem]] = (
    Problem(
        "refused the login",
        Remedy(
            "The login or password is wrong, or the user may not connect from this machine.",
            "Correct login and password of the database's Connection, or allow the user to connect from the workers.",
            CONNECTION,
        ),
        ("28", "1045", "1130", "1698", "1862"),
        ("authentication failed", "no pg_hba.conf entry", 'role "', "access denied"),
    ),
    Problem(
        "does not exist",
        Remedy(
            "The server has no database of that name.",
            "Correct the schema field of the database's Connection, or create the database.",
            CONNECTION,
        ),
        ("3D000", "1049"),
        ("does not exist", "unknown database"),
    ),
    Problem(
        "has no such schema",
        Remedy("The schema does not exist.", "Create it, or set `schema` to another one.", DAG_AUTHOR),
        ("3F000",),
    ),
    Problem(
        "does not permit it",
        Remedy(
            "The user lacks a privilege. A load needs CREATE in the schema (at first), TEMPORARY in the database, and "
            "SELECT, INSERT, UPDATE and DELETE on the tables.",
            "Grant the privilege that the message names to the user of the database's Connection.",
            PLATFORM_TEAM,
        ),
        ("42501", "1044", "1142", "1143", "1227", "1370"),
        ("permission denied",),
    ),
    Problem(
        "cannot be written to",
        Remedy(
            "It is read-only: a replica, or a file or folder that this user may only read.",
            "Point the database's Connection to the primary, or grant write access.",
            CONNECTION,
        ),
        ("25006", "1290", "1836", "1792"),
        ("readonly database", "read-only"),
        passes=True,
    ),
    Problem(
        "cannot be opened",
        Remedy(
            "The folder of the file is missing, or this user may not write in it.",
            "Create the folder, or correct the path in the database's Connection.",
            CONNECTION,
        ),
        (),
        ("unable to open database file",),
    ),
    Problem(
        "has no room left",
        Remedy("Its disk or quota is full.", "Free space, then run the task again.", PLATFORM_TEAM),
        ("53100", "1021", "1114", "1041"),
        ("disk is full",),
        passes=True,
    ),
    Problem(
        "has too many connections",
        Remedy(
            "Its connection limit is reached.",
            "Put the task into an Airflow pool, or use a pooler such as PgBouncer.",
            PLATFORM_TEAM,
        ),
        ("53300", "1040", "1203"),
        ("too many clients", "too many connections", "remaining connection slots"),
        passes=True,
    ),
    Problem(
        "aborted the load because of a lock",
        Remedy(
            "Another statement held a lock on the tables for too long, or both waited for each other.",
            "If retries fail too, end the session that holds the lock.",
            PLATFORM_TEAM,
        ),
        ("40", "55P03", "57014", "1205", "1213"),
        ("database is locked",),
        passes=True,
    ),
    Problem(
        "does not accept a statement of this length",
        Remedy(
            "The server's max_allowed_packet is smaller than a record.",
            "Raise max_allowed_packet to 16M or more.",
            PLATFORM_TEAM,
        ),
        ("1153",),
    ),
    Problem(
        "cannot be reached",
        Remedy(
            "It is not running, the host or port is wrong, or a firewall blocks the connection.",
            "Check the host and port of the database's Connection, and that the workers can reach them.",
            CONNECTION,
        ),
        ("08", "57P", "2002", "2003", "2005", "2006", "2013", "1053", "1129"),
        (
            "connection refused",
            "could not connect",
            "could not translate host name",
            "failed to resolve host",
            "timeout expired",
            "timed out",
            "no route to host",
            "closed the connection",
            "connection failed",
        ),
        passes=True,
    ),
)


def problem_of(code: str, message: str) -> Problem | None:
    """Find the problem by the database's error code or, where there is none, by its message."""
    # An SQLSTATE has five characters, of which the first two are its class; a MySQL error number has four.
    beginnings = {code[:length] for length in range(2, 6)} if len(code) == 5 else {code}
    for problem in PROBLEMS:
        if code and not beginnings.isdisjoint(problem.codes):
            return problem
        if not code and any(words in message.lower() for words in problem.words):
            return problem
    return None
