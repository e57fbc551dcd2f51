#!/usr/bin/python3
# labels: hosts
# full: machines
# timeout: 600
"""The script that makes hosts: what it makes, how it ends, what it passes on, and what it refuses."""

import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import virtual_hosts

ENDLESS = cli.BUSY_EXPERIMENT.replace("epochs: 2", "epochs: 20000").replace("every_epochs: 1", "every_epochs: 1000")


def holders():
    """Processes that hold hosts, in any set."""
    found = subprocess.run(["pgrep", "-f", "virtual_hosts.sh be_login"], capture_output=True, text=True, check=False)
    return found.stdout.split()


def test_hosts_have_a_name_a_network_and_memory_of_their_own():
    with virtual_hosts.Hosts(2) as hosts:
        say = 'hostname; ip -4 -o address show dev eth0 | grep -o "10[.0-9]*/24"; : >/dev/shm/$(hostname); ls /dev/shm'
        for number in (1, 2):
            said = hosts.call("ssh", f"h{number}", say).stdout.split()
            cli.expect_equal(said, [f"h{number}", f"10.77.0.1{number}/24", f"h{number}"], f"host {number}")
        cli.expect(not pathlib.Path("/dev/shm/h1").exists(), "a host writes into this machine's memory")
        outside = subprocess.run(["ip", "-o", "address"], capture_output=True, text=True, check=True).stdout
        cli.expect("10.77.0." not in outside, f"this machine's network has changed: {outside}")


def test_up_leaves_what_is_up_and_brings_back_what_was_killed():
    with virtual_hosts.Hosts(2) as hosts:
        outside = hosts.folder / "state" / "outside"
        first = outside.read_text(encoding="utf-8")
        hosts.up()
        cli.expect_equal(outside.read_text(encoding="utf-8"), first, "process of login")
        hosts.call("kill", "h2")
        cli.expect("h2" not in hosts.call("status").stdout, "h2 is still there")
        hosts.up()
        cli.expect("h2: 1 processes" in hosts.call("status").stdout, "h2 is not back")
        hosts.call("down")
        hosts.call("down")
        cli.expect_equal(hosts.call("status").stdout, "No hosts are up.\n", "status")


def test_run_takes_the_hosts_that_live():
    with virtual_hosts.Hosts(3) as hosts:
        hosts.call("kill", "h1")
        cli.expect_equal(sorted(hosts.call("run", 2, "--", "hostname").stdout.split()), ["h2", "h3"], "hosts")
        said = hosts.call("run", 3, "--", "true", code=2).stderr
        cli.expect("3 hosts are wanted, and those that are up are h2 h3;" in said, said)


def test_hosts_in_use_are_not_replaced():
    with virtual_hosts.Hosts(2) as hosts:
        begun = hosts.folder / "begun"
        with virtual_hosts.HostsJob(hosts, ["ssh", "h2", f"touch {begun}; sleep 1000"]) as job:
            job.wait_for(begun.exists, "start of the program")
            hosts.up()
            said = hosts.call("up", 1, code=2).stderr
            cli.expect("The hosts that are up are in use; end them with" in said, said)
            cli.expect_equal(job.process.poll(), None, "exit code of the program")


def test_two_calls_at_once_come_one_after_the_other():
    with virtual_hosts.Hosts(1) as hosts:
        lines = [hosts.line("up", count) for count in (2, 3)]
        calls = [subprocess.Popen(line, env=hosts.env) for line in lines]  # pylint: disable=consider-using-with
        cli.expect_equal([call.wait() for call in calls], [0, 0], "exit codes")
        cli.expect(hosts.call("status").stdout.count("h") in (2, 3), hosts.call("status").stdout)


def test_run_passes_mpiruns_exit_code_and_options_on():
    with virtual_hosts.Hosts(2) as hosts:
        said = hosts.call("run", 2, "--ranks-per-host", 2, "-x", "A=b", "--", "bash", "-c", "echo $(hostname) $A")
        cli.expect_equal(sorted(said.stdout.split("\n")), ["", "h1 b", "h1 b", "h2 b", "h2 b"], "output")
        hosts.call("run", 2, "--", "bash", "-c", "exit 3", code=3)


