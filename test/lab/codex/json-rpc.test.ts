import { expect, test } from "bun:test"
import { tmpdir } from "node:os"
import { peerOf } from "./json-rpc.ts"
import { processesOf } from "./processes.ts"

/** An app-server in a few lines: echoes params, tells a notification, asks a question, and dies on request. */
const server = `
for await (const line of console) {
  const { id, method, params, result } = JSON.parse(line)
  if (method === "echo") console.log(JSON.stringify({ id, result: params }))
  if (method === "fail") console.log(JSON.stringify({ id, error: { code: 1, message: "no such thing" } }))
  if (method === "tell") console.log(JSON.stringify({ method: "told", params }))
  if (method === "ask") console.log(JSON.stringify({ id: "q1", method: "may I", params }))
  if (id === "q1") console.log(JSON.stringify({ method: "answered", params: result }))
  if (method === "die") process.exit(1)
}`

const connected = () => {
  const processes = processesOf(crypto.randomUUID(), {})
  const child = processes.start([process.execPath, "-e", server], tmpdir())
  const peer = peerOf(child, (method, params) => ({ to: method, ...params }))
  return { peer, [Symbol.dispose]: () => processes[Symbol.dispose]() }
}

test("an answer goes to the request that asked for it", async () => {
  using app = connected()
  const both = [app.peer.request("echo", { n: 1 }), app.peer.request("echo", { n: 2 })]
  expect(await Promise.all(both)).toEqual([{ n: 1 }, { n: 2 }])
})

test("a refusal names the method and the reason", async () => {
  using app = connected()
  await expect(app.peer.request("fail", {})).rejects.toThrow("app-server did not do fail: no such thing")
})

test("a notification that came before anyone waited is found, unless it is older than asked for", async () => {
  using app = connected()
  app.peer.notify("tell", { n: 1 })
  await app.peer.request("echo", {})
  expect((await app.peer.until((told) => told.method === "told")).params).toEqual({ n: 1 })
  const since = app.peer.position()
  await expect(app.peer.until((told) => told.method === "told", since, 50)).rejects.toThrow("none in 0.05 s")
})

test("a question of the server's is answered", async () => {
  using app = connected()
  app.peer.notify("ask", { what: "run" })
  expect((await app.peer.until((told) => told.method === "answered")).params).toEqual({ to: "may I", what: "run" })
})

test("whoever waits for a process that ends is told so", async () => {
  using app = connected()
  await expect(app.peer.request("die", {})).rejects.toThrow("it has ended")
})
