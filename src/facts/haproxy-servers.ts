import type { Read } from "../hosts/port.ts";
import { curlBody } from "./curl-body.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";

/** A server as the running HAProxy has it. */
export interface HaproxyServer {
  readonly backend: string;
  readonly name: string;
  /** "10.0.0.11:6443", IPv6 without brackets; empty where HAProxy does not say (statistics without legends). */
  readonly address: string;
  /** "UP", "DOWN", "MAINT", "DRAIN", "UP 1/2", "no check", ... */
  readonly status: string;
  /** 0: gets no new connections. */
  readonly weight: number;
  /** What the last check found: "L7OK", "L4CON", ... */
  readonly check: string;
}

const wantedColumns = ["pxname", "svname", "status", "weight", "type"];
/** `type` of a server's row. https://docs.haproxy.org/2.6/management.html#9.1 (2026-11-21) */
const serverType = "2";
const frontendType = "0";

type Row = ReadonlyMap<string, string>;

/** What `make` makes of the rows of one type in the statistics. */
function statistics<T>(
  name: string,
  statsPort: number,
  type: string,
  make: (cells: Row) => T,
): Fact<readonly T[] | "not-answering"> {
  const argv = curlBody(`http://127.0.0.1:${statsPort}/;csv`, 3);
  const asked = argv.join(" ");
  const reads: readonly Read[] = [{ kind: "run", argv }];
  return {
    name,
    reads,
    parse([answer]) {
      const result = commandOf(name, asked, answer);
      if (result.exitCode !== 0) return "not-answering";
      const [head = "", ...lines] = result.stdout.toString("utf8").split("\n");
      const columns = head.replace(/^# /, "").split(",");
      if (!head.startsWith("# ") || wantedColumns.some((one) => !columns.includes(one))) {
        throw notUnderstood(name, asked, answer, `its first line has no ${wantedColumns.join(", ")}`);
      }
      const rows = lines.filter((line) => line.trim() !== "").map((line) => cellsOf(line, columns));
      return rows.filter((cells) => cells.get("type") === type).map(make);
    },
  };
}

/**
 * The servers of the running HAProxy, asked at its statistics page on the loopback address. "not-answering" when nobody
 * answers there, or there is no curl to ask with.
 */
export function haproxyServers(statsPort: number): Fact<readonly HaproxyServer[] | "not-answering"> {
  return statistics("haproxy-servers", statsPort, serverType, (cells) => ({
    backend: cells.get("pxname") ?? "",
    name: cells.get("svname") ?? "",
    address: (cells.get("addr") ?? "").replace(/^\[(.*)\](:\d+)$/, "$1$2"),
    status: cells.get("status") ?? "",
    weight: Number(cells.get("weight")),
    check: cells.get("check_status") ?? "",
  }));
}

/** A frontend as the running HAProxy has it: "OPEN", "FULL" (at its limit of connections), "PAUSED" or "STOP". */
export interface HaproxyFrontend {
  readonly name: string;
  readonly status: string;
}

/** The frontends of the running HAProxy, from the same page: asking both costs one question. */
export function haproxyFrontends(statsPort: number): Fact<readonly HaproxyFrontend[] | "not-answering"> {
  return statistics("haproxy-frontends", statsPort, frontendType, (cells) => ({
    name: cells.get("pxname") ?? "",
    status: cells.get("status") ?? "",
  }));
}

/** A comma inside quotes (the text of a failed check) does not end a cell. */
const betweenCells = /,(?=(?:[^"]*"[^"]*")*[^"]*$)/;

function cellsOf(line: string, columns: readonly string[]): Row {
  const cells = line.split(betweenCells);
  return new Map(columns.map((column, index) => [column, (cells[index] ?? "").replace(/^"(.*)"$/, "$1")]));
}
