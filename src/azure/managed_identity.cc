#include "azure/managed_identity.h"

#include "azure/error_answer.h"
#include "azure/json_view.h"
#include "base/encoding.h"

#include <algorithm>

namespace kssedr::azure {

Result<IssuedToken> parse_managed_identity_answer(std::string_view body, TimePoint now) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto const root = document.root();
    auto token = root["access_token"].secret();
    if (!token || token->empty()) return fail(Errc::corrupt, "the answer holds no access_token");
    constexpr std::int64_t longest = 30L * 24 * 3600;
    if (auto const seconds = root["expires_in"].integer_or_text(); seconds && *seconds > 0)
        return IssuedToken{*std::move(token), std::chrono::seconds(std::min(*seconds, longest))};
    auto const until = root["expires_on"].integer_or_text();
    auto const now_seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    if (!until || *until <= now_seconds) return fail(Errc::corrupt, "the answer does not say how long its token lives");
    return IssuedToken{*std::move(token), std::chrono::seconds(std::min(*until - now_seconds, longest))};
}

ManagedIdentityIssuer::ManagedIdentityIssuer(http::Transport& transport, Clock& clock, std::string endpoint,
                                             SecretString header, std::string client_id)
    : transport_(transport),
      clock_(clock),
      endpoint_(std::move(endpoint)),
      header_(std::move(header)),
      client_id_(std::move(client_id)) {}

Async<IssuedToken> ManagedIdentityIssuer::fetch_token(std::string audience, SteadyPoint deadline) {
    http::Request request;
    request.url = endpoint_ + (endpoint_.find('?') == std::string::npos ? '?' : '&') +
                  "api-version=2019-08-01&resource=" + format_percent(audience);
    if (!client_id_.empty()) request.url += "&client_id=" + format_percent(client_id_);
    request.headers = {{"Accept", "application/json"}};
    request.secret_headers.emplace_back("X-IDENTITY-HEADER", header_.clone());
    request.use_proxy = false;  // the endpoint is on this machine, and its answer for nobody else
    request.response_limit = 64U << 10U;
    auto answer = co_await transport_.send(std::move(request), deadline);
    if (!answer) co_return fail(to_error(std::move(answer).error(), "asking for the managed identity", Effect::none));
    if (answer->status != 200) co_return fail(to_error(*answer, "asking for the managed identity", Effect::none));
    auto const said_at = parse_http_date(answer->header("date"));
    co_return parse_managed_identity_answer(answer->body.expose(), said_at.value_or(clock_.now()));
}

}  // namespace kssedr::azure
