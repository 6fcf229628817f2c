// login-tool: one call of providers::DatabaseLogins, for tests with real servers.
//
//   login-tool CONFIG ADMIN_PASSWORD SECONDS set|try LOGIN PASSWORD
//
// The owner is that of the first `[[database]]` of the file. Prints `done`, or the code of the failure and its message;
// or what the trial told.

#include "async/offload.h"
#include "async/run.h"
#include "config/settings.h"
#include "providers/database_logins.h"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <span>

namespace {

using namespace kssedr;

// Holds the administrator's password, whatever it is asked for.
class OneSecret final : public ports::Vault {
public:
    explicit OneSecret(std::string_view value) : value_(SecretString::copy_of(value)) {}

    Async<rotation::SecretVersion> fetch(rotation::SecretRef, std::string, SteadyPoint) override {
        rotation::SecretVersion version;
        version.value = value_.clone();
        co_return version;
    }
    Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef, SteadyPoint) override {
        co_return fail(Errc::internal, "not asked");
    }
    Async<rotation::SecretListing> list_secrets(rotation::VaultHost, SteadyPoint) override {
        co_return fail(Errc::internal, "not asked");
    }
    Async<rotation::SecretProperties> publish(rotation::SecretRef, rotation::SecretDraft const&, SteadyPoint) override {
        co_return fail(Errc::internal, "not asked");
    }
    Async<void> disable(rotation::SecretRef, std::string, SteadyPoint) override {
        co_return fail(Errc::internal, "not asked");
    }

private:
    SecretString value_;
};

class NoTokens final : public azure::TokenSource {
public:
    Async<azure::Token> bearer(std::string, SteadyPoint) override { co_return fail(Errc::internal, "not asked"); }
    void reject(std::string const&, azure::Token const&) override {}
};

Task<std::string> call(providers::DatabaseLogins& logins, rotation::OwnerId owner, std::string what, std::string login,
                       SecretString password, SteadyPoint deadline) {
    if (what == "set") {
        auto const done = co_await logins.set(std::move(owner), std::move(login), password, deadline);
        if (done) co_return "done";
        co_return std::string(to_string(done.error().code())) + ": " + done.error().message();
    }
    auto const told = co_await logins.try_login(std::move(owner), std::move(login), password, deadline);
    auto const* const word = told.trial == ports::Trial::accepted   ? "accepted"
                             : told.trial == ports::Trial::rejected ? "rejected"
                                                                    : "inconclusive";
    co_return std::string(word) + ": " + told.why;
}

}  // namespace

int main(int argc, char** argv) {
    std::span<char*> const given(argv, static_cast<std::size_t>(argc));
    if (given.size() != 7) return 2;
    config::Environment const environment{{"tenantId", "t"}, {"clientId", "c"}, {"clientSecret", "s"}};
    auto loaded = config::load(environment, {.config_file = given[1]});
    if (!loaded) {
        for (auto const& problem : loaded.error()) std::cerr << problem << '\n';
        return 2;
    }
    auto const owner = loaded->settings.databases.at(0).owner;
    asio::io_context loop(1);
    SystemClock clock;
    SystemRandom random;
    OneSecret vault(given[2]);
    NoTokens tokens;
    Offload offload(loop.get_executor());
    providers::DatabaseLogins logins(providers::make_database_clients(offload, clock), vault, tokens, random,
                                     std::move(loaded->settings.databases), {}, {});
    auto const deadline = clock.steady_now() + std::chrono::seconds{std::atoi(given[3])};
    std::cout << run(loop, call(logins, owner, given[4], given[5], SecretString::copy_of(given[6]), deadline)) << '\n';
    return 0;
}
