import { readdirSync, readFileSync } from 'node:fs'

/** Processes whose environment has the mark: whatever rapido started, and what that started. */
export function withMark(mark) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const marked = pids.filter((pid) => read(pid, 'environ').split('\0').includes(mark))
  return marked.map((pid) => ({ pid, isQemu: read(pid, 'comm').startsWith('qemu') }))
}

/** Resident memory of processes, in MiB: what they share counts for each of them. */
export function residentMiB(processes) {
  return sum(processes, ({ pid }) => /^VmRSS:\s*(\d+) kB/m.exec(read(pid, 'status')))
}

/** Their share of the memory of the machine, in MiB: what n of them have in common counts for an nth for each. */
export function pssMiB(processes) {
  return sum(processes, ({ pid }) => /^Pss:\s*(\d+) kB/m.exec(read(pid, 'smaps_rollup')))
}

function sum(processes, kibibytes) {
  return processes.reduce((all, process) => all + Number(kibibytes(process)?.[1] ?? 0), 0) / 1024
}

function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // it has ended, or is another user's
  }
}
