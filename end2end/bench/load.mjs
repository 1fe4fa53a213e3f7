// Asks the same again and again over kept connections, as fast as it is answered. Forked by list.mjs where there is no
// wrk; over plain sockets, since Node's own client would be busier than the server.
import { connect } from 'node:net'
import { now } from './machine.mjs'

process.once('message', ({ port, path, cookie, body, connections, seconds }) => {
  const request = Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncookie: ${cookie}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  let answered = 0
  const fail = (error) => {
    process.send({ error })
    process.exit(1)
  }
  const sockets = Array.from({ length: connections }, () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let missing = 0
    let head = ''
    socket.on('data', (data) => {
      let from = 0
      if (missing === 0) {
        head += data.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        const length = /^content-length: (\d+)\r?$/im.exec(head.slice(0, end + 2))
        if (!head.startsWith('HTTP/1.1 200') || !length) fail(head.slice(0, 200))
        missing = Number(length[1])
        from = data.length - (head.length - end - 4)
        head = ''
      }
      missing -= data.length - from
      if (missing > 0) return
      answered += 1
      socket.write(request)
    })
    socket.on('error', (error) => fail(error.message))
    socket.on('connect', () => socket.write(request))
    return socket
  })
  const began = now()
  setTimeout(() => {
    const rate = (answered * 1000) / (now() - began)
    for (const socket of sockets) socket.destroy()
    process.send({ rate }, () => process.exit())
  }, seconds * 1000)
})
