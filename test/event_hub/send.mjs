// Sends events with Microsoft's own client: node send.mjs CONNECTION HUB < JSON array of bodies

import { EventHubProducerClient } from "@azure/event-hubs";

const [connection, hub] = process.argv.slice(2);
let text = "";
for await (const part of process.stdin) text += part;
const producer = new EventHubProducerClient(connection, hub);
const batch = await producer.createBatch();
for (const body of JSON.parse(text))
    if (!batch.tryAdd({ body: Buffer.from(body) })) throw new Error("more than one batch");
await producer.sendBatch(batch);
process.exit(0);
