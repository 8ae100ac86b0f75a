#!/bin/bash
echo "Hello from $(uname -n), Linux $(uname -r)"
ip -brief address show
