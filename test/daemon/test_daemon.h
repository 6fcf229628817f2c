/// TestDaemon: the daemon's HTTP side over a store in memory, in virtual time, for the tests beside this.

#pragma once

#include "server/daemon_handler.h"
#include "support/coro_test.h"
#include "support/memory_store.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <map>
#include <string>

namespace kssedr::server {

/// A log whose lines are counted by name.
class CountedLog final : public Log {
public:
    std::map<std::string, int, std::less<>> lines;

private:
    void put(LogLevel, std::string_view event, std::initializer_list<LogField>) override {
        ++lines[std::string(event)];
    }
};

/// Takes the tokens that it was given, and answers `failure` to any other.
class ScriptedCheck final : public ports::TokenCheck {
public:
    std::map<std::string, ports::Principal, std::less<>> principals;
    Error failure{Errc::permission_denied, "the token has a wrong signature"};

    Async<ports::Principal> check(SecretString token, SteadyPoint) override {
        auto const found = principals.find(token.expose());
        if (found == principals.end()) co_return fail(failure);
        co_return found->second;
    }
};

class ScriptedRotations final : public RotateNow {
public:
    explicit ScriptedRotations(Clock& clock) : clock_(clock) {}

    Duration takes{};
    std::vector<RotateRequest> asked;

    Task<rotation::Outcome> rotate(RotateRequest request) override {
        rotation::Outcome outcome;
        outcome.kind = rotation::OutcomeKind::rotated;
        outcome.code = "rotated";
        outcome.reason = "as the test wants";
        outcome.trigger = rotation::Trigger::api;
        outcome.vault = request.secret.vault.text;
        outcome.secret = request.secret.name;
        asked.push_back(std::move(request));
        co_await clock_.sleep_for(takes);
        co_return outcome;
    }

private:
    Clock& clock_;
};

class ScriptedStatus final : public Status {
public:
    StatusSnapshot snapshot;
    [[nodiscard]] StatusSnapshot read() const override { return snapshot; }
};

inline constexpr std::string_view api_token = "0123456789abcdef0123456789abcdef";
inline constexpr std::string_view push_secret = "fedcba9876543210fedcba9876543210";
inline constexpr std::string_view event_grid = "4962773b-9cdb-44cf-a8bf-237846a00ab7";

struct TestDaemon {
    explicit TestDaemon(asio::any_io_executor const& executor, Clock& clock, bool has_rules = true)
        : rotations(clock),
          metrics(clock, {.version = "1.2.3", .sources = {"hub"}, .providers = {"Microsoft.Storage/storageAccounts"}}),
          handler(executor, {status, {store, store, inbox}, rotations, metrics, clock, log}, options(has_rules)) {
        status.snapshot.started = clock.now();
        status.snapshot.mode = "rotate";
        status.snapshot.store.is_ready = status.snapshot.identity.is_ready = true;
    }

    DaemonOptions options(bool has_rules) {
        DaemonOptions made{.version = "1.2.3", .region_name = "West Europe"};
        made.rules.vault_suffix = "vault.azure.net";
        made.on_accepted = [this] { ++accepted; };
        if (!has_rules) return made;
        made.rules.push.secret_header = "x-kssedr-key";
        made.rules.push.shared_secret = SecretString::copy_of(push_secret);
        made.rules.push.token_check = check;
        made.rules.push.applications = {std::string(event_grid)};
        made.rules.api.shared_secret = SecretString::copy_of(api_token);
        made.rules.api.token_check = check;
        made.rules.api.roles = {"Kssedr.Operate"};
        return made;
    }

    using Headers = std::vector<std::pair<std::string, std::string>>;

    Task<listen::Response> ask(std::string method, std::string target, Headers headers = {}, std::string body = {}) {
        listen::Request request;
        request.method = std::move(method);
        request.target = std::move(target);
        request.host = "kssedr.example";
        for (auto& [name, value] : headers) request.headers.add(std::move(name), std::move(value));
        request.body = SecretString::copy_of(body);
        co_return co_await handler.handle(request);
    }
    Task<listen::Response> ask_api(std::string method, std::string target, std::string body = {}) {
        Headers headers{{"Authorization", "Bearer " + std::string(api_token)}};
        co_return co_await ask(std::move(method), std::move(target), std::move(headers), std::move(body));
    }

    CountedLog log;
    ScriptedStatus status;
    test::MemoryStore store;
    test::MemoryInbox inbox;
    ScriptedRotations rotations;
    std::shared_ptr<ScriptedCheck> check = std::make_shared<ScriptedCheck>();
    ServerMetrics metrics;
    int accepted = 0;
    DaemonHandler handler;
};

inline boost::json::value json_of(listen::Response const& response) {
    boost::system::error_code error;
    auto body = boost::json::parse(response.body, error);
    EXPECT_FALSE(error) << response.body;
    return body;
}

inline std::string error_code_of(listen::Response const& response) {
    auto const body = json_of(response);
    auto const& error = body.at("error").as_object();
    EXPECT_TRUE(error.contains("message"));
    return std::string(error.at("code").as_string());
}

}  // namespace kssedr::server
