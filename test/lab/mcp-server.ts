/**
 * A stdio MCP server with two tools: `echo` gives its text back, `fail` ends in an error. Started by Codex itself,
 * as a program of its own; it ends when its stdin does.
 */

interface Call {
  readonly id?: number | string
  readonly method: string
  readonly params?: { readonly name?: string; readonly arguments?: { readonly text?: string; readonly why?: string } }
}

const text = (value: string) => [{ type: "text", text: value }]
const parameters = (name: string) => ({ type: "object", properties: { [name]: { type: "string" } }, required: [name] })

const tools = [
  { name: "echo", description: "Gives the text back.", inputSchema: parameters("text") },
  { name: "fail", description: "Ends in an error.", inputSchema: parameters("why") }
]

const resultOf = ({ method, params }: Call): unknown => {
  switch (method) {
    case "initialize":
      return { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "lab", version: "1" } }
    case "tools/list":
      return { tools }
    case "tools/call":
      return params?.name === "echo"
        ? { content: text(`echo: ${params.arguments?.text ?? ""}`), isError: false }
        : { content: text(`failed: ${params?.arguments?.why ?? "without a reason"}`), isError: true }
    default:
      return {}
  }
}

for await (const line of console) {
  if (line.trim() === "") continue
  const call: Call = JSON.parse(line)
  if (call.id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id: call.id, result: resultOf(call) }))
}

export {}
