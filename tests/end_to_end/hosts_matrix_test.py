#!/usr/bin/python3
# labels: hosts ranks
# timeout: 900
"""One digest over ranks, threads, hosts, instruction sets, networks and batch sizes: a sample in which every two values meet.

python3 hosts_matrix_test.py [--all]    every combination
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import same_bits_matrix as matrix
import virtual_hosts

wanted = matrix.combinations() if "--all" in sys.argv else matrix.sample()


def test_ranks_threads_networks_and_instruction_sets_change_no_bit():
    with cli.Folder() as folder, virtual_hosts.Hosts(matrix.HOSTS) as hosts:
        all_of_them = matrix.Matrix(folder, hosts)
        for number, each in enumerate(wanted, start=1):
            all_of_them.check(each)
            print(f"{number} of {len(wanted)}: {each}", flush=True)


cli.run_tests(globals())
