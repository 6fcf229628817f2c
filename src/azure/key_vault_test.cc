#include "azure/key_vault.h"

#include "azure/key_vault_format.h"
#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/scripted_tokens.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;
using http::Method;

constexpr auto version_1 = "0123456789abcdef0123456789abcdef";
constexpr auto base = "https://contoso.vault.azure.net/secrets/web";

TimePoint at(std::int64_t seconds) {
    return TimePoint(std::chrono::seconds(seconds));
}

std::string bundle(
    std::string_view more = "",
    std::string_view id = "https://contoso.vault.azure.net/secrets/web/0123456789abcdef0123456789abcdef") {
    return R"({"value":"s3cr\"et\u20ac","id":")" + std::string(id) +
           R"(","attributes":{"enabled":true,"created":1700000000,"updated":1700000001})" + std::string(more) + '}';
}

struct World {
    explicit World(Clock& clock)
        : transport(clock), vault(transport, tokens, clock, random, *rotation::find_cloud("public")) {}
    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    KeyVault vault;
    rotation::SecretRef secret{{"contoso.vault.azure.net"}, "web"};
};

CORO_TEST(KeyVault, FetchesTheCurrentVersionWithItsValue) {
    World world(clock());
    world.transport.expect(Method::get, std::string(base) + "?api-version=7.4")
        .answer(
            200,
            R"({"value":"s3cr\"et\u20ac","contentType":"text/plain","managed":false,)"
            R"("id":"https://contoso.vault.azure.net/secrets/Web/0123456789ABCDEF0123456789abcdef",)"
            R"("attributes":{"enabled":true,"nbf":1700000000,"exp":1760000000,"created":1699999999,"updated":1699999998,)"
            R"("recoveryLevel":"Recoverable+Purgeable","recoverableDays":90},"tags":{"CredentialId":"key1","Empty":""}})",
            {{"date", "Thu, 15 Jan 2026 10:00:00 GMT"}});
    auto const fetched = co_await world.vault.fetch(world.secret, "", SteadyPoint::max());
    CO_ASSERT(fetched.has_value());
    EXPECT_TRUE(fetched->value.equals("s3cr\"et\u20ac"));
    EXPECT_EQ(fetched->seen_at, test::epoch + 30min);
    rotation::SecretProperties const expected{.name = "Web",
                                              .version = version_1,
                                              .enabled = true,
                                              .managed = false,
                                              .content_type = "text/plain",
                                              .tags = {{"CredentialId", "key1"}, {"Empty", ""}},
                                              .not_before = at(1700000000),
                                              .expires = at(1760000000),
                                              .created = at(1699999999),
                                              .updated = at(1699999998)};
    EXPECT_EQ(fetched->properties, expected);
    EXPECT_EQ(world.tokens.audiences, std::vector<std::string>{"https://vault.azure.net"});
}

CORO_TEST(KeyVault, TheLocalClockServesWhereTheVaultTellsNoTime) {
    for (std::string const date : {"", "yesterday"}) {
        World world(clock());
        world.transport.expect(Method::get, std::string(base) + '/' + version_1 + "?api-version=7.4")
            .answer(200, bundle(), {{"date", date}});
        auto const fetched = co_await world.vault.fetch(world.secret, version_1, SteadyPoint::max());
        CO_ASSERT(fetched.has_value());
        EXPECT_EQ(fetched->seen_at, clock().now());
        EXPECT_FALSE(fetched->properties.expires);
        EXPECT_TRUE(fetched->properties.tags.empty());
    }
}

