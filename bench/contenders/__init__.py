"""Ways to get calls of a window into a file. Each module has `run(job)`, which returns how many calls it wrote.

What they need is imported at the top of the modules, so that the measuring begins after it.
"""
