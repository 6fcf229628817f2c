// An event hub that speaks AMQP 1.0, as far as clients of Event Hubs need it, on npm's rhea: independent of what it tests.
//
//   node hub.mjs '{"hub":"near-expiry","partitions":4,"keyName":"listen","key":"…","tls":{"cert":"…","key":"…"},"websocket":true}'
//
// Prints {"port":N,"admin":M} and serves until standard input ends. It checks tokens (shared access signatures, by HMAC) and
// their ends, keeps events in memory, follows selectors, epochs and credit. `admin` is HTTP on loopback, for tests:
// GET /state · POST /send {"partition","body"} · POST /detach {"partition","condition"} · POST /close {"condition"}
// POST /refuse {"condition"} · POST /silence · POST /truncate

import crypto from "node:crypto";
import http from "node:http";
import https from "node:https";
import rhea from "rhea";
import { WebSocketServer } from "ws";

const options = { hub: "near-expiry", partitions: 2, keyName: "listen", key: "secret", ...JSON.parse(process.argv[2] ?? "{}") };
const BATCH_FORMAT = 0x80013700;
const SELECTOR = "apache.org:selector-filter:string";

// ---------------------------------------------------------------- the log of each partition
const partitions = Array.from({ length: options.partitions }, () => ({ events: [], base: 0, readers: new Set() }));
const state = { connections: 0, opened: 0, tokens: 0, refused: 0, sent: 0 };
let refuse = null;
let silent = false;

function append(partition, body, properties) {
    const log = partitions[partition];
    const sequence = log.base + log.events.length;
    const event = { sequence, offset: String(4294967296 + sequence * 128), enqueued: Date.now(), body, properties };
    log.events.push(event);
    for (const reader of log.readers) pump(reader);
    return event;
}

// ---------------------------------------------------------------- tokens
function checkSignature(token, resources) {
    const parts = new URLSearchParams(String(token).replace(/^SharedAccessSignature /, ""));
    const [sr, sig, se, skn] = ["sr", "sig", "se", "skn"].map((name) => parts.get(name));
    if (!sr || !sig || !se || skn !== options.keyName) return null;
    const escaped = /sr=([^&]*)/.exec(String(token))[1];
    const wanted = crypto.createHmac("sha256", options.key).update(`${escaped}\n${se}`).digest("base64");
    if (wanted !== sig || Number(se) * 1000 < Date.now()) return null;
    return resources(sr) ? Number(se) * 1000 : null;
}

// For Entra's tokens the test says what it takes.
function checkToken(token) {
    if (options.jwt && token === options.jwt) return Date.now() + 3600_000;
    return checkSignature(token, (resource) => resource.toLowerCase().includes(`/${options.hub.toLowerCase()}`));
}

// ---------------------------------------------------------------- questions and answers
function answer(connection, request, properties, body) {
    const to = request.reply_to;
    const sender = connection.answers.get(to) ?? connection.answers.get(null);
    if (!sender) return;
    sender.send({ correlation_id: request.message_id, application_properties: properties, body });
}

function status(code, description, condition) {
    return {
        "status-code": rhea.types.wrap_int(code),
        "status-description": description,
        ...(condition ? { "error-condition": rhea.types.wrap_symbol(condition) } : {}),
    };
}

function putToken(context) {
    const { connection, message } = context;
    const ends = checkToken(message.body);
    if (ends === null) {
        state.refused++;
        return answer(connection, message, status(401, "InvalidSignature", "amqp:unauthorized-access"));
    }
    state.tokens++;
    connection.authorizedUntil = Math.max(connection.authorizedUntil ?? 0, ends);
    answer(connection, message, status(200, "OK"));
}

function manage(context) {
    const { connection, message } = context;
    const asked = message.application_properties ?? {};
    if ((connection.authorizedUntil ?? 0) < Date.now())
        return answer(connection, message, status(401, "no token", "amqp:unauthorized-access"));
    if (String(asked.name).toLowerCase() !== options.hub.toLowerCase())
        return answer(connection, message, status(404, "no such event hub", "amqp:not-found"));
    if (asked.type === "com.microsoft:eventhub")
        return answer(connection, message, status(200, "OK"), {
            name: options.hub,
            type: "com.microsoft:eventhub",
            created_at: rhea.types.wrap_timestamp(Date.now()),
            partition_count: rhea.types.wrap_int(partitions.length),
            partition_ids: rhea.types.wrap_array(partitions.map((_, i) => String(i)), 0xa1),
        });
    const log = partitions[Number(asked.partition)];
    if (!log) return answer(connection, message, status(400, "no such partition", "com.microsoft:argument-out-of-range"));
    const last = log.events.at(-1);
    answer(connection, message, status(200, "OK"), {
        name: options.hub,
        type: "com.microsoft:partition",
        partition: String(asked.partition),
        begin_sequence_number: rhea.types.wrap_long(log.base),
        last_enqueued_sequence_number: rhea.types.wrap_long(last ? last.sequence : -1),
        last_enqueued_offset: last ? last.offset : "-1",
        last_enqueued_time_utc: rhea.types.wrap_timestamp(last ? last.enqueued : 0),
        is_partition_empty: log.events.length === 0,
    });
}