TEST(ParseSecret, TakesOnlyTheSecretItAskedFor) {
    struct Case {
        std::string_view name;
        std::string body;
    };
    Case const cases[] = {
        {"nothing", ""},
        {"no object", "[]"},
        {"no id", R"({"value":"x","attributes":{"created":1}})"},
        {"another secret's", bundle("", "https://contoso.vault.azure.net/secrets/db/0123456789abcdef0123456789abcdef")},
        {"another vault's",
         bundle("", "https://fabrikam.vault.azure.net/secrets/web/0123456789abcdef0123456789abcdef")},
        {"no vault's", bundle("", "https://evil.example/secrets/web/0123456789abcdef0123456789abcdef")},
        {"no version", bundle("", "https://contoso.vault.azure.net/secrets/web")},
        {"no value",
         R"({"id":"https://contoso.vault.azure.net/secrets/web/0123456789abcdef0123456789abcdef","attributes":{"created":1}})"},
        {"no time of making",
         R"({"value":"x","id":"https://contoso.vault.azure.net/secrets/web/0123456789abcdef0123456789abcdef","attributes":{"enabled":true}})"},
    };
    Expected const expected{{"contoso.vault.azure.net"}, "vault.azure.net", "web"};
    ASSERT_TRUE(parse_secret(bundle(), expected).has_value());
    for (auto const& [name, body] : cases) {
        SCOPED_TRACE(name);
        auto const parsed = parse_secret(body, expected);
        ASSERT_FALSE(parsed.has_value());
        EXPECT_EQ(parsed.error().code(), Errc::corrupt);
        EXPECT_EQ(parsed.error().message().find("s3cr"), std::string::npos);
    }
}

TEST(ParseSecret, ReadsAttributesAsTheyMayBe) {
    struct Case {
        std::string_view name;
        std::string_view attributes;
        bool enabled;
        std::optional<TimePoint> expires;
    };
    Case const cases[] = {
        {"disabled", R"("enabled":false,"created":1)", false, {}},
        {"absent", R"("created":1)", true, {}},
        {"null", R"("created":1,"exp":null)", true, {}},
        {"zero", R"("created":1,"exp":0)", true, at(0)},
        {"as a fraction", R"("created":1,"exp":1760000000.0)", true, at(1760000000)},
        {"before 1970", R"("created":1,"exp":-1)", true, {}},
        {"after every calendar", R"("created":1,"exp":9223372036854775807)", true, {}},
    };
    for (auto const& [name, attributes, enabled, expires] : cases) {
        SCOPED_TRACE(name);
        auto const body =
            R"({"id":"https://contoso.vault.azure.net/secrets/web/0123456789abcdef0123456789abcdef","attributes":{)" +
            std::string(attributes) + "}}";
        auto const parsed = parse_secret_properties(body, {{"contoso.vault.azure.net"}, "vault.azure.net", "web"});
        ASSERT_TRUE(parsed.has_value());
        EXPECT_EQ(parsed->enabled, enabled);
        EXPECT_EQ(parsed->expires, expires);
    }
}

TEST(FormatDraft, WritesWhatIsSetAndNoMore) {
    rotation::SecretDraft bare;
    bare.value = SecretString::copy_of("v\"\\\n");
    EXPECT_TRUE(format_draft(bare).equals(R"({"value":"v\"\\\u000a"})"));

    rotation::SecretDraft full;
    full.value = SecretString::copy_of("v");
    full.content_type = "a\"b";
    full.tags = {{"A", "1"}, {"B", "\"2\""}};
    full.not_before = at(1700000000) + 999ms;
    full.expires = at(1760000000) + 1ms;
    EXPECT_TRUE(format_draft(full).equals(
        R"({"value":"v","contentType":"a\"b","tags":{"A":"1","B":"\"2\""},"attributes":{"nbf":1700000000,"exp":1760000000}})"));

    rotation::SecretDraft expiring;
    expiring.value = SecretString::copy_of("v");
    expiring.expires = at(1760000000);
    EXPECT_TRUE(format_draft(expiring).equals(R"({"value":"v","attributes":{"exp":1760000000}})"));
}

CORO_TEST(KeyVault, PublishesAndReturnsTheNewVersion) {
    World world(clock());
    rotation::SecretDraft draft;
    draft.value = SecretString::copy_of("new");
    world.transport.expect(Method::put, std::string(base) + "?api-version=7.4")
        .with_body(R"({"value":"new"})")
        .answer(200, bundle());
    auto const published = co_await world.vault.publish(world.secret, draft, SteadyPoint::max());
    CO_ASSERT(published.has_value());
    EXPECT_EQ(published->version, version_1);
    EXPECT_FALSE(world.transport.sent().at(0).repeatable);
}

CORO_TEST(KeyVault, APublicationMayHaveHappenedWhereTheAnswerDoesNotSay) {
    struct Case {
        std::string_view name;
        long status;
        std::string body;
        Errc code;
    };
    Case const cases[] = {
        {"broken", 200, "{", Errc::outcome_unknown},
        {"of another secret", 200,
         bundle("", "https://contoso.vault.azure.net/secrets/db/0123456789abcdef0123456789abcdef"),
         Errc::outcome_unknown},
        {"without a version", 200, bundle("", "https://contoso.vault.azure.net/secrets/web"), Errc::outcome_unknown},
        {"a gateway's", 504, "", Errc::outcome_unknown},
        {"a refusal", 403, R"({"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByRbac"}}})",
         Errc::permission_denied},
        {"the name is held", 409,
         R"({"error":{"code":"Conflict","innererror":{"code":"ObjectIsDeletedButRecoverable"}}})",
         Errc::invalid_argument},
        {"being deleted", 409, R"({"error":{"code":"Conflict","innererror":{"code":"ObjectIsBeingDeleted"}}})",
         Errc::conflict},
        {"throttled", 429, R"({"error":{"code":"Throttled"}})", Errc::throttled},
        {"a fault found with the value", 400, R"({"error":{"code":"BadParameter","message":"new is too short"}})",
         Errc::invalid_argument},
    };
    for (auto const& [name, status, body, code] : cases) {
        SCOPED_TRACE(name);
        World world(clock());
        rotation::SecretDraft draft;
        draft.value = SecretString::copy_of("new");
        world.transport.expect(Method::put, std::string(base) + "?api-version=7.4").answer(status, body);
        auto const published = co_await world.vault.publish(world.secret, draft, SteadyPoint::max());
        CO_ASSERT(!published.has_value());
        EXPECT_EQ(to_string(published.error().code()), to_string(code));
        EXPECT_EQ(published.error().message().find("new is too short"), std::string::npos);
    }
}

std::string item(std::string_view name, std::string_view version = "") {
    return R"({"id":"https://contoso.vault.azure.net:443/secrets/)" + std::string(name) +
           (version.empty() ? "" : "/" + std::string(version)) +
           R"(","attributes":{"enabled":true,"created":1,"updated":1}})";
}

