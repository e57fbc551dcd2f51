#!/usr/bin/env bash
# labels: install
# timeout: 900
# The build installs into a prefix; a project outside the tree builds against that package and resumes a training with it; the
# installed program finds its share folder and describes a model from there.
set -euo pipefail

prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

cmake --install "$LOCKSTEP_BUILD_DIR" --prefix "$prefix/installed" >"$prefix/install.log"

consumer=$prefix/consumer
cp -r "$LOCKSTEP_SOURCE_DIR/tests/install/consumer" "$consumer"
cmake -S "$consumer" -B "$consumer/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$prefix/installed" >"$prefix/configure.log"
cmake --build "$consumer/build"
line=$("$consumer/build/consumer")
echo "$line"
[[ $line =~ ^lockstep\ [0-9]+\.[0-9]+\.[0-9]+,\ [1-9][0-9]*\ layers$ ]]

# It trains, saves and resumes with the library alone, to the same bits.
"$consumer/build/resume" "$prefix/interrupted"

# No path of the source tree may be left in what is installed for others to build with.
if grep -rn "$LOCKSTEP_SOURCE_DIR" "$prefix"/installed/lib*/cmake "$prefix"/installed/lib/*/cmake 2>/dev/null; then
  echo "The installed package points into the source tree." >&2
  exit 1
fi

cd "$prefix"
"$prefix/installed/bin/lockstep" describe "$prefix/installed/share/lockstep/models/lenet5.yaml" | tee described.txt
grep -q 'conv2d' described.txt
"$prefix/installed/bin/lockstep" train "$prefix/installed/share/lockstep/experiments/quickstart.yaml" --print-config >config.txt
grep -q '^name: ' config.txt
