"""RingCentral's request limits: windows, slots and penalties, as pure functions and as they lie in the ledger."""