CORO_TEST(KeyVault, ListsPageByPageToTheByte) {
    World world(clock());
    std::string const second =
        "https://contoso.vault.azure.net:443/secrets?api-version=7.4&$skiptoken=eyJ+/%2B==&maxresults=25";
    std::string const third = "https://CONTOSO.vault.azure.net/secrets?x";
    world.transport.expect(Method::get, "https://contoso.vault.azure.net/secrets?api-version=7.4")
        .answer(200, R"({"value":[)" + item("a") + ',' + item("b") + R"(],"nextLink":")" + second + "\"}");
    world.transport.expect(Method::get, second).answer(200, R"({"value":[],"nextLink":")" + third + "\"}");
    world.transport.expect(Method::get, third).answer(200, R"({"value":[)" + item("c") + R"(],"nextLink":null})");
    auto const listed = co_await world.vault.list_secrets({"contoso.vault.azure.net"}, SteadyPoint::max());
    CO_ASSERT(listed.has_value());
    CO_ASSERT(listed->secrets.size() == 3);
    EXPECT_EQ(listed->secrets.at(0)->name, "a");
    EXPECT_EQ(listed->secrets.at(0)->version, "");
    EXPECT_EQ(listed->secrets.at(2)->name, "c");
}

CORO_TEST(KeyVault, ListsVersions) {
    World world(clock());
    world.transport.expect(Method::get, std::string(base) + "/versions?api-version=7.4")
        .answer(200, R"({"value":[)" + item("web", version_1) + ',' + item("WEB", "fedcba9876543210fedcba9876543210") +
                         "]}");
    auto const listed = co_await world.vault.list_versions(world.secret, SteadyPoint::max());
    CO_ASSERT(listed.has_value());
    CO_ASSERT(listed->size() == 2);
    EXPECT_EQ(listed->at(1).version, "fedcba9876543210fedcba9876543210");
}

