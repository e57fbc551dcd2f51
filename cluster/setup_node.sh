#!/usr/bin/env bash
# Prepares one bare Debian 12 or Ubuntu 24.04 machine: packages, then build/lockstep. Safe to run again.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: bash cluster/setup_node.sh [OPTION]... [-- CMAKE_ARGUMENT...]

Installs the packages that Lockstep needs, configures, and builds build/lockstep. It may be run
again at any time, from any directory. What exists already is left alone.

  --tests           also the tests' packages and the test programs (then: ctest --test-dir build)
  --benchmarks      also Google Benchmark and build/tests/benchmark_kernels
  --no-install      install no packages; use what the machine has
  --no-data         do not look for training data
  --build-dir DIR   build into DIR instead of build/
  --help            show this text

Arguments after -- are given to cmake, for example -- -DCMAKE_CXX_COMPILER=clang++
TEXT
}

say() { printf '%s\n' "setup: $*"; }
fail() {
  printf '%s\n' "setup: $*" >&2
  exit 1
}

build_packages=(
  cmake ninja-build g++ pkg-config
  libhwy-dev librandom123-dev libtbb-dev libopenmpi-dev libhdf5-dev libyaml-cpp-dev libcli11-dev
  libfmt-dev libseccomp-dev libxxhash-dev libstb-dev nlohmann-json3-dev zlib1g-dev
  libkainjow-mustache-dev libjs-dygraphs libjs-d3
)
run_packages=(openmpi-bin openssh-client hdf5-tools) # mpirun starts nothing without an ssh
data_packages=(dataset-fashion-mnist curl ca-certificates)
test_packages=(libboost-test-dev python3 python3-h5py python3-xxhash python3-yaml python3-matplotlib binutils iproute2 procps)
slurm_packages=(slurm-wlm munge)
browser_packages=(chromium chromium-driver) # Ubuntu has them as snaps alone
benchmark_packages=(libbenchmark-dev)

source_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
build_dir=$source_dir/build
with_tests=no
with_benchmarks=no
install=yes
with_data=yes
cmake_arguments=()

while [ $# -gt 0 ]; do
  case $1 in
    --tests) with_tests=yes ;;
    --benchmarks) with_benchmarks=yes ;;
    --no-install) install=no ;;
    --no-data) with_data=no ;;
    --build-dir)
      if [ $# -lt 2 ] || [ -z "$2" ]; then
        echo "setup: --build-dir needs a directory; see --help." >&2
        exit 2
      fi
      build_dir=$2
      shift
      ;;
    --build-dir=?*) build_dir=${1#--build-dir=} ;;
    --help | -h)
      usage
      exit 0
      ;;
    --)
      shift
      cmake_arguments=("$@")
      break
      ;;
    *)
      echo "setup: '$1' is not an option; see --help." >&2
      exit 2
      ;;
  esac
  shift
done

# Prints, on one line, those of its arguments that are not installed packages.
missing() {
  local package result=()
  for package in "$@"; do
    case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true) in
      installed*) ;;
      *) result+=("$package") ;;
    esac
  done
  echo "${result[*]-}"
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

# The index is read at most once per run.
index_is_fresh=no
apt_install() {
  if [ "$index_is_fresh" = no ]; then
    index_is_fresh=yes
    as_root apt-get update -qq || say "apt-get update failed; trying with the index as it is."
  fi
  as_root apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >"$apt_log" 2>&1
}

install_if_possible() { # CONSEQUENCE PACKAGE...
  local consequence=$1 wanted
  shift
  wanted=$(missing "$@")
  if [ "$install" = no ] || [ -z "$wanted" ]; then return 0; fi
  say "Installing $wanted"
  # shellcheck disable=SC2086 # package names, one word each
  apt_install $wanted || say "Could not install $wanted; $consequence"
}

apt_log=$(mktemp)
trap 'rm -f "$apt_log"' EXIT

needed=("${build_packages[@]}" "${run_packages[@]}")
[ "$with_tests" = no ] || needed+=("${test_packages[@]}")
[ "$with_benchmarks" = no ] || needed+=("${benchmark_packages[@]}")
absent=""

if ! command -v dpkg-query >/dev/null; then
  say "This is neither Debian nor Ubuntu: no package is installed, and cmake will say what is missing."