def test_run_brings_hosts_up_and_down_itself():
    with virtual_hosts.Hosts(1) as hosts:
        hosts.call("down")
        before = holders()
        said = hosts.call("run", 2, "--", "hostname").stdout.split()
        cli.expect_equal(sorted(said), ["h1", "h2"], "hosts")
        cli.expect_equal(holders(), before, "processes that hold hosts")


def test_a_killed_run_leaves_nothing_behind():
    for hosts_are_up in (True, False):
        with cli.Folder() as folder, virtual_hosts.Hosts(1) as hosts:
            if not hosts_are_up:
                hosts.call("down")
            with hosts.job(cli.write_busy(folder, ENDLESS), folder / "run", "--threads", 1) as job:
                job.wait_for((folder / "run" / "metrics.jsonl").exists, "step")
                login = pathlib.Path("/proc", (hosts.folder / "state" / "outside").read_text(encoding="utf-8").strip())
                job.process.kill()
                hosts.wait_until_empty(time.monotonic(), 30)
            limit = time.monotonic() + 30
            while not hosts_are_up and login.exists() and time.monotonic() < limit:
                time.sleep(0.01)
            cli.expect_equal(login.exists(), hosts_are_up, "hosts are up")
            hosts.call("run", 1, "--", "true")


def test_up_right_after_a_killed_run_makes_hosts_anew():
    with virtual_hosts.Hosts(1) as hosts:
        hosts.call("down")
        program = ("bash", "-c", "touch $0; exec sleep 1000", hosts.folder / "begun")
        with virtual_hosts.HostsJob(hosts, ["run", 1, "--", *program]) as job:
            job.wait_for((hosts.folder / "begun").exists, "start of the program")
            job.process.kill()
            hosts.call("up", 1)
            cli.expect_equal(hosts.call("run", 1, "--", "hostname").stdout, "h1\n", "hosts")


def test_signals_stop_a_job_with_a_checkpoint():
    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
        with cli.Folder() as folder, virtual_hosts.Hosts(2) as hosts:
            with hosts.job(cli.write_busy(folder, ENDLESS), folder / "run", "--threads", 1) as job:
                job.wait_for((folder / "run" / "metrics.jsonl").exists, "step")
                job.process.send_signal(number)
                cli.expect_equal(job.end(), 75, f"exit code after {number.name} ({job.said()})")
            cli.expect((folder / "run" / "STOPPED").exists(), "STOPPED")


def test_signals_to_the_whole_group_stop_a_job_with_a_checkpoint():
    for number in (signal.SIGTERM, signal.SIGINT):
        with cli.Folder() as folder, virtual_hosts.Hosts(2) as hosts:
            hosts.call("down")
            line = hosts.line(*hosts.train(cli.write_busy(folder, ENDLESS), folder / "run", "--threads", 1))
            line = ["setsid", *line]  # a group of its own
            with cli.Job(None, env=hosts.env, line=line) as job:
                job.wait_for((folder / "run" / "metrics.jsonl").exists, "step")
                for _ in range(2):  # as timeout does
                    os.killpg(job.process.pid, number)
                cli.expect_equal(job.end(), 75, f"exit code after {number.name} ({job.said()})")
            cli.expect((folder / "run" / "STOPPED").exists(), "STOPPED")
            cli.expect_equal(hosts.call("status").stdout, "No hosts are up.\n", "status")


def test_a_second_request_ends_what_does_not_stop():
    with virtual_hosts.Hosts(1) as hosts:
        deaf = ("bash", "-c", "trap '' USR1; touch $0; while :; do sleep 0.1; done", hosts.folder / "deaf")
        with virtual_hosts.HostsJob(hosts, ["run", 1, "--", *deaf]) as job:
            job.wait_for((hosts.folder / "deaf").exists, "start of the program")
            for _ in range(2):
                job.process.send_signal(signal.SIGTERM)
                time.sleep(2.5)
            cli.expect_equal(job.end(), 128 + signal.SIGKILL, f"exit code ({job.said()})")