CORO_TEST(KeyVault, DoesNotFollowAListingAnywhereElse) {
    constexpr std::string_view links[] = {
        "https://evil.example/secrets?api-version=7.4",
        "https://fabrikam.vault.azure.net/secrets",
        "http://contoso.vault.azure.net/secrets",
        "https://contoso.vault.azure.net:8443/secrets",
        "/secrets?api-version=7.4",
        "https://contoso.vault.azure.net@evil.example/",
    };
    for (auto const link : links) {
        World world(clock());
        world.transport.expect(Method::get, "https://contoso.vault.azure.net/secrets?api-version=7.4")
            .answer(200, R"({"value":[],"nextLink":")" + std::string(link) + "\"}");
        auto const listed = co_await world.vault.list_secrets({"contoso.vault.azure.net"}, SteadyPoint::max());
        CO_ASSERT(!listed.has_value());
        EXPECT_EQ(listed.error().code(), Errc::corrupt) << link;
    }
}

CORO_TEST(KeyVault, AListingEndsOrFails) {
    struct Case {
        std::string_view name;
        std::string body;
    };
    Case const cases[] = {
        {"an item of another vault",
         R"({"value":[{"id":"https://fabrikam.vault.azure.net/secrets/a","attributes":{"created":1}}]})"},
        {"an item without a name", R"({"value":[{"attributes":{"created":1}}]})"},
        {"no list", R"({"value":{}})"},
    };
    for (auto const& [name, body] : cases) {
        SCOPED_TRACE(name);
        World world(clock());
        world.transport.expect(Method::get, "https://contoso.vault.azure.net/secrets?api-version=7.4")
            .answer(200, body);
        auto const listed = co_await world.vault.list_secrets({"contoso.vault.azure.net"}, SteadyPoint::max());
        CO_ASSERT(!listed.has_value());
        EXPECT_EQ(listed.error().code(), Errc::corrupt);
    }
    World circle(clock());
    std::string const self = "https://contoso.vault.azure.net/secrets?api-version=7.4";
    for (int i = 0; i < 4000; ++i)
        circle.transport.expect(Method::get, self).answer(200, R"({"value":[],"nextLink":")" + self + "\"}");
    auto const endless = co_await circle.vault.list_secrets({"contoso.vault.azure.net"}, SteadyPoint::max());
    CO_ASSERT(!endless.has_value());
    EXPECT_EQ(endless.error().code(), Errc::corrupt);
}

CORO_TEST(KeyVault, CallsNoHostThatIsNoVaultAndNoNameThatIsNone) {
    World world(clock());
    constexpr std::string_view hosts[] = {
        "evil.example",   "a.b.vault.azure.net", "contoso.vault.azure.net:8443", "contoso.vault.azure.net/..", "",
        "vault.azure.net"};
    for (auto const host : hosts) {
        auto const listed = co_await world.vault.list_secrets({std::string(host)}, SteadyPoint::max());
        CO_ASSERT(!listed.has_value());
        EXPECT_EQ(listed.error().code(), Errc::invalid_argument) << host;
    }
    for (std::string const name : {"", "a/b", "../x", "a?b", "a b", "a%2fb"}) {
        rotation::SecretRef const secret{{"contoso.vault.azure.net"}, name};
        auto const fetched = co_await world.vault.fetch(secret, "", SteadyPoint::max());
        auto const versions = co_await world.vault.list_versions(secret, SteadyPoint::max());
        auto const published = co_await world.vault.publish(secret, {}, SteadyPoint::max());
        CO_ASSERT(!fetched.has_value() && !versions.has_value() && !published.has_value());
        EXPECT_EQ(fetched.error().code(), Errc::invalid_argument) << name;
        EXPECT_EQ(versions.error().code(), Errc::invalid_argument) << name;
        EXPECT_EQ(published.error().code(), Errc::invalid_argument) << name;
    }
    auto const version = co_await world.vault.fetch(world.secret, "../x", SteadyPoint::max());
    EXPECT_FALSE(version.has_value());
    EXPECT_TRUE(world.transport.sent().empty());
}

