// Atrium itself: started on a data folder, ended by its process id.
import { spawn, spawnSync } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, request } from './client.mjs'
import { now } from './machine.mjs'
import { ended, folder, isOver, track } from './processes.mjs'

export const PERSON = { email: 'bench@atrium.example', name: 'Bench', password: 'a long enough password' }

/** Set by bench.mjs. */
export const program = { path: '' }

/** Only what we say: neither the caller's settings nor a .env beside the repository may count. */
const environment = (settings) => ({ PATH: process.env.PATH, HOME: folder, ...settings })

/** A free port of this moment. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}

/** Makes the one account. */
export function createAccount(data) {
  mkdirSync(data, { recursive: true })
  const made = spawnSync(
    program.path,
    ['createsuperuser', '--data', data, '--email', PERSON.email, '--name', PERSON.name, '--password-stdin'],
    { input: `${PERSON.password}\n`, encoding: 'utf8', cwd: folder, env: environment({}) },
  )
  if (made.status !== 0) throw new Error(`createsuperuser: ${made.stderr}`)
}

let started = 0

export class Server {
  /** Starts it; `startTime` is the time to the first healthy answer, in ms. */
  static async start(data, settings = {}) {
    mkdirSync(data, { recursive: true })
    const server = new Server()
    server.port = await freePort()
    started += 1
    server.log = `${folder}/server-${started}.log`
    const log = createWriteStream(server.log)
    await once(log, 'open')
    const before = now()
    server.process = track(
      spawn(program.path, ['serve', '--listen', `127.0.0.1:${server.port}`, '--data', data], {
        cwd: folder,
        env: environment(settings),
        stdio: ['ignore', 'ignore', log],
      }),
    )
    log.close()
    await server.#becomeHealthy()
    server.startTime = now() - before
    return server
  }

  async #becomeHealthy() {
    const deadline = now() + 60_000
    while (now() < deadline) {
      if (isOver(this.process)) throw new Error(`the server ended: ${this.complaints(20)}`)
      try {
        const reply = await request(this.port, { path: '/api/health/' })
        if (reply.status === 200) return
      } catch {
        await sleep(1)
      }
    }
    throw new Error('the server did not become healthy within a minute')
  }

  get pid() {
    return this.process.pid
  }

  /** Signed in. */
  async client() {
    const client = new Client(this.port)
    await client.signIn(PERSON)
    return client
  }

  async stop() {
    this.process.kill('SIGTERM')
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 20_000)
    await ended(this.process)
    clearTimeout(timer)
  }

  /** As if the power were cut for this one process; answers when it was told. */
  async kill() {
    const at = now()
    this.process.kill('SIGKILL')
    await ended(this.process)
    return at
  }

  /** Waits until its log has that. */
  async says(pattern, minutes = 10) {
    const deadline = now() + minutes * 60_000
    while (!pattern.test(readFileSync(this.log, 'utf8'))) {
      if (isOver(this.process)) throw new Error(`the server ended: ${this.complaints(20)}`)
      if (now() > deadline) throw new Error(`the server did not say ${pattern} within ${minutes} minutes`)
      await sleep(200)
    }
  }

  /** Warnings and errors in its log, the first few. */
  complaints(most = 3) {
    const lines = readFileSync(this.log, 'utf8').split('\n')
    return lines.filter((it) => it && !/"level":"(INFO|DEBUG)"/.test(it)).slice(0, most).join('\n')
  }
}
