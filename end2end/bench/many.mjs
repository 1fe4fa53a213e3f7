// Many answers at once, and whether each byte of them is there after the server was killed.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { mb, median, memory, ms, now, quantile } from './machine.mjs'
import { newFolder } from './processes.mjs'
import { Provider, textOf } from './provider.mjs'
import { createAccount, Server } from './server.mjs'

function checkLimits(answers) {
  const open = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))[1])
  if (open < answers * 2 + 200) throw new Error(`only ${open} open files are allowed here: ulimit -n ${answers * 4}`)
}

/** `answers` questions, the last of them sent `within` ms after the first. */
async function wave(client, provider, { answers, chunks, every, within }) {
  const lag = monitorEventLoopDelay({ resolution: 5 })
  const began = now()
  lag.enable()
  const chats = await Promise.all(
    Array.from({ length: answers }, async (_, n) => {
      const plan = provider.plan({ chunks, every })
      if (within) await sleep((n * within) / answers)
      try {
        return { plan, chat: await client.chat(plan.text) }
      } catch (error) {
        return { plan, error }
      }
    }),
  )
  lag.disable()
  return { chats, took: now() - began, lag: lag.percentile(99) / 1e6 }
}

/** How many of the answers are complete and, byte for byte, what the provider sent. */
async function readBack(client, chats, notes) {
  const found = { equal: 0, wrong: [] }
  const todo = chats.map((it, n) => [it, notes[n]])
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let next = todo.pop(); next; next = todo.pop()) {
        const [{ chat, error, plan }, note] = next
        if (error) {
          found.wrong.push(`${plan.id}: ${error.message}`)
          continue
        }
        const answer = await client.lastAnswer(chat.conversation)
        const isEqual = Buffer.from(answer.text).equals(Buffer.from(textOf(note)))
        if (isEqual && answer.status === 'complete' && note.sent.length === JSON.parse(plan.text.slice(6)).chunks) found.equal += 1
        else found.wrong.push(`${plan.id}: ${answer.status}, ${isEqual ? 'the same text' : 'another text'}`)
      }
    }),
  )
  return found
}

export async function many({ answers, chunks, every }) {
  checkLimits(answers)
  const provider = await Provider.start()
  const data = newFolder('many')
  createAccount(data)
  const rows = []
  for (const [how, within] of [[`sent within 4 s`, 4000], ['sent in the same instant', 0]]) {
    let server = await Server.start(data, provider.settings)
    let client = await server.client()
    // The default agent comes with the first chat.
    await client.chat(provider.plan({ chunks: 3 }).text)
    const { chats, took, lag } = await wave(client, provider, { answers, chunks, every, within })
    const peak = memory(server.pid)
    await server.kill()
    const complaints = server.complaints()
    const notes = await provider.notes(chats.map((it) => it.plan.id))
    server = await Server.start(data, provider.settings)
    // The old session is still good: nobody signs in again.
    client.port = server.port
    const found = await readBack(client, chats, notes)
    await server.stop()
    if (complaints) console.error(`  the server's log: ${complaints}`)
    for (const line of found.wrong.slice(0, 5)) console.error(`  not as sent: ${line}`)

    const told = chats.flatMap(({ chat }, n) => (chat ? [[chat, notes[n]]] : []))
    const relayed = told.map(([chat, note]) => chat.first - note.sent[0][0])
    const whole = told.map(([chat]) => chat.first - chat.asked)
    const accepted = told.map(([chat]) => chat.accepted - chat.asked)
    const late = told.map(([chat, note]) => chat.endedAt - note.sent.at(-1)[0])
    rows.push(
      {
        what: `${answers} answers at once, ${how}: stored`,
        budget: 'all complete, after a restart byte-equal to what the provider sent',
        measured: `${found.equal} of ${answers}, ${found.wrong.length} failed`,
        holds: found.equal === answers,
        how: `${answers} new conversations; the provider streams to each ${chunks} pieces of random text from all of Unicode, ${every} ms apart. After the last “end” event kill -9, a new server on the same folder, and every answer read by \`POST /_fn/messages\` and compared byte by byte. All of it took ${(took / 1000).toFixed(1)} s; memory at the end ${mb(peak)}; from the provider’s last piece to “end” p99 ${ms(quantile(late, 0.99))}.`,
      },
      {
        what: `${answers} answers at once, ${how}: first token`,
        budget: 'p99 ≤ 100 ms',
        measured: `p99 ${ms(quantile(relayed, 0.99))}, median ${ms(median(relayed))} after the provider’s; p99 ${ms(quantile(whole, 0.99))}, median ${ms(median(whole))} after the question`,
        holds: quantile(relayed, 0.99) <= 100,
        how: `In the same run, from the moment before the provider wrote its first piece, which it does as soon as it is asked, to the first event with text at the listener: that is what the budget is held against. Sending was answered after ${ms(median(accepted))} median, ${ms(quantile(accepted, 0.99))} p99. One process listens to all ${answers} on the same processors: its own event loop was late by ${ms(lag)} p99, which is in the figure.`,
      },
    )
  }
  await provider.stop()
  return rows
}
