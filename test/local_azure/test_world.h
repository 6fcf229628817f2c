/// TestWorld: the services on one virtual clock, without sockets; for the tests beside them.

#pragma once

#include "base/ascii.h"
#include "base/encoding.h"
#include "emulator/router.h"
#include "emulator/storage_keys.h"
#include "support/coro_test.h"
#include "support/seeded_random.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

namespace kssedr::emulator {

inline std::string to_text(listen::Response const& response, std::string_view header) {
    return std::string(response.headers.find(header).value_or(""));
}

/// A member by path, such as `error.code`; null where it is missing.
inline json::value member(json::value const& value, std::string_view path) {
    auto const* at = &value;
    for (auto const name : split(path, '.')) {
        auto const* object = at->if_object();
        at = object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
        if (at == nullptr) return {};
    }
    return *at;
}
inline json::value member(listen::Response const& response, std::string_view path) {
    auto const parsed = parse_json(response.body);
    return parsed ? member(*parsed, path) : json::value();
}
inline std::string text_of(json::value const& value) {
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

/// Making an RSA key takes longer than most tests; one serves them all.
inline TokenSigner& shared_signer() {
    static TokenSigner signer;
    return signer;
}

class TestWorld {
public:
    TestWorld() { builder.plant_default(); }
    ~TestWorld() {
        bool stopped = false;
        asio::co_spawn(loop, events.stop(), [&](std::exception_ptr) { stopped = true; });
        holds.release(std::nullopt);
        real.run();
    }

    struct Ask {
        std::string method = "GET";
        std::string host;
        std::string target;
        std::string body;
        std::string token;
        std::vector<std::pair<std::string, std::string>> headers;
    };

    /// Starts a request; the answer comes when the virtual clock has run.
    std::shared_ptr<std::optional<listen::Response>> start(Ask ask) {
        auto request = std::make_shared<listen::Request>();
        request->method = ask.method;
        request->host = ask.host;
        request->target = ask.target;
        request->body = SecretString::copy_of(ask.body);
        request->headers.add("Host", ask.host);
        if (!ask.body.empty()) request->headers.add("Content-Length", std::to_string(ask.body.size()));
        if (!ask.token.empty()) request->headers.add("Authorization", "Bearer " + ask.token);
        for (auto& [name, value] : ask.headers) request->headers.add(name, value);
        auto answer = std::make_shared<std::optional<listen::Response>>();
        asio::co_spawn(loop, router.handle(*request),
                       [request, answer](std::exception_ptr thrown, listen::Response response) {
                           if (thrown) std::rethrow_exception(thrown);
                           *answer = std::move(response);
                       });
        return answer;
    }
    listen::Response ask(Ask what) {
        auto const answer = start(std::move(what));
        real.run();
        EXPECT_TRUE(answer->has_value()) << "no answer";
        return answer->value_or(listen::Response{.status = 0});
    }

    App const& app() const { return *world.find_app(world.first_app); }
    std::string const& subscription() const { return world.first_subscription; }
    std::string account_path() const {
        return "/subscriptions/" + subscription() +
               "/resourceGroups/demo/providers/Microsoft.Storage/storageAccounts/demostorage";
    }

    std::string token_for(std::string const& audience) {
        auto const response = ask({.method = "POST",
                                   .host = "login.localhost:8443",
                                   .target = "/" + app().tenant + "/oauth2/v2.0/token",
                                   .body = "grant_type=client_credentials&client_id=" + app().client_id +
                                           "&client_secret=" + format_percent(app().secrets[0]) +
                                           "&scope=" + format_percent(audience + "/.default")});
        return text_of(member(response, "access_token"));
    }
    listen::Response vault(std::string const& method, std::string const& target, std::string const& body = {}) {
        return ask({.method = method,
                    .host = "demo.vault.localhost:8443",
                    .target = target + (target.find('?') == std::string::npos ? "?" : "&") + "api-version=7.4",
                    .body = body,
                    .token = token_for("https://vault.localhost")});
    }
    listen::Response arm(std::string const& method, std::string const& path, std::string const& body = {}) {
        return ask({.method = method,
                    .host = "management.localhost:8443",
                    .target = path + "?api-version=2023-05-01",
                    .body = body,
                    .token = token_for("https://management.localhost")});
    }
    listen::Response admin(std::string const& method, std::string const& what, std::string const& body = {}) {
        return ask({.method = method, .host = "127.0.0.1:8444", .target = "/_emulator/" + what, .body = body});
    }
    static std::string format_percent(std::string const& text) { return kssedr::format_percent(text); }

    asio::io_context loop{1};
    test::SimClock real{loop, test::epoch};
    test::SeededRandom random{7};
    World world;
    EmulatedClock clock{real, test::epoch, 1};
    TokenSigner& tokens = shared_signer();
    NullLog log;
    Ground ground{world, clock, random, tokens, log};
    Faults faults;
    CallLog calls;
    Holds holds{loop.get_executor()};
    Entra entra{ground};
    EventGrid events{ground, entra, "login.localhost:8443", loop.get_executor()};
    Builder builder{ground, events, make_cloud_names("localhost:8443")};
    KeyVault key_vault{ground, events};
    ResourceManager resource_manager{ground};
    BlobService blob{ground};
    Graph graph{ground};
    EventGridNamespace event_grid{ground};
    KeyEndpoints key_endpoints{ground};
    Admin admin_service{ground, builder, events, faults, holds, calls};
    Router router{ground,        {entra, key_vault, resource_manager, blob, graph, event_grid, key_endpoints},
                  admin_service, faults,
                  holds,         calls};
};

}  // namespace kssedr::emulator
