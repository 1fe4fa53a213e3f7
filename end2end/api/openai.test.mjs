// OpenAI's own Node package against /v1.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI from 'openai'

const { ATRIUM_URL, ATRIUM_API_KEY } = process.env
const client = (apiKey = ATRIUM_API_KEY) => new OpenAI({ baseURL: `${ATRIUM_URL}/v1`, apiKey, maxRetries: 0 })
const question = { model: 'Assistant', messages: [{ role: 'user', content: 'How do tides work?' }] }
// provider.mjs counts words.
const answer = 'You said: How do tides work?'
const usage = { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 }

test('models', async () => {
  const models = []
  for await (const model of client().models.list()) models.push(model)
  assert.deepEqual(models.map((it) => [it.id, it.object, it.owned_by]), [['Assistant', 'model', 'openai']])
  assert.deepEqual(await client().models.retrieve('Assistant'), models[0])
})

test('whole', async () => {
  const reply = await client().chat.completions.create(question)
  assert.equal(reply.object, 'chat.completion')
  assert.deepEqual(reply.choices.map((it) => [it.index, it.message.role, it.message.content, it.finish_reason]), [[0, 'assistant', answer, 'stop']])
  assert.deepEqual(reply.usage, usage)
})

test('streamed', async () => {
  const chunks = []
  const stream = await client().chat.completions.create({ ...question, stream: true, stream_options: { include_usage: true } })
  for await (const chunk of stream) chunks.push(chunk)
  const last = chunks.pop()
  assert.equal(chunks.map((it) => it.choices[0].delta.content ?? '').join(''), answer)
  assert.ok(chunks.length > 3, 'in pieces')
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop')
  assert.deepEqual([last.choices, last.usage], [[], usage])
})

test('streamed, by the helper that puts it together again', async () => {
  const stream = client().chat.completions.stream(question)
  assert.equal(await stream.finalContent(), answer)
})

test('refusals', async () => {
  const ask = (changes, key) => client(key).chat.completions.create({ ...question, ...changes })
  await assert.rejects(ask({ model: 'no-such-agent' }), (it) => it instanceof OpenAI.NotFoundError && it.code === 'model_not_found')
  await assert.rejects(ask({}, 'atr_wrong'), (it) => it instanceof OpenAI.AuthenticationError && it.code === 'invalid_api_key')
  await assert.rejects(ask({ temperature: 9 }), (it) => it instanceof OpenAI.BadRequestError && it.param === 'temperature')
  await assert.rejects(ask({ stream: true, n: 2 }), (it) => it instanceof OpenAI.BadRequestError && it.param === 'n')
})
