"""What the tests of `check` have in common: its findings, and training with its advice."""

import json

import lockstep_cli as cli


def check(arguments, code):
    """Its --json object; every finding is one that can be acted on."""
    done = cli.run(["check", *arguments, "--json"], code=code)
    found = json.loads(done.stdout)
    for finding in found["findings"]:
        cli.expect(finding["message"].endswith("."), finding["message"])
        cli.expect(finding["reason"] and finding["where"], f"no reason or place: {finding}")
        for override in finding["overrides"]:
            cli.expect(override in found["overrides"], f"{override} is not among all overrides")
    cli.expect_equal(code == 1, bool(causes(found)), f"exit code and findings: {found['findings']}")
    for override in found["overrides"]:
        changed = config_of(followed(arguments, [override]))
        cli.expect(changed != config_of(arguments), f"advised is what is set already: {override}")
    return found


def followed(arguments, advice):
    """The arguments with advice, which replaces overrides of the same keys."""
    keys = {override.split("=")[0] for override in advice}
    return [word for word in arguments if str(word).split("=")[0] not in keys] + advice


def config_of(arguments):
    """The whole experiment as text."""
    return cli.run(["train", *arguments, "--print-config"]).stdout


def causes(found):
    """(id, where) of what must be changed."""
    return [(f["id"], f["where"]) for f in found["findings"] if f["level"] == "change"]


def warnings_of(arguments, run):
    """What training warns of."""
    said = cli.run(["train", *arguments, "--quiet", "--out", run], code=0).stderr
    return [line for line in said.splitlines() if line.startswith("warning:")]
