"""Sending once: the algorithm, what it remembers, and one file a channel. No Airflow here.

A channel (SMS, fax, a chat post …) is a `Message`: a value that knows how to send itself, how to look itself
up and what makes a message its own. `send_once(client, message, store)` does the rest and returns
`Sent(id, record, found)`.

**What is promised.** A draft goes out once for each order. An order is a run of the task with all its retries; a person
who clears a task that had succeeded gives a new one. Within an order:

1. A note is written the moment before the request goes out (not when the task begins: it may wait a quarter of an hour
   for its quota, and a worker killed in that time has certainly sent nothing) and again when the answer is there. Notes
   are read before anything else: files that went out may be gone.
2. Refused before acceptance (4xx, 429, 503 with Retry-After, no connection): not executed. The client waits and sends
   again; what it gives up on is raised, and the note says that nothing is out.
3. Fate unknown (`OutcomeUnknown`: timeout, reset, other 5xx, unreadable answer): the server is asked for messages like
   the one that was noted, again and again over a settling time. One that nobody else has claimed is ours. Not found:
   `on_unknown="look"` raises `OutcomeUnknown`, `"resend"` sends once more, `"fail"` raises without looking. A look that
   gets no answer raises `Unavailable` or `RateLimited`: not looked is not "not found".
4. A retry after a kill finds "went out" without an id and starts with the look. Not found: as 3; Airflow never repeats
   blindly. But when a *person* has cleared the task since, it is sent: that person has decided.
5. A retry that finds an id returns it, also after a kill between success and its report. What is known to have come to
   nothing (`IdempotencyStore.forget`) is sent anew.
6. Every write of a note says what it replaces. An old process that Airflow took for dead and its retry may both wait
   for their quota: who comes second finds another note than it read, sends nothing, and looks.

**What is kept where.**

- A note for each message (`Entry`), by the draft's key and the generation, and which generation a success has closed:
  in Airflow's task state store (3.3+), else in pages of the ledger.
- Whose pages are whose (`run_generation.py`): in the ledger, by server, app, dag, run, task and map index.
- Which id belongs to which send, and which answers are still to come (`claims.py`): in the ledger, by server, channel
  and id, and by server and content.

Clearing sets `max_tries` to the tries so far and the retries of now. So when these two numbers are not those that a
success has noted, a person has cleared the task, and the next generation begins with nothing noted.

**What proves that a message found is ours.** It equals the one that the store holds, was made since, nobody has claimed
it, and every sender records its messages in this ledger (`IdempotencyStore.sole`): the ledger is in Redis, or the
executor is local. Otherwise it may be anybody's, and 3 continues as if nothing had been found. While another task's
request of the same content is in flight, one candidate per such request is left alone; an answer whose id another task
has taken takes another candidate.

**A retry without a note.** Each try enters itself in the ledger before it sends. When all tries of the order are there,
no note means that nothing is out, and so does the task state store. When one is missing, it was on another machine, or
died early: it is looked for, and what looks the same proves nothing.

Claims and pages of the ledger live for 7 days; what went out longer ago is not looked for.

**Many at once.** `send_all` (`batch.py`) tries a task's messages one after the other and tells what became of each
(`outcomes.py`); it stops early only for what concerns all of them (`refusals.py`). A broadcast (`broadcast.py`)
freezes its list, so that its batches stay the same whoever goes on with them. Of alerts that come together not all are
sent (`storm.py`).

To add a channel: subclass `Message` (`draft.py`), hand `passage` to the one request that sends, and nothing else.
"""
