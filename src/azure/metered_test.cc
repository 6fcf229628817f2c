// What goes out, by its URL.

#include "azure/metered.h"

#include "support/coro_test.h"
#include "test/conformance/scripted_transport.h"

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;
using http::Method;
using ports::Operation;
using ports::Service;

TEST(Metered, CallsAreToldByMethodAndUrl) {
    struct Case {
        Method method;
        std::string url;
        Service service;
        Operation operation;
    };
    std::string const secret = "https://shop.vault.azure.net/secrets/web";
    std::string const account =
        "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/"
        "Microsoft.Storage/storageAccounts/a";
    std::string const subscription = "https://n.westeurope-1.eventgrid.azure.net/topics/t/eventsubscriptions/s";
    std::string const blob = "https://a.blob.core.windows.net/kssedr-leases/0a";
    std::vector<Case> const cases = {
        {Method::post, "https://login.microsoftonline.com/t/oauth2/v2.0/token", Service::entra, Operation::token},
        {Method::get, "https://login.microsoftonline.com/common/discovery/keys", Service::entra, Operation::read},
        {Method::get, "http://169.254.169.254/metadata/identity/oauth2/token?resource=x", Service::managed_identity,
         Operation::token},
        {Method::get, secret + "?api-version=7.4", Service::key_vault, Operation::read},
        {Method::get, "https://shop.vault.azure.net:443/secrets?maxresults=25", Service::key_vault, Operation::list},
        {Method::get, secret + "/versions?api-version=7.4", Service::key_vault, Operation::list},
        {Method::put, secret + "?api-version=7.4", Service::key_vault, Operation::write},
        {Method::patch, secret + "/0a", Service::key_vault, Operation::write},
        {Method::post, account + "/listKeys?api-version=2024-01-01", Service::resource_manager, Operation::list_keys},
        {Method::post, account + "/regenerateKey?api-version=2024-01-01", Service::resource_manager,
         Operation::regenerate},
        {Method::post, account + "/regenerateAdminKey/primary", Service::resource_manager, Operation::regenerate},
        {Method::get, account, Service::resource_manager, Operation::read},
        {Method::post, account + "/stop", Service::resource_manager, Operation::other},
        {Method::post, "https://graph.microsoft.com/v1.0/applications/a/addPassword", Service::graph, Operation::write},
        {Method::put, blob + "?comp=lease", Service::storage, Operation::lease},
        {Method::get, "https://a.queue.core.windows.net/q/messages?numofmessages=32", Service::storage,
         Operation::receive},
        {Method::del, "https://a.queue.core.windows.net/q/messages/1?popreceipt=x", Service::storage,
         Operation::remove},
        {Method::post, subscription + ":receive?maxEvents=10", Service::event_grid, Operation::receive},
        {Method::post, subscription + ":acknowledge", Service::event_grid, Operation::settle},
        {Method::post, "https://hook.example/rotate", Service::other, Operation::other},
        {Method::get, "https://shop.vault.azure.net.evil.example/secrets/web", Service::other, Operation::read},
        {Method::get, "", Service::other, Operation::read},
        {Method::get, "https://", Service::other, Operation::read},
    };
    auto const cloud = *rotation::find_cloud("public");
    for (auto const& one : cases) {
        SCOPED_TRACE(one.url);
        EXPECT_EQ(classify_call(one.method, one.url, cloud), (CallKind{one.service, one.operation}));
    }
    EXPECT_EQ(classify_audience("https://vault.azure.net", cloud), Service::key_vault);
    EXPECT_EQ(classify_audience(cloud.resource_manager_audience, cloud), Service::resource_manager);
    EXPECT_EQ(classify_audience("https://storage.azure.com", cloud), Service::storage);
    EXPECT_EQ(classify_audience("https://evil.example", cloud), Service::other);
}

struct Told final : ports::Metrics {
    void call_ended(ports::UpstreamCall const& call) override { calls.push_back(call); }
    std::vector<ports::UpstreamCall> calls;
};

CORO_TEST(Metered, TellsStatusAndTime) {
    auto const cloud = *rotation::find_cloud("public");
    test::ScriptedTransport transport(clock());
    Told told;
    MeteredTransport metered(transport, clock(), told, cloud);
    std::string const url = "https://shop.vault.azure.net/secrets/web";
    transport.expect(Method::get, url).after(2s).answer(429, "");
    transport.expect(Method::get, url).fails(Errc::unavailable);
    for (int i = 0; i < 2; ++i) {
        http::Request request;
        request.url = url;
        auto const answer = co_await metered.send(std::move(request), clock().steady_now() + 10s);
        EXPECT_EQ(answer.has_value(), i == 0);
    }
    CO_ASSERT(told.calls.size() == 2);
    EXPECT_EQ(told.calls[0].status, 429);
    EXPECT_EQ(told.calls[0].took, 2s);
    EXPECT_EQ(told.calls[1].status, 0);
}

}  // namespace
}  // namespace kssedr::azure
