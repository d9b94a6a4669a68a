import { makeNetwork, removeNetwork } from "../../../src/lab/network.ts";
import { runProgram } from "../../../src/lab/run-program.ts";

/**
 * Makes and removes the network of a lab where forwarded packets are dropped by default, as Docker and ufw leave a
 * computer. To be run in a network namespace of its own. Prints the firewall's rules before, during and after as JSON.
 */
const tag = "slw-00000000";
const rules = async () => (await runProgram(["iptables", "-S", "FORWARD"])).stdout.trim().split("\n");
await runProgram(["iptables", "-P", "FORWARD", "DROP"]);
const before = await rules();
const network = { name: "strict", subnet: "10.77.0.0/24", prefix: 24, gateway: "10.77.0.1", mtu: 1500 };
await makeNetwork(tag, network);
await makeNetwork(tag, network);
const during = await rules();
await removeNetwork(tag);
await removeNetwork(tag);
process.stdout.write(JSON.stringify({ before, during, after: await rules() }));
