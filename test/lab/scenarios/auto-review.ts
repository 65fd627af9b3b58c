import { answer, calls, says } from "../model/answer.ts"
import type { Asked } from "../model/script.ts"
import type { Scenario } from "../scenario.ts"

const asks = (cmd: string) =>
  answer(calls("exec_command", { cmd, sandbox_permissions: "require_escalated", justification: `may I run ${cmd}?` }))

/** The reviewer is a model too: it says what it thinks of the call that it is shown. */
const judges = (asked: Asked) => {
  const risky = JSON.stringify(asked.input.at(-1)).includes("touch risky")
  return answer(
    says(
      JSON.stringify({
        risk_level: risky ? "high" : "low",
        user_authorization: risky ? "low" : "high",
        outcome: risky ? "deny" : "allow",
        rationale: risky ? "Nobody asked for that." : "Harmless."
      })
    )
  )
}

export const autoReview: Scenario = {
  name: "auto-review",
  summary: "approvals are decided by Codex's own reviewer: one granted, one denied",
  model: "plain",
  needs: ["queue"],
  script: {
    "/root": [asks("touch harmless"), asks("touch risky"), answer(says("as far as the reviewer let me"))],
    guardian: judges
  },
  drive: async ({ appServer }) => {
    const app = await appServer()
    const thread = await app.startThread({
      approvalPolicy: "on-request",
      sandbox: "read-only",
      approvalsReviewer: "auto_review"
    })
    await thread.prompt("go ahead")
    await app.quit()
  }
}
