#!/bin/bash
set -e
load cifs

# The password goes by file: a command line is for everybody to read. In /run, which is memory.
credentials=/run/cifs-credentials
(
  umask 077
  {
    echo "username=$CIFS_USER"
    [[ ! -v CIFS_DOMAIN ]] || echo "domain=$CIFS_DOMAIN"
    echo "password=$(<"$RAPIDO_SECRETS/cifs_password")"
  } >$credentials
)

mkdir -p "$MNT"
mount -t cifs -o "credentials=$credentials${CIFS_MOUNT_OPTS:+,$CIFS_MOUNT_OPTS}" "//$CIFS_SERVER/$CIFS_SHARE" "$MNT" ||
  die "cannot mount //$CIFS_SERVER/$CIFS_SHARE as $CIFS_USER: $(dmesg | grep 'CIFS: ' | tail -n 3)"
echo "//$CIFS_SERVER/$CIFS_SHARE is on $MNT"
