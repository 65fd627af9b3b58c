/**
 * What the fake Braintrust answers, path by path: login, projects, the row limit, rows (plain and by overflow),
 * attachments, the documented insert endpoint and the OTLP door.
 *
 * A route is a function of the request alone and of the state that it closes over. It knows nothing of faults.
 */
import { createHash } from "node:crypto"
import { gunzipSync } from "node:zlib"
import type { Reply } from "./faults.ts"
import { destinationOf, type Row, type RowStore } from "./rows.ts"

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface World {
  /** Where the server listens. */
  readonly url: string
  /** The key that is taken; it may change while the server runs. */
  apiKey: string
  readonly organizations: ReadonlyArray<{ readonly id: string; readonly name: string; readonly apiUrl?: string }>
  /** Answer of /version; undefined: the key is left out. */
  maxBytes: number | null | undefined
  readonly forbiddenProjects: ReadonlySet<string>
  /** A request that holds one of these rows is refused whole. */
  readonly poisoned: Set<string>
  readonly overflowMethod: "PUT" | "POST"
  readonly store: RowStore
  readonly projects: Map<string, string>
  readonly blobs: Map<string, Uint8Array>
  readonly spans: Array<unknown>
  readonly attachments: Array<unknown>
}

const reply = (status: number, body: unknown): Reply => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body)
})

const refuse = (status: number, reason: string): Reply => ({
  status,
  headers: { "content-type": "text/plain" },
  body: reason
})

/** A UUID made from a name: the same name has the same id in every run. */
const uuidOf = (name: string) => {
  const hex = createHash("sha256").update(name).digest("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-"
  )
}

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value)

const jsonOf = (body: Uint8Array): Row => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return isRow(value) ? value : {}
  } catch {
    return {}
  }
}

const projectOf = (world: World, name: string) => {
  const id = world.projects.get(name) ?? uuidOf(`project ${name}`)
  world.projects.set(name, id)
  return { id, name }
}

/** Why rows are refused, or nothing. */
const fault = (rows: ReadonlyArray<unknown>, world: World): string | undefined => {
  for (const row of rows) {
    if (!isRow(row)) return "a row is no object"
    if (typeof row.id !== "string" || row.id === "") return "a row has no id"
    if (destinationOf(row) === undefined)
      return `row ${row.id} has no destination (project_id and log_id g, or experiment_id …)`
    if (world.poisoned.has(row.id)) return `row ${row.id} is poisoned`
  }
  return undefined
}

const takeRows = (body: Row, world: World): Reply => {
  if (body.api_version !== 2) return refuse(400, "api_version must be 2")
  if (isRow(body.rows)) {
    const { type, key } = body.rows
    const blob = typeof key === "string" ? world.blobs.get(key) : undefined
    if (type !== "logs3_overflow" || blob === undefined) return refuse(400, `unknown overflow key ${String(key)}`)
    return takeRows(jsonOf(blob), world)
  }
  if (!Array.isArray(body.rows)) return refuse(400, "rows must be an array")
  const reason = fault(body.rows, world)
  if (reason !== undefined) return refuse(400, reason)
  world.store.apply(body.rows)
  return reply(200, { ids: body.rows.map((row: Row) => row.id) })
}

const offerOverflow = (asked: Asked, world: World): Reply => {
  const { size_bytes: bytes } = jsonOf(asked.body)
  if (typeof bytes !== "number" || bytes <= 0) return refuse(400, "size_bytes must be a positive number")
  const key = uuidOf(`overflow ${world.blobs.size} ${bytes}`)
  const signedUrl = `${world.url}/blob/${key}`
  const how = world.overflowMethod === "PUT" ? { headers: { "x-signed": "yes" } } : { fields: { key } }
  return reply(200, { method: world.overflowMethod, signedUrl, key, ...how })
}

const insertEvents = (asked: Asked, projectId: string, world: World): Reply => {
  const { events } = jsonOf(asked.body)
  if (!Array.isArray(events)) return refuse(400, "events must be an array")
  const rows = events.map((event: Row, index) => ({
    ...event,
    id: typeof event.id === "string" ? event.id : uuidOf(`event ${index} ${JSON.stringify(event)}`),
    project_id: projectId,
    log_id: "g"
  }))
  world.store.apply(rows)
  return reply(200, { row_ids: rows.map((row) => row.id) })
}

