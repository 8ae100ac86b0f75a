#!/bin/bash
set -e
map_rbd_nbd
