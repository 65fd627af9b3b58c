/** The config.toml lines that give a scenario the lab's own MCP server, under the name `lab`. */
import { resolve } from "node:path"

export const labMcp: ReadonlyArray<string> = [
  "[mcp_servers.lab]",
  `command = ${JSON.stringify(process.execPath)}`,
  `args = [${JSON.stringify(resolve(import.meta.dir, "mcp-server.ts"))}]`
]