const takeTraces = (asked: Asked, world: World): Reply => {
  const bytes = asked.headers["content-encoding"] === "gzip" ? gunzipSync(asked.body) : asked.body
  const isJson = asked.headers["content-type"]?.startsWith("application/json") === true
  world.spans.push(isJson ? jsonOf(bytes) : bytes)
  return reply(200, {})
}

const storeBlob = (asked: Asked, world: World): Reply => {
  const key = asked.path.slice("/blob/".length)
  if (asked.method !== "PUT" && asked.method !== "POST") return refuse(405, "PUT or POST")
  if (asked.method === "PUT") world.blobs.set(key, asked.body)
  else {
    // A form: the file is the part between the last header block and the last boundary.
    const text = new TextDecoder("latin1").decode(asked.body)
    const start = text.indexOf("\r\n\r\n", text.lastIndexOf('name="file"')) + 4
    const end = text.lastIndexOf("\r\n--")
    world.blobs.set(key, asked.body.slice(start, end))
  }
  return { status: 200, headers: {}, body: "" }
}

const login = (world: World): Reply =>
  reply(200, {
    org_info: world.organizations.map(({ id, name, apiUrl }) => ({
      id,
      name,
      api_url: apiUrl ?? world.url,
      proxy_url: apiUrl ?? world.url
    }))
  })

const named = (
  asked: Asked,
  key: string,
  world: World,
  wrap: (project: { id: string; name: string }) => unknown
): Reply => {
  const name = jsonOf(asked.body)[key]
  if (typeof name !== "string" || name === "") return refuse(400, `${key} is missing`)
  return world.forbiddenProjects.has(name)
    ? refuse(403, `no access to ${name}`)
    : reply(200, wrap(projectOf(world, name)))
}

const projectById = (asked: Asked, world: World): Reply => {
  const id = asked.query.get("id")
  const found = [...world.projects].find(([, projectId]) => projectId === id)
  return found === undefined ? refuse(404, `no project ${id}`) : reply(200, { id, name: found[0] })
}

/** Answers a request; anything unexpected is 404, so that a test sees it. */
export const answer = (asked: Asked, world: World): Reply => {
  const { method, path } = asked
  if (path.startsWith("/blob/")) return storeBlob(asked, world)
  if (asked.headers.authorization !== `Bearer ${world.apiKey}`) return refuse(401, "invalid API key")
  const insert = /^\/v1\/project_logs\/([^/]+)\/insert$/.exec(path)?.[1]
  if (method === "POST" && insert !== undefined) return insertEvents(asked, insert, world)
  switch (`${method} ${path}`) {
    case "POST /api/apikey/login":
      return login(world)
    case "POST /api/project/register":
      return named(asked, "project_name", world, (project) => ({ project }))
    case "POST /v1/project":
      return named(asked, "name", world, (project) => project)
    case "GET /api/project":
      return projectById(asked, world)
    case "GET /version":
      return reply(200, world.maxBytes === undefined ? {} : { logs3_payload_max_bytes: world.maxBytes })
    case "POST /logs3":
      return typeof world.maxBytes === "number" && asked.body.byteLength > world.maxBytes
        ? refuse(413, `body has ${asked.body.byteLength} bytes, limit is ${world.maxBytes}`)
        : takeRows(jsonOf(asked.body), world)
    case "POST /logs3/overflow":
      return offerOverflow(asked, world)
    case "POST /attachment":
      return reply(200, { signedUrl: `${world.url}/blob/attachment-${String(jsonOf(asked.body).key)}`, headers: {} })
    case "POST /attachment/status":
      world.attachments.push(jsonOf(asked.body))
      return reply(200, {})
    case "POST /otel/v1/traces":
      return takeTraces(asked, world)
    default:
      return refuse(404, `${method} ${path} is no route of the fake Braintrust`)
  }
}
