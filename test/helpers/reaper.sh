#!/bin/bash
# reaper.sh FOLDER: ends what a sandbox's rapidos have left, should the test runner be killed. It waits for the end of
# standard input, which comes when the runner removes the sandbox or dies; then what has FOLDER in its command line,
# environment or working folder is killed (a detached VM, a DHCP server), and FOLDER removed.
folder=$1
trap '' HUP INT TERM
cd /
while read -r _; do :; done
for _ in {1..20}; do
  [[ -d $folder ]] || exit 0
  for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    ((pid == $$)) && continue
    if grep -qsF -- "$folder" "$process/cmdline" "$process/environ" || [[ $(readlink "$process/cwd") == "$folder"* ]]; then
      kill -KILL "$pid" 2>/dev/null
    fi
  done
  rm -rf -- "$folder" 2>/dev/null
  sleep 0.1
done
