#!/usr/bin/env bash
# Fetches the files of a data set from public mirrors, checks them, and puts them where training looks for them.
set -euo pipefail

readonly kExitUsage=2 kExitData=3
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly here

usage() {
  cat <<EOF
usage: bash data/fetch.sh SET [--to DIR] [--mirror URL...]

Fetches SET (mnist or fashion_mnist): four gzipped IDX files, 12 or 31 MB.

  --to DIR       where the files go (default: $here/SET, where training looks)
  --mirror URL   a folder on a web server that holds the files; several are tried in order, instead of the public mirrors.
                 LOCKSTEP_MIRRORS, URLs separated by blanks, does the same.
  --help         this text

A file that exists with the right checksum is not fetched again. An interrupted one is continued. An uncompressed one that
is wrong is moved to NAME.damaged, because training would take it. The checksum is that of the uncompressed content,
because mirrors compress differently. Uses curl, or else wget.

Exit codes: 0 all files are present and right; 2 usage; 3 not fetched or not writable.
EOF
}

refuse() { # EXIT_CODE SENTENCE
  echo "fetch.sh: $2" >&2
  exit "$1"
}

# For each file: its name, and the bytes and SHA-256 of its uncompressed content.
files_of() { # SET
  case $1 in
    mnist) cat <<'EOF' ;;
train-images-idx3-ubyte 47040016 ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db
train-labels-idx1-ubyte 60008 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5
t10k-images-idx3-ubyte 7840016 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7
t10k-labels-idx1-ubyte 10008 ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2
EOF
    fashion_mnist) cat <<'EOF' ;;
train-images-idx3-ubyte 47040016 c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888
train-labels-idx1-ubyte 60008 bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9
t10k-images-idx3-ubyte 7840016 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b
t10k-labels-idx1-ubyte 10008 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34
EOF
    *) refuse $kExitUsage "expected mnist or fashion_mnist, found '$1'; see bash data/fetch.sh --help." ;;
  esac
}

public_mirrors() { # SET
  case $1 in
    mnist)
      echo https://ossci-datasets.s3.amazonaws.com/mnist
      echo https://storage.googleapis.com/cvdf-datasets/mnist
      ;;
    fashion_mnist) echo http://fashion-mnist.s3-website.eu-central-1.amazonaws.com ;;
  esac
}

# Whether the content that a command writes is the expected one. Reads at most one byte too many.
content_is() { # SIZE SHA256 COMMAND...
  local size=$1 expected=$2 found
  shift 2
  found=$("$@" 2>/dev/null | head -c $((size + 1)) | sha256sum) || return 1
  [[ ${found%% *} == "$expected" ]]
}

# Training prefers a file without .gz in its name, whatever it contains. So a wrong one is moved out of the way.
is_there() { # NAME SIZE SHA256
  local file
  for file in "$folder/$1" "$folder/${1/-idx/.idx}"; do
    [[ -e $file ]] || continue
    content_is "$2" "$3" gzip -dcf "$file" && return
    mv -f -- "$file" "$file.damaged"
    echo "$1: ${file##*/} has another content; it is moved to ${file##*/}.damaged"
  done
  [[ -f $folder/$1.gz ]] && content_is "$2" "$3" gzip -dc "$folder/$1.gz"
}

# Continues $part from a URL. On failure, `reason` says why, and `restart` whether the part itself was the obstacle.
download() { # URL
  local log status=0
  restart=no
  if command -v curl >/dev/null; then
    log=$(curl --fail --silent --show-error --location --connect-timeout 15 --speed-limit 1000 --speed-time 30 \
      --max-filesize 100000000 --continue-at - --write-out '%{stderr}status=%{http_code}' --output "$part" \
      -- "$1" 2>&1) || status=$?
    # 33: the server cannot continue. 416: the part is at least as long as the file.
    if [[ $status == 33 || $log == *status=416* ]]; then restart=yes; fi
    reason=$(sed -n 's/^curl: ([0-9]*) //p' <<<"$log" | tail -n 1)
  elif command -v wget >/dev/null; then
    log=$(wget --no-verbose --tries=1 --connect-timeout=15 --read-timeout=30 --continue \
      --output-document="$part" -- "$1" 2>&1) || status=$?
    if [[ $log == *416* || $log == *"onflicts with"* ]]; then restart=yes; fi
    reason=$(grep -v '^http' <<<"$log" | tail -n 1) || true
  else
    refuse $kExitData "expected curl or wget on this machine, found neither; run apt-get install curl."
  fi
  reason=${reason:-the transfer failed with status $status}
  return "$status"
}

