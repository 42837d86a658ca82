"""Send messages once, and find out what became of them. Nothing here imports Airflow.

A channel (SMS, fax, a chat post …) is a `Message`: it knows how to send itself, how to look itself up at the server,
and which of the server's records is its own. `send_once(client, message, store)` does the rest and returns a `Sent`.

**The guarantee.** A message goes out at most once per run generation. A run generation is one run of the task with all
its retries; clearing a task that had succeeded begins the next one.

1. The store records "going out" immediately before the request, and the id when the answer arrives. It is read before
   anything else: files that a message consists of may be gone by the time of a retry.
2. Refused (4xx, 429, 503 with Retry-After, no connection): the request was not executed, and the store says so. The
   client repeats what can be repeated; the rest is raised.
3. Outcome unknown (`OutcomeUnknown`: timeout, reset, other 5xx, an unreadable answer): `Lookup` asks the server for
   matching messages until the settling time is over, and claims one that no other task has claimed. If there is none,
   `on_unknown="look"` raises, `"resend"` sends once more, and `"fail"` raises without a lookup. A lookup that gets no
   answer raises `Unavailable` or `RateLimited`, which is different from "not found".
4. A retry that reads "going out" without an id (the process was killed) continues with step 3. If a person has cleared
   the task in between and nothing is found, the message is sent: that person has decided.
5. A retry that reads an id returns it. `IdempotencyStore.forget` makes the next try send a message that failed.
6. Writes to the store are compare-and-set. When a process that Airflow took for dead and its retry both wait for quota,
   the second one gets a `WriteConflict`, sends nothing, and looks up what the first one sent.

**Where state lives.** The `SendState` of each message is in Airflow's task state store (3.3 and later), otherwise in
the ledger under an owner that `run_generation` derives from server, app, DAG, run, task and map index. Claims (message
id -> send) and requests in flight are always in the ledger, shared by all tasks. The ledger forgets entries after 7
days, and nothing older is looked up.

**When a match counts as ours.** Its content equals what was sent, it was made since, nobody has claimed it, and all
senders record their claims in this ledger (`IdempotencyStore.claims_complete`: the ledger is in Redis, or the executor
is local). Otherwise the match may belong to anybody, and step 3 treats it as not found. While another task has a
request of equal content in flight, one match is left for it.

**A retry without any record.** Every try enters itself in the ledger before it sends. If all tries of the generation
are entered, a missing record means that nothing went out. If one is missing, it ran on another machine: the message is
looked up, but a match proves nothing.

To add a channel, subclass `Message` and pass `observer` to the one request that sends.
"""
