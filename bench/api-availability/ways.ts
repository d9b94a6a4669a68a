import { type ClientHttp2Session, connect, constants } from "node:http2";
import { Agent, request } from "node:https";

/** Where the API is, and who asks. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface Wish {
  readonly method: "GET" | "PATCH";
  readonly path: string;
  readonly body?: string;
  /** Of the body; a merge patch otherwise. */
  readonly contentType?: string;
}

export interface Answer {
  readonly status: number;
  readonly retryAfterSeconds?: number;
  readonly text: string;
}

/** No answer, or only a part of one. */
export class Unanswered extends Error {
  /** Another try can do no harm, as Go's HTTP client judges it. */
  readonly mayTryAgain: boolean;
  constructor(message: string, mayTryAgain: boolean) {
    super(message);
    this.mayTryAgain = mayTryAgain;
  }
}

/** One try of one request. Throws Unanswered. */
export type Way = (wish: Wish, signal: AbortSignal) => Promise<Answer>;

function answerOf(status: number, retryAfter: string | undefined, text: string): Answer {
  return { status, text, ...(retryAfter === undefined ? {} : { retryAfterSeconds: Number(retryAfter) }) };
}

function headersOf({ body, contentType = "application/merge-patch+json" }: Wish): Readonly<Record<string, string>> {
  return body === undefined ? {} : { "content-type": contentType };
}

/** HTTP/1.1. Without an agent every request has a connection and a full TLS handshake of its own. */
function overHttp1(target: Target, agent: Agent | false): Way {
  return (wish, signal) =>
    new Promise((resolve, reject) => {
      let isAnswered = false;
      const { method, path } = wish;
      const asked = request({ ...target, agent, method, path, headers: headersOf(wish), signal }, (answer) => {
        isAnswered = true;
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        answer.once("error", (error) => reject(new Unanswered(`half an answer: ${error.message}`, false)));
        answer.once("end", () => resolve(answerOf(answer.statusCode ?? 0, answer.headers["retry-after"], text)));
      });
      asked.once("error", (error) => {
        if (isAnswered) return;
        const why = signal.aborted ? "no answer in time" : error.message;
        reject(new Unanswered(why, !signal.aborted && asked.reusedSocket && method === "GET"));
      });
      asked.end(wish.body);
    });
}

export function newConnections(target: Target): Way {
  return overHttp1(target, false);
}

/** One that is kept; another is opened when it is closed or busy. */
export function keptHttp1(target: Target): Way {
  return overHttp1(target, new Agent({ keepAlive: true, maxCachedSessions: 0 }));
}

/** One that carries everything, until the server closes it or says that it is about to. */
export function keptHttp2(target: Target): Way {
  const { host, port, ...credentials } = target;
  let session: ClientHttp2Session | undefined;

  function current(): { readonly session: ClientHttp2Session; readonly isOld: boolean } {
    if (session !== undefined && !session.closed && !session.destroyed) return { session, isOld: !session.connecting };
    const own = connect(`https://${host}:${port}`, credentials);
    const leave = () => {
      if (session === own) session = undefined;
    };
    own.once("goaway", leave);
    own.once("close", leave);
    // Each request that is under way has the error too.
    own.on("error", leave);
    session = own;
    return { session: own, isOld: false };
  }

  return (wish, signal) =>
    new Promise((resolve, reject) => {
      const { session: own, isOld } = current();
      const headers = { ":method": wish.method, ":path": wish.path, ...headersOf(wish) };
      const stream = own.request(headers, { endStream: wish.body === undefined });
      const giveUp = () => stream.close(constants.NGHTTP2_CANCEL);
      signal.addEventListener("abort", giveUp, { once: true });
      let answer: { readonly status: number; readonly retryAfter?: string } | undefined;
      let text = "";
      let isWhole = false;
      let failure = "closed";
      stream.once("response", (found) => {
        const retryAfter = found["retry-after"];
        answer = { status: found[":status"] ?? 0, ...(retryAfter === undefined ? {} : { retryAfter }) };
      });
      stream.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      stream.once("end", () => {
        isWhole = stream.rstCode === 0;
      });
      stream.once("error", (error) => {
        failure = error.message;
      });
      stream.once("close", () => {
        signal.removeEventListener("abort", giveUp);
        if (answer !== undefined && isWhole) resolve(answerOf(answer.status, answer.retryAfter, text));
        else if (signal.aborted) reject(new Unanswered("no answer in time", false));
        else if (answer !== undefined) reject(new Unanswered(`half an answer: ${failure}`, false));
        else {
          const isRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
          reject(new Unanswered(failure, isRefused || (isOld && wish.method === "GET")));
        }
      });
      if (wish.body !== undefined) stream.end(wish.body);
    });
}
