// The machine that measures: its clock, what it says of a process, what it is; and the few statistics that we need.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'

/** Milliseconds of the monotonic clock, which all processes of this machine share. */
export const now = () => Number(process.hrtime.bigint()) / 1e6

/** Resident memory of a process, in MB of 10^6 bytes. */
export function memory(pid) {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]
  return (Number(kib) * 1024) / 1e6
}

/** Processor time that a process has used, in ms; the kernel counts it in steps of 10. */
export function processorTime(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The value below which the share `p` of `values` lies. */
export function quantile(values, p) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * p) - 1))]
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const ms = (value, digits = value < 100 ? 1 : 0) => `${value.toFixed(digits)} ms`
export const mb = (value) => `${value.toFixed(1)} MB`

/** The load of the last minute: others at work make every figure worse. */
export const load = () => Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0])

export function describe(folder) {
  const cpu = cpus()
  const disk = output('stat', ['-f', '-c', '%T', folder])
  return `${cpu[0].model.trim()}, ${cpu.length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}, data on ${disk}, Node ${process.version}`
}

/** What a command prints, or nothing. */
export function output(command, args, options = {}) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], ...options }).trim()
  } catch {
    return ''
  }
}
