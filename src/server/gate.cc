#include "server/gate.h"

#include "base/ascii.h"
#include "server/answers.h"

#include <algorithm>

namespace kssedr::server {
namespace {

using namespace std::chrono_literals;

// Twenty failures at once, then one every three seconds.
constexpr Duration debt_of_one = 3s;
constexpr Duration debt_max = 20 * debt_of_one;

// What stands behind `Bearer`; nothing where the header is another scheme's.
std::optional<std::string_view> find_bearer(listen::Request const& request) {
    constexpr std::string_view scheme = "Bearer ";
    auto const value = request.headers.find("Authorization");
    if (!value || !starts_with_ignore_case(*value, scheme)) return std::nullopt;
    return trim(value->substr(scheme.size()));
}

}  // namespace

bool Gate::shows_secret(listen::Request const& request) const {
    if (rules_.shared_secret.empty()) return false;
    if (rules_.secret_header.empty()) {
        auto const token = find_bearer(request);
        return token && rules_.shared_secret.equals(*token);
    }
    auto const value = request.headers.find(rules_.secret_header);
    return value && rules_.shared_secret.equals(*value);
}

bool Gate::may_pass(ports::Principal const& principal) const {
    auto const is_his = [&](std::string const& id) { return equals_ignore_case(id, principal.application); };
    auto const has_it = [&](std::string const& role) {
        return std::ranges::find(rules_.roles, role) != rules_.roles.end();
    };
    return std::ranges::any_of(rules_.applications, is_his) || std::ranges::any_of(principal.roles, has_it);
}

listen::Response Gate::turn_away(unsigned status, std::string_view why) {
    ++refused_;
    auto const now = clock_.steady_now();
    debt_ = std::max<Duration>(debt_ - (now - debt_at_), Duration{});
    debt_at_ = now;
    if (debt_ >= debt_max) {
        auto response = answer_error(429, "TooManyFailures", "too many callers were turned away lately",
                                     "show what configuration asks for, and try again later");
        add_retry_after(response, debt_ - debt_max + debt_of_one);
        return response;
    }
    debt_ += debt_of_one;
    log_.warn("gate.refused", {{"gate", name_}, {"status", std::to_string(status)}, {"why", std::string(why)}});
    if (status == 403)
        return answer_error(403, "Forbidden", why,
                            "give the caller one of the roles, or list its application's id, in kssedr's settings");
    auto response =
        answer_error(401, "Unauthorized", why, "show a token or the shared secret that kssedr's settings name");
    response.headers.add("WWW-Authenticate", "Bearer realm=\"kssedr\"");
    return response;
}

Task<std::optional<listen::Response>> Gate::refuse(listen::Request const& request, SteadyPoint deadline) {
    if (shows_secret(request)) co_return std::nullopt;
    auto const token = find_bearer(request);
    if (rules_.token_check == nullptr || !token)
        co_return turn_away(401, token || rules_.token_check == nullptr
                                     ? "the secret that was shown is not the right one, or none was shown"
                                     : "no token was shown");
    // Other rules may hold when it is through.
    auto const check = rules_.token_check;
    auto checked = co_await check->check(SecretString::copy_of(*token), deadline);
    if (checked && may_pass(*checked)) co_return std::nullopt;
    if (checked)
        co_return turn_away(403, "the application " + escape_for_display(checked->application) +
                                     " has none of the roles that are let in here, and is not listed");
    if (checked.error().code() == Errc::permission_denied) co_return turn_away(401, checked.error().message());
    co_return answer_unavailable(checked.error());
}

}  // namespace kssedr::server
