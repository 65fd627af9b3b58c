import { join } from "node:path"
import { textInput } from "../codex/app-server.ts"
import { answer, calls, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const skillText = ["---", "name: greeting", "description: How to greet here.", "---", "", "Say hello twice.", ""].join(
  "\n"
)

export const skills: Scenario = {
  name: "skills",
  summary: "a skill that the user names, and one that the model finds and reads by itself",
  model: "plain",
  needs: ["userShell"],
  script: {
    "/root": [
      answer(says("hello, hello")),
      answer(calls("exec_command", { cmd: "cat .agents/skills/greeting/SKILL.md" })),
      answer(says("hello, hello again"))
    ]
  },
  drive: async ({ appServer, work }) => {
    const path = join(work, ".agents/skills/greeting/SKILL.md")
    await Bun.write(path, skillText)
    const app = await appServer()
    const thread = await app.startThread()
    await thread.prompt([textInput("$greeting please"), { type: "skill", name: "greeting", path }])
    await thread.prompt("greet me as we do here")
    await app.quit()
  }
}
