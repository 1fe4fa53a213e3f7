// Packs what the browser loads: node scripts/pack.mjs [--watch] PKG SITE
//
// PKG holds wasm-bindgen's atrium.js and atrium_bg.wasm (cargo-leptos: atrium.wasm). SITE gets
//   atrium-<hash>.js, atrium-<hash>.wasm  one hash over both: Leptos' hydration script is given "atrium-<hash>" and adds the endings
//   atrium.<hash>.css                     all of style/: tokens, base, components, whatever else there is, pages/
//   <name>.<hash>.<ending>                each file of public/, in its folder, and the readers of the API's description
// with .br and .gz beside each file that they make smaller, and manifest.json, from plain name to hashed name (and "app" to
// "atrium-<hash>"). Where a text file says /assets/<plain name>, the hashed name is put in; a name that isn't there is an error.
//
// --watch packs without compressing, and again whenever something changed, until it is stopped.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { transform } from 'lightningcss'

const watch = process.argv[2] === '--watch'
const [pkg, site] = process.argv.slice(watch ? 3 : 2)
if (!site) throw new Error('usage: pack.mjs [--watch] PKG SITE')

const TEXT = new Set(['.css', '.js', '.mjs', '.json', '.svg', '.txt', '.webmanifest', '.xml', '.html'])
const COMPRESSIBLE = new Set([...TEXT, '.wasm', '.ico', '.ttf', '.otf'])

/** Swagger UI (Apache-2.0) and Redoc (MIT), as their packages bring them. */
const READERS = ['swagger-ui-dist/swagger-ui.css', 'swagger-ui-dist/swagger-ui-bundle.js', 'redoc/bundles/redoc.standalone.js']

const compress = {
  br: (content, text) =>
    brotliCompressSync(content, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        [constants.BROTLI_PARAM_MODE]: text ? constants.BROTLI_MODE_TEXT : constants.BROTLI_MODE_GENERIC,
      },
    }),
  gz: (content) => gzipSync(content, { level: 9 }),
}

const hash = (...parts) => {
  const sum = createHash('sha256')
  for (const part of parts) sum.update(part)
  return sum.digest('hex').slice(0, 12)
}

/** The files below a folder by their paths in it, sorted, without those whose names begin with a dot. */
const files = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(join(folder, '/').length))
        .sort()
    : []

/** The files of style/ in the order in which they follow each other in atrium.css. */
const sheets = () => {
  const order = ['tokens.css', 'base.css', 'components.css', 'components/', '', 'pages.css', 'pages/']
  const place = (name) => {
    const found = order.findIndex((start) => start && (name === start || (start.endsWith('/') && name.startsWith(start))))
    return found < 0 ? order.indexOf('') : found
  }
  return files('style')
    .filter((name) => name.endsWith('.css'))
    .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
}

