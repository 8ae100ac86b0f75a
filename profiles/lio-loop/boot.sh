#!/bin/bash
set -e
# shellcheck source=profiles/lio/target.sh
. /usr/local/lib/target.sh
# shellcheck source=profiles/lio/luns.sh
. /usr/local/lib/luns.sh
start_target target_core_file target_core_iblock
make_luns
export_loop
show_luns
