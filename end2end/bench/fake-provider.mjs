// A provider in a process of its own, forked by provider.mjs. It speaks OpenAI's protocol and does what the question says:
//
//   bench {"id":"a7","seed":7,"chunks":60,"first":0,"every":100}
//
// writes 60 pieces of the text of seed 7, the first after 0 ms, the others 100 ms apart, and notes when it wrote what.
// A question without such a plan gets a short answer. Asked by its parent, it hands over its notes.
import { createServer } from 'node:http'
import { now } from './machine.mjs'
import { pieces } from './text.mjs'

/** By id: when the question came, and each piece with the time just before it was written. */
const notes = new Map()

function planOf(messages) {
  const text = messages.findLast((it) => it.role === 'user')?.content ?? ''
  const found = [...text.matchAll(/bench (\{[^}]*\})/g)].at(-1)
  return found ? JSON.parse(found[1]) : { id: `other-${notes.size}`, seed: 1, chunks: 3, first: 0, every: 1 }
}

function answer(response, plan, note) {
  const texts = pieces(plan.seed, plan.chunks)
  const event = (object) => `data: ${JSON.stringify(object)}\n\n`
  const chunk = (delta, finish_reason = null) =>
    event({ id: plan.id, object: 'chat.completion.chunk', model: 'bench-1', choices: [{ index: 0, delta, finish_reason }] })
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  let next = 0
  const write = () => {
    if (response.destroyed) return
    const text = texts[next]
    const line = chunk({ content: text })
    note.sent.push([now(), text])
    response.write(line)
    next += 1
    if (next < texts.length) {
      wait()
    } else {
      const usage = plan.uncounted ? '' : event({ choices: [], usage: { prompt_tokens: 20, completion_tokens: texts.length } })
      response.end(`${chunk({}, 'stop')}${usage}data: [DONE]\n\n`)
    }
  }
  const wait = () => {
    const due = note.received + plan.first + next * plan.every - now()
    if (due > 0) setTimeout(write, due)
    else write()
  }
  wait()
}

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ object: 'list', data: [{ id: 'bench-1', object: 'model' }] }))
    return
  }
  const body = []
  request.on('data', (data) => body.push(data))
  request.on('end', () => {
    const received = now()
    const plan = planOf(JSON.parse(Buffer.concat(body).toString()).messages)
    const note = { received, sent: [] }
    notes.set(plan.id, note)
    answer(response, plan, note)
  })
})
server.keepAliveTimeout = 60_000
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => process.send({ port: server.address().port }))

process.on('message', ({ ask, ids }) => {
  process.send({ answer: ask, notes: ids.map((id) => notes.get(id) ?? null) })
  for (const id of ids) notes.delete(id)
})
process.on('disconnect', () => process.exit())
