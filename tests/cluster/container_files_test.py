#!/usr/bin/python3
"""mpijob.yaml keeps the rules of the MPI operator, and the Containerfile names files and packages that are right."""

import os
import pathlib
import re
import subprocess
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

CLUSTER = cli.SOURCE / "cluster"

# Fields and values of kubeflow.org/v2beta1 (operator 0.5 and later): None is any mapping or list, {} one with these fields.
REPLICA = {"replicas": int, "restartPolicy": ("Never", "OnFailure"), "template": None}
MPI_JOB = {
    "apiVersion": ("kubeflow.org/v2beta1",),
    "kind": ("MPIJob",),
    "metadata": None,
    "spec": {
        "slotsPerWorker": int,
        "runLauncherAsWorker": bool,
        "launcherCreationPolicy": ("AtStartup", "WaitForWorkersReady"),
        "mpiImplementation": ("OpenMPI", "Intel", "MPICH"),
        "sshAuthMountPath": str,
        "runPolicy": {
            "cleanPodPolicy": ("None", "Running", "All"),
            "ttlSecondsAfterFinished": int,
            "activeDeadlineSeconds": int,
            "backoffLimit": int,
            "schedulingPolicy": None,
            "suspend": bool,
        },
        "mpiReplicaSpecs": {"Launcher": REPLICA, "Worker": REPLICA},
    },
}


def expect_fields(found, allowed, where):
    """Only fields that the schema has, with values that it allows."""
    for key, value in found.items():
        place = f"{where}.{key}"
        cli.expect(key in allowed, f"{place} is no field of an MPIJob; there are {', '.join(allowed)}")
        rule = allowed[key]
        if isinstance(rule, dict):
            expect_fields(value, rule, place)
        elif isinstance(rule, tuple):
            cli.expect(value in rule, f"{place} is {value!r}, expected one of {rule}")
        elif rule is not None:
            cli.expect(isinstance(value, rule), f"{place} is {value!r}, expected {rule.__name__}")


def documents():
    """The claim and the job."""
    return list(yaml.safe_load_all((CLUSTER / "mpijob.yaml").read_text(encoding="utf-8")))


def job():
    return documents()[1]["spec"]


def container(role):
    return job()["mpiReplicaSpecs"][role]["template"]["spec"]["containers"][0]


