"""Writes cases of what PyTorch computes, in double precision, for `crosscheck` to compare the package with.

    python Tests/Crosscheck/make_cases.py Tests/Fixtures/crosscheck.json
    python Tests/Crosscheck/make_cases.py --seed 5 --large .build/crosscheck/cases.json

The first is the set that is committed, and that the tests run over; they need neither Python nor PyTorch.
"""
import argparse
import pathlib

from torch_cases import (
    contractions, elementwise, hard_points, linear_algebra, losses, models, objectives, reductions, shapes)
from torch_cases.recording import Cases

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("path", type=pathlib.Path)
parser.add_argument("--seed", type=int, default=20240229)
parser.add_argument("--large", action="store_true", help="more shapes, and larger ones")
arguments = parser.parse_args()

cases = Cases(arguments.seed, arguments.large)
for family in [elementwise, reductions, shapes, contractions, linear_algebra, losses, hard_points, models, objectives]:
    family.add(cases)
cases.write(arguments.path)
