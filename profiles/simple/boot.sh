#!/bin/bash
# The whole of a boot script: it runs in the guest, and its exit status counts.
read -r release </proc/sys/kernel/osrelease # without a program: a start takes 20 ms where there is no KVM
echo "Hello from Linux $release"
