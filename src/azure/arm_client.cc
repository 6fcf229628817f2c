#include "azure/arm_client.h"

#include "azure/url.h"
#include "base/ascii.h"

#include <algorithm>
#include <charconv>

namespace kssedr::azure {

std::optional<int> find_calls_left(http::Response const& answer) {
    std::optional<int> least;
    auto const take = [&](std::string_view text) {
        int left = 0;
        text = trim(text);
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), left);
        bool const is_number = !text.empty() && error == std::errc{} && end == text.data() + text.size() && left >= 0;
        if (is_number) least = std::min(least.value_or(left), left);
    };
    for (auto const kind : {"reads", "writes", "resource-requests"})
        take(answer.header(std::string("x-ms-ratelimit-remaining-subscription-") + kind));
    // `Microsoft.Storage/listKeys;99,Microsoft.Storage/all;1999`: a provider's own counters.
    for (auto const counter : split(answer.header("x-ms-ratelimit-remaining-resource"), ','))
        if (auto const semicolon = counter.rfind(';'); semicolon != std::string_view::npos)
            take(counter.substr(semicolon + 1));
    return least;
}

ArmClient::ArmClient(http::Transport& transport, TokenSource& tokens, Random& random, rotation::Cloud const& cloud)
    : client_(transport, tokens, random), url_(cloud.resource_manager), audience_(cloud.resource_manager_audience) {
    while (url_.ends_with('/')) url_.pop_back();
}

Async<http::Response> ArmClient::send(ArmCall asked, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto to, service());
    // An ArmId holds no character that means anything in a URL: rotation/arm_id.cc refuses them.
    std::string url = url_ + asked.resource.text();
    if (!asked.action.empty()) url += '/' + asked.action;
    url += "?api-version=" + asked.api_version;
    Call call{.operation = std::move(asked.operation),
              .effect = asked.effect,
              .method = asked.method,
              .url = std::move(url),
              .body = std::move(asked.body),
              .headers = std::move(asked.headers)};
    co_return co_await client_.send(std::move(to), std::move(call), deadline);
}

Async<http::Response> ArmClient::follow(std::string operation, std::string url, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto to, service());
    Call call{.operation = std::move(operation), .url = std::move(url)};
    co_return co_await client_.send(std::move(to), std::move(call), deadline);
}

bool ArmClient::is_own(std::string_view url) const {
    auto const authority = find_https_authority(url);
    return authority && authority == find_https_authority(url_);
}

Result<Service> ArmClient::service() const {
    auto authority = find_https_authority(url_);
    if (!authority)
        return fail(Errc::invalid_argument,
                    "Resource Manager's URL \"" + escape_for_display(url_) + "\" is no https URL");
    return Service{*std::move(authority), audience_};
}

}  // namespace kssedr::azure
