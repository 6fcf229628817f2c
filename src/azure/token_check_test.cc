// Tokens of a tenant: what is taken, what is not, and how its keys are looked for.

#include "azure/token_check.h"

#include "async/task_group.h"
#include "support/coro_test.h"
#include "support/test_tokens.h"
#include "test/conformance/scripted_transport.h"

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;
using test::TestIssuer;

constexpr std::string_view authority = "https://login.example";
constexpr std::string_view tenant_id = "7c8b8a5e-0000-4000-8000-000000000001";
constexpr std::string_view audience = "api://kssedr";
constexpr std::string_view caller = "4962773b-9cdb-44cf-a8bf-237846a00ab7";

std::string discovery_url(std::string_view version) {
    return std::string(authority) + '/' + std::string(tenant_id) + (version == "2.0" ? "/v2.0" : "") +
           "/.well-known/openid-configuration";
}
std::string key_set_url(std::string_view version) {
    return std::string(authority) + "/common/discovery" + (version == "2.0" ? "/v2.0" : "") + "/keys";
}
std::string issuer_of(std::string_view version) {
    if (version == "2.0") return std::string(authority) + '/' + std::string(tenant_id) + "/v2.0";
    return "https://sts.example/" + std::string(tenant_id) + '/';
}
std::string discovery(std::string_view version) {
    return R"({"issuer":")" + issuer_of(version) + R"(","jwks_uri":")" + key_set_url(version) + R"("})";
}
std::string key_set(std::vector<std::string> const& keys) {
    std::string text = R"({"keys":[)";
    for (auto const& key : keys) text += (text.ends_with('[') ? "" : ",") + key;
    return text + "]}";
}

// Keys are dear to make: one pair serves all tests.
TestIssuer const& entra() {
    static TestIssuer const issuer("key-1");
    return issuer;
}
TestIssuer const& next() {
    static TestIssuer const issuer("key-2");
    return issuer;
}

// The claims of a good token, each a JSON text, to be changed.
std::map<std::string, std::string> good_claims(TimePoint now, std::string_view version = "1.0") {
    auto const quoted = [](std::string_view text) { return '"' + std::string(text) + '"'; };
    auto const second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    return {{"ver", quoted(version)},
            {"iss", quoted(issuer_of(version))},
            {"tid", quoted(tenant_id)},
            {"aud", quoted(audience)},
            {version == "1.0" ? "appid" : "azp", quoted(caller)},
            {"oid", quoted("0b1e")},
            {"roles", R"(["Rotate","Read"])"},
            {"nbf", std::to_string(second - 60)},
            {"exp", std::to_string(second + 3600)}};
}
std::string format(std::map<std::string, std::string> const& claims) {
    std::string text = "{";
    for (auto const& [name, value] : claims) text += (text.size() > 1 ? ",\"" : "\"") + name + "\":" + value;
    return text + '}';
}

struct Tenant {
    explicit Tenant(Clock& clock)
        : clock(clock),
          transport(clock),
          check(transport, clock, log, {std::string(authority), std::string(tenant_id), {std::string(audience)}}) {}

    void expect_look(std::vector<std::string> const& keys, std::string_view version = "1.0") {
        transport.expect(http::Method::get, discovery_url(version)).answer(200, discovery(version));
        transport.expect(http::Method::get, key_set_url(version)).answer(200, key_set(keys));
    }
    Async<ports::Principal> ask(std::string token) {
        co_return co_await check.check(SecretString::absorb(std::move(token)), clock.steady_now() + 20s);
    }

    Clock& clock;
    NullLog log;
    test::ScriptedTransport transport;
    EntraTokenCheck check;
};

CORO_TEST(TokenCheck, TakesTokensOfBothVersions) {
    for (std::string const version : {"1.0", "2.0"}) {
        SCOPED_TRACE(version);
        Tenant tenant(clock());
        tenant.expect_look({entra().jwk()}, version);
        auto const principal = co_await tenant.ask(entra().sign(format(good_claims(clock().now(), version))));
        CO_ASSERT(principal.has_value());
        EXPECT_EQ(principal->application, caller);
        EXPECT_EQ(principal->object, "0b1e");
        EXPECT_EQ(principal->roles, (std::vector<std::string>{"Rotate", "Read"}));
        // The keys are kept.
        auto const again = co_await tenant.ask(entra().sign(format(good_claims(clock().now(), version))));
        EXPECT_TRUE(again.has_value());
    }
}

