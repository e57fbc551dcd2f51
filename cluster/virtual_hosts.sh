#!/usr/bin/env bash
# Several hosts on this machine, each with a network, name and shared memory of its own, and a real mpirun between them.
#
# All of it lives in namespaces that hang from one process, the first of the machine `login`: nothing outside sees its
# network, and whatever happens to this script, the end of that process is the end of everything in there.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: bash cluster/virtual_hosts.sh up N [--rate RATE]
       bash cluster/virtual_hosts.sh run N [OPTION]... [MPIRUN_OPTION]... -- PROGRAM [ARGUMENT]...
       bash cluster/virtual_hosts.sh ssh HOST COMMAND...
       bash cluster/virtual_hosts.sh kill HOST
       bash cluster/virtual_hosts.sh status | down

up      makes the hosts h1 ... hN (10.77.0.11, ...) and login (10.77.0.1), joined by TCP. They share the files of this
        machine, and a real mpirun, srun or lockstep runs on them. Others are replaced unless they are in use.
run     starts PROGRAM under mpirun on the first N hosts that live, and brings them up and down itself unless they are
        up. Ends with mpirun's exit code. SIGUSR1 and SIGUSR2 are handed on to mpirun; SIGTERM and SIGINT ask for a
        stop by SIGUSR1; another one, a second or more later, ends the job, and so do 30 seconds.
ssh     gives COMMAND to a shell on HOST, as ssh does.
kill    kills everything on HOST at once; its cable is gone, too.
status  says which hosts are up, and how many processes each has.
down    ends all hosts with all that runs there.

  --rate RATE          limit each host's cable, for example 20mbit
  --ranks-per-host K   K ranks a host, which share its memory (default 1)
  --from HOST          where mpirun itself runs: login (default), h1, ...

The cables: ssh login ip link set h2 down (pulls h2's), ... up (puts it back).
Several sets of hosts live beside each other when LOCKSTEP_HOSTS_DIR names a folder for each.
Exit codes: 1 something does not end in time; 2 usage; 77 this machine cannot make virtual hosts; else the command's.
TEXT
}

self=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/$(basename -- "${BASH_SOURCE[0]}")
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

# Unacknowledged data is given up after some seconds, not a quarter of an hour: keepalive does not count meanwhile.
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

# The first process of login: ends when it is killed, and everything else with it.
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

# One call at a time makes or ends hosts.
lock() {
  mkdir -p "$(dirname "$state")"
  exec {lock}>>"$state.lock"
  flock --wait 120 "$lock" || fail 1 "Another virtual_hosts.sh has held $state.lock for two minutes; end it and try again."
}

unlock() { exec {lock}>&-; }

is_idle() { # nothing there but login's two processes and one a host
  is_down || [ "$(pgrep --count --ns "$(<"$state/outside")" --nslist pid .)" -le $(($(hosts | wc -l) + 2)) ]
}

is_as_wanted() { # NUMBER_OF_HOSTS RATE
  is_up && [ "$(hosts | wc -l)" -eq "$1" ] && [ "$(<"$state/rate")" = "$2" ]
}

ranks_per_host=1
rate=""
from=login
mpirun_options=()
program=()

read_options() { # VERB and everything after N
  local verb=$1
  shift
  while [ $# -gt 0 ]; do
    case $verb$1 in
      up--rate | run--rate | run--ranks-per-host | run--from)
        [ -n "${2:-}" ] || fail 2 "$1 needs a value; see --help."
        local variable=${1#--}
        printf -v "${variable//-/_}" %s "$2"
        shift
        ;;
      up*) fail 2 "'$1' is no option of up; see --help." ;;
      run--)
        shift
        program=("$@")
        break
        ;;
      *) mpirun_options+=("$1") ;;
    esac
    shift
  done
  [[ $ranks_per_host =~ ^[1-9][0-9]{0,3}$ ]] || fail 2 "--ranks-per-host expects a number from 1 to 9999, found '$ranks_per_host'."
  [[ $rate =~ ^([1-9][0-9]*([kmgt]i?)?(bit|bps))?$ ]] || fail 2 "--rate expects a rate as tc takes it, such as 20mbit, found '$rate'."
}

