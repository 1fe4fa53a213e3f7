// A database with a past: rows written straight into the file, by Python's sqlite3, while no server runs.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Provider } from './provider.mjs'
import { createAccount, Server } from './server.mjs'

const SCRIPT = `
import json, os, sqlite3, sys, time, uuid
path, plan = sys.argv[1], json.loads(sys.argv[2])
db = sqlite3.connect(path)
db.execute("PRAGMA foreign_keys = ON")
user, organisation = db.execute("SELECT id, organisation_id FROM users").fetchone()
agent, = db.execute("SELECT id FROM agents WHERE is_default AND deleted_at IS NULL").fetchone()
clock = int(time.time() * 1e6) - 10**12
def new_id():
    # As the server makes them: they sort by time.
    global clock
    clock += 1000
    return (clock // 1000).to_bytes(6, "big") + bytes([0x70 | os.urandom(1)[0] & 15]) + os.urandom(1) + bytes([0x80 | os.urandom(1)[0] & 63]) + os.urandom(7)
prose = ("The sea had been quiet since the morning, and whoever stood on the pier could hear the ropes. "
         "Nobody had asked for the boat; it lay there, white and a little too large, as if it waited. ")
made = []
for group in plan:
    for n in range(group["conversations"]):
        conversation, began = new_id(), clock
        title = "Conversation %d of those with %d messages" % (n + 1, group["messages"])
        db.execute("INSERT INTO conversations (id, organisation_id, owner_id, agent_id, title, title_folded, title_by, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, 'exchange', ?, ?)",
                   (conversation, organisation, user, agent, title, title.lower(), began, began))
        parent, rows = None, []
        for depth in range(group["messages"]):
            message = new_id()
            mine = depth % 2 == 0
            rows.append((message, organisation, conversation, parent, depth, "user" if mine else "assistant", prose if mine else prose * 2, "complete", None if mine else agent,
                         None if mine else "openai", None if mine else "bench-1", None if mine else 40, None if mine else 80, None if mine else 0, None if mine else 900000, None if mine else "stop", clock, clock))
            parent = message
        db.executemany("INSERT INTO messages (id, organisation_id, conversation_id, parent_id, depth, author, content, reasoning, status, agent_id, provider, model, prompt_tokens, completion_tokens, cost_micros, latency_micros, end_reason, tokens_estimated, dropped_turns, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, FALSE, 0, ?, ?)", rows)
        db.execute("UPDATE conversations SET head_id = ?, updated_at = ? WHERE id = ?", (parent, clock, conversation))
        made.append(str(uuid.UUID(bytes=conversation)))
db.commit()
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
db.close()
print(json.dumps(made))
`

/** Makes the data folder and its account if need be, and in it conversations; answers their ids, group by group. */
export async function seed(data, ...groups) {
  const file = join(data, 'atrium.db')
  if (!existsSync(file)) {
    createAccount(data)
    // The first chat makes the default agent, as it does for everybody.
    const provider = await Provider.start()
    const server = await Server.start(data, provider.settings)
    const client = await server.client()
    await client.chat('Hello')
    await server.stop()
    await provider.stop()
  }
  const made = spawnSync('python3', ['-c', SCRIPT, file, JSON.stringify(groups)], { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (made.error || made.status !== 0) throw new Error(`the database could not be filled by python3: ${made.error?.message ?? made.stderr}`)
  const ids = JSON.parse(made.stdout)
  return groups.map((group) => ids.splice(0, group.conversations))
}
