#!/bin/bash
mkdir -p /var/tmp
for each in "securityfs /sys/kernel/security" "bpf /sys/fs/bpf" "configfs /sys/kernel/config"; do
  read -r fstype folder <<<"$each"
  mountpoint -q "$folder" || mount -t "$fstype" "$fstype" "$folder" 2>/dev/null || true # a kernel may have none
done
! type -p ip >/dev/null || ip link set lo up

# The runner has all output pass a program that may want more of perl than is here.
if [[ -f kselftest/prefix.pl ]] && ! echo | kselftest/prefix.pl >/dev/null 2>&1; then
  printf '#!/bin/sh\nexec sed -u "s/^/# /"\n' >kselftest/prefix.pl
fi

# The last line of a collection's settings wins.
if [[ -n $KSELFTEST_TIMEOUT_MS ]]; then
  while read -r folder; do
    echo "timeout=$(((KSELFTEST_TIMEOUT_MS + 999) / 1000))" >>"$folder/settings"
  done < <(cut -d: -f1 kselftest-list.txt | sort -u)
fi