# Makes $part the right file from one URL. On failure, `reason` says why.
fetch_from() { # URL SIZE SHA256
  local continued=no
  if [[ -s $part ]]; then continued=yes; fi
  if download "$1"; then
    if content_is "$2" "$3" gzip -dc "$part"; then return; fi
    reason="its content has another checksum"
    restart=yes
    rm -f -- "$part"
  fi
  if [[ $continued == no || $restart == no ]]; then return 1; fi
  rm -f -- "$part"
  fetch_from "$@" # from its beginning
}

fetch_file() { # NAME SIZE SHA256
  local name=$1 size=$2 sum=$3 mirror reason="" restart=no failures=""
  part=$folder/$name.gz.part
  if is_there "$name" "$size" "$sum"; then
    echo "$name: already there"
    return
  fi
  # Left behind by a fetch that was stopped after its last byte.
  if [[ -s $part ]] && content_is "$size" "$sum" gzip -dc "$part"; then
    mv -f -- "$part" "$folder/$name.gz"
    echo "$name: complete"
    return
  fi
  for mirror in "${mirrors[@]}"; do
    echo "$name: fetching from ${mirror%/}"
    if fetch_from "${mirror%/}/$name.gz" "$size" "$sum"; then
      mv -f -- "$part" "$folder/$name.gz"
      return
    fi
    failures+="${failures:+; }${mirror%/}/$name.gz (${reason%.})"
  done
  refuse $kExitData "expected $name.gz of $set from a mirror, found none that has it: $failures. Check the connection and run \
this again (what has arrived is kept), name another mirror with --mirror URL, or copy the four files into $folder."
}

set="" folder="" mirrors=()
while (($# > 0)); do
  case $1 in
    --help | -h)
      usage
      exit 0
      ;;
    --to | --mirror)
      if [[ -z ${2:-} ]]; then refuse $kExitUsage "expected a value after $1, found none; see bash data/fetch.sh --help."; fi
      if [[ $1 == --to ]]; then folder=$2; else mirrors+=("$2"); fi
      shift 2
      ;;
    --to=*) folder=${1#*=} && shift ;;
    --mirror=*) mirrors+=("${1#*=}") && shift ;;
    *://*) mirrors+=("$1") && shift ;; # further ones after --mirror
    -*) refuse $kExitUsage "expected --to, --mirror or --help, found '$1'; see bash data/fetch.sh --help." ;;
    *)
      if [[ -n $set ]]; then refuse $kExitUsage "expected one data set, found '$set' and '$1'; run it once for each."; fi
      set=$1
      shift
      ;;
  esac
done
if [[ -z $set ]]; then
  usage >&2
  exit $kExitUsage
fi
files=$(files_of "$set")
folder=${folder:-$here/$set}
if ((${#mirrors[@]} == 0)); then read -r -a mirrors <<<"${LOCKSTEP_MIRRORS:-}"; fi
if ((${#mirrors[@]} == 0)); then mapfile -t mirrors < <(public_mirrors "$set"); fi

if ! why=$(mkdir -p -- "$folder" 2>&1); then
  refuse $kExitData "expected a folder to write to, found that $folder cannot be made (${why##*: }); name another with --to DIR."
fi
if [[ ! -w $folder ]]; then
  refuse $kExitData "expected a folder to write to, found that $folder is read-only; name another with --to DIR."
fi
# Two fetches into one folder take turns. The second then finds the files there.
exec 9<"$folder"
flock 9

while read -r name size sum; do
  fetch_file "$name" "$size" "$sum"
done <<<"$files"
echo "$set is complete in $folder"
