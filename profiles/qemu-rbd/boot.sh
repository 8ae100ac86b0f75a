#!/bin/bash
set -e
load virtio_blk
wait_for 5 test -b /dev/vda
link_rbd /dev/vda