# Spinning ranks would take the cores from each other, and each network has its own first address.
mpirun_command() { # NUMBER_OF_HOSTS
  local names list
  mapfile -t names < <(hosts)
  printf -v list "%s:$ranks_per_host," "${names[@]:0:$1}"
  mpirun_line=(
    mpirun --host "${list%,}" -n $(($1 * ranks_per_host)) --bind-to none
    --mca plm_rsh_agent "$state/agent" --mca mpi_yield_when_idle 1
    --mca oob_tcp_if_include "$subnet.0/24" --mca btl_tcp_if_include "$subnet.0/24"
    --mca oob_tcp_keepalive_time 2 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3
    "${mpirun_options[@]}" -- "${program[@]}"
  )
}

# The process that entered the hosts has one child, mpirun.
signal_job() { pkill "-$1" -P "$job" || true; } # SIGNAL

ask_for_stop() { # a second request ends the job; timeout and others signal twice at once, which is one
  if [ -z "$deadline" ]; then
    signal_job USR1
    deadline=$((SECONDS + 30))
  elif [ "$SECONDS" -gt $((deadline - 29)) ]; then
    deadline=$SECONDS
  fi
}

# The job has a session of its own, where the terminal's signals do not reach it. Traps take note only: what they would
# wait for themselves, the next signal might interrupt.
run_job() { # NUMBER_OF_HOSTS
  local requests=() taken request deadline="" code=0
  mpirun_command "$1"
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  trap 'requests+=("signal_job USR1")' USR1
  trap 'requests+=("signal_job USR2")' USR2
  trap 'requests+=(ask_for_stop)' TERM INT
  setsid bash "$self" enter "$from" "${with_parent[@]}" "${mpirun_line[@]}" &
  job=$!
  while kill -0 "$job" 2>/dev/null; do
    setsid sleep 0.1 # out of reach of what signals the whole group
    taken=("${requests[@]}") requests=() # in one step: traps run between two
    for request in "${taken[@]}"; do $request; done
    [ -z "$deadline" ] || [ "$SECONDS" -lt "$deadline" ] || kill -KILL "$job" 2>/dev/null || true # mpirun follows
  done
  wait "$job" || code=$?
  exit "$code"
}

run_on_hosts() { # NUMBER_OF_HOSTS
  [ ${#program[@]} -gt 0 ] || fail 2 "There is no program to run; write it behind '--', see --help."
  lock
  if ! is_up; then
    holder=$$
    bring_up "$1" "$rate"
    trap 'lock; take_down' EXIT
  fi
  unlock
  [ "$1" -le "$(hosts | wc -l)" ] ||
    fail 2 "$1 hosts are wanted, and those that are up are $(hosts | paste -sd ' '); end them with 'virtual_hosts.sh down'."
  [ -z "$rate" ] || [ "$rate" = "$(<"$state/rate")" ] ||
    fail 2 "The hosts are up with other cables than --rate $rate; end them with 'virtual_hosts.sh down'."
  expect_host "$from"
  run_job "$1"
}

main() {
  local verb=${1:-}
  [ $# -eq 0 ] || shift
  case $verb in
    up | run)
      expect_count "${1:-}"
      local count=$1
      shift
      read_options "$verb" "$@"
      ;;
    ssh | kill) [ -n "${1:-}" ] || fail 2 "'$verb' needs a host; see --help." ;;
  esac
  case $verb$# in
    status[1-9]* | down[1-9]* | kill[2-9]*) fail 2 "'${!#}' is too much for $verb; see --help." ;;
  esac
  case $verb in
    up)
      lock
      is_as_wanted "$count" "$rate" || bring_up "$count" "$rate"
      ;;
    run) run_on_hosts "$count" ;;
    ssh) shell_on "$@" ;;
    kill)
      [ "$1" != login ] || fail 2 "All hosts hang from login, which 'down' ends."
      expect_host "$1"
      enter login bash "$self" kill_host "$1"
      ;;
    status) show_status ;;
    down)
      lock
      take_down
      ;;
    be_login | set_up_host | enter | on_host | kill_host | processes_of) "$verb" "$@" ;; # one step, on a host
    --help | -h) usage ;;
    *) fail 2 "'$verb' is nothing this script does; see --help." ;;
  esac
}

main "$@"