def test_mistakes_are_refused_in_one_sentence():
    with virtual_hosts.Hosts(1) as hosts:
        for words, sentence in (
            (("fly",), "'fly' is nothing this script does"),
            (("up", "many"), "Expected a number of hosts from 1 to 99, found 'many'"),
            (("run", "1"), "There is no program to run"),
            (("run", "2", "--", "true"), "2 hosts are wanted, and those that are up are h1;"),
            (("run", "1", "--rate", "1mbit", "--", "true"), "up with other cables than --rate 1mbit"),
            (("up", "1", "--fast"), "'--fast' is no option of up"),
            (("up", "1", "--ranks-per-host", "2"), "'--ranks-per-host' is no option of up"),
            (("up", "1", "--", "true"), "'--' is no option of up"),
            (("up", "1", "--rate", "fast"), "--rate expects a rate as tc takes it, such as 20mbit, found 'fast'"),
            (("run", "1", "--ranks-per-host", "x", "--", "true"), "--ranks-per-host expects a number"),
            (("run", "1", "--from"), "--from needs a value"),
            (("status", "h1"), "'h1' is too much for status"),
            (("down", "h1"), "'h1' is too much for down"),
            (("kill", "h1", "h2"), "'h2' is too much for kill"),
            (("kill", "login"), "All hosts hang from login, which 'down' ends"),
            (("ssh", "h7", "true"), "There is no host 'h7', but login h1"),
        ):
            said = hosts.call(*words, code=2).stderr
            cli.expect(sentence in said and said.count("\n") == 1, f"{words}: {said}")
        hosts.call("down")
        cli.expect("No hosts are up; start them with" in hosts.call("kill", "h1", code=2).stderr, "kill without hosts")


def test_another_user_needs_neither_root_nor_a_folder():
    with virtual_hosts.Hosts(1) as hosts:
        hosts.call("down")
        env = {name: value for name, value in hosts.env.items() if name != "LOCKSTEP_HOSTS_DIR"}
        user = ["setpriv", "--reuid", "54321", "--clear-groups", "--"] if os.getuid() == 0 else []
        with cli.Folder() as folder:
            for file in (virtual_hosts.SCRIPT, virtual_hosts.SCRIPT.with_name("virtual_network.sh")):
                (folder / file.name).write_bytes(file.read_bytes())
            folder.chmod(0o755)
            line = [*user, "bash", folder / virtual_hosts.SCRIPT.name, "run", "1", "--", "hostname"]
            done = subprocess.run(line, capture_output=True, text=True, env=env, cwd="/", timeout=120, check=False)
        if done.returncode == 77:
            raise cli.Skipped(done.stderr)
        cli.expect_equal((done.returncode, done.stdout), (0, "h1\n"), f"exit code and output ({done.stderr})")


def test_a_folder_of_something_else_is_left_alone():
    with virtual_hosts.Hosts(1) as hosts, cli.Folder() as folder:
        hosts.call("down")
        (folder / "precious").touch()
        hosts.env["LOCKSTEP_HOSTS_DIR"] = str(folder)
        cli.expect("is no folder of virtual hosts" in hosts.call("up", 1, code=2).stderr, "what up says")
        hosts.call("down")
        cli.expect((folder / "precious").exists(), "a file that is none of the hosts' is gone")


def test_a_machine_that_cannot_make_hosts_says_so_and_ends_with_77():
    with virtual_hosts.Hosts(1) as hosts:
        hosts.call("down")
        forbid = 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"'
        line = ["unshare", "--user", "--map-root-user", "bash", "-c", forbid, "bash", *hosts.line("up", 1)]
        done = subprocess.run(line, capture_output=True, text=True, env=hosts.env, check=False)
        cli.expect_equal(done.returncode, 77, f"exit code ({done.stderr})")
        cli.expect("does not let root make namespaces" in done.stderr, done.stderr)


cli.run_tests(globals())
