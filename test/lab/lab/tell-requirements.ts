import { labRequirements } from "../../../src/lab/requirements.ts";

/** Prints what this computer lacks for a lab of so many machines, as JSON. */
process.stdout.write(JSON.stringify(await labRequirements({ machines: Number(process.argv[2]) })));
