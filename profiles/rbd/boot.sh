#!/bin/bash
set -e
map_rbd
