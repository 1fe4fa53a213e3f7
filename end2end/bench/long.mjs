// Sending into a long conversation, and into a short one.
import { median, ms } from './machine.mjs'
import { newFolder } from './processes.mjs'
import { Provider } from './provider.mjs'
import { seed } from './seed.mjs'
import { Server } from './server.mjs'

export async function long({ times, long, short }) {
  const groups = 10
  const data = newFolder('long')
  const [longOnes, shortOnes] = await seed(data, { conversations: groups, messages: long }, { conversations: groups, messages: short })
  const provider = await Provider.start()
  const server = await Server.start(data, provider.settings)
  const client = await server.client()
  // What was written past the server is indexed for search when it starts; until then each sending waits for a bit of that.
  const during = []
  for (let n = 0; n < times / 5; n += 1) {
    const chat = await client.chat(provider.plan({ chunks: 1 }).text, shortOnes[n % groups])
    during.push(chat.accepted - chat.asked)
  }
  await server.says(/messages were indexed/)
  const found = { long: { sent: [], whole: [] }, short: { sent: [], whole: [] } }
  for (let n = -4; n < times; n += 1) {
    // By turns which of the two comes first.
    const sides = [['long', longOnes], ['short', shortOnes]]
    if (n % 2) sides.reverse()
    for (const [side, ids] of sides) {
      const chat = await client.chat(provider.plan({ chunks: 1 }).text, ids[(n + groups) % groups])
      if (chat.message.status !== 'complete') throw new Error(`the answer is ${chat.message.status}: ${chat.message.error}`)
      if (n < 0) continue
      found[side].sent.push(chat.accepted - chat.asked)
      found[side].whole.push(chat.endedAt - chat.asked)
    }
  }
  await server.stop()
  await provider.stop()
  const of = (side, what) => median(found[side][what])
  const ratio = of('long', 'sent') / of('short', 'sent')
  return [
    {
      what: `sending into a chat of ${long.toLocaleString('en')} messages`,
      budget: `≤ 1.2 × sending into one of ${short}`,
      measured: `${ratio.toFixed(2)} × (${ms(of('long', 'sent'), 2)} against ${ms(of('short', 'sent'), 2)})`,
      holds: ratio <= 1.2,
      how: `${groups} conversations of each length, written into the database before the server starts. \`POST /_fn/send_message\` until it is answered, ${times} times each in turn, the median; the provider answers at once, and its answer is awaited before the next. Up to the end of the answer, which includes reading the newest turns for the prompt as far as the model's window goes: ${ms(of('long', 'whole'), 2)} against ${ms(of('short', 'whole'), 2)}. Measured once the ${((long + short) * groups).toLocaleString('en')} messages were indexed for search, as after an upgrade from before there was an index; while that goes on, sending takes ${ms(median(during), 2)}.`,
    },
  ]
}
