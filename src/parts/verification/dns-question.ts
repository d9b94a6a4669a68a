const textRecord = 16;
const internet = 1;
const recursionDesired = 0x0100;

/**
 * A question for the TXT records of a name as a DNS message (RFC 1035), in the form it has in the address of a request
 * over HTTP (RFC 8484).
 */
export function dnsTextQuestion(name: string): string {
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const head = Buffer.alloc(12);
  head.writeUInt16BE(recursionDesired, 2);
  head.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(textRecord, 1);
  tail.writeUInt16BE(internet, 3);
  return Buffer.concat([head, ...labels, tail]).toString("base64url");
}
