// kill -9 in the middle of answers: what had arrived must be there.
import { setTimeout as sleep } from 'node:timers/promises'
import { ms } from './machine.mjs'
import { newFolder } from './processes.mjs'
import { Provider, textOf } from './provider.mjs'
import { createAccount, Server } from './server.mjs'

const PROMISED = 250

/** What is wrong with a stored answer, or how many ms of it were lost. */
function judge(answer, note, killedAt) {
  if (!note) return { wrong: 'the provider was never asked' }
  if (answer.status !== 'interrupted') return { wrong: `it is ${answer.status}` }
  const stored = Buffer.from(answer.text)
  const sent = Buffer.from(textOf(note))
  if (!sent.subarray(0, stored.length).equals(stored)) return { wrong: 'it says what was never sent' }
  let length = 0
  for (const [at, text] of note.sent) {
    length += Buffer.byteLength(text)
    if (at > killedAt) break
    if (length > stored.length) {
      const lost = killedAt - at
      return lost > PROMISED ? { lost, wrong: `the last ${ms(lost)} are missing` } : { lost }
    }
  }
  return { lost: 0 }
}

export async function crash({ times, answers }) {
  const provider = await Provider.start()
  const data = newFolder('crash')
  createAccount(data)
  let server = await Server.start(data, provider.settings)
  const client = await server.client()
  await client.chat(provider.plan({ chunks: 3 }).text)
  const lost = []
  const wrong = []
  let resumed = 0
  for (let time = 0; time < times; time += 1) {
    const plans = Array.from({ length: answers }, () => provider.plan({ chunks: 400, every: 20 }))
    const conversations = await Promise.all(
      plans.map(async (plan) => {
        const grown = await client.send(plan.text)
        // It breaks off in the middle; that is the point.
        client.follow(grown).catch(() => {})
        return grown.conversation
      }),
    )
    await sleep(300 + Math.random() * 3000)
    const killedAt = await server.kill()
    const notes = await provider.notes(plans.map((it) => it.id))
    server = await Server.start(data, provider.settings)
    client.port = server.port
    for (const [n, conversation] of conversations.entries()) {
      const answer = await client.lastAnswer(conversation)
      const verdict = judge(answer, notes[n], killedAt)
      if (verdict.lost !== undefined) lost.push(verdict.lost)
      if (verdict.wrong) wrong.push(`kill ${time + 1}: ${verdict.wrong}`)
      if (n > 0) continue
      // Continue, once a kill.
      const again = await client.call('resume', { conversation, message: answer.id })
      const { end } = await client.follow(again)
      if (end.message.status === 'complete' && end.message.text.startsWith(answer.text) && end.message.text.length > answer.text.length) resumed += 1
      else wrong.push(`kill ${time + 1}: Continue led to ${end.message.status}`)
    }
  }
  await server.stop()
  await provider.stop()
  for (const line of wrong.slice(0, 5)) console.error(`  ${line}`)
  const most = lost.reduce((a, b) => Math.max(a, b), 0)
  return [
    {
      what: `kill -9 mid-answer, ${times} times`,
      budget: `all but at most the last ${PROMISED} ms is there, marked interrupted, and Continue works`,
      measured: `${times * answers - wrong.length} of ${times * answers} answers as promised; at most ${ms(most)} lost; ${resumed} of ${times} continued`,
      holds: wrong.length === 0 && resumed === times,
      how: `Each time ${answers} answers stream, a piece every 20 ms; after a random 0.3 to 3.3 s SIGKILL, whose moment is noted. After a restart on the same folder each stored text must be a beginning of what the provider sent, and hold all that it wrote ${PROMISED} ms before the kill or earlier. Lost is the age, at the kill, of the first piece that is not there. Then one of the answers is continued to its end.`,
    },
  ]
}
