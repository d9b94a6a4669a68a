import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventAt, memberProblem, runWith, sampleRun, summaryOf } from "../../test/support/sample-run.ts";
import type { RunEvent } from "../engine/events.ts";
import { asRunHtml, asRunMarkdown } from "./as-run.ts";
import { markdownBlock, markdownCode, markdownText } from "./markdown-escape.ts";

describe("the as-run document", () => {
  test("tells the next person what happened, in Markdown", () => {
    expect(asRunMarkdown(sampleRun)).toBe(`# As run: install demo

| | |
|---|---|
| Cluster | demo |
| Intention | install |
| Run | 20250101-120000-ab12 |
| By | ada@bastion |
| Started | 2025-01-01T12:00:00.000Z |
| Ended | 2025-01-01T12:01:21.000Z |
| Took | 1 min 21 s |
| Slipway | 0.1.0 |
| Plan digest | ${"d".repeat(64)} |
| Hosts | 3 (cp-1, cp-2, lb-1) |
| Steps | 2 applied, 1 satisfied, 1 not verified, 1 not started of 5; 3 satisfied before the run |
| Cost | 4 connections, 31 round trips |

**The problems below have to be solved; then running the same command again goes on from there.**

## Problems

### cp-2: has not become a voting member

- code: \`etcd/member-not-started\`
- step 3: Join cp-2 to the etcd cluster (\`etcd.member.join/cp-2\`)
- host: cp-2
- because: it was 1,200 entries behind after 60 s; the limit is 60 s
- hint: look at the disk of cp-2, then go on

  \`\`\`sh
  slipway apply
  \`\`\`

- ran: \`etcdctl member promote 8e9e05c52164694d\` (exit 1, 41 s)

  \`\`\`text
  Error: can only promote a learner member which is in sync with leader
  \`\`\`

## Steps

| # | Step | Host | Phase | Outcome | Started | Took |
|--:|---|---|---|---|---|--:|
| 1 | Prepare the operating system on cp-1 | cp-1 | baseline | applied | 12:00:01 | 8.0 s |
| 2 | Prepare the operating system on cp-2 | cp-2 | baseline | satisfied: every resource is as declared | 12:00:01 | 2.0 s |
| 3 | Join cp-2 to the etcd cluster | cp-2 | etcd | not verified | 12:00:10 | 1 min 02 s |
| 4 | Configure HAProxy | lb-1 | load-balancer | applied | 12:00:15 | 1 min 05 s |
| 5 | Check the etcd cluster | cluster | etcd | not started: etcd.member.join/cp-2 did not succeed |  |  |

## During the run

- 12:00:00 took over the expired lock of bob@bastion

## Where the time went

| Phase | First start to last end | Steps |
|---|--:|--:|
| baseline | 8.0 s | 2 |
| etcd | 1 min 02 s | 2 |
| load-balancer | 1 min 05 s | 1 |

Slowest steps:

- 1 min 05 s: Configure HAProxy (lb-1)
- 1 min 02 s: Join cp-2 to the etcd cluster (cp-2)
- 8.0 s: Prepare the operating system on cp-1 (cp-1)
- 2.0 s: Prepare the operating system on cp-2 (cp-2)

## What each step did

### 1. Prepare the operating system on cp-1

\`os.baseline/cp-1\` on cp-1: applied, 8.0 s

- \`~\` update \`file /etc/hosts\`

  \`\`\`diff
  @@ -1 +1,2 @@
   127.0.0.1 localhost
  +10.0.0.11 cp-1
  \`\`\`

- \`+\` create \`package chrony\` to \`4.3-2\`

Carried out:

\`\`\`text
12:00:01 cp-1  write /etc/hosts (0644, root)
12:00:02 cp-1  apt-get install chrony=4.3-2
\`\`\`

### 3. Join cp-2 to the etcd cluster

\`etcd.member.join/cp-2\` on cp-2: not verified, 1 min 02 s

- 12:00:11 added as a learner
- 12:00:12 waited for etcd member cp-2 to be started; last reason: it is still a learner
`);
  });

  test("of a journal without an end says so, and which steps were in flight", () => {
    const events = [...sampleRun.slice(0, 13), eventAt(15, { type: "run-interrupted", how: "leave-now" })];
    const markdown = asRunMarkdown(events);
    expect(markdown).toContain("| Ended | the journal has no end; its last event is of 2025-01-01T12:00:15.000Z |");
    expect(markdown).toContain("**1 step had started and the journal does not say how it ended.");
    expect(markdown).toContain("- 12:00:15 interrupted by the user: leaving at once");
    expect(markdown).toContain("| 3 | Join cp-2 to the etcd cluster | cp-2 | etcd | in flight | 12:00:10 |  |");
    expect(markdown).toContain("**In flight when the journal ends.**");
    const html = asRunHtml(events);
    expect(html).toContain('<p class="verdict bad">1 step had started');
    expect(html).toContain('<td class="in-flight">in flight</td>');
  });

  test("of no events is still a document", () => {
    expect(asRunMarkdown([])).toMatch(/^# As run: a run without a beginning\n/);
    expect(asRunHtml([])).toContain("<title>As run: a run without a beginning</title>");
  });

  test("as HTML has each part and needs nothing from outside", () => {
    const html = asRunHtml(sampleRun);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script|<link|<img|src=|url\(|@import|https?:/);
    expect(html).toContain("<h3>cp-2: has not become a voting member <code>etcd/member-not-started</code></h3>");
    expect(html).toContain('<span class="add">+10.0.0.11 cp-1</span>');
    expect(html).toContain('<td class="applied">applied</td>');
    expect(html).toContain("<pre>slipway apply</pre>");
    for (const anchor of html.matchAll(/href="#([^"]+)"/g)) expect(html).toContain(`id="${anchor[1]}"`);
  });

  test("prints a diff once and refers to it afterwards", () => {
    const again = "os.baseline/cp-2" as Extract<RunEvent, { step: unknown }>["step"];
    const changes = sampleRun.flatMap((event) => (event.type === "step-changes" ? event.changes : []));
    const events = [...sampleRun.slice(0, 6), eventAt(3, { type: "step-changes", step: again, changes })];
    const markdown = asRunMarkdown(events);
    expect(markdown.split("+10.0.0.11 cp-1").length).toBe(2);
    expect(markdown).toContain("- `~` update `file /etc/hosts`; the diff is that of step 1\n");
    expect(asRunHtml(events)).toContain('the diff is that of <a href="#step-1">step 1</a>');
  });

  test("merges many equal problems", () => {
    const start = sampleRun[0] as Extract<RunEvent, { type: "run-started" }>;
    const steps = Array.from({ length: 30 }, (_, n) => summaryOf(`a.b/w-${n}`, `Do it on w-${n}`, "a", `w-${n}`));
    const events = [
      { ...start, steps },
      ...steps.map(({ id, on }) => {
        const problem = { ...memberProblem, message: `${on}: has no room on its disk`, where: { host: on } };
        return eventAt(1, { type: "step-finished", step: id, durationMs: 1, outcome: "failed", problem });
      }),
    ];
    expect(asRunMarkdown(events).match(/^### .*disk$/gm)).toEqual(["### w-0..29 (30 hosts): has no room on its disk"]);
    expect(asRunHtml(events).match(/<article/g)?.length).toBe(1);
  });

  test("says of a good run that it was one", () => {
    const start = sampleRun[0] as Extract<RunEvent, { type: "run-started" }>;
    const end = sampleRun.at(-1) as Extract<RunEvent, { type: "run-finished" }>;
    expect(asRunHtml([{ ...start, steps: [] }, end])).toContain('<p class="verdict good">');
  });
});

describe("a journal with lines missing", () => {
  test("still makes a document, whichever line it is", () => {
    for (const missing of sampleRun.keys()) {
      if (missing === 0) continue;
      const events = sampleRun.filter((_, index) => index !== missing);
      expect(asRunMarkdown(events)).toContain("# As run: ");
      expect(asRunHtml(events)).toContain("</html>");
    }
  });
});

describe("foreign text in the as-run document", () => {
  const foreign = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom(
        "`",
        "<",
        ">",
        "&",
        '"',
        "'",
        "|",
        "\n",
        "\u001b",
        "[",
        "]",
        "(",
        ")",
        "#",
        "-",
        " ",
        "~",
        "a",
      ),
    }),
  );
  const steering = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

  test("never becomes HTML", () => {
    const shape = (html: string): string[] => [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
    const wanted = shape(asRunHtml(runWith("x")));
    fc.assert(
      fc.property(foreign, (text) => {
        const html = asRunHtml(runWith(text));
        // The tags are the same whatever the text is, but for the lines of a diff that are coloured and line breaks.
        const plain = (tags: readonly string[]): string[] => tags.filter((tag) => !/^<(\/?span|br)/.test(tag));
        expect(plain(shape(html))).toEqual(plain(wanted));
        for (const line of html.split("\n")) expect(line).not.toMatch(steering);
      }),
    );
  });

  test("never becomes Markdown structure", () => {
    const outline = (markdown: string): string[] => {
      const lines: string[] = [];
      let fence = "";
      for (const line of markdown.split("\n")) {
        const ticks = /^ *(`{3,})/.exec(line)?.[1] ?? "";
        if (fence !== "" && line.trim() === fence) fence = "";
        else if (fence === "" && ticks !== "") fence = ticks;
        else if (fence === "" && /^#+ /.test(line)) lines.push(line.slice(0, line.indexOf(" ")));
        else if (fence === "" && /^\| /.test(line))
          lines.push(String(line.replace(/\\\\|\\\|/g, "").split("|").length));
      }
      return lines;
    };
    const wanted = outline(asRunMarkdown(runWith("x")));
    fc.assert(
      fc.property(foreign, (text) => {
        const markdown = asRunMarkdown(runWith(text));
        expect(outline(markdown)).toEqual(wanted);
        for (const line of markdown.split("\n")) expect(line).not.toMatch(steering);
      }),
    );
  });

  test.each([
    [
      "*bold* _it_ `c` [a](b) <b> a|b # ~x~ $y$",
      "\\*bold\\* \\_it\\_ \\`c\\` \\[a\\](b) &lt;b&gt; a\\|b \\# \\~x\\~ \\$y\\$",
    ],
    ["- item", "\\- item"],
    ["1. item", "1\\. item"],
    ["0.1.0", "0.1.0"],
    ["-1 and &amp;", "-1 and &amp;amp;"],
    ["a\nb", "a\\\\nb"],
  ])("is escaped in text: %s", (text, escaped) => {
    expect(markdownText(text)).toBe(escaped);
  });

  test("keeps its empty lines", () => {
    const text = "a\n\n\n\nb";
    expect(asRunMarkdown(runWith(text))).toContain("\n\n\n\n  b\n");
    expect(asRunHtml(runWith(text))).toContain("<pre>a\n\n\n\nb</pre>");
  });

  test("gets longer fences around backticks", () => {
    expect(markdownCode("a `b` c")).toBe("``a `b` c``");
    expect(markdownCode("`")).toBe("`` ` ``");
    expect(markdownCode("a|b", "table")).toBe("`a\\|b`");
    expect(markdownBlock("x\n````\ny", "text")).toBe("`````text\nx\n````\ny\n`````");
  });
});
