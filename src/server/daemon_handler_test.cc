// What the daemon answers to everybody: routes, health, metrics, the page and the descriptions.

#include "test/daemon/test_daemon.h"

#include "base/encoding.h"
#include "base/hash.h"

#include <boost/json/serialize.hpp>

namespace kssedr::server {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

std::string with_id(std::string_view path) {
    std::string target(path);
    if (auto const at = target.find("{id}"); at != std::string::npos) target.replace(at, 4, "7");
    return target;
}

CORO_TEST(DaemonHandler, ServesWhatItDescribesAndDescribesWhatItServes) {
    TestDaemon daemon(executor(), clock());
    auto const described = json_of(co_await daemon.ask("GET", "/api/openapi/v3.json"));
    std::size_t operations = 0;
    for (auto const& [path, methods] : described.at("paths").as_object()) {
        for (auto const& [method, operation] : methods.as_object()) {
            ++operations;
            std::string verb(method);
            for (auto& c : verb) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            SCOPED_TRACE(verb + " " + std::string(path));
            auto const response = co_await daemon.ask(verb, with_id(path));
            EXPECT_NE(response.status, 404U);
            EXPECT_NE(response.status, 405U);
            // What is guarded says so, and is.
            bool const is_guarded = operation.as_object().contains("security");
            EXPECT_EQ(response.status == 401, is_guarded);
        }
    }
    EXPECT_EQ(operations, daemon_routes().size());
    EXPECT_FALSE(json::serialize(described).contains("#/schemas/")) << "a reference that leads nowhere";
}

CORO_TEST(DaemonHandler, EveryReferenceOfADescriptionLeadsSomewhere) {
    TestDaemon daemon(executor(), clock());
    struct Case {
        std::string path;
        std::string prefix;
        std::string_view pointer;
    };
    std::vector<Case> const cases = {{"/api/swagger.json", "#/definitions/", "/definitions"},
                                     {"/api/openapi/v3.json", "#/components/schemas/", "/components/schemas"}};
    for (auto const& one : cases) {
        auto const response = co_await daemon.ask("GET", one.path);
        auto const document = json_of(response);
        boost::system::error_code error;
        auto const* const schemas = document.find_pointer(one.pointer, error);
        CO_ASSERT(schemas != nullptr);
        std::size_t references = 0;
        for (auto at = response.body.find(one.prefix); at != std::string::npos;
             at = response.body.find(one.prefix, at + 1)) {
            auto const begin = at + one.prefix.size();
            auto const name = response.body.substr(begin, response.body.find('"', begin) - begin);
            EXPECT_TRUE(schemas->as_object().contains(name)) << name;
            ++references;
        }
        EXPECT_GT(references, 20U);
    }
}

CORO_TEST(DaemonHandler, KnowsPathsAndMethods) {
    struct Case {
        char const* method;
        char const* target;
        unsigned status;
    };
    std::vector<Case> const cases = {
        {"GET", "/", 200},
        {"HEAD", "/", 200},
        {"GET", "/api/IsAlive", 200},
        {"GET", "/api/IsAlive/", 200},
        {"GET", "/healthz?verbose", 200},
        {"GET", "/api/isalive", 404},
        {"GET", "/nothing", 404},
        {"GET", "//", 404},
        {"GET", "", 404},
        {"GET", "/api/v1", 404},
        {"GET", "/api/v1/parked//requeue", 404},
        {"GET", "/../healthz", 404},
        {"POST", "/healthz", 405},
        {"GET", "/api/events", 405},
        {"DELETE", "/api/v1/parked", 405},
        {"OPTIONS", "/api/v1/status", 405},
        {"get", "/healthz", 405},
        {"", "/healthz", 405},
        {"POST", "/EventHubTriggerFunction", 404},
    };
    TestDaemon daemon(executor(), clock());
    for (auto const& one : cases) {
        SCOPED_TRACE(std::string(one.method) + ' ' + one.target);
        auto const response = co_await daemon.ask(one.method, one.target);
        EXPECT_EQ(response.status, one.status);
        EXPECT_EQ(*response.headers.find("X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(*response.headers.find("Cache-Control"), "no-store");
        if (one.status == 405) {
            EXPECT_TRUE(response.headers.find("Allow").has_value());
        }
    }
}

CORO_TEST(DaemonHandler, IsAliveAnswersAsTheOriginal) {
    TestDaemon daemon(executor(), clock());
    auto const body = json_of(co_await daemon.ask("GET", "/api/IsAlive"));
    EXPECT_EQ(body.at("version").as_string(), "1.2.3");
    EXPECT_EQ(body.at("regionName").as_string(), "West Europe");
    EXPECT_TRUE(body.at("isAlive").as_bool());
}

CORO_TEST(DaemonHandler, ThePageRunsItsOwnScriptAndNoOther) {
    TestDaemon daemon(executor(), clock());
    for (std::string const path : {"/", "/api/swagger/ui"}) {
        SCOPED_TRACE(path);
        auto const response = co_await daemon.ask("GET", path);
        EXPECT_EQ(*response.headers.find("Content-Type"), "text/html; charset=utf-8");
        auto const policy = *response.headers.find("Content-Security-Policy");
        EXPECT_TRUE(policy.contains("default-src 'none'")) << policy;
        EXPECT_FALSE(policy.contains("unsafe")) << policy;
        auto const& page = response.body;
        auto const begin = page.find("<script>") + 8;
        auto const script = page.substr(begin, page.find("</script>") - begin);
        EXPECT_TRUE(policy.contains("script-src 'sha256-" + format_base64(sha256(script)) + "'")) << policy;
        EXPECT_EQ(page.find("<script", begin), std::string::npos) << "one script, which the policy names";
        for (std::string const forbidden : {"https://", "http://", " style=", " onclick=", "localStorage", "innerHTML"})
            EXPECT_EQ(page.find(forbidden), std::string::npos) << forbidden;
    }
}

CORO_TEST(DaemonHandler, IsReadyWhereItCanDoItsWork) {
    using ports::SourceState;
    auto const source = [](std::string name, SourceState state) {
        return SourceStatus{std::move(name),
                            {state, state == SourceState::ready ? "" : "no route; look at it", {}, {}}};
    };
    auto const vault = [](std::string host, bool is_ready) {
        return VaultStatus{std::move(host), {is_ready, is_ready ? "" : "403; give it the role", {}}};
    };
    struct Case {
        char const* name;
        std::function<void(StatusSnapshot&)> change;
        bool is_ready;
        std::size_t wrong;  // parts that are named
    };
    std::vector<Case> const cases = {
        {"nothing but store and identity", [](auto&) {}, true, 0},
        {"no store", [](auto& s) { s.store = {false, "the disk is full", {}}; }, false, 1},
        {"no identity", [](auto& s) { s.identity = {false, "AADSTS7000215", {}}; }, false, 1},
        {"stopping", [](auto& s) { s.is_stopping = true; }, false, 1},
        {"one source of two",
         [&](auto& s) { s.sources = {source("a", SourceState::ready), source("b", SourceState::retrying)}; }, true, 1},
        {"no source of two",
         [&](auto& s) { s.sources = {source("a", SourceState::starting), source("b", SourceState::unusable)}; }, false,
         2},
        {"one vault of two", [&](auto& s) { s.vaults = {vault("a", false), vault("b", true)}; }, true, 1},
        {"no vault", [&](auto& s) { s.vaults = {vault("a", false)}; }, false, 1},
    };
    for (auto const& one : cases) {
        SCOPED_TRACE(one.name);
        TestDaemon daemon(executor(), clock());
        one.change(daemon.status.snapshot);
        auto const response = co_await daemon.ask("GET", "/readyz");
        EXPECT_EQ(response.status, one.is_ready ? 200U : 503U);
        auto const body = json_of(response);
        EXPECT_EQ(body.at("ready").as_bool(), one.is_ready);
        std::size_t wrong = 0;
        for (auto const& part : body.at("parts").as_array()) {
            if (part.at("ready").as_bool()) continue;
            ++wrong;
            EXPECT_FALSE(part.at("reason").as_string().empty());
        }
        EXPECT_EQ(wrong, one.wrong);
        auto const health = co_await daemon.ask("GET", "/healthz");
        EXPECT_EQ(health.status, 200U) << "the process lives all the same";
    }
}

CORO_TEST(DaemonHandler, WithoutRulesNobodysDoorsAreThere) {
    TestDaemon daemon(executor(), clock(), false);
    for (auto const& route : daemon_routes()) {
        if (route.access == Access::open) continue;
        SCOPED_TRACE(route.id);
        auto const response = co_await daemon.ask_api(std::string(route.method), with_id(route.path), "{}");
        EXPECT_EQ(response.status, 404U);
        EXPECT_EQ(error_code_of(response), "NotConfigured");
    }
    EXPECT_TRUE(daemon.inbox.messages.empty());
}

}  // namespace
}  // namespace kssedr::server
