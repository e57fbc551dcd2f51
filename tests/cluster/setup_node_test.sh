#!/usr/bin/env bash
# The set-up script on other machines: every program it starts is a stand-in that writes down its arguments.
# shellcheck disable=SC2016  # the stand-ins expand their own variables
set -uo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# A tree without .git, holding nothing but the script.
mkdir -p "$work/tree/cluster" "$work/bin" "$work/elsewhere"
cp "$LOCKSTEP_SOURCE_DIR/cluster/setup_node.sh" "$work/tree/cluster/"

stand_in() { # NAME BODY
  printf '#!/bin/bash\necho "%s $*" >>"%s/calls"\n%s\n' "$1" "$work" "$2" >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}
# dpkg-query knows the packages listed in $work/packages; apt-get adds to them unless told to fail.
stand_in dpkg-query 'for name; do :; done; grep -qx -- "$name" "'"$work"'/packages" && echo installed'
stand_in apt-get '[ ! -e "'"$work"'/offline" ] || exit 100
[[ ! -e "'"$work"'/no_slurm" || $* != *slurm-wlm* ]] || exit 100
for name; do [[ $name == -* || $name == install || $name == update ]] || echo "$name" >>"'"$work"'/packages"; done'
stand_in sudo 'exec "$@"'
stand_in cmake 'case "$*" in *"-S "*) echo "-DSEEN";; esac; exit 0'
stand_in ninja ''
stand_in c++ ''
for tool in bash env dirname mktemp rm mkdir nproc awk tail cat grep id timeout sed; do
  ln -sf "$(command -v "$tool")" "$work/bin/$tool"
done

# ARGUMENT...: runs the script with nothing but the stand-ins in its path; sets status, output and calls.
setup() {
  rm -f "$work/calls"
  output=$(cd "$work/elsewhere" && PATH=$work/bin bash "$work/tree/cluster/setup_node.sh" "$@" 2>&1)
  status=$?
  calls=$(cat "$work/calls" 2>/dev/null || true)
}

expect() { # WHAT ACTUAL PATTERN
  if [[ ! $2 =~ $3 ]]; then
    echo "FAILED: $1: expected $3, found: $2"
    failures=$((failures + 1))
  fi
}
expect_not() { # WHAT ACTUAL PATTERN
  if [[ $2 =~ $3 ]]; then
    echo "FAILED: $1: did not expect $3, found: $2"
    failures=$((failures + 1))
  fi
}

: >"$work/packages"
setup --help
expect "help ends well" "$status" '^0$'
expect "help names the options" "$output" '--no-install.*--no-data.*--build-dir'
setup --instal
expect "an unknown option is a usage error" "$status" '^2$'
expect "an unknown option is named" "$output" "'--instal' is not an option"
setup --build-dir
expect "an option without its value is a usage error" "$status" '^2$'

setup --no-data
expect "a bare machine is set up" "$status" '^0$'
expect "the report's libraries are installed" "$calls" 'apt-get install .*libkainjow-mustache-dev libjs-dygraphs libjs-d3'
expect "packages are installed" "$calls" 'apt-get install .*cmake .*g\+\+ .*libhwy-dev'
expect_not "a machine that only trains needs no Boost" "$calls" 'libboost'
expect_not "the data package may be left out" "$calls" 'install [^$]*dataset-fashion-mnist'
expect "the program is built" "$calls" "cmake --build $work/tree/build --parallel [0-9]+ --target lockstep"
expect "the end says where it is" "$output" "Ready: $work/tree/build/lockstep"

touch "$work/offline"
setup --no-data
expect "the second time works offline" "$status" '^0$'
expect_not "the second time asks for no package" "$calls" 'apt-get'

setup
expect "missing data packages are no failure" "$status" '^0$'
expect "missing data packages are said" "$output" 'Could not install dataset-fashion-mnist'

setup --tests
expect "missing packages that cannot be had are a failure" "$status" '^1$'
expect "they are named in one sentence" "$output" 'could not install these packages: libboost-test-dev [a-z0-9 -]* procps[a-z0-9 -]*\.'
rm "$work/offline"
setup --tests -- -DCMAKE_CXX_COMPILER=clang++
expect "the tests' packages are installed" "$calls" 'apt-get install .*libboost-test-dev'
expect "Slurm is installed for the tests" "$calls" 'apt-get install .*slurm-wlm munge'
expect "a browser is installed for the tests" "$calls" 'apt-get install .*chromium chromium-driver'
expect "the test programs are built" "$calls" 'cmake --build .* --target all'
expect "arguments are handed on to cmake" "$calls" '-DLOCKSTEP_BUILD_TESTS=ON -DCMAKE_CXX_COMPILER=clang\+\+'
expect_not "benchmarks are built when asked for only" "$calls" 'libbenchmark-dev|LOCKSTEP_BUILD_BENCHMARKS'
sed -i '/slurm-wlm/d' "$work/packages"
touch "$work/no_slurm"
setup --tests
expect "tests are set up without Slurm" "$status" '^0$'
expect "missing Slurm is said" "$output" 'Could not install slurm-wlm; the tests that need Slurm are skipped'
setup --no-data --benchmarks
expect_not "a machine that only trains needs neither Slurm nor a browser" "$calls" 'slurm|chromium'
expect "the benchmarks' package is installed" "$calls" 'apt-get install .*libbenchmark-dev'
expect "the benchmarks are switched on" "$calls" '-DLOCKSTEP_BUILD_BENCHMARKS=ON'
expect "the benchmarks are built" "$calls" '--target lockstep benchmark_kernels'

: >"$work/packages"
setup --no-install --build-dir other
expect "libraries may have come another way" "$status" '^0$'
expect_not "nothing is installed when that is not wanted" "$calls" 'apt-get|sudo'
expect "the build folder is relative to the caller" "$output" "Ready: $work/elsewhere/other/lockstep"

mkdir -p "$work/tree/data" "$work/sets/mnist"
echo 'echo fetched' >"$work/tree/data/fetch.sh"
export LOCKSTEP_DATA=$work/sets
setup
expect "an empty folder is no data set" "$output" 'fetched.*MNIST is in .*/tree/data/mnist'
touch "$work/sets/mnist/"{train,t10k}-{images.idx3,labels-idx1}-ubyte.gz
setup
expect "a data set that is there is found" "$output" "MNIST is in $work/sets/mnist"
expect_not "a data set that is there is not fetched" "$output" 'fetched'
: >"$work/packages"
rm "$work/bin/ninja"
setup --no-install
expect "a missing tool is a failure" "$status" '^1$'
expect "a missing tool is named with the packages" "$output" 'There is no ninja here; these packages are missing: cmake ninja-build'

[ "$failures" -eq 0 ] && echo "setup_node: all as expected"
exit "$failures"
