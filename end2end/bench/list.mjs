// The list of conversations, against as little program as can answer it.
import { execFile, fork, spawn } from 'node:child_process'
import { cpSync, existsSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { request } from './client.mjs'
import { median, output, processorTime } from './machine.mjs'
import { ended, folder, isOver, newFolder, track } from './processes.mjs'
import { Provider } from './provider.mjs'
import { seed } from './seed.mjs'
import { freePort, PERSON, Server } from './server.mjs'

const CONNECTIONS = 16
const BODY = '{"cursor":null,"search":null}'

const hasWrk = () => output('sh', ['-c', 'command -v wrk']) !== ''

/** Requests a second over so many seconds, by wrk or by load.mjs. */
async function press(port, path, cookie, seconds) {
  if (!hasWrk()) {
    const child = track(fork(fileURLToPath(new URL('load.mjs', import.meta.url))))
    child.send({ port, path, cookie, body: BODY, connections: CONNECTIONS, seconds })
    const [found] = await once(child, 'message')
    await ended(child)
    if (found.error) throw new Error(found.error)
    return found.rate
  }
  const script = join(folder, 'post.lua')
  const headers = `wrk.headers["content-type"] = "application/json"\nwrk.headers["cookie"] = "${cookie}"`
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = '${BODY}'\n${headers}\n`)
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, `http://127.0.0.1:${port}${path}`]
  const { stdout } = await promisify(execFile)('wrk', args)
  const wrong = /Non-2xx|Socket errors/.exec(stdout)
  if (wrong) throw new Error(stdout)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1])
}

async function measure({ pid, port, path, cookie }, seconds) {
  const before = processorTime(pid)
  const rate = await press(port, path, cookie, seconds)
  return { rate, cost: ((processorTime(pid) - before) * 1000) / (rate * seconds) }
}

export async function list({ rounds, seconds, reference }) {
  const data = newFolder('list')
  await seed(data, { conversations: 99, messages: 4 })
  const copy = newFolder('list-reference')
  cpSync(data, copy, { recursive: true })
  const provider = await Provider.start()
  const server = await Server.start(data, provider.settings)
  const client = await server.client()
  const ours = { pid: server.pid, port: server.port, path: '/_fn/conversations', cookie: client.cookie }
  const send = ({ port, path, cookie }) => request(port, { method: 'POST', path, headers: { 'content-type': 'application/json', cookie }, body: BODY })
  const ourAnswer = (await send(ours)).body
  const row = { what: 'list of 100 conversations, requests/s', budget: '≥ half of a bare axum + sqlx handler running the same query' }
  const items = JSON.parse(ourAnswer).items.length
  const how = `100 conversations, of which the first page of ${items} is asked for: \`POST /_fn/conversations\`, ${CONNECTIONS} kept connections, ${seconds} s each, ${rounds} times in turn with the reference, by ${hasWrk() ? 'wrk (one thread)' : 'a loop over plain sockets in Node'} on the same machine; the median.`
  let child = null
  try {
    if (!existsSync(reference)) {
      const { rate } = await measure(ours, seconds)
      return [{ ...row, measured: `${Math.round(rate)}/s; not compared: ${reference} is missing`, how: `${how} The reference is built by \`cargo build --release -p atrium-server --example reference\`.` }]
    }
    const port = await freePort()
    child = track(spawn(reference, [join(copy, 'atrium.db'), `127.0.0.1:${port}`, PERSON.email], { stdio: ['ignore', 'ignore', 'inherit'] }))
    const bare = { pid: child.pid, port, path: '/', cookie: '' }
    let theirAnswer = null
    for (let tries = 0; tries < 200 && theirAnswer === null; tries += 1) {
      if (isOver(child)) throw new Error('the reference ended by itself')
      await sleep(20)
      theirAnswer = await send(bare).then((it) => it.body, () => null)
    }
    if (theirAnswer !== ourAnswer) throw new Error(`the reference answers something else: ${theirAnswer?.slice(0, 200)}`)
    const found = { ours: [], bare: [] }
    await press(ours.port, ours.path, ours.cookie, 1)
    await press(bare.port, bare.path, bare.cookie, 1)
    for (let round = 0; round < rounds; round += 1) {
      found.ours.push(await measure(ours, seconds))
      found.bare.push(await measure(bare, seconds))
    }
    const of = (side, what) => median(found[side].map((it) => it[what]))
    const ratio = of('ours', 'rate') / of('bare', 'rate')
    return [
      {
        ...row,
        measured: `${Math.round(of('ours', 'rate'))}/s, ${ratio.toFixed(2)} of the reference's ${Math.round(of('bare', 'rate'))}/s`,
        holds: ratio >= 0.5,
        how: `${how} The reference (\`server/examples/reference.rs\`) runs the same query on a copy of the same file and answers the same bytes, without session, viewer or middleware. Processor time a request: ${Math.round(of('ours', 'cost'))} µs against ${Math.round(of('bare', 'cost'))} µs, ratio ${(of('bare', 'cost') / of('ours', 'cost')).toFixed(2)}, which does not depend on what the load generator takes.`,
      },
    ]
  } finally {
    if (child) {
      child.kill()
      await ended(child)
    }
    await server.stop()
    await provider.stop()
  }
}
