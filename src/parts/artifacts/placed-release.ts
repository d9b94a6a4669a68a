import { dirname } from "node:path/posix";
import { knownDigest, type Origin } from "../../artifacts/artifact-source.ts";
import type { Change, HostAct } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { fileAmong, linesOfFiles } from "../../facts/lines-of-files.ts";
import { symbolicLinks } from "../../facts/symbolic-links.ts";
import type { Answer, FileStat, Read } from "../../hosts/port.ts";
import type { Answers, Comparison, Resource } from "../../resources/resource.ts";
import { fetchFile } from "./fetch-file.ts";
import { isAsNoted, noteText, type PlacedFile, type PlacementNote, readNote } from "./placement-note.ts";

/** Programs of one release in a folder of their own, and links to them. */
export interface ReleaseDeclaration {
  /** "kubernetes 1.36.2": for the key and the plan. */
  readonly title: string;
  readonly folder: string;
  readonly contents: /** One file each, by name. */
    | { readonly kind: "programs"; readonly programs: Readonly<Record<string, Origin>> }
    /** A tarball; paths in it lose `strip` leading parts. */
    | { readonly kind: "archive"; readonly origin: Origin; readonly strip: number };
  /** Path of each link to the file in the folder it leads to. */
  readonly links: Readonly<Record<string, string>>;
  /** Files the tarball need not have; their links are left out then. */
  readonly optional?: readonly string[];
}

/** Path of the note beside the programs: newer than a process means that it runs others. */
export function placementNotePath(folder: string): string {
  return `${folder}/.slipway`;
}

/**
 * A release's programs, as its source has them. Looking costs a note and some stats; digests are taken only of files whose
 * size or time is another one. Links are switched atomically and after everything is in place, so a program is either the
 * old one or the new one; folders of other versions are left alone.
 */
