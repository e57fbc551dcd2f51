#!/usr/bin/python3
"""Makes tests/framework/optimizers/optimizer_numbers.hpp with PyTorch's optimizers, in double.

Run from the source tree's root: /usr/bin/python3 tests/golden/make_optimizer_numbers.py
Needs Debian's python3-torch; the tests themselves do not.
"""
import torch

VALUES = [0.5, -1.25, 2.0, 0.0]
GRADIENTS = [[0.1, -0.2, 0.3, 1.0], [0.05, 0.4, -0.6, -2.0], [-0.7, 0.01, 0.2, 0.5]]
RATES = [0.1, 0.05, 0.02]
CASES = {
    "kSgd": (torch.optim.SGD, {}),
    "kSgdDecay": (torch.optim.SGD, {"weight_decay": 0.1}),
    "kSgdMomentum": (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.01}),
    "kSgdNesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    "kAdam": (torch.optim.Adam, {"betas": (0.9, 0.999), "eps": 1e-8}),
    "kAdamDecay": (torch.optim.Adam, {"betas": (0.85, 0.95), "eps": 1e-8, "weight_decay": 0.05}),
}


def run(optimizer_class, settings):
    values = torch.nn.Parameter(torch.tensor(VALUES, dtype=torch.float64))
    optimizer = optimizer_class([values], lr=0.1, **settings)
    rows = []
    for gradient, rate in zip(GRADIENTS, RATES):
        optimizer.param_groups[0]["lr"] = rate
        values.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        rows.append(values.tolist())
    return rows


lines = [
    "#pragma once",
    "",
    "// Made by tests/golden/make_optimizer_numbers.py with PyTorch " + torch.__version__.split("+")[0] + ": values after each of three",
    "// updates. Do not edit.",
    "",
    "#include <array>",
    "",
    "namespace lockstep::testing {",
    "",
    "using OptimizerNumbers = std::array<std::array<double, 4>, 3>;",
    "",
]
for name, (optimizer_class, settings) in CASES.items():
    lines.append(f"inline constexpr OptimizerNumbers {name} = {{{{")
    for row in run(optimizer_class, settings):
        lines.append("    {" + ", ".join(repr(value) for value in row) + "},")
    lines.append("}};")
lines += ["", "}  // namespace lockstep::testing", ""]
with open("tests/framework/optimizers/optimizer_numbers.hpp", "w", encoding="utf-8") as file:
    file.write("\n".join(lines))
