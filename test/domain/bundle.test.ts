/**
 * Bundle lines in, domain events out: what is told, what is held back, and what is not told again.
 */
import { describe, expect, test } from "bun:test"
import { bundleTranslator, type Payloads } from "../../src/domain/bundle.ts"
import type { DomainEvent, EventOf } from "../../src/domain/event.ts"
import { eventDecoder } from "../../src/wire/bundle/events.ts"
import { readJsonText } from "../../src/wire/bundle/json.ts"
import { assistantMessage, type BundleStory, bundle, functionCall, userMessage } from "../support/bundle.ts"

const decode = eventDecoder({ unknownTypes: [], runtimeKind: "ignored", receipts: true })

/** The events of each line of a story, and of its end. */
const translated = (story: BundleStory): ReadonlyArray<ReadonlyArray<DomainEvent>> => {
  const translator = bundleTranslator()
  const payloads: Payloads = (reference) =>
    JSON.parse((reference && story.payloads.get(reference.path)) ?? "null") ?? undefined
  const lines = story.lines.map((line) => translator.translate(decode(readJsonText(line)), payloads, line.length))
  return [...lines, translator.end()]
}

const tags = (lines: ReadonlyArray<ReadonlyArray<DomainEvent>>) => lines.map((events) => events.map(({ _tag }) => _tag))

const ofTag = <T extends DomainEvent["_tag"]>(lines: ReadonlyArray<ReadonlyArray<DomainEvent>>, tag: T) =>
  lines.flat().filter((event): event is EventOf<T> => event._tag === tag)

describe("every event", () => {
  test("is marked as recorded, of its thread, in seconds", () => {
    const events = translated(
      bundle()
        .asks("I1", [userMessage("hi")])
        .turnEnds()
    ).flat()
    expect(events.length).toBeGreaterThan(4)
    for (const event of events) {
      expect("recorded" in event && event.recorded).toBe(true)
      expect(event.threadId).toBe("T1")
      expect(event.at).toBeGreaterThan(1_700_000_000)
      expect(event.at).toBeLessThan(1_700_000_100)
    }
  })
})

describe("a turn's start", () => {
  test("is held until something of the turn has come, and then told first", () => {
    const lines = translated(bundle().asks("I1", [userMessage("hi")]))
    expect(tags(lines).slice(2)).toEqual([[], ["TurnStarted", "TurnConfigured", "Prompted", "RequestSent"], []])
  })

  test("is told at the end of the reading, where nothing came", () => {
    expect(tags(translated(bundle())).slice(2)).toEqual([[], ["TurnStarted"]])
  })
})

describe("a request", () => {
  const hi = userMessage("hi")
  const ho = assistantMessage("ho")

  test("tells how much of the last one still stands, and what came after", () => {
    const lines = translated(
      bundle()
        .asks("I1", [hi])
        .asks("I2", [hi, ho, userMessage("go")])
        .asks("I3", [hi, userMessage("other")])
    )
    const told = ofTag(lines, "RequestSent").map(({ kept, added }) => [kept, added.map((item) => item.value)])
    expect<unknown>(told).toEqual([
      [0, [hi]],
      [1, [ho, userMessage("go")]],
      [1, [userMessage("other")]]
    ])
  })

  test("that names the response it goes on from carries that one's history too", () => {
    const story = bundle().asks("I1", [hi]).answers("I1", [ho], { response_id: "r1" })
    const lines = translated(story.asks("I2", { previous_response_id: "r1", input: [userMessage("go")] }))
    expect(ofTag(lines, "RequestSent").at(-1)).toMatchObject({
      kept: 1,
      added: [{ value: ho }, { value: userMessage("go") }]
    })
  })

  test("tells the settings of its turn once, and again when they change", () => {
    const story = bundle()
      .asks("I1", { input: [hi], reasoning: { effort: "low" } })
      .asks("I2", { input: [hi], reasoning: { effort: "low" } })
    const lines = translated(story.asks("I3", { input: [hi], reasoning: { effort: "high" } }))
    expect(ofTag(lines, "TurnConfigured").map(({ effort }) => effort)).toEqual(["low", "high"])
  })
})

describe("a prompt", () => {
  const prompts = (story: BundleStory) => ofTag(translated(story), "Prompted").map(({ text }) => text)

  test("is what the user said, not what Codex writes in the user's name", () => {
    const context = userMessage("<environment_context>\n  <cwd>/w</cwd>\n</environment_context>")
    expect(prompts(bundle().asks("I1", [context, userMessage("<b>hi</b>")]))).toEqual(["<b>hi</b>"])
  })

  test("that names a skill is followed by the skill's text, which is told by its name", () => {
    const story = bundle().asks("I1", [userMessage("$greeting"), userMessage("<skill>\n<name>greeting</name>\nHi.")])
    expect(prompts(story)).toEqual(["$greeting"])
    expect(ofTag(translated(story), "SkillsNamed").map(({ skills, turnId }) => [skills, turnId])).toEqual([
      [["greeting"], "U1"]
    ])
  })

  test("of a first request is what was accepted since (0.165 +)", () => {
    const story = bundle()
      .accepts("m2")
      .asks("I1", [userMessage("old", "m1"), userMessage("new", "m2")])
    expect(prompts(story)).toEqual(["new"])
  })

  test("of a first request is, in older versions, what follows the model's last words", () => {
    const history = [userMessage("old"), assistantMessage("yes"), userMessage("new")]
    expect(prompts(bundle(1).asks("I1", history))).toEqual(["new"])
  })

  test("is told once, though a changed history repeats it", () => {
    const story = bundle().asks("I1", [userMessage("a"), userMessage("b")])
    expect(prompts(story.asks("I2", [userMessage("summary"), userMessage("b"), userMessage("c")]))).toEqual([
      "a",
      "b",
      "summary",
      "c"
    ])
  })
})

describe("tools", () => {
  test("a run whose dispatch this thread did not see is a reviewer's echo, and not told", () => {
    const echo = { command: ["ls"], exit_code: 0, status: "completed" }
    const lines = translated(bundle().asks("I1", []).runtimeEnds("c9", echo).toolEnds("c9"))
    expect(tags(lines).slice(4)).toEqual([[], [], []])
  })

  test("the late facts of a call are of the turn that made it", () => {
    const story = bundle()
      .asks("I1", [])
      .answers("I1", [functionCall("c1", {})])
      .calls("c1", "exec_command")
      .turnEnds()
    const lines = translated(story.turnStarts("U2").runtimeEnds("c1", { command: ["ls"], exit_code: 0 }))
    expect(ofTag(lines, "ToolRan").at(-1)).toMatchObject({ callId: "c1", turnId: "U1", run: { exitCode: 0 } })
  })
})

describe("a compaction (remote)", () => {
  test("replaces the history, with what it replaced and since when it was asked for", () => {
    const story = bundle().asksForSummary("K1")
    const lines = translated(story.installs("K1", [userMessage("a"), userMessage("b")], [userMessage("sum")]))
    const [event] = ofTag(lines, "HistoryReplaced")
    expect([event?.before?.length, event?.items?.length]).toEqual([2, 1])
    expect((event?.at ?? 0) - (event?.startedAt ?? 0)).toBe(1)
  })
})
