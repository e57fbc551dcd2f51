#!/usr/bin/env bash
# Checks format, style and scripts. Needs a configured build folder for the compile commands.
#
#   bash tests/lint.sh [BUILD_DIR [FILE_REGEX]]      default build/, all files
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

build_dir=${1:-build}
pattern=${2:-.}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0

report() { # NAME COMMAND...: prints one line, and the command's output when it fails
  local name=$1
  shift
  if "$@" >"$log" 2>&1; then
    echo "lint: $name: clean"
  else
    echo "lint: $name: FAILED"
    cat "$log"
    status=1
  fi
}

sources() { # SUFFIX...: the tree's own files, the build's aside
  local suffix
  for suffix in "$@"; do
    find framework data cluster experiments tests -name "*.$suffix"
  done | sort | grep -E -- "$pattern" || true
}

formatted() { sources cpp hpp | xargs -r clang-format --dry-run -Werror; }

scripts() {
  { sources sh && echo .ci/run; } | xargs shellcheck
}

# Every check that .clang-tidy switches off has its reason in the comment above.
reasons() {
  local check without=0
  while read -r check; do
    if ! grep -qE "^#   $check: .{10,}" .clang-tidy; then
      echo ".clang-tidy: $check is switched off without a reason"
      without=1
    fi
  done < <(sed -n 's/^  -\([a-z].*[a-z]\),\{0,1\}$/\1/p' .clang-tidy)
  return "$without"
}

# clang-tidy prints progress for every file; only what it finds is of interest.
tidy() {
  if [ ! -f "$build_dir/compile_commands.json" ]; then
    echo "There is no $build_dir/compile_commands.json; configure first: bash cluster/setup_node.sh --tests"
    return 1
  fi
  local output result=0
  output=$(run-clang-tidy -quiet -j "$(nproc)" -p "$build_dir" -extra-arg=-Wno-unknown-warning-option "^$PWD/(framework|data|cluster|experiments|tests)/.*$pattern" 2>/dev/null) ||
    result=$?
  tr -d '\033' <<<"$output" | sed 's/\[[0-9;]*m//g' | grep -vE '^clang-tidy[-0-9]* |^$' || true
  return "$result"
}

report "clang-format" formatted
report "shellcheck" scripts
report "reasons in .clang-tidy" reasons
report "clang-tidy" tidy
exit $status