export function placedRelease(declared: ReleaseDeclaration): Resource {
  const { title, folder, contents, links } = declared;
  const key = `release ${title}`;
  const notePath = placementNotePath(folder);
  const names = contents.kind === "programs" ? Object.keys(contents.programs) : [...new Set(Object.values(links))];
  const optional = new Set(declared.optional ?? []);
  const noteRead = linesOfFiles([notePath]);
  const stats = new Map(names.map((name): [string, Read] => [name, { kind: "stat", path: `${folder}/${name}` }]));
  const digests = new Map(names.map((name): [string, Read] => [name, { kind: "digest", path: `${folder}/${name}` }]));
  const linkFact = symbolicLinks(Object.keys(links));

  /** Names that have to be placed, and why; or digests that must be read first. */
  function judge(
    note: PlacementNote | undefined,
    answers: Answers,
  ): { readonly wrong: ReadonlyMap<string, string> } | { readonly ask: readonly Read[] } {
    const wrong = new Map<string, string>();
    const ask: Read[] = [];
    const archive = contents.kind === "archive" ? knownDigest(contents.origin) : undefined;
    const otherArchive = archive !== undefined && note !== undefined && note.archive !== archive;
    for (const name of names) {
      const noted = note?.files.get(name);
      const wanted = contents.kind === "programs" ? originDigest(contents.programs[name]) : undefined;
      const now = answerOf(answers, stats, name);
      if (otherArchive) wrong.set(name, "it is another build");
      else if (noted === undefined && note !== undefined && optional.has(name)) continue;
      else if (noted === undefined || now?.kind !== "stat") wrong.set(name, "missing");
      else if (wanted !== undefined && noted.sha256 !== wanted) wrong.set(name, "it is another build");
      else if (!isAsNoted(now, noted)) {
        const read = digests.get(name);
        const digest = answerOf(answers, digests, name);
        if (digest === undefined && read !== undefined) ask.push(read);
        else if (digest?.kind !== "digest" || digest.sha256 !== noted.sha256)
          wrong.set(name, "it changed since it was placed");
      }
    }
    return ask.length > 0 ? { ask } : { wrong };
  }

  return {
    key,
    reads: [noteRead, ...stats.values(), ...linkFact.reads],
    compare(answers): Comparison {
      const noted = fileAmong("placed-release", notePath, answers.of(noteRead));
      const note = noted.kind === "content" ? readNote(noted.bytes.toString("utf8")) : undefined;
      const judged = judge(note, answers);
      if ("ask" in judged) {
        const [first, ...rest] = judged.ask;
        if (first !== undefined) return { state: "read-more", reads: [first, ...rest] };
        return same;
      }
      const { wrong } = judged;
      const there = linkFact.parse(linkFact.reads.map((read) => answers.of(read)));
      const inArchive = (name: string) => !optional.has(name) || note?.files.has(name) === true;
      const toSwitch = Object.entries(links).filter(
        ([path, name]) => inArchive(name) && there.get(path) !== `${folder}/${name}`,
      );
      const changes: Change[] = [];
      if (wrong.size > 0) changes.push(placeChange(key, folder, note !== undefined, wrong));
      for (const [path, name] of wrong.size > 0 ? [] : toSwitch) {
        const from = there.get(path);
        changes.push({
          verb: from === undefined ? "create" : "update",
          what: `link ${path}`,
          ...(from === undefined ? {} : { from }),
          to: `${folder}/${name}`,
        });
      }
      const [first, ...rest] = changes;
      if (first === undefined) return same;
      return {
        state: "different",
        changes: [first, ...rest],
        make: (act) => make(act, note, [...wrong.keys()], there),
      };
    },
  };

  async function make(
    act: HostAct,
    before: PlacementNote | undefined,
    wrong: readonly string[],
    linked: ReadonlyMap<string, string>,
  ): Promise<void> {
    let placed: PlacementNote | undefined = before;
    if (wrong.length > 0) {
      placed = contents.kind === "programs" ? await placePrograms(act, before, wrong) : await unpack(act, contents);
      await act.change({ kind: "write", path: notePath, content: noteText(placed), mode: 0o644 });
    } else {
      // What runs is older than the switch, whenever these programs were placed.
      await act.change({ kind: "run", argv: ["touch", "--", notePath] });
    }
    const due = Object.entries(links).filter(
      ([path, name]) => placed?.files.has(name) === true && linked.get(path) !== `${folder}/${name}`,
    );
    for (const parent of new Set(due.map(([path]) => dirname(path))))
      await act.change({ kind: "run", argv: ["mkdir", "-p", "--", parent] });
    // GNU ln makes the new one beside it and renames it: a link is never missing in between.
    for (const [path, name] of due)
      await act.change({ kind: "run", argv: ["ln", "-sfT", "--", `${folder}/${name}`, path] });
  }

  async function placePrograms(
    act: HostAct,
    before: PlacementNote | undefined,
    wrong: readonly string[],
  ): Promise<PlacementNote> {
    if (contents.kind !== "programs") throw new Error(`${title} comes in a tarball`);
    const sums = new Map([...(before?.files ?? [])].map(([name, { sha256 }]) => [name, sha256]));
    for (const name of wrong) {
      const origin = contents.programs[name];
      if (origin !== undefined) sums.set(name, await fetchFile(act, origin, `${folder}/${name}`, 0o755));
    }
    return { files: await noted(act, new Map(names.map((name) => [name, sums.get(name) ?? ""]))) };
  }

  async function unpack(
    act: HostAct,
    archive: Extract<ReleaseDeclaration["contents"], { kind: "archive" }>,
  ): Promise<PlacementNote> {
    const path = `${folder}/.archive`;
    const sha256 = await fetchFile(act, archive.origin, path, 0o644, { passing: true });
    const strip = archive.strip === 0 ? [] : [`--strip-components=${archive.strip}`];
    await act.change({
      kind: "run",
      argv: ["tar", "-xf", path, "-C", folder, ...strip, "--no-same-owner"],
      timeoutMs: 10 * 60_000,
    });
    await act.change({ kind: "remove", path });
    const { stdout } = await act.change({
      kind: "run",
      argv: ["env", "-C", folder, "sha256sum", "--", ...names],
      // 1: optional ones are not there.
      okExitCodes: optional.size > 0 ? [0, 1] : [0],
    });
    const sums = stdout.toString("utf8").matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm);
    return {
      archive: sha256,
      files: await noted(act, new Map([...sums].map(([, sum = "", name = ""]) => [name, sum]))),
    };
  }

  async function noted(act: HostAct, sums: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, PlacedFile>> {
    const found = await act.fact(statsOf(folder, [...sums.keys()]));
    return new Map(
      [...found].map(([name, { sizeBytes, modifiedAt }]) => [
        name,
        { sha256: sums.get(name) ?? "", sizeBytes, modifiedAt },
      ]),
    );
  }
}

const same: Comparison = { state: "same" };

function placeChange(key: string, folder: string, replaces: boolean, wrong: ReadonlyMap<string, string>): Change {
  if (!replaces) return { verb: "create", what: key, to: folder };
  const reasons = [...wrong].map(([name, because]) => `${name}: ${because}`);
  return { verb: "update", what: key, to: folder, because: reasons.join("; ") };
}

function statsOf(folder: string, names: readonly string[]): Fact<ReadonlyMap<string, FileStat>> {
  return {
    name: `placed files of ${folder}`,
    reads: names.map((name) => ({ kind: "stat", path: `${folder}/${name}` })),
    parse: (answers) =>
      new Map(
        names.flatMap((name, at): [string, FileStat][] => {
          const answer = answers[at];
          return answer?.kind === "stat" ? [[name, answer]] : [];
        }),
      ),
  };
}

function originDigest(origin: Origin | undefined): string | undefined {
  return origin === undefined ? undefined : knownDigest(origin);
}

function answerOf(answers: Answers, reads: ReadonlyMap<string, Read>, name: string): Answer | undefined {
  const read = reads.get(name);
  return read !== undefined && answers.has(read) ? answers.of(read) : undefined;
}
