import { labUp } from "../../../src/lab/lab-up.ts";

/** Makes an ephemeral lab of two machines as a process of its own, which a test can kill. Prints one line per progress. */
const [name, network] = process.argv.slice(2);
if (name === undefined || network === undefined) throw new Error("usage: make-lab NAME NETWORK");
await labUp({
  name,
  machines: ["a", "b"].map((machine, place) => ({ name: machine, address: `${network}.${100 + place}` })),
  ephemeral: true,
  onProgress: ({ stage, text }) => process.stdout.write(`${stage}: ${text}\n`),
});
process.stdout.write("made\n");
