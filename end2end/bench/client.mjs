// What a browser asks of Atrium, over plain HTTP: server functions, pages, and the events of a run.
import { Agent, request as start } from 'node:http'
import { now } from './machine.mjs'

const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 1024 })

/** One request. `onData` hears the body as it comes, else it is collected. */
export function request(port, { method = 'GET', path, headers = {}, body, onData }) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const outgoing = start({ agent, host: '127.0.0.1', port, method, path, headers: { ...headers, ...length } }, (reply) => {
      const collected = []
      reply.on('data', onData && reply.statusCode === 200 ? onData : (data) => collected.push(data))
      reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, body: Buffer.concat(collected).toString() }))
      reply.on('error', reject)
      reply.on('close', () => reply.complete || reject(new Error('the connection was cut')))
    })
    outgoing.setTimeout(180_000, () => outgoing.destroy(new Error('no answer for three minutes')))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

export class Client {
  constructor(port, cookie) {
    this.port = port
    this.cookie = cookie
  }

  async signIn({ email, password }) {
    const body = new URLSearchParams({ email, password, next: '/' }).toString()
    const reply = await request(this.port, { method: 'POST', path: '/sign-in', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body })
    this.cookie = reply.headers['set-cookie']?.[0].split(';')[0]
    if (reply.status !== 303 || !this.cookie) throw new Error(`signing in was answered with ${reply.status}`)
  }

  /** A server function. */
  async call(name, args) {
    const reply = await request(this.port, {
      method: 'POST',
      path: `/_fn/${name}`,
      headers: { 'content-type': 'application/json', cookie: this.cookie },
      body: JSON.stringify(args),
    })
    if (reply.status !== 200) throw new Error(`${name} was answered with ${reply.status}: ${reply.body.slice(0, 200)}`)
    return JSON.parse(reply.body)
  }

  async page(path) {
    const reply = await request(this.port, { path, headers: { cookie: this.cookie, accept: 'text/html' } })
    if (reply.status !== 200) throw new Error(`${path} was answered with ${reply.status}`)
    return reply.body
  }

  send(text, conversation = null) {
    return this.call('send_message', { conversation, instead_of: null, agent: null, text })
  }

  /**
   * Listens to the answer that a question, or Continue, began, to its end: when the first text came, when the last, and the
   * message as stored. As the page does, from where the reply left off: a quick provider's first words are in it already.
   */
  async follow(grown) {
    const { run, text } = grown.messages.at(-1)
    const began = text === '' ? null : now()
    const heard = { first: began, last: began, end: null, endedAt: null }
    if (!run) return { ...heard, end: { message: grown.messages.at(-1) }, endedAt: now() }
    let open = ''
    const decoder = new TextDecoder()
    const onData = (data) => {
      const at = now()
      open += decoder.decode(data, { stream: true })
      const events = open.split('\n\n')
      open = events.pop()
      for (const event of events) {
        const line = event.split('\n').find((it) => it.startsWith('data:'))
        if (!line) continue
        if (line.includes('{"type":"delta"')) {
          heard.first ??= at
          heard.last = at
        } else if (line.includes('{"type":"end"')) {
          heard.endedAt = at
          heard.end = JSON.parse(line.slice(5))
        }
      }
    }
    const reply = await request(this.port, { path: `/runs/${run.id}/events?after=${run.seq}`, headers: { cookie: this.cookie, accept: 'text/event-stream' }, onData })
    if (reply.status !== 200) throw new Error(`the events of a run were answered with ${reply.status}`)
    if (!heard.end) throw new Error('the events of a run ended without its end')
    return heard
  }

  /** A question and its whole answer. */
  async chat(text, conversation = null) {
    const asked = now()
    const grown = await this.send(text, conversation)
    const accepted = now()
    const heard = await this.follow(grown)
    return { ...heard, asked, accepted, conversation: grown.conversation, message: heard.end.message }
  }

  /** The last answer of a conversation as it is stored. */
  async lastAnswer(conversation) {
    const thread = await this.call('messages', { conversation, older_than: null })
    return thread.messages.at(-1)
  }
}
