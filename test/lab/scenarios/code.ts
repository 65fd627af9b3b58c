import { answer, calls, patchText, runs, says } from "../model/answer.ts"
import { type Asked, outputOf } from "../model/script.ts"
import type { Scenario } from "../scenario.ts"

const cellOf = (asked: Asked): string => /cell ID (\w+)/.exec(outputOf(asked, "exec"))?.[1] ?? "none"
const addFile = JSON.stringify(patchText("*** Add File: a.txt", "+hi"))
const editMissing = JSON.stringify(patchText("*** Update File: missing.txt", "@@", "-a", "+b"))

export const code: Scenario = {
  name: "code",
  summary: "code mode: nested calls alone and in parallel, patches, a yielded cell, a failing cell, an unknown tool",
  model: "code",
  needs: ["codeMode"],
  script: {
    "/root": [
      answer(
        runs(
          `const r = await tools.exec_command({cmd: "echo hello; ls"});`,
          `text(r.output);`,
          `const both = await Promise.all([tools.exec_command({cmd: "echo a"}), tools.exec_command({cmd: "sleep 0.4; echo b; exit 3"})]);`,
          `text(JSON.stringify(both));`
        )
      ),
      answer(runs(`await tools.apply_patch(${addFile}); text("patched");`)),
      answer(runs(`try { await tools.apply_patch(${editMissing}) } catch (e) { text(String(e)) }`)),
      answer(
        runs(
          `// @exec: {"yield_time_ms": 300}`,
          `text("start"); await new Promise(r => setTimeout(r, 1500)); text("late");`
        )
      ),
      (asked) => answer(calls("wait", { cell_id: cellOf(asked), yield_time_ms: 5000 })),
      answer(runs(`await tools.exec_command({cmd: "echo before the error"});`, `throw new Error("on purpose");`)),
      answer(runs(`text(typeof tools.no_such_tool); await tools.no_such_tool({a: 1});`)),
      answer(runs(`store("k", 41); notify("half way"); text(load("k") + 1); exit(); text("never");`)),
      answer(runs(`this is not javascript`)),
      answer(calls("wait", { cell_id: "999", yield_time_ms: 300 }), calls("clock.sleep", { duration_ms: 200 })),
      answer(says("The cells are done."))
    ]
  },
  drive: ({ exec }) => exec("work in cells")
}
