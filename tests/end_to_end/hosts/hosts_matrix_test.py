#!/usr/bin/python3
# labels: hosts ranks
# full: machines
# timeout: 900
"""One digest over ranks, threads, hosts, instruction sets, networks and batch sizes: a sample in which every two values meet.

python3 hosts_matrix_test.py [--all [--first N]]    every combination, or those from the N-th on
"""

import argparse
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import same_bits_matrix as matrix
import virtual_hosts


def wanted():
    """The combinations to run, each with its number."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="every combination, which takes half an hour")
    parser.add_argument("--first", type=int, default=1, metavar="N", help="begin with the N-th")
    options = parser.parse_args()
    return list(enumerate(matrix.combinations() if options.all else matrix.sample(), start=1))[options.first - 1 :]


def test_ranks_threads_networks_and_instruction_sets_change_no_bit():
    with cli.Folder() as folder, virtual_hosts.Hosts(matrix.HOSTS) as hosts:
        all_of_them = matrix.Matrix(folder, hosts)
        for number, each in wanted():
            all_of_them.check(each)
            print(number, each, flush=True)


cli.run_tests(globals())
