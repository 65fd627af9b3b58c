import { answer, calls, runs, says } from "../model/answer.ts"
import { type Asked, textOf } from "../model/script.ts"
import type { Scenario } from "../scenario.ts"

/** Ids of the cells that were left running, oldest first. */
const cellsOf = (asked: Asked): ReadonlyArray<string> =>
  asked.input.flatMap((item) => /running with cell ID (\w+)/.exec(textOf(item.output))?.[1] ?? [])

const sleepers = (name: string) =>
  runs(
    `// @exec: {"yield_time_ms": 200}`,
    `for (const n of [1, 2, 3]) await tools.exec_command({cmd: \`sleep 0.3; echo ${name} \${n}\`});`,
    `text("${name} is done");`
  )

export const codeOverlap: Scenario = {
  name: "code-overlap",
  summary: "cells of one response run at the same time, a yielded cell overlaps later ones, equal commands in both",
  model: "code",
  needs: ["codeMode"],
  script: {
    "/root": [
      answer(
        runs(`const r = await tools.exec_command({cmd: "sleep 0.2; echo left"}); text(r.output);`),
        runs(`const r = await tools.exec_command({cmd: "sleep 0.2; echo right"}); text(r.output);`)
      ),
      answer(sleepers("first"), sleepers("second")),
      answer(runs(`const r = await tools.exec_command({cmd: "echo beside them"}); text(r.output);`)),
      (asked) => answer(...cellsOf(asked).map((cell_id) => calls("wait", { cell_id, yield_time_ms: 5000 }))),
      answer(
        runs(`await Promise.all([tools.exec_command({cmd: "echo same"}), tools.exec_command({cmd: "echo same"})]);`),
        runs(`const r = await tools.exec_command({cmd: "echo same"}); text(r.output);`)
      ),
      answer(runs(`// @exec: {"yield_time_ms": 200}`, `await tools.exec_command({cmd: "sleep 20"}); text("never");`)),
      (asked) => answer(calls("wait", { cell_id: cellsOf(asked).at(-1), terminate: true })),
      answer(says("The cells are done."))
    ]
  },
  drive: ({ exec }) => exec("run cells side by side")
}
