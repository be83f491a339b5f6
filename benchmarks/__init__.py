"""How fast it is: against others, and against itself with much to do.

``python -m benchmarks --help`` says how it is used, and the page "Performance" of the
documentation how its tables are read.
"""
