#include "azure/storage_endpoints.h"

#include "azure/json_view.h"
#include "azure/url.h"
#include "base/ascii.h"

#include <algorithm>

namespace kssedr::azure {
namespace {

constexpr std::string_view api_version = "2023-05-01";
constexpr std::string_view dns_zones = "storage.azure.net";
constexpr Duration believed_for = std::chrono::hours(1);
constexpr std::size_t known_max = 1000;

}  // namespace

Result<std::string> parse_blob_endpoint_answer(std::string_view body) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto const endpoints = document.root()["properties"]["primaryEndpoints"];
    if (!endpoints.is_object()) return fail(Errc::corrupt, "the answer holds no primaryEndpoints");
    return endpoints["blob"].text_or({});
}

std::optional<std::string> find_account_authority(std::string_view url, std::string_view account,
                                                  std::string_view suffix) {
    auto const authority = find_https_authority(url);
    if (!authority || account.empty()) return std::nullopt;
    auto const own = find_https_authority("https://" + std::string(suffix));
    for (std::string_view const parent : {own ? std::string_view(*own) : std::string_view(), dns_zones}) {
        if (parent.empty() || !ends_with_ignore_case(*authority, '.' + std::string(parent))) continue;
        auto const before = std::string_view(*authority).substr(0, authority->size() - parent.size() - 1);
        auto const labels = split(before, '.');
        bool const are_whole = std::ranges::none_of(labels, [](std::string_view label) { return label.empty(); });
        if (are_whole && labels.size() >= 2 && equals_ignore_case(labels[0], account)) return authority;
    }
    return std::nullopt;
}

Task<std::optional<std::string>> StorageEndpoints::find_blob(rotation::ArmId account, SteadyPoint deadline) {
    auto const key = account.key();
    if (auto const found = known_.find(key); found != known_.end() && clock_.steady_now() < found->second.until)
        co_return found->second.url;
    ArmCall call{.operation = "asking for the endpoints of storage account " + std::string(account.resource_name()),
                 .resource = account,
                 .api_version = std::string(api_version)};
    auto const answer = co_await arm_.send(std::move(call), deadline);
    std::optional<std::string> url;
    if (answer)
        if (auto parsed = parse_blob_endpoint_answer(answer->body.expose())) url = *std::move(parsed);
    if (known_.size() >= known_max) known_.clear();  // it fills again; more accounts than that are not rotated at once
    known_[key] = {url, clock_.steady_now() + believed_for};
    co_return url;
}

}  // namespace kssedr::azure
