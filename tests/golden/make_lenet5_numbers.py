#!/usr/bin/python3
"""Makes tests/golden/lenet5_numbers.hpp: ten steps of LeNet-5 by PyTorch, in double.

Weights, images and labels are given by formulas that the test repeats. Run from the source tree's
root: /usr/bin/python3 tests/golden/make_lenet5_numbers.py
Needs Debian's python3-torch; the test itself does not.
"""
import torch
import torch.nn.functional as F

SAMPLES = 40


def mixed(first, count, scale):
    """Numbers in [-scale/2, scale/2): a hash of their index."""
    mask = 0xFFFFFFFF
    x = torch.arange(first, first + count, dtype=torch.int64) * 2654435761 & mask
    x = (x ^ x >> 15) * 2246822519 & mask
    x = x ^ x >> 13
    return (x.double() / 4294967296 - 0.5) * scale


def parameters():
    shapes = [(6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 256), (120,), (84, 120), (84,), (10, 84), (10,)]
    tensors, first = [], 0
    for shape in shapes:
        count = torch.Size(shape).numel()
        scale = 0.1 if len(shape) == 1 else 5.0 / (count / shape[0]) ** 0.5
        values = mixed(first, count, scale).float().double().reshape(shape)
        tensors.append(torch.nn.Parameter(values))
        first += count
    return tensors


def network(p, x):
    x = F.avg_pool2d(F.relu(F.conv2d(x, p[0], p[1])), 2)
    x = F.avg_pool2d(F.relu(F.conv2d(x, p[2], p[3])), 2)
    x = F.relu(F.linear(torch.flatten(x, 1), p[4], p[5]))
    x = F.relu(F.linear(x, p[6], p[7]))
    return F.linear(x, p[8], p[9])


def run(make_optimizer, smoothing):
    p = parameters()
    images = mixed(1000003, SAMPLES * 784, 2.0).float().double().reshape(SAMPLES, 1, 28, 28)
    labels = torch.tensor([n * 7 % 10 for n in range(SAMPLES)])
    optimizer = make_optimizer(p)
    rows = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(p, images), labels, label_smoothing=smoothing)
        loss.backward()
        norm = torch.sqrt(sum((t.grad**2).sum() for t in p))
        optimizer.step()
        total = sum(t.detach().sum() for t in p)
        rows.append((loss.item(), norm.item(), total.item()))
    return rows


RUNS = {
    "kSgdSteps": run(lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True), 0.1),
    "kAdamSteps": run(lambda p: torch.optim.Adam(p, lr=0.002, betas=(0.85, 0.95)), 0.0),
}
lines = [
    "#pragma once",
    "",
    "// Made by tests/golden/make_lenet5_numbers.py with PyTorch " + torch.__version__.split("+")[0] + ". Do not edit.",
    "",
    "#include <array>",
    "",
    "namespace lockstep::testing {",
    "",
    "struct GoldenStep {",
    "  double loss;           // before the update",
    "  double gradient_norm;  // of the mean gradient",
    "  double weight_sum;     // of all parameters, after the update",
    "};",
    "",
]
for name, rows in RUNS.items():
    lines.append(f"inline constexpr std::array<GoldenStep, 10> {name} = {{{{")
    lines += [f"    {{{loss!r}, {norm!r}, {total!r}}}," for loss, norm, total in rows]
    lines.append("}};")
lines += ["", "}  // namespace lockstep::testing", ""]
with open("tests/golden/lenet5_numbers.hpp", "w", encoding="utf-8") as file:
    file.write("\n".join(lines))
