"""The errors of databases that are not about a row: each with its cause, its cure, and the codes that tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from airflow_provider_ringcentral.client.errors.remedy import CONNECTION, DAG_AUTHOR, PLATFORM_TEAM, Remedy


@dataclass(frozen=True, slots=True)
class DatabaseRemedy(Remedy):
    """A remedy, and how to recognise the error that it is for.

    `what` completes the sentence "The database …". `codes` are SQLSTATEs, or beginnings of them, and error numbers of
    MySQL. An error without a code, as while connecting, is recognised by `words` (lower case) in its message.
    `temporary` says whether a retry may help.
    """

    what: str
    codes: tuple[str, ...]
    words: tuple[str, ...] = ()
    temporary: bool = False


PROBLEMS: Final[Sequence[DatabaseRemedy]] = (
    DatabaseRemedy(
        what="refused the login",
        cause="The login or password is wrong, or the user is not allowed to connect from this machine.",
        cure="Correct login and password of the database's Connection, or allow the user to connect from the workers.",
        who=CONNECTION,
        codes=("28", "1045", "1130", "1698", "1862"),
        words=("authentication failed", "no pg_hba.conf entry", 'role "', "access denied"),
    ),
    DatabaseRemedy(
        what="does not exist",
        cause="The server does not have a database with this name.",
        cure="Correct the schema field of the database's Connection, or create the database.",
        who=CONNECTION,
        codes=("3D000", "1049"),
        words=("does not exist", "unknown database"),
    ),
    DatabaseRemedy(
        what="does not have this schema",
        cause="The schema does not exist.",
        cure="Create it, or set another one as `schema`.",
        who=DAG_AUTHOR,
        codes=("3F000",),
    ),
    DatabaseRemedy(
        what="does not permit it",
        cause="The user lacks a privilege. A load needs CREATE in the schema (the first time), TEMPORARY in the "
        "database, and SELECT, INSERT, UPDATE and DELETE in the tables.",
        cure="Grant the privilege that the message names to the user of the database's Connection.",
        who=PLATFORM_TEAM,
        codes=("42501", "1044", "1142", "1143", "1227", "1370"),
        words=("permission denied",),
    ),
    DatabaseRemedy(
        what="cannot be written to",
        cause="The database is read-only: it is a replica, or a file or folder that this user can only read.",
        cure="Point the database's Connection to the primary, or grant write access.",
        who=CONNECTION,
        codes=("25006", "1290", "1836", "1792"),
        words=("readonly database", "read-only"),
        temporary=True,
    ),
    DatabaseRemedy(
        what="cannot be opened",
        cause="The folder of the file is missing, or this user cannot write to it.",
        cure="Create the folder, or correct the path in the database's Connection.",
        who=CONNECTION,
        codes=(),
        words=("unable to open database file",),
    ),
    DatabaseRemedy(
        what="has no space left",
        cause="The disk or quota of the database is full.",
        cure="Free some space, then run the task again.",
        who=PLATFORM_TEAM,
        codes=("53100", "1021", "1114", "1041"),
        words=("disk is full",),
        temporary=True,
    ),
    DatabaseRemedy(
        what="has too many connections",
        cause="The database has reached its limit of connections.",
        cure="Put the task into an Airflow pool, or use a pooler such as PgBouncer.",
        who=PLATFORM_TEAM,
        codes=("53300", "1040", "1203"),
        words=("too many clients", "too many connections", "remaining connection slots"),
        temporary=True,
    ),
    DatabaseRemedy(
        what="aborted the load because of a lock",
        cause="Another statement held a lock on the tables for too long, or both waited for each other.",
        cure="If retries fail too, end the session that holds the lock.",
        who=PLATFORM_TEAM,
        codes=("40", "55P03", "57014", "1205", "1213"),
        words=("database is locked",),
        temporary=True,
    ),
    DatabaseRemedy(
        what="does not accept a statement of this length",
        cause="The server's max_allowed_packet is smaller than a record.",
        cure="Raise max_allowed_packet to 16M or more.",
        who=PLATFORM_TEAM,
        codes=("1153",),
    ),
    DatabaseRemedy(
        what="cannot be reached",
        cause="The database is not running, the host or port is wrong, or a firewall blocks the connection.",
        cure="Check the host and port of the database's Connection, and that the workers can reach them.",
        who=CONNECTION,
        codes=("08", "57P", "2002", "2003", "2005", "2006", "2013", "1053", "1129"),
        words=(
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
        temporary=True,
    ),
)


def problem_of(code: str, message: str) -> DatabaseRemedy | None:
    """Return the problem of a database's error code, or of its message if there is no code; None for any other."""
    # An SQLSTATE has five characters, the first two of which are its class; a number of MySQL has four.
    beginnings = {code[:length] for length in range(2, 6)} if len(code) == 5 else {code}
    for problem in PROBLEMS:
        if code and not beginnings.isdisjoint(problem.codes):
            return problem
        if not code and any(words in message.lower() for words in problem.words):
            return problem
    return None
