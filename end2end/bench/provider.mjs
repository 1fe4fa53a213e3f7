// Our end of the fake provider.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ended, track } from './processes.mjs'

export class Provider {
  #process
  #asked = 0
  #planned = 0

  static async start() {
    const provider = new Provider()
    provider.#process = track(fork(fileURLToPath(new URL('fake-provider.mjs', import.meta.url))))
    const [{ port }] = await once(provider.#process, 'message')
    provider.port = port
    return provider
  }

  /** Settings with which Atrium answers through this provider. */
  get settings() {
    return { DEFAULT_LLM_PROVIDER: 'openai', DEFAULT_MODEL: 'bench-1', OPENAI_BASE_URL: `http://127.0.0.1:${this.port}/v1` }
  }

  /** A question, and the id under which its answer is noted. */
  plan({ chunks, first = 0, every = 0, ...more }) {
    this.#planned += 1
    const id = `n${this.#planned}`
    return { id, text: `bench ${JSON.stringify({ id, seed: this.#planned * 7919, chunks, first, every, ...more })}` }
  }

  /** For each id what was noted, then forgotten: `{ received, sent: [[time, text]…] }`, or null. */
  async notes(ids) {
    const ask = (this.#asked += 1)
    this.#process.send({ ask, ids })
    for (;;) {
      const [message] = await once(this.#process, 'message')
      if (message.answer === ask) return message.notes
    }
  }

  async stop() {
    this.#process.kill()
    await ended(this.#process)
  }
}

/** All that was sent. */
export const textOf = (note) => note.sent.map(([, text]) => text).join('')
