#include "app/sources.h"

#include "azure/amqp_event_hub.h"
#include "azure/blob_checkpoints.h"
#include "azure/event_hub_source.h"
#include "azure/kafka_source.h"
#include "base/ascii.h"
#include "base/check.h"

#include <algorithm>

namespace kssedr::app {
namespace {

using config::EventSourceSetting;

// `host:port:address`, as curl's --resolve; `*` for any host.
std::string resolved(std::vector<std::string> const& entries, std::string_view host, std::uint16_t port) {
    for (auto const& entry : entries) {
        auto const first = entry.find(':');
        auto const second = entry.find(':', first + 1);
        auto const name = std::string_view(entry).substr(0, first);
        bool const is_host = name == "*" || equals_ignore_case(name, host);
        if (is_host && entry.substr(first + 1, second - first - 1) == std::to_string(port))
            return entry.substr(second + 1);
    }
    return {};
}

azure::EventPosition position_of(EventSourceSetting const& setting) {
    azure::EventPosition position;
    if (setting.start == EventSourceSetting::Start::latest) position.kind = azure::EventPosition::Kind::latest;
    if (setting.start == EventSourceSetting::Start::time) {
        position.kind = azure::EventPosition::Kind::from_time;
        position.time = setting.start_time;
    }
    return position;
}

azure::OnLostPosition rule_of(EventSourceSetting const& setting) {
    switch (setting.on_lost_position) {
    case EventSourceSetting::OnLostPosition::latest: return azure::OnLostPosition::latest;
    case EventSourceSetting::OnLostPosition::stop: return azure::OnLostPosition::stop;
    case EventSourceSetting::OnLostPosition::earliest: break;
    }
    return azure::OnLostPosition::earliest;
}

// A connection string was found right before anything was begun.
azure::EventHubAccess access_of(EventSourceSetting const& setting) {
    if (setting.secret.empty()) return {.host = setting.host, .hub = setting.entity};
    auto access = azure::parse_event_hub_connection(setting.secret.expose(), setting.entity);
    KSSEDR_CHECK(access.has_value(), "a connection string that was not checked");
    return *std::move(access);
}

std::unique_ptr<ports::EventSource> make_event_hub(asio::any_io_executor const& executor, World& world,
                                                   ports::Checkpoints& checkpoints, EventSourceSetting const& setting,
                                                   Log& log) {
    azure::AmqpEventHubOptions options;
    options.access = access_of(setting);
    options.group = setting.group;
    options.ca_file = world.ca_file();
    options.connect_to = resolved(world.resolve(), options.access.host, options.access.port);
    azure::EventHubSourceOptions source;
    source.name = setting.name;
    source.stream = {options.access.host, to_ascii_lower(options.access.hub), to_ascii_lower(setting.group)};
    source.start = position_of(setting);
    source.on_lost_position = rule_of(setting);
    auto client = std::make_unique<azure::AmqpEventHub>(executor, world.tokens(), world.clock(), world.random(),
                                                        std::move(options));
    return std::make_unique<azure::EventHubSource>(executor, std::move(client), checkpoints, world.clock(),
                                                   world.random(), log, std::move(source));
}

std::unique_ptr<ports::EventSource> make_kafka(asio::any_io_executor const& executor, World& world,
                                               EventSourceSetting const& setting, Log& log) {
    azure::KafkaSourceOptions options;
    options.name = setting.name;
    options.brokers = setting.host;
    options.topic = setting.entity;
    options.group = setting.group;
    options.user = setting.user;
    options.password = setting.secret.clone();
    options.is_plaintext = setting.is_plaintext;
    options.ca_file = world.ca_file();
    if (setting.start == EventSourceSetting::Start::latest) options.start = azure::KafkaSourceOptions::Start::latest;
    return std::make_unique<azure::KafkaSource>(executor, world.offload(), std::move(options), &world.tokens(),
                                                world.clock(), log);
}

}  // namespace

config::Problems check_sources(config::DaemonSettings const& settings) {
    config::Problems problems;
    for (auto const& setting : settings.sources) {
        bool const is_there =
            setting.kind == EventSourceSetting::Kind::event_hub || setting.kind == EventSourceSetting::Kind::kafka;
        if (!is_there)
            problems.push_back(setting.where +
                               ": sources of this type are not there yet; leave it out, and let "
                               "events arrive by event-hub, kafka or push");
        if (setting.transport == EventSourceSetting::Transport::websocket)
            problems.push_back(setting.where +
                               ": websocket is not there yet; let kssedr reach port 5671, or read the "
                               "hub by type = \"kafka\"");
        bool const has_connection = setting.kind == EventSourceSetting::Kind::event_hub && !setting.secret.empty();
        if (!has_connection) continue;
        auto const access = azure::parse_event_hub_connection(setting.secret.expose(), setting.entity);
        if (!access) problems.push_back(setting.where + ": " + access.error().message());
    }
    return problems;
}

Sources make_sources(asio::any_io_executor const& executor, World& world, store::Store& store, Log& log) {
    Sources made;
    auto& settings = world.daemon();
    if (settings.checkpoints)
        made.checkpoints = std::make_unique<azure::BlobCheckpoints>(
            world.blobs(std::move(settings.checkpoints->storage)), settings.checkpoints->name, world.clock());
    auto& checkpoints = made.checkpoints ? *made.checkpoints : store.checkpoints();
    for (auto const& setting : settings.sources) {
        switch (setting.kind) {
        case EventSourceSetting::Kind::event_hub:
            made.all.push_back(make_event_hub(executor, world, checkpoints, setting, log));
            break;
        case EventSourceSetting::Kind::kafka: made.all.push_back(make_kafka(executor, world, setting, log)); break;
        case EventSourceSetting::Kind::event_grid_namespace:
        case EventSourceSetting::Kind::storage_queue: break;
        }
    }
    return made;
}

}  // namespace kssedr::app
