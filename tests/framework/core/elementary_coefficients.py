#!/usr/bin/python3
"""Prints the coefficient tables of framework/core/elementary.hpp: minimax polynomials whose coefficients are rounded to
float one by one, lowest power first, the others being fitted again after each."""

import math
import struct
from fractions import Fraction


def as_float(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def solve(matrix, right):
    """Gauss and Jordan, with row pivots."""
    size = len(right)
    rows = [row[:] + [value] for row, value in zip(matrix, right)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for k in range(size):
            if k != i:
                factor = rows[k][i] / rows[i][i]
                for j in range(i, size + 1):
                    rows[k][j] -= factor * rows[i][j]
    return [rows[i][size] / rows[i][i] for i in range(size)]


def extrema(errors):
    """Positions of the largest error between each two changes of its sign."""
    found = []
    last = len(errors) - 1
    for i, error in enumerate(errors):
        rises = i == 0 or abs(error) >= abs(errors[i - 1]) or error * errors[i - 1] < 0
        falls = i == last or abs(error) >= abs(errors[i + 1]) or error * errors[i + 1] < 0
        if not (rises and falls):
            continue
        if found and errors[found[-1]] * error > 0:
            if abs(error) > abs(errors[found[-1]]):
                found[-1] = i
        else:
            found.append(i)
    return found


def remez(target, weight, powers, low, high):
    """Coefficients of `powers` with the least largest weighted error on [low, high]."""
    count = len(powers) + 1
    middle, radius = (low + high) / 2, (high - low) / 2
    nodes = [middle - radius * math.cos(math.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    grid = [low + (high - low) * i / 4000 for i in range(4001)]
    for _ in range(30):
        matrix = [[x**p * weight(x) for p in powers] + [(-1) ** i] for i, x in enumerate(nodes)]
        terms = solve(matrix, [target(x) * weight(x) for x in nodes])[:-1]
        errors = [(sum(c * x**p for c, p in zip(terms, powers)) - target(x)) * weight(x) for x in grid]
        found = extrema(errors)
        while len(found) > count:
            found.pop(0 if abs(errors[found[0]]) < abs(errors[found[-1]]) else -1)
        if len(found) < count:
            break
        nodes = [grid[i] for i in found]
    return terms


def rounded(target, weight, degree, low, high):
    done = {}
    for power in range(degree + 1):
        left = list(range(power, degree + 1))
        rest = lambda x: target(x) - sum(c * x**p for p, c in done.items())  # noqa: E731
        done[power] = as_float(remez(rest, weight, left, low, high)[0])
    return list(done.values())


def exp_terms(r):
    """(e^r - 1 - r) / r^2"""
    return sum(r**k / math.factorial(k + 2) for k in range(20))


def log_terms(f):
    """(log(1 + f) - f) / f^2"""
    if abs(f) < 0.03:
        return sum((-1) ** (k + 1) * f**k / (k + 2) for k in range(12))
    return (math.log1p(f) - f) / (f * f)


def tangent_numbers(count):
    """The coefficients of tanh's odd series, from Bernoulli's numbers."""
    bernoulli = [Fraction(1)]
    for m in range(1, 2 * count + 1):
        bernoulli.append(-sum(math.comb(m + 1, k) * bernoulli[k] for k in range(m)) / (m + 1))
    return [
        float(Fraction(4**n * (4**n - 1)) * bernoulli[2 * n] / math.factorial(2 * n)) for n in range(1, count + 1)
    ]


TANGENT = tangent_numbers(30)


def tanh_terms(u):
    """(tanh(a) - a) / a^3, u = a^2"""
    return sum(c * u**k for k, c in enumerate(TANGENT[1:]))


def show(name, terms):
    print(name, ", ".join(f"{float(c).hex().replace('0000000p', 'p')}F" for c in terms))


if __name__ == "__main__":
    # The weights make the error relative to the function; near zero any error of the terms is harmless.
    show("kExpTerms", rounded(exp_terms, lambda r: r * r / math.exp(r), 5, -0.3467, 0.3467))
    show("kLogTerms", rounded(log_terms, lambda f: max(abs(f), 0.05), 8, -0.33335, 0.3334))
    show("kTanhTerms", rounded(tanh_terms, lambda u: max(u, 0.02), 4, 0, 0.55**2))
