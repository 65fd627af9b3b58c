import { answer, calls, reporting, runs, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const full = { input: 30_000 }
const cell = (what: string) =>
  answer(runs(`const r = await tools.exec_command({cmd: "echo ${what}"}); text(r.output);`))

export const compactCode: Scenario = {
  name: "compact-code",
  summary: "code mode: the root and an agent with its history are compacted, each in the middle of a turn",
  model: "code",
  needs: ["agentsV2"],
  config: ["model_auto_compact_token_limit = 20000"],
  script: {
    "/root": [
      cell("one"),
      reporting(full, cell("two")),
      answer(calls("collaboration.spawn_agent", { task_name: "alpha", message: "do alpha", fork_turns: "all" })),
      answer(calls("collaboration.wait_agent", { timeout_ms: 10_000 })),
      answer(says("all is done"))
    ],
    "/root/alpha": [cell("three"), reporting(full, cell("four")), cell("five"), answer(says("alpha is done"))]
  },
  drive: ({ exec }) => exec("work until the context is full")
}
