// The least that a consumer can do: node consume.mjs PORT HUB KEY COUNT reads so many events of partition 0 with rhea, and parses
// each. Prints {"seconds","cpu"} of what it took from the first to the last.

import crypto from "node:crypto";
import rhea from "rhea";

const [port, hub, key, count] = process.argv.slice(2);
const resource = `sb://localhost/${hub}`;
const ends = Math.floor(Date.now() / 1000) + 3600;
const escaped = encodeURIComponent(resource);
const signature = crypto.createHmac("sha256", key).update(`${escaped}\n${ends}`).digest("base64");
const token = `SharedAccessSignature sr=${escaped}&sig=${encodeURIComponent(signature)}&se=${ends}&skn=listen`;

const connection = rhea.connect({ port: Number(port), host: "127.0.0.1", hostname: "localhost", username: "anonymous" });
const answers = connection.open_receiver({ source: "$cbs", target: "answers" });
const asks = connection.open_sender({ target: "$cbs" });
asks.once("sendable", () =>
    asks.send({
        message_id: "1",
        reply_to: "answers",
        application_properties: { operation: "put-token", type: "servicebus.windows.net:sastoken", name: resource },
        body: token,
    }),
);
let seen = 0;
let began;
answers.on("message", () => {
    const filter = { "apache.org:selector-filter:string": rhea.filter.selector("amqp.annotation.x-opt-offset > '-1'")["jms-selector"] };
    const receiver = connection.open_receiver({
        source: { address: `${hub}/ConsumerGroups/$Default/Partitions/0`, filter },
        credit_window: 1000,
    });
    receiver.on("message", ({ message }) => {
        began ??= { at: process.hrtime.bigint(), cpu: process.cpuUsage() };
        const body = message.body?.content ?? message.body;
        JSON.parse(Buffer.isBuffer(body) ? body.toString() : String(body));
        if (++seen < Number(count)) return;
        const used = process.cpuUsage(began.cpu);
        const seconds = Number(process.hrtime.bigint() - began.at) / 1e9;
        console.log(JSON.stringify({ seconds, cpu: (used.user + used.system) / 1e6 }));
        process.exit(0);
    });
});
