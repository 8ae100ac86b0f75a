#!/bin/bash
# The host key is made here, so that no two guests share one. `rapido ssh` finds its public half where OpenSSH has it.
set -e
mkdir -p /etc/dropbear /etc/ssh
key=/etc/dropbear/dropbear_ed25519_host_key
said=$(dropbearkey -t ed25519 -f $key 2>&1)
grep '^ssh-ed25519 ' <<<"$said" >/etc/ssh/ssh_host_ed25519_key.pub

echo /bin/bash >/etc/shells # a user with another shell may not log in
chmod 700 /root /root/.ssh
dropbear -s -E -r $key -P /run/dropbear.pid 2>/run/dropbear.log # -s: no passwords; returns once it listens
echo "sshd listens on port 22: rapido ssh $RAPIDO_VM"