struct BadClaim {
    char const* name;
    std::string claim;
    std::string value;  // empty: it is left out
    Errc code = Errc::permission_denied;
};

CORO_TEST(TokenCheck, RefusesWhatDoesNotHold) {
    auto const at = [&](Duration from_now) {
        auto const when = std::chrono::floor<std::chrono::seconds>(clock().now() + from_now);
        return std::to_string(when.time_since_epoch().count());
    };
    std::vector<BadClaim> const cases = {
        {"another audience", "aud", R"("api://other")"},
        {"an audience that begins alike", "aud", R"("api://kssedr2")"},
        {"several audiences", "aud", R"(["api://kssedr"])"},
        {"no audience", "aud", ""},
        {"another tenant's issuer", "iss", R"("https://sts.example/00000000-0000-4000-8000-000000000002/")"},
        {"the other version's issuer", "iss", '"' + issuer_of("2.0") + '"'},
        {"no issuer", "iss", ""},
        {"another version", "ver", R"("3.0")"},
        {"no version", "ver", ""},
        {"a version that is a number", "ver", "1.0"},
        {"no application", "appid", ""},
        {"no end", "exp", ""},
        {"an end that is text", "exp", R"("soon")"},
        {"an end beyond all time", "exp", "99999999999999"},
        {"an end before all time", "exp", "-1"},
        {"a beginning that is text", "nbf", R"("now")"},
        {"it ended", "exp", at(-5min), Errc::unavailable},
        {"it does not hold yet", "nbf", at(5min + 1s), Errc::unavailable},
    };
    for (auto const& bad : cases) {
        SCOPED_TRACE(bad.name);
        Tenant tenant(clock());
        auto claims = good_claims(clock().now());
        claims.erase(bad.claim);
        if (!bad.value.empty()) claims[bad.claim] = bad.value;
        bool const asks_for_keys = bad.claim == "iss" || bad.claim == "appid" || bad.code == Errc::unavailable;
        if (asks_for_keys) tenant.expect_look({entra().jwk()});
        auto const principal = co_await tenant.ask(entra().sign(format(claims)));
        CO_ASSERT(!principal.has_value());
        EXPECT_EQ(principal.error().code(), bad.code) << principal.error().message();
    }
}

CORO_TEST(TokenCheck, AllowsForClocksThatDiffer) {
    Tenant tenant(clock());
    tenant.expect_look({entra().jwk()});
    auto claims = good_claims(clock().now());
    auto const second = std::chrono::floor<std::chrono::seconds>(clock().now()).time_since_epoch().count();
    claims["exp"] = std::to_string(second - 299);
    claims["nbf"] = std::to_string(second + 299);
    auto const principal = co_await tenant.ask(entra().sign(format(claims)));
    EXPECT_TRUE(principal.has_value());
}

struct BadToken {
    char const* name;
    std::string token;
};

CORO_TEST(TokenCheck, RefusesWhatIsNoTokenWithoutAskingForKeys) {
    auto const body = format(good_claims(clock().now()));
    auto const good = entra().sign(body);
    auto const signature = good.substr(good.rfind('.') + 1);
    auto const with_header = [&](std::string_view header) { return entra().sign(header, body); };
    std::vector<BadToken> const cases = {
        {"nothing", ""},
        {"one part", "abc"},
        {"two parts", good.substr(0, good.rfind('.'))},
        {"four parts", good + ".x"},
        {"five parts, as of an encrypted one", good + ".x.y"},
        {"no signature", good.substr(0, good.rfind('.') + 1)},
        {"alg none", with_header(R"({"alg":"none","kid":"key-1"})")},
        {"alg none without a signature",
         format_base64url(R"({"alg":"none","kid":"key-1"})") + '.' + format_base64url(body) + '.'},
        {"alg NONE", with_header(R"({"alg":"NONE","kid":"key-1"})")},
        {"alg HS256, which would make the public key the secret", with_header(R"({"alg":"HS256","kid":"key-1"})")},
        {"alg RS512", with_header(R"({"alg":"RS512","kid":"key-1"})")},
        {"alg PS256", with_header(R"({"alg":"PS256","kid":"key-1"})")},
        {"alg in another case", with_header(R"({"alg":"rs256","kid":"key-1"})")},
        {"no alg", with_header(R"({"kid":"key-1"})")},
        {"alg a list", with_header(R"({"alg":["RS256"],"kid":"key-1"})")},
        {"no kid", with_header(R"({"alg":"RS256"})")},
        {"a kid too long", with_header(R"({"alg":"RS256","kid":")" + std::string(257, 'k') + R"("})")},
        {"crit", with_header(R"({"alg":"RS256","kid":"key-1","crit":["b64"],"b64":false})")},
        {"a header that is no object", with_header(R"(["RS256"])")},
        {"a header that is no JSON", with_header("RS256")},
        {"a header of another alphabet", "+/==." + format_base64url(body) + '.' + signature},
        {"a body that is no object", entra().sign("[]")},
        {"a body that is too deep", entra().sign(std::string(40, '[') + std::string(40, ']'))},
        {"a body cut off", entra().sign(body.substr(0, body.size() / 2))},
        {"padding", good.substr(0, good.find('.')) + "=" + good.substr(good.find('.'))},
        {"too long", good + std::string(max_jwt_size, 'A')},
        {"blanks around it", ' ' + good},
    };
    for (auto const& bad : cases) {
        SCOPED_TRACE(bad.name);
        Tenant tenant(clock());
        auto const principal = co_await tenant.ask(bad.token);
        CO_ASSERT(!principal.has_value());
        EXPECT_EQ(principal.error().code(), Errc::permission_denied);
        EXPECT_FALSE(principal.error().message().contains(signature.substr(0, 20)));
    }
}

CORO_TEST(TokenCheck, RefusesAForgedSignature) {
    Tenant tenant(clock());
    tenant.expect_look({entra().jwk()});
    auto const body = format(good_claims(clock().now()));
    auto const good = entra().sign(body);
    // Another key under the same name.
    auto forged = next().sign(entra().header(), body);
    auto const by_another_key = co_await tenant.ask(forged);
    CO_ASSERT(!by_another_key.has_value());
    EXPECT_TRUE(by_another_key.error().message().contains("wrong signature"));
    // Another body under the same signature.
    auto claims = good_claims(clock().now());
    claims["roles"] = R"(["Owner"])";
    auto const other = entra().sign(format(claims));
    auto const swapped = co_await tenant.ask(other.substr(0, other.rfind('.')) + good.substr(good.rfind('.')));
    EXPECT_FALSE(swapped.has_value());
    auto const cut = co_await tenant.ask(good.substr(0, good.size() - 4));
    EXPECT_FALSE(cut.has_value());
}

CORO_TEST(TokenCheck, TakesAKeyForItsOwnIssuerOnly) {
    struct Case {
        char const* name;
        std::string issuer;
        bool is_taken;
    };
    std::vector<Case> const cases = {
        {"the tenant's pattern", std::string(authority) + "/{tenantid}/v2.0", true},
        {"the tenant itself", issuer_of("2.0"), true},
        {"private accounts' tenant", std::string(authority) + "/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", false},
    };
    for (auto const& one : cases) {
        SCOPED_TRACE(one.name);
        Tenant tenant(clock());
        tenant.expect_look({entra().jwk(R"(,"use":"sig","issuer":")" + one.issuer + '"')}, "2.0");
        auto const principal = co_await tenant.ask(entra().sign(format(good_claims(clock().now(), "2.0"))));
        EXPECT_EQ(principal.has_value(), one.is_taken);
    }
}

CORO_TEST(TokenCheck, FollowsNewKeysAndLooksOnceInFiveMinutes) {
    Tenant tenant(clock());
    auto const body = [&] { return format(good_claims(clock().now())); };
    tenant.expect_look({entra().jwk()});
    auto const first = co_await tenant.ask(entra().sign(body()));
    CO_ASSERT(first.has_value());
    // Not looked at again so soon: it may be a new key, so its sender is to come again.
    auto const unknown = co_await tenant.ask(next().sign(body()));
    CO_ASSERT(!unknown.has_value());
    EXPECT_EQ(unknown.error().code(), Errc::unavailable);
    EXPECT_EQ(unknown.error().retry_after(), 5min);
    co_await clock().sleep_for(5min);
    tenant.expect_look({entra().jwk(), next().jwk()});
    auto const followed = co_await tenant.ask(next().sign(body()));
    EXPECT_TRUE(followed.has_value());
    // A name that was invented: looked for once, then a hundred times not.
    co_await clock().sleep_for(5min);
    tenant.expect_look({entra().jwk(), next().jwk()});
    auto const invented = entra().sign(R"({"alg":"RS256","kid":"invented"})", body());
    auto const denied = co_await tenant.ask(invented);
    CO_ASSERT(!denied.has_value());
    EXPECT_EQ(denied.error().code(), Errc::permission_denied);
    for (int i = 0; i < 100; ++i) {
        auto const later = co_await tenant.ask(invented);
        EXPECT_FALSE(later.has_value());
    }
    // Those that are known go on meanwhile.
    auto const known = co_await tenant.ask(entra().sign(body()));
    EXPECT_TRUE(known.has_value());
}

CORO_TEST(TokenCheck, ForgetsKeysThatAreNotPublishedAnyMore) {
    Tenant tenant(clock());
    tenant.expect_look({entra().jwk(), next().jwk()});
    auto const before = co_await tenant.ask(next().sign(format(good_claims(clock().now()))));
    EXPECT_TRUE(before.has_value());
    co_await clock().sleep_for(24h);
    tenant.expect_look({entra().jwk()});
    auto const after = co_await tenant.ask(next().sign(format(good_claims(clock().now()))));
    CO_ASSERT(!after.has_value());
    EXPECT_EQ(after.error().code(), Errc::permission_denied);
}

CORO_TEST(TokenCheck, GoesOnForADayOrTwoWithoutEntra) {
    Tenant tenant(clock());
    auto const body = [&] { return format(good_claims(clock().now())); };
    tenant.expect_look({entra().jwk()});
    auto const first = co_await tenant.ask(entra().sign(body()));
    EXPECT_TRUE(first.has_value());
    co_await clock().sleep_for(25h);
    tenant.transport.expect(http::Method::get, discovery_url("1.0")).fails(Errc::unavailable);
    auto const stale = co_await tenant.ask(entra().sign(body()));
    EXPECT_TRUE(stale.has_value());
    co_await clock().sleep_for(48h);
    tenant.transport.expect(http::Method::get, discovery_url("1.0")).answer(503, "");
    auto const too_old = co_await tenant.ask(entra().sign(body()));
    CO_ASSERT(!too_old.has_value());
    EXPECT_EQ(too_old.error().code(), Errc::unavailable);
}

struct BadAnswer {
    char const* name;
    long status;
    std::string discovery;
    std::string keys;  // empty: they are not asked for
};

CORO_TEST(TokenCheck, IsUnavailableWhereKeysCanNotBeHad) {
    auto const leading_to = [](std::string_view url) {
        return R"({"issuer":")" + issuer_of("1.0") + R"(","jwks_uri":")" + std::string(url) + R"("})";
    };
    TestIssuer const short_key("key-1", 1024);
    std::vector<BadAnswer> const cases = {
        {"an error", 500, "", ""},
        {"a redirect", 302, "", ""},
        {"no JSON", 200, "<html>", ""},
        {"no issuer", 200, R"({"jwks_uri":"https://login.example/keys"})", ""},
        {"keys of another host", 200, leading_to("https://evil.example/keys"), ""},
        {"keys of a host below", 200, leading_to("https://login.example.evil.example/keys"), ""},
        {"keys of a user at", 200, leading_to("https://login.example@evil.example/keys"), ""},
        {"keys without TLS", 200, leading_to("http://login.example/keys"), ""},
        {"no key set", 200, discovery("1.0"), "[]"},
        {"no keys", 200, discovery("1.0"), R"({"keys":[]})"},
        {"a key for encryption", 200, discovery("1.0"), key_set({entra().jwk(R"(,"use":"enc")")})},
        {"a key of another algorithm", 200, discovery("1.0"), key_set({entra().jwk(R"(,"alg":"RS512")")})},
        {"a short key", 200, discovery("1.0"), key_set({short_key.jwk()})},
        {"a key with the exponent one", 200, discovery("1.0"),
         R"({"keys":[{"kty":"RSA","kid":"key-1","e":"AQ","n":")" + format_base64url(std::string(256, '\xff')) +
             "\"}]}"},
        {"a symmetric key", 200, discovery("1.0"), R"({"keys":[{"kty":"oct","kid":"key-1","k":"AAAA"}]})"},
        {"too many keys", 200, discovery("1.0"), key_set(std::vector<std::string>(101, entra().jwk()))},
    };
    for (auto const& bad : cases) {
        SCOPED_TRACE(bad.name);
        Tenant tenant(clock());
        tenant.transport.expect(http::Method::get, discovery_url("1.0")).answer(bad.status, bad.discovery);
        if (!bad.keys.empty()) tenant.transport.expect(http::Method::get, key_set_url("1.0")).answer(200, bad.keys);
        auto const token = entra().sign(format(good_claims(clock().now())));
        auto const principal = co_await tenant.ask(token);
        CO_ASSERT(!principal.has_value());
        EXPECT_EQ(principal.error().code(), Errc::unavailable);
        EXPECT_EQ(principal.error().retry_after(), 30s);
        // Not asked again at once, and found once they are there.
        auto const again = co_await tenant.ask(token);
        EXPECT_FALSE(again.has_value());
        co_await clock().sleep_for(30s);
        tenant.expect_look({entra().jwk()});
        auto const later = co_await tenant.ask(token);
        EXPECT_TRUE(later.has_value());
    }
}

CORO_TEST(TokenCheck, LooksOnceForAllWhoWait) {
    Tenant tenant(clock());
    tenant.transport.expect(http::Method::get, discovery_url("1.0")).after(3s).answer(200, discovery("1.0"));
    tenant.transport.expect(http::Method::get, key_set_url("1.0")).after(3s).answer(200, key_set({entra().jwk()}));
    int admitted = 0;
    auto const one = [&]() -> Task<void> {
        auto const principal = co_await tenant.ask(entra().sign(format(good_claims(clock().now()))));
        admitted += principal.has_value() ? 1 : 0;
    };
    TaskGroup tasks(executor(), [](std::string const&, std::exception_ptr) { ADD_FAILURE(); });
    for (int i = 0; i < 10; ++i) tasks.spawn("asking", one());
    co_await tasks.join();
    EXPECT_EQ(admitted, 10);
}

CORO_TEST(TokenCheck, LooksAgainWhereTheOneWhoLookedWentAway) {
    Tenant tenant(clock());
    tenant.transport.expect(http::Method::get, discovery_url("1.0")).after(10s).answer(200, "");
    auto const one = [&]() -> Task<void> {
        auto const principal = co_await tenant.ask(entra().sign(format(good_claims(clock().now()))));
        EXPECT_TRUE(principal.has_value());
    };
    {
        TaskGroup tasks(executor(), [](std::string const&, std::exception_ptr) { ADD_FAILURE(); });
        tasks.spawn("goes away", one());
        co_await clock().sleep_for(1s);
        tasks.cancel();
        co_await tasks.join();
    }
    co_await clock().sleep_for(30s);
    tenant.expect_look({entra().jwk()});
    co_await one();
}

}  // namespace
}  // namespace kssedr::azure
