#include "providers/storage_trial.h"

#include "azure/error_answer.h"
#include "azure/shared_key.h"
#include "azure/url.h"
#include "base/ascii.h"

#include <algorithm>

namespace kssedr::providers {
namespace {

using ports::Trial;
using ports::TrialResult;

constexpr std::string_view service_version = "2021-08-06";
// Asking where to ask must leave time for asking.
constexpr Duration endpoint_limit = std::chrono::seconds{4};

TrialResult inconclusive(std::string why) {
    return {Trial::inconclusive, std::move(why)};
}

// Codes of the service that say why it did not weigh the key at all.
std::string_view explain(std::string_view code) {
    if (code == "KeyBasedAuthenticationNotPermitted") return "shared keys are switched off for this account";
    if (code == "AuthorizationFailure") return "the account's network rules do not let this machine in";
    if (code == "AccountIsDisabled") return "the account is disabled";
    if (code == "FeatureVersionMismatch" || code == "OperationNotAllowedOnKind")
        return "the account has no blob service";
    return {};
}

// A date that is off is refused in the same words as a wrong signature; only the detail tells.
bool finds_fault_with_date(http::Response const& answer) {
    return answer.body.expose().find("date header") != std::string_view::npos;
}

}  // namespace

std::optional<std::string> find_named_blob_authority(SecretString const& value, std::string_view account,
                                                     std::string_view suffix) {
    constexpr std::string_view member = "blobendpoint=";
    auto rest = value.expose();
    while (rest.size() > member.size()) {
        if (equals_ignore_case(rest.substr(0, member.size()), member)) {
            rest.remove_prefix(member.size());
            auto const url = trim(rest.substr(0, rest.find_first_of(";\"\\")));
            return azure::find_account_authority(url, account, suffix);
        }
        rest.remove_prefix(1);
    }
    return std::nullopt;
}

TrialResult judge_trial(http::Response const& answer, std::string_view authority) {
    if (answer.status >= 200 && answer.status < 300) return {Trial::accepted, {}};
    auto const code = escape_for_display(azure::find_service_code(answer), 64);
    std::string why = std::string(authority) + " answered " + std::to_string(answer.status);
    if (!code.empty()) why += ' ' + code;
    if (answer.status == 403 && code == "AuthenticationFailed") {
        if (finds_fault_with_date(answer))
            return inconclusive(why + ": this machine's clock is more than 15 minutes off");
        return {Trial::rejected, std::move(why)};
    }
    if (auto const reason = explain(code); !reason.empty()) why += ": " + std::string(reason);
    return inconclusive(std::move(why));
}

StorageTrial::StorageTrial(http::Transport& transport, azure::ArmClient& arm, Clock& clock, Random& random,
                           std::string storage_suffix)
    : transport_(transport),
      endpoints_(arm, clock),
      clock_(clock),
      random_(random),
      storage_suffix_(std::move(storage_suffix)) {}

Task<TrialResult> StorageTrial::run(rotation::ArmId owner, SecretString const& key, SecretString const& value,
                                    SteadyPoint deadline) {
    auto const account = to_ascii_lower(owner.resource_name());
    auto const until = std::min(deadline, clock_.steady_now() + endpoint_limit);
    auto const told = co_await endpoints_.find_blob(owner, until);
    if (told && told->empty()) co_return inconclusive("storage account " + account + " has no blob service to ask");

    auto authority = told ? azure::find_account_authority(*told, account, storage_suffix_) : std::nullopt;
    if (!authority) authority = find_named_blob_authority(value, account, storage_suffix_);
    if (!authority)
        authority =
            azure::find_account_authority("https://" + account + ".blob." + storage_suffix_, account, storage_suffix_);
    if (!authority) co_return inconclusive("storage account " + account + " has no address under " + storage_suffix_);

    http::Request request{.method = http::Method::get, .url = "https://" + *authority + "/?comp=list&maxresults=1"};
    request.headers = {{"x-ms-client-request-id", random_.uuid()},
                       {"x-ms-date", format_http_date(clock_.now())},
                       {"x-ms-version", std::string(service_version)}};
    if (auto const done = azure::sign_with_shared_key(request, account, key); !done)
        co_return inconclusive(done.error().message());
    auto const answer = co_await transport_.send(std::move(request), deadline);
    if (!answer) co_return inconclusive(answer.error().message());
    co_return judge_trial(*answer, *authority);
}

}  // namespace kssedr::providers
