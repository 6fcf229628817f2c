#include "providers/entra_applications.h"

#include "azure/entra.h"
#include "azure/url.h"

#include <algorithm>
#include <array>

namespace kssedr::providers {
namespace {

using ports::Trial;
using ports::TrialResult;
using rotation::OwnerId;

// Entra weighed the secret and did not take it: none of the application's, ended, or (older codes) wrong in some way.
constexpr std::array<std::string_view, 5> rejections{"AADSTS7000215", "AADSTS7000222", "AADSTS70002", "AADSTS50012",
                                                     "invalid_client"};

struct Reason {
    std::string_view code;
    std::string_view why;
};
constexpr std::array<Reason, 6> reasons{{
    {"AADSTS700016", "the application is not known in kssedr's tenant"},
    {"AADSTS7000229", "the application has no service principal in kssedr's tenant"},
    {"AADSTS7000112", "the application is disabled"},
    {"AADSTS90002", "kssedr's tenantId names no tenant of this cloud"},
    {"AADSTS53003", "a Conditional Access policy blocks the application"},
    {"AADSTS500011", "Microsoft Graph is not known in kssedr's tenant"},
}};

TrialResult inconclusive(std::string why) {
    return {Trial::inconclusive, std::move(why)};
}

std::string host_in(std::string_view url) {
    return azure::find_https_authority(url).value_or(std::string());
}

// Hosts that stand beside a client secret in the documents of Azure's own tools. None of them is anybody's but
// Microsoft's, or is ever sent the secret (a database's server is sent a token).
std::vector<std::string> known_hosts(rotation::Cloud const& cloud) {
    std::vector<std::string> hosts{host_in(cloud.authority), host_in(cloud.resource_manager), host_in(cloud.graph)};
    std::vector<std::string_view> others;
    if (cloud.name == "usgovernment")
        others = {"login.microsoftonline.us",    "management.core.usgovcloudapi.net",
                  "graph.windows.net",           "management.core.usgovcloudapi.net:8443",
                  "gallery.usgovcloudapi.net",   "*.onmicrosoft.us",
                  "*.database.usgovcloudapi.net"};
    else if (cloud.name == "china")
        others = {"login.chinacloudapi.cn",   "login.partner.microsoftonline.cn",
                  "graph.chinacloudapi.cn",   "management.core.chinacloudapi.cn",
                  "gallery.chinacloudapi.cn", "management.core.chinacloudapi.cn:8443",
                  "*.partner.onmschina.cn",   "*.database.chinacloudapi.cn"};
    else
        others = {"login.microsoftonline.com",   "login.windows.net",     "graph.windows.net",
                  "management.core.windows.net", "gallery.azure.com",     "management.core.windows.net:8443",
                  "*.onmicrosoft.com",           "*.database.windows.net"};
    hosts.insert(hosts.end(), others.begin(), others.end());
    std::erase(hosts, std::string());
    return hosts;
}

}  // namespace

rotation::CredentialShape client_secret_shape(OwnerId const& application, rotation::Cloud const& cloud) {
    using rotation::KeyForm;
    rotation::CredentialShape shape;
    shape.owner_name = "application " + std::string(application.name());
    // Entra makes 34 to 40 characters today; secrets that a person chose were shorter, and old ones are base64.
    shape.keys = {KeyForm{.kind = KeyForm::Kind::text, .least = 16, .most = 64, .with = "-_.~", .may_be_uuid = false},
                  KeyForm{.kind = KeyForm::Kind::base64, .least = 32, .most = 32}};
    shape.key_member.clear();
    shape.owner_member.clear();
    shape.needed_members.clear();
    rotation::FixedMember const by_application{"Authentication", "Active Directory Service Principal"};
    shape.connections = {{.key_member = "AppKey", .needed_members = {"AppId"}, .marks = {{"RunAs", "App"}}},
                         {.key_member = "Password", .marks = {by_application}},
                         {.key_member = "Pwd", .marks = {by_application}}};
    shape.key_names = {"clientSecret",
                       "azureClientSecret",
                       "armClientSecret",
                       "azureAdClientSecret",
                       "aadClientSecret",
                       "appKey",
                       "appSecret",
                       "applicationSecret",
                       "clientKey",
                       "password",
                       "servicePrincipalKey",
                       "servicePrincipalSecret",
                       "pwd",
                       "secret",
                       "secretText",
                       "spnClientSecret"};
    shape.hosts = known_hosts(cloud);
    return shape;
}

TrialResult judge_token_error(Error const& error) {
    auto const& code = error.service_code();
    if (std::ranges::find(rejections, code) != rejections.end()) return {Trial::rejected, "Entra answered " + code};
    auto const known = std::ranges::find(reasons, code, &Reason::code);
    if (known != reasons.end()) return inconclusive("Entra answered " + code + ": " + std::string(known->why));
    return inconclusive(error.message());
}

EntraApplications::EntraApplications(http::Transport& transport, azure::GraphClient& graph,
                                     rotation::Cloud const& cloud, std::string tenant)
    : transport_(transport), graph_(graph), cloud_(cloud), tenant_(std::move(tenant)) {}

bool EntraApplications::serves(OwnerId const& owner) const {
    return owner.kind() == OwnerId::Kind::application;
}

rotation::CredentialShape EntraApplications::shape(OwnerId const& owner) const {
    auto shape = client_secret_shape(owner, cloud_);
    auto const known = app_ids_.find(std::string(owner.name()));
    if (known == app_ids_.end()) return shape;
    // A value that names another application is not this owner's, whatever asks for it.
    for (auto const* name : {"clientId", "azureClientId", "armClientId", "azureAdClientId", "aadClientId", "appId",
                             "applicationId", "servicePrincipalId", "spnClientId", "User Id", "Uid"})
        shape.fixed_members.push_back({name, known->second});
    return shape;
}

Async<azure::GraphApplication> EntraApplications::fetch(OwnerId const& owner, SteadyPoint deadline) {
    std::string const object_id(owner.name());
    KSSEDR_CO_TRY(auto application, co_await graph_.fetch_application(object_id, deadline));
    app_ids_[object_id] = application.app_id;
    co_return application;
}

Async<rotation::CredentialList> EntraApplications::list(OwnerId owner, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto application, co_await fetch(owner, deadline));
    co_return std::move(application.passwords);
}

Async<rotation::AddedCredential> EntraApplications::add(OwnerId owner, std::string mark, TimePoint ends,
                                                        SteadyPoint deadline) {
    co_return co_await graph_.add_password(std::string(owner.name()), std::move(mark), ends, deadline);
}

Async<void> EntraApplications::remove(OwnerId owner, std::string id, SteadyPoint deadline) {
    co_return co_await graph_.remove_password(std::string(owner.name()), std::move(id), deadline);
}

Task<TrialResult> EntraApplications::verify(OwnerId owner, SecretString const& credential,
                                            SecretString const& /*value*/, SteadyPoint deadline) {
    if (tenant_.empty())
        co_return inconclusive("a client secret is tried in kssedr's tenant, which is not set; set tenantId");
    std::string const object_id(owner.name());
    if (!app_ids_.contains(object_id)) {
        auto const application = co_await fetch(owner, deadline);
        if (!application) co_return inconclusive(application.error().message());
    }
    azure::ClientSecretIssuer issuer(transport_, {cloud_.authority, tenant_, app_ids_[object_id]}, credential.clone());
    auto const token = co_await issuer.fetch_token(cloud_.graph_audience(), deadline);
    if (token) co_return TrialResult{Trial::accepted, {}};
    co_return judge_token_error(token.error());
}

}  // namespace kssedr::providers