// ---------------------------------------------------------------- readers
function selectorOf(source) {
    const filter = source.filter?.[SELECTOR] ?? Object.values(source.filter ?? {})[0];
    return String(filter?.value ?? filter ?? "amqp.annotation.x-opt-offset > '-1'");
}

// The index from which to read; a string is the condition to refuse with.
function positionOf(log, selector) {
    const match = /x-opt-([a-z-]+)\s*(>=?)\s*'?([^']*)'?/.exec(selector);
    if (!match) return "com.microsoft:argument-error";
    const [, what, operator, value] = match;
    const after = (test) => {
        const index = log.events.findIndex(test);
        return index < 0 ? log.events.length : index;
    };
    if (what === "enqueued-time") return after((event) => event.enqueued > Number(value));
    if (value === "-1") return 0;
    if (value === "@latest") return log.events.length;
    const wanted = Number(value);
    const of = (event) => (what === "offset" ? Number(event.offset) : event.sequence);
    const last = log.events.at(-1);
    const past = last ? of(last) : what === "offset" ? 4294967296 - 128 : log.base - 1;
    if (wanted > past) return "com.microsoft:argument-error";
    return after((event) => (operator === ">" ? of(event) > wanted : of(event) >= wanted));
}

function pump(reader) {
    if (silent || !reader.ready) return;
    const { sender, log } = reader;
    while (sender.sendable() && reader.next < log.base + log.events.length) {
        if ((reader.connection.authorizedUntil ?? 0) < Date.now())
            return sender.close({ condition: "amqp:unauthorized-access", description: "the token has ended" });
        const event = log.events[reader.next - log.base];
        reader.next++;
        sender.send({
            message_annotations: {
                "x-opt-sequence-number": rhea.types.wrap_long(event.sequence),
                "x-opt-offset": event.offset,
                "x-opt-enqueued-time": rhea.types.wrap_timestamp(event.enqueued),
            },
            application_properties: event.properties,
            body: rhea.message.data_section(Buffer.from(event.body)),
        });
    }
}

function refuseLink(link, condition, description) {
    link.set_source({});
    link.open?.();
    link.close({ condition, description });
}

function openReader(context, partition) {
    const { sender, connection } = context;
    const log = partitions[partition];
    if (!log) return sender.close({ condition: "com.microsoft:argument-out-of-range", description: "no such partition" });
    if ((connection.authorizedUntil ?? 0) < Date.now())
        return sender.close({ condition: "amqp:unauthorized-access", description: "no token for it" });
    if (refuse) return sender.close({ condition: refuse, description: "as the test says" });
    const start = positionOf(log, selectorOf(sender.source));
    if (typeof start === "string")
        return sender.close({ condition: start, description: "The supplied offset is invalid. The last offset in the system is lower" });
    const epoch = sender.properties?.["com.microsoft:epoch"];
    for (const other of log.readers) {
        if (epoch === undefined || Number(epoch) < Number(other.epoch ?? -1)) {
            if (other.epoch !== undefined)
                return sender.close({ condition: "amqp:link:stolen", description: "a receiver with a higher epoch exists" });
        } else {
            log.readers.delete(other);
            other.sender.close({ condition: "amqp:link:stolen", description: "New receiver with higher epoch is created" });
        }
    }
    const reader = { sender, connection, log, epoch, next: log.base + start };
    log.readers.add(reader);
    sender.reader = reader;
    state.opened++;
}

// ---------------------------------------------------------------- the container
const container = rhea.create_container({ id: crypto.randomUUID() });
container.sasl_server_mechanisms.enable_anonymous();
container.sasl_server_mechanisms.enable_plain((user, password) => user === options.keyName && password === options.key);

