#!/usr/bin/env bash
# Several hosts on this machine, each with its own network, name and shared memory, and a real mpirun between them.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cluster/virtual_network.sh
source "$here/virtual_network.sh"

usage() {
  cat <<'TEXT'
Usage: bash cluster/virtual_hosts.sh up N [--rate RATE]
       bash cluster/virtual_hosts.sh run N [OPTION]... [MPIRUN_OPTION]... -- PROGRAM [ARGUMENT]...
       bash cluster/virtual_hosts.sh ssh HOST COMMAND...
       bash cluster/virtual_hosts.sh kill HOST
       bash cluster/virtual_hosts.sh status | down

up      makes the hosts h1 ... hN (10.77.0.11, ...) and login (10.77.0.1), joined by TCP. They share the files of this
        machine, and a real mpirun, srun or lockstep runs on them. Others are replaced unless they are in use.
run     starts PROGRAM under mpirun on the first N hosts that live. Unless hosts are up, it brings them up before and
        down afterwards. Ends with mpirun's exit code. SIGUSR1 and SIGUSR2 are passed on to mpirun. SIGTERM and SIGINT
        ask for a stop, by SIGUSR1. A second one, at least a second later, ends the job. After 30 seconds it ends anyway.
ssh     runs COMMAND in a shell on HOST, as ssh does.
kill    kills everything on HOST at once, its cable included.
status  says which hosts are up, and how many processes each has.
down    ends all hosts and everything that runs on them.

  --rate RATE          limit each host's cable, for example 20mbit
  --ranks-per-host K   K ranks per host, which share its memory (default 1)
  --from HOST          where mpirun itself runs: login (default), h1, ...

The cables: ssh login ip link set h2 down (pulls h2's), ... up (puts it back).
Several sets of hosts can exist at the same time if LOCKSTEP_HOSTS_DIR names a different folder for each.
Exit codes: 1 something did not end in time; 2 usage; 77 this machine cannot make virtual hosts; else the command's.
TEXT
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

# Spinning ranks would take cores from one another. Each network has its own first address.
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

# The job has its own session, where the terminal's signals do not reach it. Traps only take note, because the next signal
# might interrupt whatever they would wait for.
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
