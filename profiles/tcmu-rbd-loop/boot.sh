#!/bin/bash
set -e
# shellcheck source=profiles/lio/target.sh
. /usr/local/lib/target.sh
# shellcheck source=profiles/tcmu-rbd-loop/tcmu.sh
. /usr/local/lib/tcmu.sh
start_target target_core_user
ask_image_size & # a second and more without KVM: meanwhile the daemon starts
asked=$!
start_tcmu_runner
wait $asked
tcmu_rbd_lun
export_loop
show_luns
