#include "providers/hooks.h"

#include "formats/value_form.h"
#include "providers/slots_by_kind.h"
#include "support/coro_test.h"
#include "support/loop_test.h"
#include "support/one_secret.h"
#include "support/seeded_random.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

namespace kssedr::providers {
namespace {

using namespace std::chrono_literals;
using http::Method;
using ports::Trial;

constexpr std::string_view url = "https://portal.example.com/hooks";
constexpr std::string_view two_keys =
    R"({"slots":[{"name":"key1","value":"first-key"},{"name":"key2","value":"second-key"}]})";

rotation::OwnerId owner(std::string const& name) {
    return *rotation::OwnerId::parse("hook:" + name);
}

rotation::Hook program(std::string script) {
    return {.owner = owner("relay"), .command = {"/bin/sh", "-c", std::move(script)}};
}

rotation::Hook service() {
    rotation::Hook hook{.owner = owner("portal"), .url = std::string(url)};
    hook.signing_secret = rotation::SecretRef{{"ops.vault.azure.net"}, "portal-signing"};
    return hook;
}

std::vector<rotation::Hook> only(rotation::Hook hook) {
    std::vector<rotation::Hook> hooks;
    hooks.push_back(std::move(hook));
    return hooks;
}

/// Remembers the last line.
class LastLine final : public Log {
public:
    LogLevel level = LogLevel::off;
    std::string said;

private:
    void put(LogLevel at, std::string_view event, std::initializer_list<LogField> fields) override {
        level = at;
        said = std::string(event);
        for (auto const& field : fields) said += ' ' + std::string(field.name) + '=' + field.value;
    }
};

struct World {
    World(Clock& clock, rotation::Hook hook)
        : transport(clock), hooks(transport, vault, clock, random, log, only(std::move(hook))) {}

