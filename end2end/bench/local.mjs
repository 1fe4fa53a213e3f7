// The model in the box, asked through the product.
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { mb, median, memory, ms } from './machine.mjs'
import { newFolder } from './processes.mjs'
import { createAccount, Server } from './server.mjs'

// Each begins differently: what the model has read before need not be read again, and that would be no honest time.
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const question = (n) => `${DAYS[n % 7]}, ${n + 1} May. Here are my notes about a walk. Please make a long story of them, with at least five paragraphs, and tell what happened on the way home.
We left the village a little after six, when the fog still lay over the fields and nobody but the baker was awake. The path follows the river for an hour, crosses it on a
wooden bridge that has lost its rail, and then climbs through a forest of old beeches. Halfway up we met a man with two goats, who told us that the upper path had been
closed since the storm and that we should take the one along the quarry. It was longer, but it led past a small lake that is on none of our maps. We ate there: bread, cheese,
three apples. In the afternoon the rain came, all at once, and we waited under a rock until it was over. We reached the hut at five, wet and tired and very glad.`

const row = { what: 'the local model', budget: '≥ 50 tokens/s, first token ≤ 3 s for a prompt of 200 tokens' }

export async function local({ times, models }) {
  if (!existsSync(models) || !readdirSync(models).some((it) => it.endsWith('.gguf'))) {
    return [{ ...row, measured: 'not measured: no model in data/models (make models fetches it)' }]
  }
  const data = newFolder('local')
  mkdirSync(data)
  symlinkSync(models, join(data, 'models'))
  createAccount(data)
  const server = await Server.start(data, { DEFAULT_LLM_PROVIDER: 'local' })
  const client = await server.client()
  const found = []
  let short = 0
  for (let n = 0; found.length <= times; n += 1) {
    const chat = await client.chat(question(n))
    const { status, error, completion_tokens: tokens, prompt_tokens: prompt, tokens_estimated: estimated } = chat.message
    if (status !== 'complete') throw new Error(`the answer is ${status}: ${error}`)
    if (estimated) throw new Error('the tokens of an answer were only estimated')
    // Too short to tell a speed by; only the first one counts anyhow, for what came before it.
    if (tokens < 40 && n > 0) {
      short += 1
      if (short > times) throw new Error(`answers like the last one, of ${tokens} tokens, are too short to tell a speed by`)
      continue
    }
    found.push({ first: chat.first - chat.asked, rate: ((tokens - 1) * 1000) / (chat.last - chat.first), tokens, prompt })
  }
  const loaded = memory(server.pid)
  await server.stop()
  const [cold, ...warm] = found
  const rate = median(warm.map((it) => it.rate))
  const first = median(warm.map((it) => it.first))
  return [
    {
      ...row,
      measured: `${rate.toFixed(0)} tokens/s, first token after ${(first / 1000).toFixed(2)} s (${(cold.first / 1000).toFixed(2)} s when it must be loaded first)`,
      holds: rate >= 50 && first <= 3000 && cold.first <= 3000,
      how: `SmolLM2 from data/models, a question of ${cold.prompt} tokens with its template, sent as a browser does, in a new conversation each time and each time with another beginning, since the model keeps what it has read: once to a server that has not loaded the model, then ${times} times, the median${short ? ` (${short} answers of less than 40 tokens left out)` : ''}. First token: from sending to the first event with text. Speed: the message's ${Math.min(...warm.map((it) => it.tokens))} to ${Math.max(...warm.map((it) => it.tokens))} tokens but one, by the time from the first event with text to the last. Slowest: ${Math.min(...warm.map((it) => it.rate)).toFixed(0)} tokens/s. Memory with the model loaded: ${mb(loaded)}.`,
    },
  ]
}
