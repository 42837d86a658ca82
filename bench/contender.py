"""One contender in this process: reads a job as JSON from standard input, writes its result as the last line."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from bench.job import Job, Result
from bench.resources import Mark, forget_peak, peak
from bench.sampler import Sampler


def main() -> None:
    job = Job(**json.load(sys.stdin))
    contender = importlib.import_module(f"bench.contenders.{job.contender}")
    sampler = Sampler()
    forget_peak()
    before = Mark.now()
    if job.sampled:
        with sampler:
            records = contender.run(job)
    else:
        records = contender.run(job)
    after = Mark.now()
    result = Result(
        contender=job.contender,
        records=records,
        size=Path(job.destination).stat().st_size,
        cpu=after.cpu - before.cpu,
        wall=after.wall - before.wall,
        whole_cpu=after.cpu,
        growth=peak() - before.resident,
        samples=sampler.samples,
    )
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
