#!/bin/bash
read -r release </proc/sys/kernel/osrelease
echo "Hello from $HOSTNAME, Linux $release"
ip -brief address show
