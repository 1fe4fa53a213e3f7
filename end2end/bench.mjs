// The table of budgets, with what this build reaches: node end2end/bench.mjs [--write] [--only=NAME,…] [--quick]
//
//   --write        keeps it, with how each row was measured, in docs/benchmarks.md
//   --only=NAME,…  only these: size, start, idle, first-token, many, crash, list, visit, long, local
//   --quick        fewer of everything, to see whether the benchmarks work; its figures mean nothing and are not kept
//   --binary=PATH, --reference=PATH   other programs than those in target/release/
//
// A row that could not be measured says why. Atrium must be built (make build); for the row `list` also
// `cargo build --release -p atrium-server --example reference`.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { crash } from './bench/crash.mjs'
import { firstToken } from './bench/first-token.mjs'
import { idle } from './bench/idle.mjs'
import { list } from './bench/list.mjs'
import { local } from './bench/local.mjs'
import { long } from './bench/long.mjs'
import { load, now } from './bench/machine.mjs'
import { many } from './bench/many.mjs'
import { table, write } from './bench/report.mjs'
import { program } from './bench/server.mjs'
import { size, start } from './bench/start.mjs'
import { visit } from './bench/visit.mjs'

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..')
const { values: options } = parseArgs({
  options: { write: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' }, binary: { type: 'string' }, reference: { type: 'string' } },
})
const quick = options.quick
program.path = resolve(options.binary ?? join(root, 'target/release/atrium'))
if (!existsSync(program.path)) {
  console.error(`There is no ${program.path}: make build`)
  process.exit(1)
}
const reference = resolve(options.reference ?? join(root, 'target/release/examples/reference'))

const benches = {
  size: () => size(),
  start: () => start({ times: quick ? 3 : 10 }),
  idle: () => idle({ chats: quick ? 10 : 100 }),
  'first-token': () => firstToken({ times: quick ? 20 : 200 }),
  many: () => many(quick ? { answers: 50, chunks: 20, every: 100 } : { answers: 500, chunks: 60, every: 100 }),
  crash: () => crash({ times: quick ? 3 : 20, answers: 8 }),
  list: () => list({ rounds: 3, seconds: quick ? 1 : 5, reference }),
  visit: () => visit(),
  long: () => long({ times: quick ? 10 : 50, long: 10_000, short: 10 }),
  local: () => local({ times: quick ? 1 : 5, models: join(root, 'data/models') }),
}

const names = options.only?.split(',') ?? Object.keys(benches)
const unknown = names.filter((it) => !(it in benches))
if (unknown.length || (options.write && (quick || options.only || options.binary))) {
  console.error(unknown.length ? `There is no ${unknown}: ${Object.keys(benches).join(', ')}` : 'Only a whole run of the release build is kept.')
  process.exit(1)
}

const rows = []
const loads = [load()]
let failed = false
for (const name of names) {
  const began = now()
  console.error(`${name} …`)
  try {
    rows.push(...(await benches[name]()))
  } catch (error) {
    failed = true
    rows.push({ what: name, measured: `not measured: ${error.message.split('\n')[0]}` })
    console.error(error)
  }
  console.error(`  ${((now() - began) / 1000).toFixed(0)} s`)
}
loads.push(load())
const text = table(rows, root, loads)
console.log(`${quick ? 'Quick: these figures mean nothing.\n\n' : ''}${text}`)
if (options.write) {
  write(join(root, 'docs/benchmarks.md'), rows, text)
  console.error('kept in docs/benchmarks.md')
}
process.exit(failed ? 1 : 0)
