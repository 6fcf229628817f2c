#include "azure/long_running.h"

#include "azure/json_view.h"
#include "base/ascii.h"

#include <algorithm>

namespace kssedr::azure {
namespace {

constexpr Duration first_pause = std::chrono::seconds{1};
constexpr Duration longest_pause = std::chrono::seconds{5};

// An operation's own failure, in the words of the codes: what it was to do was not done.
Error to_failure(http::Response const& answer, std::string_view operation) {
    auto const said = parse_service_error(answer.body.expose());
    auto const says = [&](std::string_view part) { return said.code.contains(part) || said.outer_code.contains(part); };
    Errc code = Errc::unavailable;
    if (says("Conflict") || says("InProgress")) code = Errc::conflict;
    if (says("Invalid") || says("BadRequest") || says("NotSupported") || says("ScopeLocked") || says("Disallowed"))
        code = Errc::invalid_argument;
    std::string message = std::string(operation) + ": the service began it and then failed";
    if (!said.code.empty()) message += ", " + escape_for_display(said.code, 64);
    if (!said.message.empty()) message += ", \"" + escape_for_display(said.message, 300) + '"';
    return Error(code, std::move(message)).with_service_code(escape_for_display(said.code, 64));
}

// `held` is how long the service does not want to be called, where it said so.
Failure unknown(std::string const& operation, std::string const& why, std::optional<Duration> held = {}) {
    return fail(Error(Errc::outcome_unknown, operation + ": the service has begun it; " + why).with_retry_after(held));
}

// Whether asking again may bring what this time did not.
bool may_ask_again(Errc code) {
    return code == Errc::throttled || code == Errc::unavailable || code == Errc::deadline_exceeded;
}

}  // namespace

std::optional<OperationPlace> find_operation(http::Response const& begun) {
    if (auto const url = begun.header("azure-asyncoperation"); !url.empty())
        return OperationPlace{std::string(url), true};
    if (begun.status != 202) return std::nullopt;
    return OperationPlace{std::string(begun.header("location")), false};
}

Result<bool> parse_operation_answer(http::Response const& answer, OperationPlace const& place,
                                    std::string_view operation) {
    if (answer.status == 202) return false;
    if (!place.has_status) return true;
    auto const document = JsonDocument::parse(answer.body.expose());
    auto const status = document ? document->root().find_any_case("status").text() : std::nullopt;
    if (!status) return fail(Errc::corrupt, std::string(operation) + ": the answer about it has no status");
    if (equals_ignore_case(*status, "Succeeded")) return true;
    for (std::string_view const failed : {"Failed", "Canceled", "Cancelled"})
        if (equals_ignore_case(*status, failed)) return fail(to_failure(answer, operation));
    return false;
}

Async<void> await_operation(ArmClient& arm, Clock& clock, http::Response const& begun, std::string operation,
                            SteadyPoint deadline) {
    auto place = find_operation(begun);
    if (!place) co_return Result<void>();
    if (place->url.empty()) co_return unknown(operation, "it does not say where to ask for its end");
    auto told_pause = parse_retry_after(begun);
    std::optional<Duration> held;
    for (Duration pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
        if (!arm.is_own(place->url)) co_return unknown(operation, "its end is to be asked for at another host");
        auto const wait = std::max(told_pause.value_or(pause), first_pause);
        if (deadline - clock.steady_now() <= wait)
            co_return unknown(operation, "it had not ended when the time was up, and goes on", held);
        co_await clock.sleep_for(wait);
        auto const answer = co_await arm.follow(operation + ", asking for its end", place->url, deadline);
        bool const is_no = !answer && answer.error().code() == Errc::throttled;
        held = is_no ? answer.error().retry_after() : std::nullopt;
        if (!answer && may_ask_again(answer.error().code())) {
            told_pause = answer.error().retry_after();
            continue;
        }
        if (!answer && !place->has_status &&
            (answer.error().code() == Errc::conflict || answer.error().code() == Errc::invalid_argument))
            co_return fail(answer.error());
        if (!answer) co_return unknown(operation, "its end can not be asked for: " + answer.error().message());
        auto const has_ended = parse_operation_answer(*answer, *place, operation);
        if (!has_ended && has_ended.error().code() == Errc::corrupt)
            co_return unknown(operation, has_ended.error().message());
        if (!has_ended) co_return fail(has_ended.error());
        if (*has_ended) co_return Result<void>();
        told_pause = parse_retry_after(*answer);
        // Signed anew with each answer.
        if (auto const next = answer->header(place->has_status ? "azure-asyncoperation" : "location"); !next.empty())
            place->url = next;
    }
}

}  // namespace kssedr::azure
