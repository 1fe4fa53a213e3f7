// A provider that always has an answer: OpenAI's protocol over loopback. Prints its address, and runs until it is ended.
// Usage is the number of words of question and answer, so that tests can tell that it came from here.
import { createServer } from 'node:http'

const words = (text) => text.split(/\s+/).filter(Boolean)

createServer((request, response) => {
  const body = []
  request.on('data', (data) => body.push(data))
  request.on('end', () => {
    if (request.url === '/v1/models') return json(response, 200, { object: 'list', data: [{ id: 'scripted-1', object: 'model' }] })
    if (request.url !== '/v1/chat/completions') return json(response, 404, { error: { message: 'no such path' } })
    const { messages } = JSON.parse(Buffer.concat(body).toString())
    const question = messages.findLast((it) => it.role === 'user').content
    const answer = words(`You said: ${question.slice(0, 200)}`)
    const event = (data) => response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', ...data })}\n\n`)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const [at, word] of answer.entries()) event({ choices: [{ index: 0, delta: { content: (at ? ' ' : '') + word } }] })
    event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
    event({ choices: [], usage: { prompt_tokens: words(question).length, completion_tokens: answer.length } })
    response.end('data: [DONE]\n\n')
  })
}).listen(0, '127.0.0.1', function () {
  console.log(`http://127.0.0.1:${this.address().port}/v1`)
})

function json(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
