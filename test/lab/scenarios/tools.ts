import { join } from "node:path"
import { labMcp } from "../mcp.ts"
import { answer, calls, callsWith, patches, says, searches, thinks } from "../model/answer.ts"
import { type Asked, outputOf } from "../model/script.ts"
import type { Scenario } from "../scenario.ts"

/** The terminal that the last `exec_command` left running. */
const terminalOf = (asked: Asked): number => Number(/session ID (\d+)/.exec(outputOf(asked, "exec_command"))?.[1])

export const tools: Scenario = {
  name: "tools",
  summary: "every plain tool once: MCP, patch, terminal with stdin, parallel, unknown, bad arguments, web search",
  model: "plain",
  features: ["apply_patch_freeform"],
  tables: [...labMcp, "[tools]", "web_search = true"],
  script: {
    "/root": [
      answer(calls("mcp__lab.echo", { text: "hello mcp" }), calls("mcp__lab.fail", { why: "on purpose" })),
      answer(thinks("A file, then."), patches("*** Add File: b.txt", "+one", "+two")),
      answer(patches("*** Update File: missing.txt", "@@", "-zzz", "+yyy")),
      answer(calls("exec_command", { cmd: "read x; echo got:$x; sleep 1; echo end", yield_time_ms: 300, tty: true })),
      (asked) => answer(calls("write_stdin", { session_id: terminalOf(asked), chars: "hey\n", yield_time_ms: 300 })),
      (asked) => answer(calls("write_stdin", { session_id: terminalOf(asked), chars: "", yield_time_ms: 3000 })),
      answer(...[1, 2, 3, 4].map((n) => calls("exec_command", { cmd: `sleep 0.${n}; echo ${n}` }))),
      answer(calls("no_such_tool", { a: 1 }), callsWith("exec_command", "{not json")),
      answer(calls("exec_command", { cmd: "echo out; echo err >&2; exit 7" })),
      answer(
        calls("update_plan", {
          plan: [
            { step: "a", status: "in_progress" },
            { step: "b", status: "pending" }
          ]
        })
      ),
      answer(
        searches("effect ts streams"),
        says("Looking it up.", "commentary"),
        calls("exec_command", { cmd: "cat b.txt" })
      ),
      answer(says("All tools were used.", "final_answer"))
    ]
  },
  drive: async ({ exec, work }) => {
    await Bun.write(join(work, "README.md"), "# A project\n")
    await exec("use every tool once")
  }
}