def stages():
    """The Containerfile's instructions, each as (word, rest): one list per stage."""
    text = (CLUSTER / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    starts = [i for i, (word, _) in enumerate(lines) if word == "FROM"]
    return [lines[i:j] for i, j in zip(starts, [*starts[1:], len(lines)])]


def test_the_job_has_the_fields_that_the_operator_knows():
    claim, mpi_job = documents()
    cli.expect_equal((claim["apiVersion"], claim["kind"]), ("v1", "PersistentVolumeClaim"), "first document")
    expect_fields(mpi_job, MPI_JOB, "MPIJob")
    for planted in ({"cleanPodPolicy": "Running"}, {"kind": "Job"}, {"spec": {"slotsPerWorker": "1"}}):
        try:
            expect_fields(planted, MPI_JOB, "planted")
        except cli.Failure:
            continue
        raise cli.Failure(f"{planted} went unnoticed")


def test_the_job_has_what_the_operator_demands():
    spec = job()
    for key in ("slotsPerWorker", "sshAuthMountPath", "mpiReplicaSpecs"):
        cli.expect(spec.get(key), f"spec.{key} is missing")
    cli.expect("cleanPodPolicy" in spec["runPolicy"], "spec.runPolicy.cleanPodPolicy is missing")
    replicas = {role: spec["mpiReplicaSpecs"][role]["replicas"] for role in ("Launcher", "Worker")}
    cli.expect(replicas["Launcher"] == 1 and replicas["Worker"] >= 1, f"replicas: {replicas}")
    last = f"{documents()[1]['metadata']['name']}-worker-{replicas['Worker'] - 1}"
    cli.expect(re.fullmatch("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", last), f"{last} is no host name")


def test_the_parts_of_the_job_fit_each_other():
    spec, arguments = job(), container("Launcher")["args"]
    ranks = int(arguments[arguments.index("-n") + 1])
    cli.expect_equal(ranks, spec["mpiReplicaSpecs"]["Worker"]["replicas"] * spec["slotsPerWorker"], "ranks")
    threads = arguments[arguments.index("--threads") + 1]
    cli.expect_equal(threads, container("Worker")["resources"]["limits"]["cpu"], "threads and cores of a pod")
    cli.expect("--resume" in arguments, "a launcher that is started again would not go on")
    variables = {entry["name"] for entry in container("Launcher")["env"]}
    passed_on = {arguments[i + 1] for i, word in enumerate(arguments) if word == "-x"}
    cli.expect_equal(passed_on, variables, "variables passed on to the ranks, which ssh does not do by itself")
    pod = spec["mpiReplicaSpecs"]["Worker"]["template"]["spec"]
    claims = {volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"]}
    cli.expect_equal(claims, {documents()[0]["metadata"]["name"]}, "claims")
    experiment = arguments[arguments.index("train") + 1]
    cli.expect((cli.SOURCE / "experiments" / pathlib.Path(experiment).name).is_file(), f"there is no {experiment}")


def test_the_job_fits_the_image():
    text = (CLUSTER / "Containerfile").read_text(encoding="utf-8")
    port = re.search(r"'Port (\d+)' 'HostKey", text).group(1)
    worker = container("Worker")
    cli.expect_equal(str(worker["ports"][0]["containerPort"]), port, "sshd's port")
    cli.expect_equal(str(worker["readinessProbe"]["tcpSocket"]["port"]), port, "the probe's port")
    cli.expect_equal(text.count(f"Port {port}"), 2, "places that say the port, ssh's and sshd's")
    cli.expect(f"HostKey {job()['sshAuthMountPath']}/id_rsa" in text, "sshd's key is not where the operator mounts it")
    cli.expect(worker["args"][-1] in text, f"the image has no {worker['args'][-1]}")
    user = re.search(r"--uid (\d+) (\w+)", text)
    for role in ("Launcher", "Worker"):
        cli.expect_equal(container(role)["securityContext"]["runAsUser"], int(user.group(1)), f"{role}'s user")
    cli.expect(["USER", user.group(2)] in stages()[-1], "the image does not run as its user")


def test_the_containerfile_copies_what_there_is():
    build, final = stages()
    copied = [rest.split() for word, rest in build if word == "COPY"]
    for *sources, _ in copied:
        for source in sources:
            cli.expect((cli.SOURCE / source).exists(), f"the Containerfile copies {source}, which is not there")
    folders = re.findall(r"^[^#\n]*\bFOLDERS ([a-z_/ ]+)", (cli.SOURCE / "CMakeLists.txt").read_text(encoding="utf-8"), re.M)
    needed = {folder.split("/")[0] for some in folders for folder in some.split()}
    cli.expect("framework" in needed and "cluster" in needed, f"not all folders of the units were found: {needed}")
    cli.expect(needed <= {words[0] for words in copied}, f"the build needs {needed}, and gets {copied}")
    cli.expect(all("--from=build" in rest for word, rest in final if word == "COPY"), "the image has parts of the source")


def test_the_image_has_the_libraries_of_the_program():
    release = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    if "ID=debian" not in release or 'VERSION_ID="12"' not in release:
        raise cli.Skipped("the image is Debian 12, and this machine is not")
    final = " ".join(rest for word, rest in stages()[-1] if word == "RUN")
    said = subprocess.run(["objdump", "-p", cli.PROGRAM], capture_output=True, text=True, check=True).stdout
    libraries = re.findall(r"NEEDED\s+(\S+)", said)
    cli.expect(len(libraries) > 5, f"hardly any library: {libraries}")
    for library in libraries:
        owners = subprocess.run(["dpkg-query", "-S", f"*/{library}"], capture_output=True, text=True, check=True).stdout
        packages = {line.split(":")[0] for line in owners.splitlines()}
        always = {"libc6", "libgcc-s1", "libstdc++6"} | {name for name in packages if re.match(r"lib[a-z]+san\d", name)}
        cli.expect(packages & (always | set(final.split())), f"{library} of {packages} is not in the image")


def test_the_hostfile_is_one():
    lines = (CLUSTER / "hostfile.example").read_text(encoding="utf-8").splitlines()
    hosts = [line for line in lines if not line.startswith("#")]
    cli.expect(len(hosts) > 1 and all(re.fullmatch(r"\w+ slots=[1-9]\d*", line) for line in hosts), f"lines: {hosts}")


cli.run_tests(globals())
