#include "app/sources.h"

#include "azure/amqp_event_hub.h"
#include "azure/blob_checkpoints.h"
#include "azure/event_grid_queue.h"
#include "azure/event_hub_source.h"
#include "azure/kafka_source.h"
#include "azure/queue_source.h"
#include "azure/storage_queue.h"
#include "base/ascii.h"
#include "base/check.h"

#include <algorithm>

namespace kssedr::app {
namespace {

using config::EventSourceSetting;

constexpr std::uint16_t amqp_port = 5671;
constexpr std::uint16_t https_port = 443;

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
    options.uses_websocket = setting.transport == EventSourceSetting::Transport::websocket;
    options.signs_in_plainly = setting.sign_in == EventSourceSetting::SignIn::plain;
    if (options.uses_websocket && options.access.port == amqp_port) options.access.port = https_port;
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

std::unique_ptr<azure::MessageQueue> make_storage_queue(World& world, EventSourceSetting const& setting) {
    config::StorageSetting storage;
    if (!setting.host.empty()) {
        storage.endpoint = setting.host;
    } else {
        auto const& own = world.daemon().own_queues;
        KSSEDR_CHECK(own.has_value(), "a queue without a service that was not checked");
        storage.endpoint = own->queue_endpoint;
        storage.account = own->account;
        storage.account_key = own->account_key.clone();
        storage.shared_access_signature = own->shared_access_signature.clone();
    }
    return std::make_unique<azure::StorageQueue>(world.queues(std::move(storage)), setting.entity);
}

std::unique_ptr<azure::MessageQueue> make_event_grid_queue(World& world, EventSourceSetting const& setting) {
    azure::EventGridQueueOptions options{setting.host, setting.entity, setting.group, setting.secret.clone()};
    return std::make_unique<azure::EventGridQueue>(world.transport(), world.tokens(), world.clock(), world.random(),
                                                   std::move(options));
}

std::unique_ptr<ports::EventSource> make_queue_source(asio::any_io_executor const& executor, World& world,
                                                      EventSourceSetting const& setting, Log& log) {
    auto queue = setting.kind == EventSourceSetting::Kind::storage_queue ? make_storage_queue(world, setting)
                                                                         : make_event_grid_queue(world, setting);
    return std::make_unique<azure::QueueSource>(executor, setting.name, std::move(queue), world.clock(), world.random(),
                                                log);
}

}  // namespace

config::Problems check_sources(config::DaemonSettings const& settings) {
    config::Problems problems;
    for (auto const& setting : settings.sources) {
        bool const needs_own = setting.kind == EventSourceSetting::Kind::storage_queue && setting.host.empty();
        if (needs_own && (!settings.own_queues || settings.own_queues->queue_endpoint.empty()))
            problems.push_back(setting.where +
                               ": neither service nor AzureWebJobsStorage says which account has the queue; set "
                               "service to its URL, such as https://shop.queue.core.windows.net");
        bool const has_connection = setting.kind == EventSourceSetting::Kind::event_hub && !setting.secret.empty();
        if (!has_connection && setting.sign_in == EventSourceSetting::SignIn::plain)
            problems.push_back(setting.where +
                               ": sign_in = \"plain\" needs secret_from, a connection string with a key");
        if (!has_connection) continue;
        auto const access = azure::parse_event_hub_connection(setting.secret.expose(), setting.entity);
        if (!access) problems.push_back(setting.where + ": " + access.error().message());
        if (access && access->key.empty() && setting.sign_in == EventSourceSetting::SignIn::plain)
            problems.push_back(setting.where +
                               ": sign_in = \"plain\" needs a SharedAccessKey in the connection string");
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
        case EventSourceSetting::Kind::storage_queue:
            made.all.push_back(make_queue_source(executor, world, setting, log));
            break;
        }
    }
    return made;
}

}  // namespace kssedr::app
