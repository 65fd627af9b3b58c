import { join } from "node:path"
import { answer, calls, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const findings = JSON.stringify({
  findings: [],
  overall_correctness: "patch is correct",
  overall_explanation: "Nothing to say.",
  overall_confidence_score: 0.9
})

export const review: Scenario = {
  name: "review",
  summary: "a review between two turns: the reviewer is a thread of its own; the work folder is a git repository",
  model: "plain",
  script: {
    "/root": [
      answer(calls("exec_command", { cmd: "git status --short" })),
      answer(says("one is done")),
      answer(says("two is done"))
    ],
    review: [answer(calls("exec_command", { cmd: "git diff" })), answer(says(findings))]
  },
  drive: async ({ appServer, work, sh }) => {
    await sh("git init -q -b main && git -c user.name=lab -c user.email=lab@localhost commit -q --allow-empty -m first")
    await sh("git remote add origin https://user:secret@example.com/team/project.git")
    await Bun.write(join(work, "a.txt"), "changed\n")
    const app = await appServer()
    const thread = await app.startThread()
    await thread.prompt("do one")
    await thread.review("look at a.txt")
    await thread.prompt("do two")
    await app.quit()
  }
}
