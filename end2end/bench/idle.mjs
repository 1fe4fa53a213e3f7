// Memory: of a server that nobody asks anything, and of one that was asked a lot.
import { setTimeout as sleep } from 'node:timers/promises'
import { mb, memory } from './machine.mjs'
import { newFolder } from './processes.mjs'
import { Provider } from './provider.mjs'
import { createAccount, Server } from './server.mjs'

export async function idle({ chats }) {
  const provider = await Provider.start()
  const data = newFolder('memory')
  createAccount(data)
  const server = await Server.start(data, provider.settings)
  await sleep(5000)
  const before = memory(server.pid)
  const client = await server.client()
  const converse = async (count, more) => {
    for (let n = 0; n < count; n += 1) {
      const chat = await client.chat(provider.plan({ chunks: 30, every: 2, ...more }).text)
      await client.page(`/chat/${chat.conversation}`)
    }
    await sleep(10_000)
    return memory(server.pid)
  }
  const after = await converse(chats, {})
  const uncounted = await converse(Math.ceil(chats / 10), { uncounted: true })
  await server.stop()
  await provider.stop()
  return [
    {
      what: 'memory when idle, no model loaded',
      budget: '≤ 40 MB',
      measured: mb(before),
      holds: before <= 40,
      how: 'Resident memory (VmRSS) 5 s after the first healthy answer, nobody signed in.',
    },
    {
      what: `memory again after ${chats} chats`,
      budget: '≤ 60 MB',
      measured: mb(after),
      holds: after <= 60,
      how: `The same process after one sign-in and ${chats} questions, one after the other, each a new conversation with an answer of 30 pieces listened to as a browser does, then its page; 10 s later. After ${Math.ceil(chats / 10)} more from a provider that counts no tokens, so that Atrium counts them itself: ${mb(uncounted)}.`,
    },
  ]
}
