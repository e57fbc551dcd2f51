#!/usr/bin/env bash
# The hosts of virtual_hosts.sh, which reads this file: how they are made, entered, counted and ended.
#
# All of it lives in namespaces that hang from one process, the first of the machine `login`: nothing outside sees its
# network, and whatever happens to the script, the end of that process is the end of everything in there.
set -euo pipefail

self=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/virtual_hosts.sh # does each step that is done on a host
state=${LOCKSTEP_HOSTS_DIR:-/tmp/lockstep_hosts_$(id -u)}
state=${state%/}
export LOCKSTEP_HOSTS_DIR=$state # on the hosts every user is root
subnet=10.77.0
with_parent=(setpriv --pdeathsig KILL) # in front of a command: it ends when its parent does, however that ends
holder=self                            # the process the hosts end with, if not self

namespaces=(--pid --mount --uts --ipc --net)
as_root=()
if [ "$(id -u)" -ne 0 ]; then # may still be root of what it makes itself
  namespaces+=(--user)
  as_root=(--map-root-user)
fi

fail() { # EXIT_CODE SENTENCE
  printf '%s\n' "virtual_hosts: $2" >&2
  exit "$1"
}

within() { # SECONDS COMMAND...: repeats it until it succeeds, and fails when it does not in that time
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.02
  done
}

expect_count() { # N
  [[ ${1:-} =~ ^[1-9][0-9]?$ ]] || fail 2 "Expected a number of hosts from 1 to 99, found '${1:-}'; see --help."
}

# What is up: $state/HOST holds a host's first process, as numbered on login; $state/outside login's as numbered here.

namespace() { readlink "/proc/$1/ns/$2" 2>/dev/null || true; } # PROCESS KIND

is_login() { [ -s "$state/namespace" ] && [ "$(namespace "$1" pid)" = "$(<"$state/namespace")" ]; } # PROCESS

is_alive() { [ -n "$(namespace "$1" net)" ]; } # PROCESS; one that is ending has left its network

is_up() {
  [ -s "$state/outside" ] && is_login "$(<"$state/outside")" && is_alive "$(<"$state/outside")" &&
    is_alive "$(<"$state/holder")"
}

is_down() { ! is_up; }

is_inside() { is_login self; }

hosts() { find "$state" -maxdepth 1 -name 'h[0-9]*' -printf '%f\n' | sort -V; }

expect_host() { # HOST
  is_up || is_inside || fail 2 "No hosts are up; start them with 'virtual_hosts.sh up N'."
  if [[ ! $1 =~ ^(login|h[0-9]+)$ ]] || [ ! -s "$state/$1" ]; then
    fail 2 "There is no host '$1', but login $(hosts | tr '\n' ' ')."
  fi
}

# Open MPI keeps files by host, user and process, which are the same in another set of hosts.
on_host() { # HOST COMMAND...: on login or one of its hosts
  local host=$1
  shift
  export OMPI_MCA_orte_tmpdir_base=$state/tmp
  exec nsenter --target "$(<"$state/$host")" --mount --uts --ipc --net --wdns="$PWD" -- "$@"
}

enter() { # HOST COMMAND...: from outside, in place of this shell
  local host=$1
  shift
  exec "${with_parent[@]}" nsenter --target "$(<"$state/outside")" "${namespaces[@]}" --preserve-credentials --wdns="$PWD" \
    -- bash "$self" on_host "$host" "$@"
}

shell_on() { # HOST WORD...
  expect_host "$1"
  local host=$1 step=enter
  shift
  if is_inside; then step=on_host; fi
  "$step" "$host" bash -c "$*"
}

