import type { CodexVersion } from "../codex/versions.ts"
import { answer, calls, says } from "../model/answer.ts"
import { type Asked, type Script, textOf } from "../model/script.ts"
import type { Scenario } from "../scenario.ts"

/** Ids of the agents spawned so far, oldest first: v1 tells them in the spawning call's output. */
const agentsOf = (asked: Asked): ReadonlyArray<string> =>
  asked.input.flatMap((item) => /"agent_id":\s*"([^"]+)"/.exec(textOf(item.output))?.[1] ?? [])

const works = (who: string) => answer(calls("exec_command", { cmd: `sleep 0.4; echo from ${who}` }))

const scriptFor = (codex: CodexVersion): Script => {
  const tool = (name: string, args: Readonly<Record<string, unknown>>) =>
    calls(codex.can("agentsNamespace") ? `multi_agent_v1.${name}` : name, args)
  const spawn = (message: string, more: Readonly<Record<string, unknown>> = {}) =>
    tool("spawn_agent", { message, ...more })
  const first = (asked: Asked) => agentsOf(asked)[0]
  const wait = (asked: Asked, at: number) =>
    answer(tool("wait_agent", { targets: [agentsOf(asked)[at]], timeout_ms: 10_000 }))
  return {
    "/root": [
      answer(spawn("count the tests"), spawn("read the docs", { fork_context: true })),
      (asked) => wait(asked, 0),
      (asked) => answer(tool("send_input", { target: first(asked), message: "count them again" })),
      (asked) => wait(asked, 0),
      (asked) => wait(asked, 1),
      (asked) => answer(tool("close_agent", { target: first(asked) })),
      (asked) => answer(tool("resume_agent", { id: first(asked) })),
      answer(says("The agents are done."))
    ],
    "count the tests": [
      works("the counter"),
      answer(says("There are 12.")),
      answer(spawn("look at the inner part")),
      (asked) => wait(asked, 0),
      answer(says("There are still 12."))
    ],
    "read the docs": [works("the reader"), answer(says("The docs are short."))],
    "look at the inner part": [works("the inner one"), answer(says("Nothing inside."))]
  }
}

export const agentsV1: Scenario = {
  name: "agents-v1",
  summary: "multi-agent v1: with and without history, two deep, further input, wait, close and resume",
  model: "plain",
  needs: ["agentsV1"],
  tables: ["[agents]", "max_depth = 2"],
  script: scriptFor,
  drive: ({ exec }) => exec("use agents")
}
