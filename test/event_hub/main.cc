// event-hub-tool: reads an event hub as the daemon does, without a daemon around it, and prints what comes.
//
//   event-hub-tool list                 the partitions, and what they tell of themselves
//   event-hub-tool read PARTITION FROM  events of one, a JSON line each; FROM is earliest, latest, or a sequence number
//
// The connection string stands in HUB_CONNECTION, a CA bundle in SSL_CERT_FILE. HUB_WEBSOCKET: within a WebSocket.
// HUB_PLAIN: SASL PLAIN.

#include "async/run.h"
#include "azure/amqp_event_hub.h"
#include "config/environment.h"
#include "formats/json_text.h"

#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <string>

namespace kssedr {
namespace {

using namespace std::chrono_literals;

std::string environment(std::string_view name) {
    static auto const all = config::read_environment();
    auto const place = all.find(name);
    return place == all.end() ? std::string() : place->second;
}

class NoTokens final : public azure::TokenSource {
public:
    Async<azure::Token> bearer(std::string, SteadyPoint) override {
        auto const given = environment("HUB_TOKEN");
        if (given.empty()) co_return fail(Errc::permission_denied, "this tool has no identity");
        co_return std::make_shared<SecretString const>(SecretString::copy_of(given));
    }
    void reject(std::string const&, azure::Token const&) override {}
};

int complain(Error const& error) {
    std::fprintf(stderr, "%s: %s [%s]\n", std::string(to_string(error.code())).c_str(), error.message().c_str(),
                 error.service_code().c_str());
    return 1;
}

Async<void> list(azure::AmqpEventHub& hub, Clock& clock) {
    KSSEDR_CO_TRY(auto const partitions, co_await hub.list_partitions(clock.steady_now() + 20s));
    for (auto const& partition : partitions) {
        KSSEDR_CO_TRY(auto const told, co_await hub.describe(partition, clock.steady_now() + 20s));
        std::printf("{\"partition\":\"%s\",\"first\":%lld,\"last\":%lld,\"offset\":\"%s\"}\n", told.partition.c_str(),
                    static_cast<long long>(told.first_sequence), static_cast<long long>(told.last_sequence),
                    told.last_offset.c_str());
    }
    co_return Result<void>();
}

Async<void> read(azure::AmqpEventHub& hub, Clock& clock, std::string partition, std::string const& from) {
    azure::EventPosition position;
    if (from == "latest") position.kind = azure::EventPosition::Kind::latest;
    if (from != "latest" && from != "earliest") {
        position.kind = azure::EventPosition::Kind::after_sequence;
        position.sequence = std::stoll(from);
    }
    KSSEDR_CO_TRY(auto reader, co_await hub.open(std::move(partition), position, 0, clock.steady_now() + 20s));
    std::printf("{\"open\":true}\n");
    std::fflush(stdout);
    for (;;) {
        auto const events = co_await reader->read(100, clock.steady_now() + 60s);
        if (!events) {
            reader.reset();
            co_return std::unexpected(events.error());
        }
        for (auto const& event : *events) {
            std::printf("{\"sequence\":%lld,\"offset\":\"%s\",\"body\":%s}\n", static_cast<long long>(event.sequence),
                        event.offset.c_str(), formats::format_json_string(event.body).c_str());
        }
        std::fflush(stdout);
    }
}

Task<int> run_in(azure::AmqpEventHub& hub, Clock& clock, int argc, char** argv) {
    std::string const command = argc > 1 ? argv[1] : "";
    Result<void> done = fail(Errc::invalid_argument, "list, or read PARTITION FROM");
    if (command == "list") done = co_await list(hub, clock);
    if (command == "read" && argc == 4) done = co_await read(hub, clock, argv[2], argv[3]);
    co_await hub.close();
    co_return done ? 0 : complain(done.error());
}

}  // namespace
}  // namespace kssedr

int main(int argc, char** argv) {
    using namespace kssedr;
    azure::AmqpEventHubOptions options;
    auto access = azure::parse_event_hub_connection(environment("HUB_CONNECTION"), "");
    if (!access) return complain(access.error());
    options.access = *std::move(access);
    if (!environment("HUB_TOKEN").empty()) options.access.key = SecretString();
    options.ca_file = environment("SSL_CERT_FILE");
    options.connect_to = environment("HUB_CONNECT_TO");
    options.signs_in_plainly = !environment("HUB_PLAIN").empty();
    options.uses_websocket = !environment("HUB_WEBSOCKET").empty();
    asio::io_context loop(1);
    SystemClock clock;
    SystemRandom random;
    NoTokens tokens;
    azure::AmqpEventHub hub(loop.get_executor(), tokens, clock, random, std::move(options));
    return run(loop, run_in(hub, clock, argc, argv));
}
