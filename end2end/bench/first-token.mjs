// What Atrium adds to a provider's time to first token.
import { request } from './client.mjs'
import { median, ms, now, quantile } from './machine.mjs'
import { newFolder } from './processes.mjs'
import { Provider } from './provider.mjs'
import { createAccount, Server } from './server.mjs'

/** Asks the provider itself; answers how long the first text took. */
async function ask(provider, text) {
  let first = null
  const asked = now()
  await request(provider.port, {
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'bench-1', stream: true, messages: [{ role: 'user', content: text }] }),
    onData: () => (first ??= now()),
  })
  return first - asked
}

export async function firstToken({ times }) {
  const provider = await Provider.start()
  const data = newFolder('first-token')
  createAccount(data)
  const server = await Server.start(data, provider.settings)
  const client = await server.client()

  const series = async (count, first) => {
    let conversation = null
    const found = { relayed: [], added: [], direct: [], through: [] }
    for (let n = -10; n < count; n += 1) {
      const mine = provider.plan({ chunks: 5, first, every: 5 })
      const theirs = provider.plan({ chunks: 5, first, every: 5 })
      // In turn, so that neither has the machine's better moments.
      const direct = await ask(provider, theirs.text)
      const chat = await client.chat(mine.text, n % 10 === 0 ? null : conversation)
      conversation = chat.conversation
      const [through, plain] = await provider.notes([mine.id, theirs.id])
      // The first ten warm everything up.
      if (n < 0) continue
      const thought = (note) => note.sent[0][0] - note.received
      found.relayed.push(chat.first - through.sent[0][0])
      found.direct.push(direct - thought(plain))
      found.through.push(chat.first - chat.asked - thought(through))
      found.added.push(found.through.at(-1) - found.direct.at(-1))
    }
    return found
  }
  const thinking = await series(times, 30)
  const instant = await series(Math.ceil(times / 4), 0)
  await server.stop()
  await provider.stop()
  const both = (values) => `${ms(median(values), 2)} median, ${ms(quantile(values, 0.99), 2)} p99`
  return [
    {
      what: 'first token: from the provider’s write to the browser’s ear',
      budget: '≤ 5 ms median',
      measured: both(thinking.relayed),
      holds: median(thinking.relayed) <= 5,
      how: `${times} questions, one after the other, ten to a conversation, to a provider in a process of its own that thinks for 30 ms and notes the moment before it writes its first piece. The path is the browser’s: \`POST /_fn/send_message\` (stored before it answers), then \`GET /runs/{id}/events\` up to the first event with text. Both clocks are the machine’s monotonic one.`,
    },
    {
      what: 'first token: added to the provider’s own time, from the question on',
      budget: '≤ 5 ms median',
      measured: both(thinking.added),
      holds: median(thinking.added) <= 5,
      how: `The same ${times} questions, each paired with one put to the provider directly: time from question to first text, less the time that the provider thought, through Atrium (median ${ms(median(thinking.through), 2)}) minus directly (${ms(median(thinking.direct), 2)}). From a provider that does not think at all, ${instant.added.length} questions: ${both(instant.added)}.`,
    },
  ]
}
