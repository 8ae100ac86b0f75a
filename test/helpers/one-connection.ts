/** Perl without modules, which every guest has: takes one connection on port 5000. */
export function listener(serve: string): string {
  return `socket($s, 2, 1, 6); setsockopt($s, 1, 2, pack("l", 1)); bind($s, pack("S n N x8", 2, 5000, 0)) or die $!; listen($s, 1); accept($c, $s) or die $!; ${serve}`
}

/** A line of bash, again until it succeeds: the other side may not listen yet. */
export function retrying(connect: string, then = ':'): string {
  return `for i in $(seq 100); do { ${connect}; } 2>/dev/null && break; sleep 0.1; done; ${then}`
}