processes_of() { # HOST: as numbered on login; runs there
  local network process
  network=$(namespace "$(<"$state/$1")" net)
  [ -n "$network" ] || return 0
  for process in /proc/[0-9]*; do
    [ "$(namespace "${process#/proc/}" net)" != "$network" ] || echo "${process#/proc/}"
  done
}

kill_host() { # HOST; runs on login
  within 30 kill_processes "$1" || fail 1 "Processes on $1 do not end within 30 seconds: $(processes_of "$1" | tr '\n' ' ')"
  rm -f "$state/$1"
}

kill_processes() { # HOST; succeeds when there are none
  local processes
  processes=$(processes_of "$1")
  # shellcheck disable=SC2086 # numbers
  [ -z "$processes" ] || { kill -KILL $processes 2>/dev/null || true; return 1; }
}

show_status() {
  is_up || { echo "No hosts are up."; return 0; }
  local host
  for host in login $(hosts); do
    echo "$host: $( (enter login bash "$self" processes_of "$host") | wc -l) processes"
  done
}

expect_able() {
  local tool missing=""
  for tool in ip tc nsenter unshare pgrep flock mpirun; do
    command -v "$tool" >/dev/null || missing+=" $tool"
  done
  [ -z "$missing" ] ||
    fail 77 "Virtual hosts need$missing, which this machine does not have; on Debian: apt-get install iproute2 procps openmpi-bin."
  unshare --fork "${namespaces[@]}" "${as_root[@]}" true 2>/dev/null ||
    fail 77 "This machine does not let $(id -un) make namespaces, so there are no virtual hosts; try it as root, in a container with --privileged."
}

limit_rate() { # RATE DEVICE
  [ -z "$1" ] || tc qdisc add dev "$2" root tbf rate "$1" burst 16kb latency 200ms
}

# Unacknowledged data are given up after some seconds instead of a quarter of an hour: keepalive does not work meanwhile.
give_up_early() { echo 4 >/proc/sys/net/ipv4/tcp_retries2; }

start_host() { # NUMBER RATE; runs on login
  local host=h$1
  unshare --mount --uts --ipc --net sleep infinity &
  within 30 is_apart $! || fail 77 "$host gets no network of its own within 30 seconds."
  ip link add "$host" type veth peer name eth0 netns $!
  ip link set "$host" master bridge up
  limit_rate "$2" "$host"
  echo $! >"$state/$host"
  (on_host "$host" bash "$self" set_up_host "$1" "$2")
}

is_apart() { [ "$(namespace "$1" net)" != "$(namespace self net)" ]; } # PROCESS

set_up_host() { # NUMBER RATE; runs on the host
  hostname "h$1"
  mount -t tmpfs tmpfs /dev/shm
  ip link set lo up
  ip address add "$subnet.$((10 + $1))/24" dev eth0
  ip link set eth0 up
  limit_rate "$2" eth0
  give_up_early
}

# The first process of login: when it is killed, everything else ends with it.
be_login() { # NUMBER_OF_HOSTS RATE
  local outside number
  read -r outside _ </proc/self/stat # as this machine numbers it: the file system is still the outer one
  mount -t proc proc /proc
  mount --bind "$state/names" /etc/hosts
  hostname login
  ip link set lo up
  ip link add bridge type bridge
  ip address add "$subnet.1/24" dev bridge
  ip link set bridge up
  give_up_early
  for ((number = 1; number <= $1; ++number)); do start_host "$number" "$2"; done
  echo 1 >"$state/login"
  echo "$outside" >"$state/outside"
  namespace self pid >"$state/namespace"
  sleep infinity &
  wait
}

write_files() { # NUMBER_OF_HOSTS RATE
  local number
  (umask 077 && mkdir -p "$state/tmp")
  {
    printf '127.0.0.1 localhost\n%s.1 login\n' "$subnet"
    for ((number = 1; number <= $1; ++number)); do echo "$subnet.$((10 + number)) h$number"; done
  } >"$state/names"
  echo "$2" >"$state/rate"
  echo "$holder" >"$state/holder"
  printf '#!/bin/bash\nexec bash %q ssh "$@"\n' "$self" >"$state/agent"
  chmod +x "$state/agent"
}

bring_up() { # NUMBER_OF_HOSTS RATE
  expect_able
  within 2 is_idle || fail 2 "The hosts that are up are in use; end them with 'virtual_hosts.sh down'."
  [ ! -e "$state" ] || is_ours || fail 2 "$state exists, and is no folder of virtual hosts; set LOCKSTEP_HOSTS_DIR to another."
  take_down
  write_files "$1" "$2"
  local front=(setsid)
  [ "$holder" = self ] || front=("${with_parent[@]}" setsid)
  "${front[@]}" unshare --fork --kill-child "${namespaces[@]}" "${as_root[@]}" \
    bash "$self" be_login "$1" "$2" <&- >"$state/log" 2>&1 {lock}>&- &
  within 120 is_up_or_ended $! || true
  is_up || {
    kill -KILL $! 2>/dev/null || true
    fail 77 "The hosts do not come up: $(head -n 1 "$state/log")"
  }
}

is_up_or_ended() { is_up || ! kill -0 "$1" 2>/dev/null; } # PROCESS

is_ours() { [ -O "$state" ] && [ -f "$state/names" ]; }

take_down() {
  is_ours || return 0
  if is_up; then
    kill -KILL "$(<"$state/outside")" || true # it may end just now
    within 30 is_down || fail 1 "The hosts do not end within 30 seconds; their first process is $(<"$state/outside")."
  fi
  rm -rf "$state"
}

# Only one call at a time may make or end hosts.
lock() {
  mkdir -p "$(dirname "$state")"
  exec {lock}>>"$state.lock"
  flock --wait 120 "$lock" || fail 1 "Another virtual_hosts.sh has held $state.lock for two minutes; end it and try again."
}

unlock() { exec {lock}>&-; }

is_idle() { # only login's two processes and one per host are left
  is_down || [ "$(pgrep --count --ns "$(<"$state/outside")" --nslist pid .)" -le $(($(hosts | wc -l) + 2)) ]
}

is_as_wanted() { # NUMBER_OF_HOSTS RATE
  is_up && [ "$(hosts | wc -l)" -eq "$1" ] && [ "$(<"$state/rate")" = "$2" ]
}
