// Text that is hard to keep: many scripts, characters of one to four bytes, what looks like Markdown, HTML or an escape.
// The same seed always gives the same text.

const WORDS = [
  'and', 'the', 'answer', 'straße', 'naïve', 'e\u0301te\u0301', 'Ελλάδα', 'ответ', 'שלום', 'مرحبا', 'हिन्दी', '日本語', '한국어', 'ภาษาไทย',
  '👩‍👩‍👧‍👦', '🏳️‍🌈', '𝕏', '𠜎', '½', '→', '&amp;', '<b>', '</script>', '\\n', '\\u0041', '"', "'", '{"a":1}', '$1', '%s', '`code`', '**', '_', '~', '# ', '- ',
  '1. ', '|', '\ufeff', '\u200b', '\u2028', '\u0085', '\u00a0', '\ufffd',
]
const GAPS = [' ', ' ', ' ', ' ', ' ', ' ', '', '\n', '\n\n', '\t', '\r\n']

function generator(seed) {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Any character that may stand in a text: no surrogates, no NUL. */
function anyCharacter(random) {
  const point = 1 + random(0x10ffff)
  return point >= 0xd800 && point <= 0xdfff ? '?' : String.fromCodePoint(point)
}

/** `count` pieces of text, the first of which begins with something to be seen. */
export function pieces(seed, count) {
  const random = generator(seed)
  return Array.from({ length: count }, (_, index) => {
    let text = index === 0 ? 'Well, ' : ''
    for (let n = 1 + random(6); n > 0; n -= 1) {
      text += (random(8) === 0 ? anyCharacter(random) : WORDS[random(WORDS.length)]) + GAPS[random(GAPS.length)]
    }
    return text || '.'
  })
}
