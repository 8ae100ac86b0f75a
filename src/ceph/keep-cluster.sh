#!/bin/bash
# keep-cluster.sh FOLDER NETWORK [ENTER…]: keeps the daemons of a throwaway Ceph cluster, and ends them all.
#
# NETWORK is the folder of the private network that it is a member of, ENTER the command that runs a program in there
# (network/private.ts); both are empty for a cluster on the host's bridge. Answers "up", "taken" (another keeper has
# FOLDER) or "failed WHY". Standard input: "ready" once the cluster is made; should it end before that, so does the
# cluster, as with "end", or as with "leave" where there is FOLDER/kept.
# From then on the cluster lasts until its last member has ended: who holds a shared lock on FOLDER/members, as host/hold.sh
# does for each VM. The daemons die with us, however we end.
#
# What it is told, a line each, by the FIFO FOLDER/control:
#   start NAME   run the command line in FOLDER/commands/NAME, a word a line; its process id is in FOLDER/run/NAME.pid.
#                Where it runs, only that is written
#   keep         without members, too, until it is told to end
#   end          kill all daemons, remove FOLDER
#   leave        kill all daemons; what they have stored stays, and another keeper may go on with it
folder=$1 network=$2
enter=("${@:3}")
# shellcheck source=src/host/take-folder.sh
. "${BASH_SOURCE[0]%/*}/../host/take-folder.sh"

if [[ -n $network ]]; then
  if ! { { exec 8<"$network/members"; } 2>/dev/null && flock -s -n 8 && [[ $network/members -ef /proc/$$/fd/8 ]]; }; then
    fail 'the private network has just ended'
  fi
fi
problem=$({ mkdir -p -- "$folder"/{run,log,commands} && : >>"$folder/members"; } 2>&1) || fail "$problem"
rm -f -- "$folder"/run/* "$folder"/{control,privately}
if [[ -n $network ]]; then : >"$folder/privately"; fi
mkfifo -- "$folder/control" || fail "cannot make $folder/control"
exec 6<>"$folder/control"
exec 7<"$folder/members"
echo "$$" >"$folder/keeper" || fail "cannot write to $folder"
echo up

# Whoever starts it is watched until all is made, then the members are.
# shellcheck disable=SC2016
setsid "${dying_with_us[@]}" bash --norc -c '
  trap "" HUP INT TERM QUIT PIPE
  while read -r line; do
    [[ $line == ready ]] || continue
    exec <&- >&- 2>&-
    until setpriv --pdeathsig KILL flock -x 7; do sleep 0.1; done
    echo unused >&6
    exec sleep infinity # without members nobody may become one any more
  done
  # What somebody wanted to keep is not lost by a start that failed.
  if [[ -e $1/kept ]]; then echo leave >&6; else echo end >&6; fi
' bash "$folder" <&0 8<&- 9<&- &
watcher=$!
exec 7<&- <&- >&- 2>&-

declare -A daemons
start() {
  local argv=() pid=${daemons[$1]:-}
  # One that is dying, and has lost its memory, may take a while: it is not what was asked for.
  for _ in {1..100}; do
    if [[ $'\n'$(jobs -pr)$'\n' != *$'\n'${pid:-none}$'\n'* ]]; then break; fi
    if read -r -d '' _ <"/proc/$pid/cmdline"; then
      echo "$pid" >"$folder/run/$1.pid" # who asks has removed it
      return
    fi
    sleep 0.05
  done 2>/dev/null
  mapfile -t argv <"$folder/commands/$1"
  ((${#argv[@]})) || return
  "${enter[@]}" "${dying_with_us[@]}" "${argv[@]}" </dev/null >>"$folder/log/$1.out" 2>&1 6<&- 8<&- 9<&- &
  daemons[$1]=$!
  echo $! >"$folder/run/$1.pid"
  rm -f -- "$folder/run/$1.killed"
}

end_watcher() { kill -KILL "$watcher" "-$watcher" 2>/dev/null; } # there is no such group as long as setsid starts

end() {
  end_watcher
  mapfile -t running < <(jobs -pr) # not the numbers of those that have ended: they may be another's by now
  kill -KILL "${running[@]}" 2>/dev/null
  wait
  if [[ $1 == leave ]]; then
    rm -rf -- "$folder"/{run,commands,control,keeper,privately}
    exit
  fi
  shopt -s nullglob dotglob
  for _ in {1..50}; do
    rm -rf -- "$folder" && exit
    left=("$folder"/*)
    ((${#left[@]})) || exit # somebody's own mount, and empty
    sleep 0.1
  done
  exit 1
}

kept=
while read -r verb what <&6; do
  case $verb in
    start) start "$what" ;;
    keep)
      kept=yes
      end_watcher # it has the lock, once there is no member
      : >"$folder/kept"
      ;;
    unused) if [[ -z $kept ]]; then end; fi ;;
    end | leave) end "$verb" ;;
  esac
done
