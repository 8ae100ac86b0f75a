#!/bin/bash
# The whole of a boot script: it runs in the guest, and its exit status counts.
echo "Hello from Linux $(uname -r)"
