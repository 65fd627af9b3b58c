import { expect, test } from "bun:test"
import { answer, calls, cut, failed, limited, says, thinks } from "./answer.ts"
import { requestLine } from "./request-log.ts"
import type { Script } from "./script.ts"
import { type ModelServer, startModelServer } from "./server.ts"

const root = (...steps: ReadonlyArray<ReturnType<typeof answer>>): Script => ({ "/root": steps })

const ask = (server: ModelServer, input: ReadonlyArray<unknown>, metadata: Readonly<Record<string, unknown>> = {}) =>
  fetch(`${server.baseUrl}/responses`, {
    method: "POST",
    headers: {
      "x-codex-turn-metadata": JSON.stringify({ thread_id: "t1", agent_name: "/root", ...metadata }),
      "x-codex-inference-call-id": "i1"
    },
    body: JSON.stringify({ model: "m", instructions: "be good", input })
  })

/** What a client reads: the events' names in order, and the payload of the last. */
const read = async (response: Response) => {
  const frames = (await response.text()).split("\n\n").filter((frame) => frame !== "")
  const events = frames.map((frame) => /^event: (.*)$/m.exec(frame)?.[1])
  return { events, last: JSON.parse(/^data: (.*)$/m.exec(frames.at(-1) ?? "data: null")?.[1] ?? "null") }
}

const prompt = { type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] }

test("an answer streams each item between its added and done events and ends with what was reported", async () => {
  await using server = startModelServer(root(answer(thinks("hm"), says("yes"), calls("exec_command", { cmd: "ls" }))))
  const { events, last } = await read(await ask(server, [prompt]))
  expect(events[0]).toBe("response.created")
  expect(events.filter((event) => event === "response.output_item.added")).toHaveLength(3)
  expect(events.filter((event) => event === "response.output_item.done")).toHaveLength(3)
  expect(events.filter((event) => event === "response.output_text.delta")).toHaveLength(2)
  expect(events.at(-1)).toBe("response.completed")
  expect(last.response.output.map((item: { type: string }) => item.type)).toEqual([
    "reasoning",
    "message",
    "function_call"
  ])
  expect(last.response.usage.total_tokens).toBe(last.response.usage.input_tokens + last.response.usage.output_tokens)
})

test("a request is recorded as it was sent, with the usage that the response reported", async () => {
  await using server = startModelServer(root(answer(says("yes"))))
  const { last } = await read(await ask(server, [prompt]))
  const line = JSON.parse(requestLine(server.requests[0] ?? expect.unreachable()))
  expect(line).toMatchObject({
    url: "/v1/responses",
    inference_call_id: "i1",
    thread_id: "t1",
    model: "m",
    instructions: "be good",
    input: [prompt],
    response_id: last.response.id,
    outcome: "completed",
    usage: { input_tokens: last.response.usage.input_tokens, output_tokens: last.response.usage.output_tokens }
  })
  expect(line.ended_at_ns).toBeGreaterThan(line.received_at_ns)
})

test("a cut stream ends without completion and without usage", async () => {
  await using server = startModelServer(root(cut(says("half"))))
  const { events } = await read(await ask(server, [prompt]))
  expect(events).toContain("response.output_item.done")
  expect(events.at(-1)).not.toBe("response.completed")
  expect(server.requests[0]).toMatchObject({ outcome: "cut" })
  expect(server.requests[0]?.usage).toBeUndefined()
})

test("a failed stream says why in its last event", async () => {
  await using server = startModelServer(root(failed("server_error", "it broke")))
  const { events, last } = await read(await ask(server, [prompt]))
  expect(events.at(-1)).toBe("response.failed")
  expect(last.response.error).toEqual({ code: "server_error", message: "it broke" })
  expect(server.requests[0]?.outcome).toBe("failed")
})

test("a used-up limit is an HTTP error and recorded as refused", async () => {
  await using server = startModelServer(root(limited()))
  const response = await ask(server, [prompt])
  expect(response.status).toBe(429)
  expect(await response.json()).toMatchObject({ error: { type: "usage_limit_reached" } })
  expect(server.requests[0]).toMatchObject({ outcome: "refused", status: 429 })
})

test("a client that goes away in the middle is recorded as cancelled", async () => {
  await using server = startModelServer(root({ ...answer(says("never")), delayMs: 60_000 }))
  const gone = new AbortController()
  const response = await fetch(`${server.baseUrl}/responses`, {
    method: "POST",
    body: JSON.stringify({ input: [prompt] }),
    signal: gone.signal
  })
  const reading = response.text().catch(() => "aborted")
  gone.abort()
  expect(await reading).toBe("aborted")
  while (server.requests[0]?.outcome === "open") await Bun.sleep(1)
  expect(server.requests[0]?.outcome).toBe("cancelled")
})

test("what is asked beside the model is told, not hidden", async () => {
  await using server = startModelServer(root())
  expect((await fetch(`${server.baseUrl}/models`)).status).toBe(200)
  expect((await fetch(`${server.baseUrl}/files`)).status).toBe(404)
  expect(server.strangers).toEqual(["GET /v1/files"])
})

test("waiting for a request finds one that is already there and one that is still to come", async () => {
  await using server = startModelServer(root(answer(says("one")), answer(says("two"))))
  const second = server.asked((request) => request.response_id === "resp_2")
  await read(await ask(server, [prompt]))
  expect((await server.asked(() => true)).response_id).toBe("resp_1")
  await read(await ask(server, [prompt]))
  expect((await second).response_id).toBe("resp_2")
})
