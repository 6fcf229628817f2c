#include "config/source.h"

#include "base/ascii.h"
#include "config/table_reader.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace kssedr::config {
namespace {

using Kind = EventSourceSetting::Kind;
using Start = EventSourceSetting::Start;
using OnLostPosition = EventSourceSetting::OnLostPosition;

// The members of each kind, besides `name` and `type`.
struct KindMembers {
    std::string_view type;
    Kind kind;
    std::span<std::string_view const> needed;
    std::span<std::string_view const> possible;
};

constexpr std::array<std::string_view, 2> hub_needed = {"namespace", "hub"};
constexpr std::array<std::string_view, 6> hub_possible = {"consumer_group",   "secret_from", "start",
                                                          "on_lost_position", "transport",   "sign_in"};
constexpr std::array<std::string_view, 2> kafka_needed = {"brokers", "topic"};
constexpr std::array<std::string_view, 5> kafka_possible = {"consumer_group", "user", "secret_from", "start",
                                                            "plaintext"};
constexpr std::array<std::string_view, 3> pull_needed = {"namespace", "topic", "subscription"};
constexpr std::array<std::string_view, 1> pull_possible = {"secret_from"};
constexpr std::array<std::string_view, 1> queue_needed = {"queue"};
constexpr std::array<std::string_view, 1> queue_possible = {"service"};

constexpr std::array kinds = {
    KindMembers{"event-hub", Kind::event_hub, hub_needed, hub_possible},
    KindMembers{"kafka", Kind::kafka, kafka_needed, kafka_possible},
    KindMembers{"event-grid-namespace", Kind::event_grid_namespace, pull_needed, pull_possible},
    KindMembers{"storage-queue", Kind::storage_queue, queue_needed, queue_possible},
};

bool is_word(std::string_view text, std::string_view also) {
    return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [&](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || also.contains(c);
    });
}

KindMembers const* find_kind(TableReader& reader) {
    auto const type = reader.text("type");
    auto const kind = std::ranges::find(kinds, type, &KindMembers::type);
    if (kind != kinds.end()) return &*kind;
    reader.problem("type",
                   "type is event-hub, kafka, event-grid-namespace or storage-queue; Event Grid's push needs no "
                   "[[source]] (docs/operations/push.md)");
    return nullptr;
}

std::string read_name(TableReader& reader) {
    auto name = reader.text("name");
    if (!is_word(name, "-_.") || name.size() > 64)
        reader.problem("name",
                       "name is to be a word of letters, digits and - _ ., such as name = \"hub\": it stands "
                       "in metrics and in what is said of the source");
    return name;
}

std::string read_host(TableReader& reader, std::string_view member, std::string_view example) {
    auto host = to_ascii_lower(reader.text(member));
    if (!is_word(host, "-.:") || !host.contains('.'))
        reader.problem(member, std::string(member) + " is to be a host, such as " + std::string(example));
    return host;
}

std::string read_word(TableReader& reader, std::string_view member, std::string fallback = {}) {
    auto word = reader.has(member) ? reader.text(member) : std::move(fallback);
    if (!is_word(word, "-_.$")) reader.problem(member, std::string(member) + " is missing, or no such name");
    return word;
}

SecretString read_secret(TableReader& reader, Environment const& environment) {
    if (!reader.has("secret_from")) return {};
    auto const name = reader.text("secret_from");
    auto const place = environment.find(name);
    if (place != environment.end() && !trim(place->second).empty()) return SecretString::copy_of(trim(place->second));
    reader.problem("secret_from", "the environment has no " + escape_for_display(name) +
                                      "; secret_from names the variable that holds the secret, which is never set in "
                                      "the file");
    return {};
}

void read_start(TableReader& reader, EventSourceSetting& source) {
    auto const start = reader.text("start");
    if (start == "latest") {
        source.start = Start::latest;
    } else if (auto const time = parse_rfc3339(start)) {
        source.start = Start::time;
        source.start_time = *time;
    } else if (!start.empty() && start != "earliest") {
        reader.problem("start", "start is earliest, latest, or a time such as 2026-01-15T09:30:00Z");
    }
    bool const is_hub = source.kind == Kind::event_hub;
    if (source.kind == Kind::kafka && source.start == Start::time)
        reader.problem("start", "start is earliest or latest for Kafka");
    auto const lost = reader.text("on_lost_position");
    if (is_hub && lost == "latest")
        source.on_lost_position = OnLostPosition::latest;
    else if (is_hub && lost == "stop")
        source.on_lost_position = OnLostPosition::stop;
    else if (!lost.empty() && lost != "earliest")
        reader.problem("on_lost_position", "on_lost_position is earliest, latest or stop");
}

