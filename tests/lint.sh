#!/usr/bin/env bash
# Checks format, style and scripts, and that every header compiles alone. Needs a configured build folder for the compile
# commands.
#
#   bash tests/lint.sh [--since COMMIT] [BUILD_DIR [FILE_REGEX]]      default build/, all files
#
# With --since, the slow checks (clang-tidy, headers alone) look only at files that have changed since that commit, and
# at one source for each header that has.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

since=""
if [ "${1:-}" = --since ]; then
  since=${2:-}
  shift 2
  if ! git cat-file -e "$since^{commit}" 2>/dev/null; then
    echo "lint: there is no commit '$since' here; every file is checked." >&2
    since=""
  fi
fi
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

# The sources that the slow checks look at.
changed() { # SUFFIX
  if [ -z "$since" ]; then
    sources "$1"
  else
    sources "$1" | grep -xF -f <({ git diff --name-only "$since" && git ls-files --others --exclude-standard; } | sort -u) || true
  fi
}

formatted() { sources cpp hpp | xargs -r clang-format --dry-run -Werror; }

scripts() {
  { sources sh sbatch && echo .ci/run; } | xargs shellcheck
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

# HEADER: a source that includes it, directly or through other headers; its own if it has one.
source_with() {
  local suffix includer=${1%.hpp}.cpp
  for suffix in cpp hpp; do
    [ ! -f "$includer" ] || break
    includer=$({ sources "$suffix" | xargs -r grep -lF "\"$1\"" || true; } | head -n 1)
  done
  case $includer in
    *.cpp) printf '%s\n' "$includer" ;;
    *.hpp) source_with "$includer" ;;
  esac
}

# What clang-tidy compiles: the changed sources, and one for each changed header.
tidied() {
  local header
  {
    changed cpp
    changed hpp | while read -r header; do source_with "$header"; done
  } | sort -u
}

# As run-clang-tidy expects them: one regular expression per file.
expressions() {
  local file
  tidied | while read -r file; do printf '%s\n' "$PWD/$file"; done | sed 's/[^[:alnum:]_/]/\\&/g; s/.*/^&$/'
}

# clang-tidy prints progress for every file; only what it finds is of interest.
tidy() {
  local files output result=0
  mapfile -t files < <(expressions)
  [ ${#files[@]} -gt 0 ] || return 0 # only headers or scripts are asked for, or nothing has changed
  if [ ! -f "$build_dir/compile_commands.json" ]; then
    echo "There is no $build_dir/compile_commands.json; configure first: bash cluster/setup_node.sh --tests"
    return 1
  fi
  output=$(run-clang-tidy -quiet -j "$(nproc)" -p "$build_dir" -extra-arg=-Wno-unknown-warning-option "${files[@]}" 2>/dev/null) ||
    result=$?
  if ! grep -qE '^clang-tidy[-0-9]* ' <<<"$output"; then
    echo "No file was checked: $build_dir/compile_commands.json has none of $PWD; configure again."
    return 1
  fi
  tr -d '\033' <<<"$output" | sed 's/\[[0-9;]*m//g' | grep -vE '^clang-tidy[-0-9]* |^$' || true
  return "$result"
}

headers_alone() {
  local headers
  mapfile -t headers < <(changed hpp)
  [ ${#headers[@]} -gt 0 ] || return 0
  LOCKSTEP_SOURCE_DIR=$PWD LOCKSTEP_BUILD_DIR=$build_dir /usr/bin/python3 tests/architecture/headers_alone.py "${headers[@]}"
}

if [ -z "$(sources cpp hpp sh)" ]; then
  echo "lint: no file matches $pattern; nothing was checked." >&2
  exit 1
fi
report "clang-format" formatted
report "shellcheck" scripts
report "reasons in .clang-tidy" reasons
report "headers alone" headers_alone
report "clang-tidy" tidy
exit $status
