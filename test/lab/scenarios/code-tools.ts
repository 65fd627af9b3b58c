import { join } from "node:path"
import { labMcp } from "../mcp.ts"
import { answer, calls, runs, says, searches } from "../model/answer.ts"
import { pixel } from "../pixel.ts"
import type { Scenario } from "../scenario.ts"

export const codeTools: Scenario = {
  name: "code-tools",
  summary:
    "code mode: MCP success and failure, an image and a terminal with stdin inside cells; a web search beside them",
  model: "code",
  needs: ["codeMode"],
  tables: [...labMcp, "[tools]", "web_search = true"],
  script: {
    "/root": [
      answer(runs(`const r = await tools.mcp__lab__echo({text: "hello"}); text(JSON.stringify(r));`)),
      answer(
        runs(
          `try { text(JSON.stringify(await tools.mcp__lab__fail({why: "on purpose"}))) } catch (e) { text(String(e)) }`
        )
      ),
      answer(runs(`text(JSON.stringify(await tools.view_image({path: "pixel.png"})).slice(0, 80));`)),
      answer(
        runs(
          `const r = await tools.exec_command({cmd: "read x; echo got:$x", yield_time_ms: 300, tty: true});`,
          `const s = await tools.write_stdin({session_id: r.session_id, chars: "hey\\n", yield_time_ms: 1000});`,
          `text(JSON.stringify([r, s]));`
        )
      ),
      answer(searches("effect ts streams"), runs(`text(ALL_TOOLS.map(t => t.name).join(" "));`)),
      answer(calls("exec_command", { cmd: "echo beside the cells" })),
      answer(says("All of them were used."))
    ]
  },
  drive: async ({ exec, work }) => {
    await Bun.write(join(work, "pixel.png"), Buffer.from(pixel, "base64"))
    await exec("use tools in cells")
  }
}
