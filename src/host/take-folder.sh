# shellcheck shell=bash disable=SC2154
# Sourced by the keepers (network/keep-network.sh, ceph/keep-cluster.sh): takes $folder for this process, by a lock on
# descriptor 9, or answers "taken" (another keeper has it) or "failed WHY", and ends.
umask 077
trap '' HUP INT TERM QUIT PIPE # nobody may be left to hear our answers
LC_ALL=C                       # what the system says is compared

# Runs a program that is killed when we end, however we do; one that starts after us does not run.
# --norc: with a socket as standard input, bash -c reads ~/.bashrc where no shell is around it (a unit of systemd).
# shellcheck disable=SC2016,SC2034
dying_with_us=(setpriv --pdeathsig KILL -- bash --norc -c '[[ $PPID == "$0" ]] && exec "$@"' "$$")

fail() {
  echo "failed $*"
  exit 1
}

taken() {
  echo taken
  exit 0
}

problem=$(mkdir -p -- "$folder" 2>&1) || {
  if [[ $problem == *'File exists' && (-d $folder || ! -e $folder) ]]; then taken; fi
  fail "$problem"
}
{ exec 9<"$folder"; } 2>/dev/null || taken # or removed by the keeper before us, just now
flock -n 9 || taken
[[ $folder -ef /proc/$$/fd/9 ]] || taken