container.on("connection_open", ({ connection }) => {
    state.connections++;
    connection.answers = new Map();
    // Who signed in with the key needs no token.
    const sasl = connection.sasl_transport?.selected ?? connection.sasl_transport;
    if (sasl?.username === options.keyName) connection.authorizedUntil = Infinity;
});
container.on("sender_open", (context) => {
    const { sender, connection } = context;
    const address = decodeURIComponent(String(sender.source?.address ?? ""));
    sender.set_source(sender.source);
    sender.set_target(sender.target);
    if (address === "$cbs" || address.endsWith("$management")) {
        connection.answers.set(sender.target?.address ?? sender.name, sender);
        connection.answers.set(sender.name, sender);
        return;
    }
    const match = /ConsumerGroups\/([^/]+)\/Partitions\/(\d+)$/i.exec(address);
    if (!match || !address.toLowerCase().includes(options.hub.toLowerCase()))
        return sender.close({ condition: "amqp:not-found", description: `no such entity: ${address}` });
    openReader(context, Number(match[2]));
});
container.on("receiver_open", ({ receiver }) => {
    receiver.set_source(receiver.source);
    receiver.set_target(receiver.target);
    receiver.set_max_message_size?.(1048576);
    receiver.add_credit(1000);
});
// Later than what rhea itself has to say of the link first.
container.on("sendable", ({ sender }) => {
    if (!sender.reader) return;
    setImmediate(() => {
        sender.reader.ready = true;
        pump(sender.reader);
    });
});
container.on("sender_close", ({ sender }) => sender.reader?.log.readers.delete(sender.reader));
container.on("disconnected", ({ connection }) => {
    for (const log of partitions) for (const reader of log.readers) if (reader.connection === connection) log.readers.delete(reader);
});
container.on("message", (context) => {
    const { receiver, message, delivery } = context;
    receiver.add_credit(1);
    const address = String(receiver.target?.address ?? "");
    if (address === "$cbs") return putToken(context);
    if (address.endsWith("$management")) return manage(context);
    const match = /Partitions\/(\d+)$/i.exec(address);
    // rhea decodes no other format than its own.
    const bodies = delivery.format === BATCH_FORMAT ? expand(rhea.message.decode(message)) : [bytesOf(message)];
    for (const body of bodies) append(match ? Number(match[1]) : state.sent++ % partitions.length, body);
    delivery.accept();
});

function bytesOf(message) {
    const body = message.body;
    const content = body?.content ?? body;
    if (Array.isArray(content)) return Buffer.concat(content.map((part) => Buffer.from(part)));
    return Buffer.isBuffer(content) ? content : Buffer.from(typeof content === "string" ? content : JSON.stringify(content));
}
function expand(message) {
    const sections = message.body?.multiple ? message.body.content : [message.body?.content ?? message.body];
    return sections.map((section) => bytesOf(rhea.message.decode(section)));
}
for (const event of ["error", "connection_error", "session_error", "sender_error", "receiver_error", "protocol_error"])
    container.on(event, (context) => process.env.HUB_DEBUG && console.error(event, context.error ?? context));

const webSockets = new Set();
const manners = { max_frame_size: 65536, channel_max: 4999, idle_time_out: options.idle ?? 240000 };

// Within WebSockets, as Event Hubs has it on port 443.
function listenForWebSockets() {
    const server = options.tls ? https.createServer(options.tls) : http.createServer();
    const sockets = new WebSocketServer({
        server,
        path: "/$servicebus/websocket",
        handleProtocols: (offered) => (offered.has("AMQPWSB10") ? "AMQPWSB10" : false),
    });
    sockets.on("connection", (socket) => {
        webSockets.add(socket);
        container.websocket_accept(socket, manners);
    });
    return server.listen(0, "127.0.0.1");
}

const listening = options.websocket
    ? listenForWebSockets()
    : container.listen({
          port: 0,
          host: "127.0.0.1",
          ...manners,
          ...(options.tls ? { transport: "tls", ...options.tls } : {}),
      });

// ---------------------------------------------------------------- for tests
const orders = {
    "/send": ({ partition, body, count = 1 }) => {
        for (let i = 0; i < count; i++) append(partition, body.replaceAll("{i}", String(i)));
    },
    "/detach": ({ partition, condition }) => {
        for (const reader of partitions[partition].readers) reader.sender.close({ condition, description: "as the test says" });
    },
    "/close": ({ condition }) => {
        for (const connection of connections) connection.close({ condition, description: "as the test says" });
    },
    "/cut": () => {
        for (const connection of connections) connection.socket.destroy?.();
        for (const socket of webSockets) socket.terminate();
    },
    "/refuse": ({ condition }) => {
        refuse = condition ?? null;
    },
    "/silence": ({ on }) => {
        silent = on;
        if (!on) for (const log of partitions) for (const reader of log.readers) pump(reader);
    },
    "/truncate": () => {
        for (const log of partitions) {
            log.events = [];
            log.base = 0;
        }
    },
    "/expire": () => {
        for (const connection of connections) connection.authorizedUntil = Date.now() - 1;
    },
};
const connections = new Set();
container.on("connection_open", ({ connection }) => connections.add(connection));
container.on("connection_close", ({ connection }) => connections.delete(connection));
container.on("disconnected", ({ connection }) => connections.delete(connection));

const admin = http.createServer((request, response) => {
    let text = "";
    request.on("data", (part) => (text += part));
    request.on("end", () => {
        if (request.method === "POST") orders[request.url]?.(text ? JSON.parse(text) : {});
        response.end(JSON.stringify({ ...state, readers: partitions.map((log) => log.readers.size), events: partitions.map((log) => log.events.length) }));
    });
});
listening.on("listening", () => {
    admin.listen(0, "127.0.0.1", () => {
        console.log(JSON.stringify({ port: listening.address().port, admin: admin.address().port }));
    });
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
