// Shares a consumer group with whoever else reads it, with Microsoft's own processor and checkpoints on blobs:
// node share.mjs CONNECTION HUB STORAGE CONTAINER. Prints each event's body as a JSON line; ends with standard input.

import { EventHubConsumerClient } from "@azure/event-hubs";
import { BlobCheckpointStore } from "@azure/eventhubs-checkpointstore-blob";
import { ContainerClient } from "@azure/storage-blob";

const [connection, hub, storage, container] = process.argv.slice(2);
const blobs = new ContainerClient(storage, container);
await blobs.createIfNotExists();
const client = new EventHubConsumerClient("$Default", connection, hub, new BlobCheckpointStore(blobs), {
    loadBalancingOptions: { updateIntervalInMs: 1000, partitionOwnershipExpirationIntervalInMs: 60000, strategy: "balanced" },
});
const say = (object) => console.log(JSON.stringify(object));
const subscription = client.subscribe(
    {
        processEvents: async (events, context) => {
            for (const event of events)
                say({ partition: context.partitionId, body: JSON.stringify(event.body) });
            if (events.length > 0) await context.updateCheckpoint(events.at(-1));
        },
        processError: async (error) => say({ error: String(error) }),
        processInitialize: async (context) => say({ begins: context.partitionId }),
        processClose: async (reason, context) => say({ ends: context.partitionId, reason }),
    },
    { maxBatchSize: 10, maxWaitTimeInSeconds: 1, startPosition: { offset: "-1" } },
);
process.stdin.resume();
process.stdin.on("end", async () => {
    await Promise.race([subscription.close(), new Promise((done) => setTimeout(done, 5000))]);
    process.exit(0);
});
