"""What the scripts of this folder share: their arguments, and a search by the program."""

import argparse
import json
import pathlib
import subprocess


def arguments(description, seeds):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--plot", type=pathlib.Path)
    return parser.parse_args()


def search(program, formula, variables, seed, *options):
    """The result of a search on one thread, with all its minima."""
    command = [program, "minimize", formula, "--seed", str(seed), "--threads", "1"]
    command += ["--json", "-", "--quiet", "--minima", "100000", *options]
    for variable in variables:
        command += ["--var", variable]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