    test::ScriptedTransport transport;
    test::OneSecret vault{" 0123456789abcdef\n"};
    test::SeededRandom random{1};
    LastLine log;
    Hooks hooks;
};

class HookPrograms : public test::LoopTest {
protected:
    Errc code_of_list(World& world) {
        Errc code = Errc::internal;
        auto const body = [&]() -> Task<void> {
            auto const listed = co_await world.hooks.list(owner("relay"), after(20s));
            if (!listed) code = listed.error().code();
        };
        run(body());
        return code;
    }
    Errc code_of_regenerate(World& world) {
        Errc code = Errc::internal;
        auto const body = [&]() -> Task<void> {
            auto const made = co_await world.hooks.regenerate(owner("relay"), "key2", after(20s));
            if (!made) code = made.error().code();
        };
        run(body());
        return code;
    }
    ports::TrialResult verify(World& world) {
        ports::TrialResult result;
        auto const body = [&]() -> Task<void> {
            auto const key = SecretString::copy_of("first-key");
            result = co_await world.hooks.verify(owner("relay"), key, key, after(20s));
        };
        run(body());
        return result;
    }
};

TEST_F(HookPrograms, WhetherARegenerationHappenedIsKnownOnlyByAnAnswer) {
    struct Case {
        std::string script;
        Errc list;
        Errc regenerate;
    };
    for (auto const& [script, list, regenerate] : std::initializer_list<Case>{
             {"kill -9 $$", Errc::unavailable, Errc::outcome_unknown},
             {"exit 3", Errc::unavailable, Errc::outcome_unknown},
             {"tail -f /dev/null", Errc::unavailable, Errc::outcome_unknown},
             {"cat /dev/zero", Errc::unavailable, Errc::outcome_unknown},
             {"true", Errc::unavailable, Errc::outcome_unknown},
             {"echo no JSON", Errc::unavailable, Errc::outcome_unknown},
             {"echo '" + std::string(two_keys) + "'; exit 1", Errc::unavailable, Errc::outcome_unknown},
             {R"(echo '{"error":{"code":"unknown"}}')", Errc::unavailable, Errc::outcome_unknown},
             {R"(echo '{"error":{"code":"unavailable"}}'; exit 1)", Errc::unavailable, Errc::unavailable},
             {R"(echo '{"error":{"code":"denied"}}')", Errc::permission_denied, Errc::permission_denied},
             {R"(echo '{"error":{"code":"throttled"}}')", Errc::throttled, Errc::throttled},
         }) {
        auto hook = program(script);
        if (script.starts_with("tail")) hook.timeout = 50ms;
        World world(clock(), std::move(hook));
        EXPECT_EQ(code_of_list(world), list) << script;
        EXPECT_EQ(code_of_regenerate(world), regenerate) << script;
        EXPECT_EQ(verify(world).trial, Trial::inconclusive) << script;
    }
    auto hook = program("");
    hook.command = {"/not/there"};
    World world(clock(), std::move(hook));
    EXPECT_EQ(code_of_regenerate(world), Errc::unavailable) << "what was not started did nothing";
}

TEST_F(HookPrograms, WhatTheySayIsLogged) {
    World failing(clock(), program("echo 'no\tway' >&2; exit 1"));
    (void)code_of_list(failing);
    EXPECT_EQ(failing.log.level, LogLevel::warn);
    EXPECT_EQ(failing.log.said, "hook.said resource=hook:relay operation=list said=no\\u{9}way");
    World telling(clock(), program("echo 'I have first-key' >&2; echo '" + std::string(two_keys) + "'"));
    (void)code_of_list(telling);
    EXPECT_EQ(telling.log.level, LogLevel::debug);
    EXPECT_FALSE(telling.log.said.contains("first-key")) << telling.log.said;
    World trying(clock(), program("cat >&2"));
    (void)verify(trying);
    EXPECT_FALSE(trying.log.said.contains("first-key")) << trying.log.said;
    EXPECT_TRUE(trying.log.said.contains("operation=verify"));
}

CORO_TEST(HookServices, ARequestIsSigned) {
    World world(clock(), service());
    world.transport.expect(Method::post, std::string(url)).answer(200, std::string(two_keys));
    auto const listed = co_await world.hooks.list(owner("portal"), SteadyPoint::max());
    CO_ASSERT(listed && listed->slots.size() == 2);
    EXPECT_EQ(world.vault.asked, "https://ops.vault.azure.net/secrets/portal-signing");
    auto const& sent = world.transport.sent().front();
    EXPECT_TRUE(sent.repeatable);
    EXPECT_TRUE(sent.body.contains("\"id\":\"" + sent.header("X-Kssedr-Id") + "\"")) << sent.body;
    EXPECT_EQ(sent.header("X-Kssedr-Signature"), format_hook_signature(SecretString::copy_of("0123456789abcdef"),
                                                                       test::epoch, SecretString::copy_of(sent.body)));
}

// printf '1768469400.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
TEST(HookSignature, IsOfStripesConvention) {
    EXPECT_EQ(format_hook_signature(SecretString::copy_of("0123456789abcdef"), test::epoch,
                                    SecretString::copy_of("{\"a\":1}")),
              "t=1768469400,v1=21b7b523eafa2f4f5955b67797938fc04c92398eeb7390f08589418f86b8f2c7");
}

CORO_TEST(HookServices, AStatusSaysWhatCanBeDone) {
    struct Case {
        long status;
        std::string body;
        Errc regenerate;
    };
    for (auto const& [status, body, regenerate] : std::initializer_list<Case>{
             {200, "", Errc::outcome_unknown},
             {307, "", Errc::invalid_argument},
             {400, "", Errc::invalid_argument},
             {401, "", Errc::permission_denied},
             {403, std::string(two_keys), Errc::permission_denied},
             {404, "<html>", Errc::invalid_argument},
             {408, "", Errc::outcome_unknown},
             {429, "", Errc::throttled},
             {500, "", Errc::outcome_unknown},
             {503, R"({"error":{"code":"unavailable","message":"later"}})", Errc::unavailable},
             {404, R"({"error":{"code":"not-found","message":"no relay"}})", Errc::not_found},
         }) {
        World world(clock(), service());
        world.transport.expect(Method::post, std::string(url)).answer(status, body, {{"retry-after", "7"}});
        auto const made = co_await world.hooks.regenerate(owner("portal"), "key1", SteadyPoint::max());
        CO_ASSERT(!made);
        EXPECT_EQ(made.error().code(), regenerate) << status << body;
        EXPECT_FALSE(world.transport.sent().front().repeatable);
        if (status == 429) {
            EXPECT_EQ(made.error().retry_after(), Duration{7s});
        }
    }
}

CORO_TEST(HookServices, WhatWasNotSentWasNotDone) {
    for (auto const& [fails, code] : std::initializer_list<std::pair<Errc, Errc>>{
             {Errc::unavailable, Errc::unavailable},
             {Errc::deadline_exceeded, Errc::deadline_exceeded},
             {Errc::outcome_unknown, Errc::outcome_unknown},
             {Errc::corrupt, Errc::outcome_unknown},
         }) {
        World world(clock(), service());
        world.transport.expect(Method::post, std::string(url)).fails(fails);
        auto const made = co_await world.hooks.regenerate(owner("portal"), "key1", SteadyPoint::max());
        CO_ASSERT(!made);
        EXPECT_EQ(made.error().code(), code) << to_string(fails);
    }
    // Nor is anything sent that is not signed.
    World unreadable(clock(), service());
    unreadable.vault.fails_with = Errc::not_found;
    auto const made = co_await unreadable.hooks.regenerate(owner("portal"), "key1", SteadyPoint::max());
    CO_ASSERT(!made);
    EXPECT_EQ(made.error().code(), Errc::invalid_argument) << "a secret that is missing is not the hook's owner";
}

CORO_TEST(HookServices, TheirTimeoutHolds) {
    World world(clock(), service());
    world.transport.expect(Method::post, std::string(url)).after(21s).answer(200, std::string(two_keys));
    auto const listed = co_await world.hooks.list(owner("portal"), SteadyPoint::max());
    CO_ASSERT(!listed);
    EXPECT_EQ(listed.error().code(), Errc::unavailable);
    EXPECT_EQ(clock().now(), test::epoch + 20s);
}

CORO_TEST(Hooks, OthersAreNotServed) {
    World world(clock(), service());
    EXPECT_TRUE(world.hooks.serves(owner("Portal")));
    EXPECT_FALSE(world.hooks.serves(owner("portals")));
    EXPECT_TRUE(world.hooks.explain_unserved(owner("portals")).contains("the nearest is portal"));
    auto const listed = co_await world.hooks.list(owner("portals"), SteadyPoint::max());
    EXPECT_FALSE(listed);
    auto const made = co_await world.hooks.regenerate(owner("portal"), "key3", SteadyPoint::max());
    CO_ASSERT(!made);
    EXPECT_EQ(made.error().code(), Errc::invalid_argument);
}

TEST(Hooks, ValuesAreUnderstoodByTheirForm) {
    struct Case {
        std::string_view value;
        std::string_view credential;  // empty: not understood
    };
    auto hook = service();
    hook.connection_member = "Password";
    std::erase(hook.marks, '=');
    hook.hosts = {"mail.example.com"};
    auto const shape = shape_of(hook);
    for (auto const& [value, credential] : std::initializer_list<Case>{
             {"first-key", "first-key"},
             {" first-key\n", "first-key"},
             {"short", ""},
             {"two words", ""},
             {"Password=first-key", "first-key"},
             {"Host=mail.example.com;User=orders;Password=first-key;Tls=true", "first-key"},
             {"Host=mail.example.org;User=orders;Password=first-key", ""},
             {"User=orders;Password=first-key;Password=other-key", ""},
             {"User=orders", ""},
             {"https://user:first-key@mail.example.com", ""},
             {R"({"user":"orders-of-all","password":"first-key","port":587})", "first-key"},
             {R"({"user":"orders-of-all","token":"first-key"})", ""},
             {R"({"password":"first-key","PassWord":"other-key"})", ""},
             {R"({"password":"first-key","host":"mail.example.org"})", ""},
         }) {
        auto const text = SecretString::copy_of(value);
        auto const form = formats::parse_value_form(text, shape);
        EXPECT_EQ(form.has_value(), !credential.empty()) << value << (form ? "" : form.error().message());
        if (form) {
            EXPECT_EQ(formats::credential_in(text, *form).expose(), credential) << value;
        }
    }
}

}  // namespace
}  // namespace kssedr::providers
