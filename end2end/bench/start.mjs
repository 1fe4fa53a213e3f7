// The file, and how long it takes to answer.
import { statSync } from 'node:fs'
import { mb, median, ms } from './machine.mjs'
import { newFolder } from './processes.mjs'
import { seed } from './seed.mjs'
import { Server, program } from './server.mjs'

export function size() {
  return [
    {
      what: 'size of the binary, everything in it',
      measured: mb(statSync(program.path).size / 1e6),
      how: 'The length of the file that `make build` leaves. Pages, styles, WASM and migrations are inside; models are not.',
    },
  ]
}

export async function start({ times }) {
  const fresh = []
  for (let n = 0; n < times; n += 1) {
    const server = await Server.start(newFolder('start'))
    fresh.push(server.startTime)
    await server.stop()
  }
  const data = newFolder('start-used')
  await seed(data, { conversations: 1000, messages: 20 })
  const used = []
  for (let n = 0; n < times; n += 1) {
    const server = await Server.start(data)
    used.push(server.startTime)
    await server.stop()
  }
  const worst = Math.max(median(fresh), median(used))
  return [
    {
      what: 'start to first healthy answer',
      budget: '≤ 300 ms',
      measured: `${ms(median(fresh))} with a fresh data folder, ${ms(median(used))} with 1,000 conversations of 20 messages`,
      holds: worst <= 300,
      how: `From just before the process is made to the end of the first 200 from \`/api/health/\`, asked again every millisecond; the median of ${times} starts each. A fresh folder includes making the database. The longest: ${ms(Math.max(...fresh))} and ${ms(Math.max(...used))}.`,
    },
  ]
}
