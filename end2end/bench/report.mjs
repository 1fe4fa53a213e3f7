// The table, as Markdown.
import { writeFileSync } from 'node:fs'
import { describe, output } from './machine.mjs'
import { folder } from './processes.mjs'
import { program } from './server.mjs'

const cell = (text) => String(text).replaceAll('|', '\\|')

/** The rows with what they were measured on. */
export function table(rows, root, loads) {
  const commit = output('git', ['-C', root, 'rev-parse', '--short', 'HEAD'])
  const changed = output('git', ['-C', root, 'status', '--porcelain', '--untracked-files=no']) ? ', with uncommitted changes' : ''
  const verdict = (it) => (it.holds === undefined ? '' : it.holds ? 'yes' : '**no**')
  return [
    '| what | budget | measured | holds |',
    '|---|---|---|---|',
    ...rows.map((it) => `| ${[it.what, it.budget ?? '', it.measured, verdict(it)].map(cell).join(' | ')} |`),
    '',
    `- Machine: ${describe(folder)}; load before ${loads[0].toFixed(2)}, after ${loads[1].toFixed(2)}`,
    `- Date: ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    `- Version: ${output(program.path, ['--version'])}, commit ${commit}${changed}`,
    '',
  ].join('\n')
}

export function write(file, rows, text) {
  const hows = rows.filter((it) => it.how).map((it) => `- **${it.what}**: ${it.how}`)
  writeFileSync(
    file,
    `# Benchmarks

Written by \`node end2end/bench.mjs --write\` after a release build; \`make bench\` prints it anew. Everything here was measured in one run, on one
machine, with the server, the provider, and whoever asks on the same processors. Ratios count; absolute times do not travel.

${text}
## How each was measured

Every server gets a data folder of its own, an empty environment but for what a row needs, and the embedded SQLite. The provider is a small
OpenAI-compatible server in a process of its own (\`end2end/bench/fake-provider.mjs\`) that notes what it writes and when. Times are the monotonic
clock's. p99 is the value below which 99 of 100 lie.

${hows.join('\n')}
`,
  )
}
