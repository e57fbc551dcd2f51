#!/usr/bin/env bash
# A real Slurm cluster on the hosts of virtual_hosts.sh: slurmctld on login, a slurmd on each host.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: bash cluster/virtual_slurm.sh up N
       bash cluster/virtual_slurm.sh status | down

up      makes N virtual hosts and starts Slurm on them; its files are in the hosts' folder
status  prints the output of sinfo and squeue
down    ends Slurm and the hosts

Jobs: bash cluster/virtual_hosts.sh ssh login sbatch --nodes=2 cluster/train.sbatch EXPERIMENT RUN_FOLDER
A requeued job starts again after some seconds here. By default Slurm waits for two minutes.
Exit codes: 2 usage; 77 this machine cannot make virtual hosts or has no Slurm.
TEXT
}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
slurm=${LOCKSTEP_HOSTS_DIR:-/tmp/lockstep_hosts_$(id -u)}/slurm

fail() { # EXIT_CODE SENTENCE
  printf '%s\n' "virtual_slurm: $2" >&2
  exit "$1"
}

on() { # HOST COMMAND...
  bash "$here/virtual_hosts.sh" ssh "$@"
}

expect_able() {
  local tool
  for tool in slurmctld slurmd munged srun; do
    command -v "$tool" >/dev/null || fail 77 "This machine has no $tool; on Debian: apt-get install slurm-wlm munge."
  done
  [ "$(id -u)" -eq 0 ] || fail 77 "Only root may start Slurm's daemons; try it as root, in a container with --privileged."
}

# cred_expire is also how long a requeued job waits. TmpFS must differ between nodes, because PMIx keeps its sockets there.
write_configuration() { # NUMBER_OF_HOSTS
  mkdir -p "$slurm"/{etc,state,spool,tmp,log}
  cat >"$slurm/etc/slurm.conf" <<TEXT
ClusterName=virtual
SlurmctldHost=login(10.77.0.1)
SlurmUser=root
SlurmdUser=root
AuthInfo=socket=$slurm/munge.socket,cred_expire=5
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool/%n
TmpFS=$slurm/tmp/%n
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd-%n.pid
SlurmctldLogFile=$slurm/log/slurmctld.log
SlurmdLogFile=$slurm/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdTimeout=10
KillWait=10
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
NodeName=h[1-$1] CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
TEXT
  printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n' >"$slurm/etc/cgroup.conf"
}

start_daemons() { # NUMBER_OF_HOSTS
  local number
  on login "mount --bind $slurm/etc /etc/slurm"
  mungekey --create --keyfile="$slurm/munge.key"
  on login "munged --force --key-file=$slurm/munge.key --socket=$slurm/munge.socket --pid-file=$slurm/munged.pid \
    --seed-file=$slurm/munged.seed --log-file=$slurm/log/munged.log"
  on login slurmctld
  for ((number = 1; number <= $1; ++number)); do
    mkdir -p "$slurm"/{spool,tmp}/h"$number"
    on "h$number" "mount --bind $slurm/etc /etc/slurm && slurmd -N h$number"
  done
}

wait_until_idle() { # NUMBER_OF_HOSTS
  local try
  for ((try = 0; try < 300; ++try)); do
    [ "$(on login "sinfo --noheader --states=idle --format=%D" 2>/dev/null)" != "$1" ] || return 0
    sleep 0.1
  done
  fail 77 "Slurm does not come up within 30 seconds; its logs are in $slurm/log."
}

case ${1:-} in
  up)
    expect_able
    [[ ${2:-} =~ ^[1-9][0-9]?$ ]] || fail 2 "Expected a number of hosts from 1 to 99, found '${2:-}'; see --help."
    bash "$here/virtual_hosts.sh" down
    bash "$here/virtual_hosts.sh" up "$2"
    write_configuration "$2"
    start_daemons "$2"
    wait_until_idle "$2"
    ;;
  status) on login 'sinfo; squeue' ;;
  down) bash "$here/virtual_hosts.sh" down ;;
  --help | -h) usage ;;
  *) fail 2 "'${1:-}' is nothing this script does; see --help." ;;
esac
