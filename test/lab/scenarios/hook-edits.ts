import type { Guard } from "../codex/journal.ts"
import { labMcp } from "../mcp.ts"
import { answer, calls, patches, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

/** Whatever a call says of `original`, it shall say of `edited`. */
const edit = [
  "const { tool_input } = JSON.parse(await Bun.stdin.text())",
  "const told = JSON.stringify(tool_input)",
  'const output = { hookEventName: "PreToolUse", permissionDecision: "allow" }',
  'const updatedInput = JSON.parse(told.replaceAll("original", "edited"))',
  'if (told.includes("original")) console.log(JSON.stringify({ hookSpecificOutput: { ...output, updatedInput } }))'
].join("; ")

export const editing: Guard = { event: "PreToolUse", command: `${process.execPath} -e '${edit}'` }

/** A command that Codex never takes for safe, asked for outside of the sandbox. */
const asks = (cmd: string) =>
  answer(calls("exec_command", { cmd, sandbox_permissions: "require_escalated", justification: `may I run ${cmd}?` }))

export const hookEdits: Scenario = {
  name: "hook-edits",
  summary: "a hook of the user's edits commands, a patch and an MCP call before they run, and lets others as they are",
  model: "plain",
  needs: ["trustedHooks"],
  features: ["apply_patch_freeform"],
  tables: labMcp,
  guard: editing,
  script: {
    "/root": [
      answer(calls("exec_command", { cmd: "echo original" }), calls("exec_command", { cmd: "echo untouched" })),
      answer(patches("*** Add File: original.txt", "+original")),
      answer(patches("*** Add File: untouched.txt", "+untouched")),
      answer(calls("mcp__lab.echo", { text: "original" }), calls("mcp__lab.echo", { text: "untouched" })),
      answer(
        calls("exec_command", {
          cmd: "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: shell.txt\n+untouched\n*** End Patch\nEOF\n"
        })
      ),
      answer(says("as it was wanted")),
      asks("touch original"),
      asks("touch original-denied"),
      answer(says("as it was wanted"))
    ]
  },
  drive: async ({ appServer, exec }) => {
    await exec("do the original")
    const app = await appServer()
    app.decide(async (_, params) => (JSON.stringify(params).includes("denied") ? "decline" : "accept"))
    const thread = await app.startThread({ approvalPolicy: "on-request", sandbox: "read-only" })
    await thread.prompt("do it, if I may say no")
    await app.quit()
  }
}
