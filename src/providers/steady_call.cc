#include "providers/steady_call.h"

#include <algorithm>

namespace kssedr::providers {
namespace {

constexpr Duration first_pause = std::chrono::seconds{1};
constexpr Duration longest_pause = std::chrono::seconds{8};

}  // namespace

Async<http::Response> send_steadily(azure::ArmClient& arm, Clock& clock, azure::ArmCall call, SteadyPoint deadline) {
    for (Duration pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
        azure::ArmCall once{.operation = call.operation,
                            .resource = call.resource,
                            .action = call.action,
                            .api_version = call.api_version,
                            .method = call.method,
                            .effect = call.effect,
                            .body = call.body.clone(),
                            .headers = call.headers};
        auto answer = co_await arm.send(std::move(once), deadline);
        if (answer || answer.error().code() != Errc::throttled) co_return answer;
        auto const wait = answer.error().retry_after().value_or(pause);
        if (deadline - clock.steady_now() <= wait) co_return answer;
        co_await clock.sleep_for(wait);
    }
}

}  // namespace kssedr::providers
