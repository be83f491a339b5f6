"""What a call costs behind each protection: ``python -m benchmarks.protection``.

A module here is about one package. Its function `lines` returns what is measured: the
name of a line of the table, and an async function that makes a number of calls inside
a node that runs already. What it has to set up it does before the first call, and that
is not counted.
"""
