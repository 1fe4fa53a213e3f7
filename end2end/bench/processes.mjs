// The processes and folders that we make, so that none is left behind, whatever happens.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const children = new Set()

/** Where all that is measured keeps its data; ATRIUM_BENCH_FOLDER names another place. */
export const folder = mkdtempSync(join(process.env.ATRIUM_BENCH_FOLDER ?? tmpdir(), 'atrium-bench-'))

let made = 0
/** The path of a new data folder. */
export function newFolder(name) {
  made += 1
  return join(folder, `${made}-${name}`)
}

/** A child that is ended with us at the latest. */
export function track(child) {
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

export const isOver = (child) => child.exitCode !== null || child.signalCode !== null

export async function ended(child) {
  if (!isOver(child)) await new Promise((done) => child.once('exit', done))
}

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  if (!process.env.ATRIUM_BENCH_KEEP) rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))
