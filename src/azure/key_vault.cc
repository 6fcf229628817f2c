#include "azure/key_vault.h"

#include "azure/url.h"
#include "base/ascii.h"

namespace kssedr::azure {
namespace {

constexpr std::string_view api_version = "api-version=7.4";
// 25 items a page, as the vault chooses: a hundred thousand secrets.
constexpr int pages_max = 4000;

Failure no_such_name(rotation::SecretRef const& secret) {
    return fail(Errc::invalid_argument, '"' + escape_for_display(secret.name) + "\" is no name of a secret");
}

Failure no_such_version(std::string_view version) {
    return fail(Errc::invalid_argument, '"' + escape_for_display(version) + "\" is no version of a secret");
}

std::string name_of(rotation::SecretRef const& secret) {
    return "secret " + secret.name + " of " + secret.vault.text;
}

}  // namespace

KeyVault::KeyVault(http::Transport& transport, TokenSource& tokens, Clock& clock, Random& random,
                   rotation::Cloud const& cloud)
    : client_(transport, tokens, random),
      clock_(clock),
      suffix_(cloud.vault_suffix),
      audience_(cloud.vault_audience()) {}

Result<Service> KeyVault::service_of(rotation::VaultHost const& vault) const {
    KSSEDR_TRY(auto const host, rotation::parse_vault_host(vault.text, suffix_));
    // The same form as find_https_authority gives, in case the suffix carries the port 443.
    auto const authority = find_https_authority("https://" + host.text);
    if (!authority)
        return fail(Errc::invalid_argument, '"' + escape_for_display(vault.text) + "\" is no host of a vault");
    return Service{*authority, audience_};
}

Async<rotation::SecretVersion> KeyVault::fetch(rotation::SecretRef secret, std::string version, SteadyPoint deadline) {
    if (!rotation::is_secret_name(secret.name)) co_return no_such_name(secret);
    if (!version.empty() && !rotation::is_secret_version(version)) co_return no_such_version(version);
    KSSEDR_CO_TRY(auto const service, service_of(secret.vault));
    Call call{.operation = "reading " + name_of(secret)};
    call.url = secret.url() + (version.empty() ? "" : "/" + version) + '?' + std::string(api_version);
    auto const operation = call.operation;
    KSSEDR_CO_TRY(auto const answer, co_await client_.send(service, std::move(call), deadline));
    auto parsed = parse_secret(answer.body.expose(), {secret.vault, suffix_, secret.name});
    if (!parsed) co_return fail(std::move(parsed).error().during(operation));
    parsed->seen_at = parse_http_date(answer.header("date")).value_or(clock_.now());
    co_return parsed;
}

Async<std::vector<rotation::SecretProperties>> KeyVault::list_versions(rotation::SecretRef secret,
                                                                       SteadyPoint deadline) {
    if (!rotation::is_secret_name(secret.name)) co_return no_such_name(secret);
    auto const path = "/secrets/" + secret.name + "/versions";
    auto const operation = "listing the versions of " + name_of(secret);
    KSSEDR_CO_TRY(auto const versions, co_await list(secret.vault, path, operation, deadline));
    std::vector<rotation::SecretProperties> properties;
    for (auto const& version : versions.secrets) {
        if (version->version.empty() || !equals_ignore_case(version->name, secret.name))
            co_return fail(Errc::corrupt, operation + ": the vault's answer lists something else");
        properties.push_back(*version);
    }
    co_return properties;
}

Async<rotation::SecretListing> KeyVault::list_secrets(rotation::VaultHost vault, SteadyPoint deadline) {
    auto const operation = "listing the secrets of " + escape_for_display(vault.text);
    co_return co_await list(vault, "/secrets", operation, deadline);
}

Async<rotation::SecretListing> KeyVault::list(rotation::VaultHost vault, std::string path, std::string operation,
                                              SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const service, service_of(vault));
    rotation::SecretListing all;
    std::string url = "https://" + service.authority + path + '?' + std::string(api_version);
    for (int page = 0; page < pages_max; ++page) {
        KSSEDR_CO_TRY(auto const answer,
                      co_await client_.send(service, {.operation = operation, .url = url}, deadline));
        auto parsed = parse_secret_page(answer.body.expose(), {vault, suffix_, {}});
        if (!parsed) co_return fail(std::move(parsed).error().during(operation));
        for (auto& item : parsed->items)
            all.secrets.push_back(std::make_shared<rotation::SecretProperties const>(std::move(item)));
        all.seen_at = parse_http_date(answer.header("date")).value_or(clock_.now());
        if (parsed->next.empty()) co_return all;
        if (find_https_authority(parsed->next) != service.authority)
            co_return fail(Errc::corrupt, operation + ": the vault's answer continues at another host, \"" +
                                              escape_for_display(parsed->next) + '"');
        url = std::move(parsed->next);  // followed to the byte: the vault signs what is in it
    }
    co_return fail(Errc::corrupt,
                   operation + ": the listing does not end after " + std::to_string(pages_max) + " pages");
}

Async<rotation::SecretProperties> KeyVault::publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                                    SteadyPoint deadline) {
    if (!rotation::is_secret_name(secret.name)) co_return no_such_name(secret);
    KSSEDR_CO_TRY(auto const service, service_of(secret.vault));
    Call call{.operation = "publishing a version of " + name_of(secret),
              .effect = Effect::happens,
              .quote = Quote::code_only,
              .method = http::Method::put,
              .url = secret.url() + '?' + std::string(api_version),
              .body = format_draft(draft)};
    auto const operation = call.operation;
    KSSEDR_CO_TRY(auto const answer, co_await client_.send(service, std::move(call), deadline));
    auto properties = parse_secret_properties(answer.body.expose(), {secret.vault, suffix_, secret.name});
    if (!properties) co_return fail(to_error(std::move(properties).error(), operation, Effect::happens));
    if (properties->version.empty())
        co_return fail(Errc::outcome_unknown, operation + ": the vault's answer names no version");
    co_return properties;
}

Async<rotation::SecretProperties> KeyVault::update(rotation::SecretRef secret, std::string version,
                                                   SecretChange const& change, SteadyPoint deadline) {
    if (!rotation::is_secret_name(secret.name)) co_return no_such_name(secret);
    // Without one the vault would change whichever version is current when the call arrives.
    if (!rotation::is_secret_version(version)) co_return no_such_version(version);
    KSSEDR_CO_TRY(auto const service, service_of(secret.vault));
    Call call{.operation = "changing version " + version + " of " + name_of(secret),
              .effect = Effect::happens,
              .quote = Quote::code_only,
              .method = http::Method::patch,
              .url = secret.url() + '/' + version + '?' + std::string(api_version),
              .body = format_change(change)};
    auto const operation = call.operation;
    KSSEDR_CO_TRY(auto const answer, co_await client_.send(service, std::move(call), deadline));
    auto properties = parse_secret_properties(answer.body.expose(), {secret.vault, suffix_, secret.name});
    if (!properties) co_return fail(to_error(std::move(properties).error(), operation, Effect::happens));
    if (!equals_ignore_case(properties->version, version))
        co_return fail(Errc::outcome_unknown, operation + ": the vault answered for another version");
    co_return properties;
}

Async<void> KeyVault::disable(rotation::SecretRef secret, std::string version, SteadyPoint deadline) {
    KSSEDR_CO_TRY_VOID(co_await update(std::move(secret), std::move(version), {.enabled = false}, deadline));
    co_return Result<void>();
}

}  // namespace kssedr::azure