/** What SITE is to hold: hashed name to content, and the manifest, plain name to hashed name. */
const gather = () => {
  const contents = new Map()
  const manifest = {}
  const add = (plain, hashed, content) => {
    manifest[plain] = hashed
    contents.set(hashed, content)
  }
  // Hashed names where plain ones stand. What is named has been added before.
  const link = (name, text) =>
    text.replace(/\/assets\/([A-Za-z0-9_][A-Za-z0-9_./-]*[A-Za-z0-9_])/g, (_, plain) => {
      if (!(plain in manifest)) throw new Error(`${name} names /assets/${plain}, which is neither in public/ nor made by the build`)
      return `/assets/${manifest[plain]}`
    })

  // What can't name others first, then pictures that are text, the styles, and the rest of public/.
  const rank = (name) => (!TEXT.has(extname(name)) ? 0 : extname(name) === '.svg' ? 1 : 2)
  const addPublic = (name) => {
    let content = readFileSync(join('public', name))
    if (TEXT.has(extname(name))) content = Buffer.from(link(`public/${name}`, content.toString()))
    const ending = extname(name)
    add(name, `${name.slice(0, name.length - ending.length)}.${hash(content)}${ending}`, content)
  }
  const given = files('public').sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  given.filter((name) => rank(name) < 2).forEach(addPublic)

  for (const path of READERS) {
    let content = readFileSync(join('node_modules', path))
    // Redoc's own mark is the one thing that it fetches from elsewhere.
    if (path.startsWith('redoc/')) content = Buffer.from(content.toString().replaceAll('https://cdn.redoc.ly/redoc/logo-mini.svg', '/favicon.svg'))
    const ending = extname(path)
    const name = basename(path)
    add(name, `${name.slice(0, name.length - ending.length)}.${hash(content)}${ending}`, content)
  }

  const css = sheets().map((name) => {
    const { code, warnings } = transform({ filename: `style/${name}`, code: readFileSync(join('style', name)), minify: true })
    for (const { message, loc } of warnings) console.warn(`      style/${name}:${loc.line}: ${message}`)
    return link(`style/${name}`, code.toString())
  })
  const sheet = Buffer.from(css.join('\n'))
  add('atrium.css', `atrium.${hash(sheet)}.css`, sheet)
  given.filter((name) => rank(name) === 2).forEach(addPublic)

  if (existsSync(join(pkg, 'snippets'))) throw new Error('wasm-bindgen wrote snippets/, which the packer does not know how to name')
  const bound = join(pkg, 'atrium_bg.wasm')
  const wasm = readFileSync(existsSync(bound) ? bound : join(pkg, 'atrium.wasm'))
  const glue = readFileSync(join(pkg, 'atrium.js'), 'utf8')
  const app = `atrium-${hash(glue, wasm)}`
  add('atrium.wasm', `${app}.wasm`, wasm)
  add('atrium.js', `${app}.js`, Buffer.from(glue.replaceAll('atrium_bg.wasm', `${app}.wasm`)))
  manifest.app = app
  return { contents, manifest }
}

/**
 * Brings SITE up to date. The manifest comes after what it names, and only when it says something new (the server is compiled again when
 * it changes); what nobody names any more goes last. So whoever reads SITE meanwhile finds it whole.
 */
const pack = () => {
  const { contents, manifest } = gather()
  const kept = new Set(['manifest.json'])
  const write = (name, content) => {
    kept.add(name)
    const path = join(site, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.new`, content)
    renameSync(`${path}.new`, path)
  }
  const sizes = []
  for (const [name, content] of contents) {
    const size = { plain: content.length }
    write(name, content)
    if (!watch && COMPRESSIBLE.has(extname(name))) {
      for (const [ending, squeeze] of Object.entries(compress)) {
        const squeezed = squeeze(content, TEXT.has(extname(name)))
        size[ending] = squeezed.length
        if (squeezed.length < content.length) write(`${name}.${ending}`, squeezed)
      }
    }
    sizes.push([name, size])
  }
  const listing = `${JSON.stringify(Object.fromEntries(Object.entries(manifest).sort()), null, 2)}\n`
  const listed = join(site, 'manifest.json')
  if (!existsSync(listed) || readFileSync(listed, 'utf8') !== listing) write('manifest.json', listing)
  for (const name of files(site)) if (!kept.has(name)) rmSync(join(site, name))
  return sizes
}

/** Changes when a file that goes into SITE does. */
const state = () =>
  [pkg, 'style', 'public']
    .flatMap((folder) => files(folder).map((name) => join(folder, name)))
    .map((path) => [path, statSync(path, { throwIfNoEntry: false })?.mtimeMs])
    .join()

if (watch) {
  for (let packed = ''; ; await sleep(300)) {
    const now = state()
    if (now === packed) continue
    try {
      pack()
      packed = now
    } catch (error) {
      // The browser half isn't built yet, or is being written, or a style is half typed: said once per state, tried again at the next.
      if (existsSync(join(pkg, 'atrium.js'))) console.error(`      packing: ${error.message}`)
      packed = now
    }
  }
} else {
  const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9)
  for (const [name, { plain, br, gz }] of pack()) {
    console.log(`      ${name.padEnd(34)} ${kB(plain)}${br === undefined ? '' : `  br ${kB(br)}  gz ${kB(gz)}`}`)
  }
}