void read_hub(TableReader& reader, EventSourceSetting& source) {
    source.host = read_host(reader, "namespace", "shop.servicebus.windows.net");
    source.entity = read_word(reader, "hub");
    source.group = read_word(reader, "consumer_group", "$Default");
    auto const transport = reader.text("transport");
    if (transport == "websocket")
        source.transport = EventSourceSetting::Transport::websocket;
    else if (!transport.empty() && transport != "amqp")
        reader.problem("transport", "transport is amqp (port 5671) or websocket (port 443)");
    auto const sign_in = reader.text("sign_in");
    if (sign_in == "plain")
        source.sign_in = EventSourceSetting::SignIn::plain;
    else if (!sign_in.empty() && sign_in != "cbs")
        reader.problem("sign_in", "sign_in is cbs (tokens, the default) or plain (the key itself, by SASL PLAIN)");
}

void read_kafka(TableReader& reader, EventSourceSetting& source) {
    source.host = reader.text("brokers");
    for (auto const broker : split(source.host, ','))
        if (!is_word(trim(broker), "-.:") || !broker.contains(':'))
            reader.problem("brokers",
                           "brokers are host:port, separated by commas, such as "
                           "\"shop.servicebus.windows.net:9093\"");
    source.entity = read_word(reader, "topic");
    source.group = read_word(reader, "consumer_group", "kssedr");
    source.user = reader.text("user");
    source.is_plaintext = reader.flag("plaintext");
    if (!source.user.empty() && !reader.has("secret_from"))
        reader.problem("user", "a user needs secret_from, which names the variable with the password");
    if (source.is_plaintext && (!source.user.empty() || reader.has("secret_from")))
        reader.problem("plaintext",
                       "a password does not go out in the clear; leave plaintext, or user and "
                       "secret_from, out");
    // What Event Hubs asks for, where nobody says otherwise.
    if (source.user.empty() && reader.has("secret_from")) source.user = "$ConnectionString";
}

void read_queue(TableReader& reader, EventSourceSetting& source) {
    source.entity = read_word(reader, "queue");
    source.host = reader.text("service");
    while (source.host.ends_with('/')) source.host.pop_back();
    bool const is_url = source.host.starts_with("https://") && is_word(source.host.substr(8), "-.:/");
    if (reader.has("service") && !is_url)
        reader.problem("service",
                       "service is the queue service's URL, such as https://shop.queue.core.windows.net; "
                       "without it the account of AzureWebJobsStorage is asked");
}

}  // namespace

std::optional<EventSourceSetting> read_source(GivenTable const& given, Environment const& environment,
                                              Problems& problems) {
    TableReader reader(given, problems);
    EventSourceSetting source;
    source.where = given.where;
    source.name = read_name(reader);
    auto const* const kind = find_kind(reader);
    if (kind == nullptr) return std::nullopt;
    source.kind = kind->kind;
    std::vector<std::string_view> members{"name", "type"};
    members.insert(members.end(), kind->needed.begin(), kind->needed.end());
    members.insert(members.end(), kind->possible.begin(), kind->possible.end());
    reader.check_names("a source of type " + std::string(kind->type), members);
    switch (source.kind) {
    case Kind::event_hub: read_hub(reader, source); break;
    case Kind::kafka: read_kafka(reader, source); break;
    case Kind::event_grid_namespace:
        source.host = read_host(reader, "namespace", "shop.westeurope-1.eventgrid.azure.net");
        source.entity = read_word(reader, "topic");
        source.group = read_word(reader, "subscription");
        break;
    case Kind::storage_queue: read_queue(reader, source); break;
    }
    read_start(reader, source);
    source.secret = read_secret(reader, environment);
    if (!reader.is_usable()) return std::nullopt;
    return source;
}

}  // namespace kssedr::config
