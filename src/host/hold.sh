#!/bin/bash
# hold FOLDER wait|try: holds FOLDER for the rapido at the other end of standard input, and cleans up after it.
#
# It makes the folder, takes a lock on it (flock, so the kernel frees it whatever happens), empties what an owner
# that is gone left there, and answers "held" (or "taken", for `try`). Then it reads "watch PGID", "unwatch PGID", and
# "join FOLDER": to be a member of the network or cluster that is kept there (network/keep-network.sh,
# ceph/keep-cluster.sh) until we end; answered "joined" or "gone";
# "lock FILE" and "share FILE": to have that file alone, or with others that only read it, until we end; answered
# "locked", or "taken".
# When standard input ends, because rapido is done or was killed, it kills the watched process groups and removes
# the folder. It runs in a session of its own, so that Ctrl-C or a kill of rapido's group does not reach it.
folder=$1 mode=$2
umask 077
LC_ALL=C # what the system says is compared
trap '' HUP INT TERM QUIT PIPE # nobody may be left to hear our answers
shopt -s nullglob dotglob

rapido_is_gone() {
  read -r -t 0.01 _
  (($? == 1)) # above 128: nothing to read yet
}

while :; do
  if ! problem=$(mkdir -p -- "$folder" 2>&1); then
    # Removed by its holder while mkdir looked at what was in its way.
    if [[ $problem == *'File exists' && (-d $folder || ! -e $folder) ]]; then continue; fi
    echo "failed $problem"
    exit 1
  fi
  if ! { exec 9<"$folder"; } 2>/dev/null; then
    problem=$({ : <"$folder"; } 2>&1) || [[ $problem == *'No such file'* ]] || {
      echo "failed ${problem##*: }"
      exit 1
    }
    continue # removed by its holder, just now
  fi
  if [[ $mode == try ]]; then
    flock -n 9 || { echo taken; exit 0; }
  else
    until flock -w 0.3 9; do
      if rapido_is_gone; then exit 0; fi
    done
  fi
  # The holder before us may have removed the folder after we opened it: then our lock is on nothing.
  [[ $folder -ef /proc/$$/fd/9 ]] && break
done

if [[ ! -O $folder ]]; then
  echo "failed $folder belongs to another user"
  exit 1
elif [[ ! -w $folder ]]; then
  echo "failed it is not writable"
  exit 1
fi
chmod 700 -- "$folder"

left=("$folder"/*)
((${#left[@]})) && rm -rf -- "${left[@]}"
echo held

declare -A memberships # the descriptor of each
join() {
  local fd before=${memberships[$1]}
  # A keeper that is on its way out holds the lock alone, and takes the file with it.
  if { exec {fd}<"$1/members"; } 2>/dev/null && flock -s -n "$fd" && [[ $1/members -ef /proc/$$/fd/$fd ]]; then
    memberships[$1]=$fd
    if [[ -n $before ]]; then exec {before}<&-; fi # it lasted until this one did
    echo joined
  else
    if [[ -n $fd ]]; then exec {fd}<&-; fi
    echo gone
  fi
}

lock() {
  local fd
  if { exec {fd}<"$2"; } 2>/dev/null && flock "$1" -n "$fd"; then echo locked; else echo taken; fi
}

declare -A groups
while read -r verb what; do
  case $verb in
    watch) groups[$what]=1 ;;
    unwatch) unset "groups[$what]" ;;
    join) join "$what" ;;
    lock) lock -x "$what" ;;
    share) lock -s "$what" ;;
  esac
done

for group in "${!groups[@]}"; do kill -KILL -- "-$group" 2>/dev/null; done
# What is dying has its tap and its disks until its last thread has ended, which takes a while with much memory. Who reaps it,
# and when, is no matter.
has_threads() {
  local stat tasks
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return
  tasks=("/proc/$1/task"/*)
  [[ ${stat##*) } != Z* ]] || ((${#tasks[@]} > 1))
}
for group in "${!groups[@]}"; do
  for _ in {1..100}; do
    has_threads "$group" || break
    sleep 0.05
  done
done
# What was just killed may still have been writing into the folder.
for _ in {1..50}; do
  rm -rf -- "$folder" && break
  sleep 0.1
done
