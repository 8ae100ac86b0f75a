#!/bin/bash
# keep-network.sh FOLDER [SERVER…]: keeps the private network whose namespace it was started in, while anybody is a
# member, and runs SERVER in it all that time (a command line: the DHCP server's, which writes FOLDER/dnsmasq.pid).
#
# Standard input: `ip -batch` lines that make the network, then "end"; it ends when its starter has become a member.
# Answers "up", "taken" (another keeper has FOLDER) or "failed WHY". A member is who holds a shared lock on
# FOLDER/members (host/hold.sh does, for each VM). Without one, what else still runs in the namespace is killed, FOLDER
# removed, and the namespace goes with us: bridge, taps and addresses with it, whoever was killed before.
folder=$1
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=src/host/take-folder.sh
. "${BASH_SOURCE[0]%/*}/../host/take-folder.sh"

commands=
while IFS= read -r line && [[ $line != end ]]; do commands+=$line$'\n'; done
problem=$(ip -force -batch - <<<"$commands" 2>&1) || {
  rm -rf -- "$folder"
  fail "${problem//$'\n'/; }"
}
: >>"$folder/members" # never a new one: a member may hold it already, where a keeper before us was killed
exec 8<"$folder/members"
readlink -n "/proc/$$/ns/net" >"$folder/namespace"
echo "$$" >"$folder/keeper"
[[ -p $folder/alive ]] || mkfifo "$folder/alive"
exec 7<>"$folder/alive" # who reads it sees the end of us: the network's uplink does
if (($# > 1)); then
  rm -f -- "$folder/dnsmasq.pid" # it is written once all is well
  "${dying_with_us[@]}" "${@:2}" 9<&- 8<&- 7<&- 2>"$folder/server.stderr" &
  for _ in {1..200}; do
    if [[ -s $folder/dnsmasq.pid ]] || ! kill -0 $! 2>/dev/null; then break; fi
    sleep 0.05
  done
  [[ -s $folder/dnsmasq.pid ]] || fail "${2##*/}: $(<"$folder/server.stderr")"
fi
echo up

while read -r _; do :; done
exec 1>&- 2>&-
# One that was never finished has no member: whoever holds the lock waits for it.
if [[ -e $folder/bridge.json ]]; then
  # Without our own lock, which is to end with us; again, should anybody kill it.
  until flock -x 8 9<&- 7<&-; do sleep 0.1; done
fi

for _ in {1..50}; do
  others=()
  for namespace in /proc/[0-9]*/ns/net; do
    [[ $namespace -ef /proc/$$/ns/net ]] || continue
    pid=${namespace#/proc/}
    pid=${pid%%/*}
    ((pid == $$)) || others+=("$pid")
  done
  ((${#others[@]})) || break
  kill -KILL "${others[@]}" 2>/dev/null
  sleep 0.1
done
rm -rf -- "$folder"