CORO_TEST(KeyVault, SpeaksToALocalVaultOnItsPort) {
    test::ScriptedTransport transport(clock());
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    rotation::Cloud cloud = *rotation::find_cloud("public");
    cloud.vault_suffix = "vault.localhost:8443";
    KeyVault vault(transport, tokens, clock(), random, cloud);
    transport.expect(Method::get, "https://demo.vault.localhost:8443/secrets/web?api-version=7.4")
        .answer(200, bundle("", "https://demo.vault.localhost:8443/secrets/web/0123456789abcdef0123456789abcdef"));
    auto const fetched = co_await vault.fetch({{"demo.vault.localhost:8443"}, "web"}, "", SteadyPoint::max());
    EXPECT_TRUE(fetched.has_value()) << fetched.error().message();
    EXPECT_EQ(tokens.audiences, std::vector<std::string>{"https://vault.localhost"});
}

CORO_TEST(KeyVault, ADisabledVersionIsKnownByItsCode) {
    World world(clock());
    world.transport.expect(Method::get, std::string(base) + "?api-version=7.4")
        .answer(
            403,
            R"({"error":{"code":"Forbidden","message":"Operation get is not allowed on a disabled secret.","innererror":{"code":"SecretDisabled"}}})");
    auto const fetched = co_await world.vault.fetch(world.secret, "", SteadyPoint::max());
    CO_ASSERT(!fetched.has_value());
    EXPECT_EQ(fetched.error().code(), Errc::not_found);
    EXPECT_EQ(fetched.error().service_code(), "SecretDisabled");
}

CORO_TEST(KeyVault, ChangesWhatStandsAroundAValue) {
    struct Case {
        SecretChange change;
        std::string body;
    };
    for (auto const& [change, body] :
         std::vector<Case>{{{}, "{}"},
                           {{.enabled = false}, R"({"attributes":{"enabled":false}})"},
                           {{.content_type = ""}, R"({"contentType":""})"},
                           {{.tags = rotation::Tags()}, R"({"tags":{}})"},
                           {{.enabled = true,
                             .not_before = at(1700000000) + 999ms,
                             .expires = at(1760000000),
                             .content_type = "text/plain",
                             .tags = rotation::Tags{{"a\"b", "c"}, {"d", ""}}},
                            R"({"contentType":"text/plain","tags":{"a\"b":"c","d":""},)"
                            R"("attributes":{"enabled":true,"nbf":1700000000,"exp":1760000000}})"}}) {
        World world(clock());
        world.transport.expect(Method::patch, std::string(base) + '/' + version_1 + "?api-version=7.4")
            .with_body(body)
            .answer(200, bundle(R"(,"tags":{"x":"y"})"));
        auto const changed = co_await world.vault.update(world.secret, version_1, change, SteadyPoint::max());
        CO_ASSERT(changed.has_value());
        EXPECT_EQ(changed->version, version_1);
        EXPECT_EQ(changed->tags, (rotation::Tags{{"x", "y"}}));
    }
}

CORO_TEST(KeyVault, AChangeNamesItsVersionAndIsNotBelievedOfAnother) {
    World world(clock());
    for (std::string const version : {"", "x", "../web2", "0123456789abcdef0123456789abcde?"}) {
        auto const changed = co_await world.vault.update(world.secret, version, {}, SteadyPoint::max());
        CO_ASSERT(!changed.has_value());
        EXPECT_EQ(changed.error().code(), Errc::invalid_argument) << version;
    }
    std::string const url = std::string(base) + '/' + version_1 + "?api-version=7.4";
    world.transport.expect(Method::patch, url)
        .answer(200, bundle("", "https://contoso.vault.azure.net/secrets/web/fedcba9876543210fedcba9876543210"));
    world.transport.expect(Method::patch, url).answer(200, "nonsense");
    world.transport.expect(Method::patch, url).fails(Errc::outcome_unknown);
    world.transport.expect(Method::patch, url)
        .answer(403, R"({"error":{"code":"Forbidden","message":"no","innererror":{"code":"ForbiddenByRbac"}}})");
    for (auto const code :
         {Errc::outcome_unknown, Errc::outcome_unknown, Errc::outcome_unknown, Errc::permission_denied}) {
        auto const changed = co_await world.vault.update(world.secret, version_1, {}, SteadyPoint::max());
        CO_ASSERT(!changed.has_value());
        EXPECT_EQ(to_string(changed.error().code()), to_string(code));
    }
}

}  // namespace
}  // namespace kssedr::azure
