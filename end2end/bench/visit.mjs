// The first visit to the chat page, as Chromium counts it.
import { setTimeout as sleep } from 'node:timers/promises'
import { output } from './machine.mjs'
import { newFolder } from './processes.mjs'
import { Provider } from './provider.mjs'
import { createAccount, Server } from './server.mjs'

const row = { what: 'first visit to the chat page, everything', budget: '≤ 350 kB compressed, ≤ 12 requests' }

function browser() {
  const names = 'chromium chromium-browser google-chrome'
  return process.env.ATRIUM_CHROMIUM ?? output('sh', ['-c', `for it in ${names}; do command -v $it && break; done`])
}

export async function visit() {
  const executablePath = browser()
  if (!executablePath) return [{ ...row, measured: 'not measured: no Chromium here (ATRIUM_CHROMIUM names one)' }]
  const { chromium } = await import('playwright-core').catch(() => ({}))
  if (!chromium) return [{ ...row, measured: 'not measured: no playwright-core here (npm ci in end2end/)' }]
  const provider = await Provider.start()
  const data = newFolder('visit')
  createAccount(data)
  const server = await Server.start(data, provider.settings)
  const client = await server.client()
  const process = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const context = await process.newContext({ viewport: { width: 1280, height: 800 } })
    const [name, value] = client.cookie.split(/=(.*)/s)
    await context.addCookies([{ name, value, domain: '127.0.0.1', path: '/', httpOnly: true, sameSite: 'Lax' }])
    const page = await context.newPage()
    const network = await context.newCDPSession(page)
    await network.send('Network.enable')
    const requests = new Map()
    const messages = []
    network.on('Network.requestWillBeSent', (it) => requests.set(it.requestId, { url: it.request.url, bytes: 0 }))
    network.on('Network.responseReceived', (it) => Object.assign(requests.get(it.requestId) ?? {}, { status: it.response.status, coding: it.response.headers['content-encoding'] }))
    network.on('Network.loadingFinished', (it) => Object.assign(requests.get(it.requestId) ?? {}, { bytes: it.encodedDataLength }))
    page.on('console', (it) => it.type() === 'error' && messages.push(it.text()))
    page.on('pageerror', (it) => messages.push(it.message))
    const reply = await page.goto(`http://127.0.0.1:${server.port}/`, { waitUntil: 'load' })
    await page.waitForLoadState('networkidle')
    await sleep(2000)
    const found = [...requests.values()].filter((it) => it.url.startsWith('http'))
    const bytes = found.reduce((sum, it) => sum + it.bytes, 0)
    const isRight = reply.status() === 200 && page.url().endsWith(`${server.port}/`) && (await page.locator('textarea').count()) > 0
    if (!isRight) throw new Error(`this is not the chat page: ${page.url()}, ${reply.status()}`)
    const failed = found.filter((it) => !it.status || it.status >= 400)
    for (const it of [...messages, ...failed.map((it) => `${it.status} ${it.url}`)]) console.error(`  Chromium: ${it}`)
    const largest = found.sort((a, b) => b.bytes - a.bytes).slice(0, 4)
    const nameOf = (it) => new URL(it.url).pathname
    return [
      {
        ...row,
        measured: `${(bytes / 1000).toFixed(1)} kB, ${found.length} requests`,
        holds: bytes <= 350_000 && found.length <= 12 && failed.length === 0,
        how: `Chromium ${process.version()} with an empty cache, signed in by its cookie, opens \`/\` and is watched until 2 s after the network fell silent. Bytes are those received, headers included, as its DevTools count them. The largest: ${largest.map((it) => `\`${nameOf(it)}\` ${(it.bytes / 1000).toFixed(1)} kB${it.coding ? ` (${it.coding})` : ''}`).join(', ')}.`,
      },
    ]
  } finally {
    await process.close()
    await server.stop()
    await provider.stop()
  }
}