else
  absent=$(missing "${needed[@]}")
  if [ -z "$absent" ]; then
    say "All ${#needed[@]} packages are there."
  elif [ "$install" = no ]; then
    say "Not installed as packages: $absent; continuing, because they may have been installed in another way."
  elif [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    fail "These packages are missing and only root or sudo may install them: $absent."
  else
    say "Installing $absent"
    # shellcheck disable=SC2086 # package names, one word each
    if ! apt_install $absent; then
      tail -n 5 "$apt_log" >&2
      absent=$(missing "${needed[@]}")
      [ -z "$absent" ] || fail "apt-get could not install these packages: $absent."
    fi
    absent=""
  fi
  [ "$with_data" = no ] || install_if_possible "training data must come another way." "${data_packages[@]}"
  [ "$with_tests" = no ] || install_if_possible "the tests that need Slurm are skipped." "${slurm_packages[@]}"
  [ "$with_tests" = no ] || install_if_possible "the test that looks at pages in a browser fails." "${browser_packages[@]}"
fi

for tool in cmake ninja c++; do
  if ! command -v "$tool" >/dev/null; then
    fail "There is no $tool here; these packages are missing: ${absent:-$tool}."
  fi
done

mkdir -p "$build_dir"
build_dir=$(cd -- "$build_dir" && pwd)
configure=(cmake -S "$source_dir" -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLOCKSTEP_UNITY=ON)
cache=$build_dir/CMakeCache.txt
if [ "$with_tests" = yes ]; then
  configure+=(-DLOCKSTEP_BUILD_TESTS=ON)
elif ! grep -qs '^LOCKSTEP_BUILD_TESTS:BOOL=ON$' "$cache"; then
  configure+=(-DLOCKSTEP_BUILD_TESTS=OFF) # a machine that only trains needs no Boost
fi
[ "$with_benchmarks" = no ] || configure+=(-DLOCKSTEP_BUILD_BENCHMARKS=ON)
if [ -f "$cache" ] && ! { grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$source_dir" "$cache" &&
  grep -qxF "CMAKE_GENERATOR:INTERNAL=Ninja" "$cache"; }; then
  say "$build_dir was configured for another tree or generator: starting it afresh."
  configure+=(--fresh)
fi

say "Configuring in $build_dir"
if ! "${configure[@]}" ${cmake_arguments[@]+"${cmake_arguments[@]}"} >"$apt_log" 2>&1; then
  cat "$apt_log" >&2
  [ -z "$absent" ] || fail "Configuring failed, and these packages are missing: $absent."
  fail "Configuring failed; cmake's output is above."
fi

# A compiler process takes up to 1.5 GB here.
cores=$(nproc)
memory_jobs=$(awk '/^MemAvailable:/ {print int($2 / 1500000)}' /proc/meminfo 2>/dev/null || true)
memory_jobs=${memory_jobs:-$cores}
jobs=$((memory_jobs < 1 ? 1 : memory_jobs < cores ? memory_jobs : cores))
targets=(lockstep)
[ "$with_benchmarks" = no ] || targets+=(benchmark_kernels)
[ "$with_tests" = no ] || targets=(all)
say "Building ${targets[0]} with $jobs jobs"
cmake --build "$build_dir" --parallel "$jobs" --target "${targets[@]}"

has_mnist() { # FOLDER: the four files under the names that training looks for
  local name file
  for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
    for file in "$1/$name-ubyte"{,.gz} "$1/${name/-idx/.idx}-ubyte"{,.gz}; do
      [ ! -f "$file" ] || continue 2
    done
    return 1
  done
}

# MNIST if it is there or can be fetched; the experiments fall back to Fashion-MNIST otherwise.
if [ "$with_data" = yes ] && [ -f "$source_dir/data/fetch.sh" ]; then
  if [ -n "${LOCKSTEP_DATA:-}" ] && has_mnist "$LOCKSTEP_DATA/mnist"; then
    say "MNIST is in $LOCKSTEP_DATA/mnist."
  elif timeout 300 bash "$source_dir/data/fetch.sh" mnist; then
    say "MNIST is in $source_dir/data/mnist."
  else
    say "MNIST could not be fetched; Fashion-MNIST is used where an experiment allows it."
  fi
fi

say "Ready: $build_dir/lockstep"
[ "$with_tests" = no ] || say "Run the tests: ctest --test-dir $build_dir --output-on-failure"
[ "$with_benchmarks" = no ] || say "Run the benchmarks: $build_dir/tests/benchmark_kernels"
