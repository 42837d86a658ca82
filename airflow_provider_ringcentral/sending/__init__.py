"""Sending once: the algorithm, what it remembers, and one file a channel. No Airflow here.

A channel (SMS, fax, a chat post …) is a `Draft`: a value that knows how to send itself, how to look itself up and what
makes a message its own. `send_once(client, draft, notebook)` does the rest and returns `Sent(id, record, found)`.

**What is promised.** A draft goes out once for each order. An order is a run of the task with all its retries; a person
who clears a task that had finished gives a new one. Within an order:

1. `Notebook` is written the moment before the request goes out (not when the task begins: it may wait a quarter of an
   hour for its quota, and a worker killed in that time has certainly sent nothing) and again when the answer is there.
2. Refused before acceptance (4xx, 429, 503 with Retry-After, no connection): not executed. The client waits and sends
   again; what it gives up on is raised, and the notebook says that nothing is out.
3. Fate unknown (`OutcomeUnknown`: timeout, reset, other 5xx, unreadable answer): the server is asked for messages of
   the same content since the request went out, again and again over a settling time. One that nobody else has claimed
   is ours. Not found: `on_unknown="look"` raises `OutcomeUnknown`, `"resend"` sends once more, `"fail"` raises without
   looking. A look that gets no answer raises `Unavailable` or `RateLimited`: not looked is not "not found".
4. A retry after a kill finds "went out" without an id and starts with the look. When it is late enough one look does.
   Not found: as 3; Airflow never repeats blindly. But when a *person* has cleared the task since, and the look finds
   nothing, it is sent: that person has decided.
5. A retry that finds an id returns it, also after a kill between success and its report. A draft that is marked as
   failed (`Notebook.close`: the carrier refused it) is sent anew.

**Ids are claimed** in the ledger, by everybody, also after an ordinary answer: two tasks that send the same text to the
same number get an id each. While a rival's request of the same content is still under way, one candidate per rival is
left alone; an answer whose id somebody has taken nevertheless takes another one of the same content. Claims, and what
the ledger's notebook keeps, live for 7 days; what went out longer ago is not looked for.

**What survives what.** With Airflow's task state store (3.3+) or a shared ledger: kills, retries, other machines. With
a ledger of one machine and below 3.3, a retry on another machine finds no note and looks from the run's start instead
(`Notebook.retried_since`).

**Many at once.** `send_all` (`batch.py`) sends a task's messages one after the other; a broadcast (`broadcast.py`)
freezes its list, so that its batches stay the same whoever goes on with them. Of alerts that come together not all are
sent (`storm.py`).

To add a channel: subclass `Draft` (`draft.py`), hand `passage` to the one request that sends, and nothing else.
"""
