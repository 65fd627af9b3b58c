import { expect, test } from "bun:test"
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { merged, newIn, readKnownShapes, type Shapes, shapesOf } from "./shapes.ts"

const shapes = (kinds: Readonly<Record<string, ReadonlyArray<string>>>): Shapes =>
  new Map(Object.entries(kinds).map(([kind, fields]) => [kind, new Set(fields)]))

test("a new kind and a new field of a known kind are told apart, a missing field is no news", () => {
  const known = shapes({ "hook Stop": ["cwd", "model"] })
  const found = shapes({ "hook Stop": ["cwd", "mood"], "hook Nap": ["length"] })
  expect(newIn(found, known)).toEqual([
    { kind: "hook Stop", fields: ["mood"], newKind: false },
    { kind: "hook Nap", fields: ["length"], newKind: true }
  ])
})

test("shapes of two recordings add up", () => {
  const sum = merged(shapes({ a: ["x"] }), shapes({ a: ["y"], b: [] }))
  expect([...(sum.get("a") ?? [])]).toEqual(["x", "y"])
  expect(sum.has("b")).toBe(true)
})

test("a case's records are read by the kind of its file, items inside them apart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tracer-shapes-"))
  try {
    await mkdir(join(folder, "sessions"))
    const record = {
      timestamp: "…",
      ordinal: 3,
      type: "event_msg",
      payload: { type: "item_completed", item: { type: "Plan", id: "1" } }
    }
    await Bun.write(join(folder, "sessions", "rollout-1.jsonl"), `${JSON.stringify(record)}\n`)
    await Bun.write(join(folder, "hooks.jsonl"), `{"at_ns": 1, "payload": {"hook_event_name": "Stop", "cwd": "/"}}\n`)
    await Bun.write(join(folder, "requests.jsonl"), `{"url": "/v1/responses"}\n`)
    const found = await shapesOf(folder)
    expect([...found.keys()].sort()).toEqual(["hook Stop", "transcript event_msg.item_completed.Plan"])
    expect([...(found.get("transcript event_msg.item_completed.Plan") ?? [])].sort()).toEqual(
      ["(line).ordinal", "item", "item.id", "item.type", "type"].sort()
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test("the committed list of known shapes can be read and knows both dialects", async () => {
  const known = await readKnownShapes()
  expect(known.has("transcript event_msg.agent_message")).toBe(true)
  expect(known.has("transcript event_msg.item_completed.AgentMessage")).toBe(true)
})
