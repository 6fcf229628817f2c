#include "engine/intake.h"

#include "async/for_each.h"
#include "base/ascii.h"

#include <fmt/format.h>

#include <map>

namespace kssedr::engine {
namespace {

constexpr std::size_t at_once = 16;
// More than any hub holds of Key Vault's events; a limit on what one delivery can make of memory, logs and answers.
constexpr std::size_t events_max = 2000;

rotation::Outcome begin_outcome(formats::DecodedEvent const& decoded, TimePoint now) {
    rotation::Outcome outcome;
    outcome.trigger = rotation::Trigger::event;
    outcome.event_id = decoded.id;
    outcome.started_at = now;
    return outcome;
}

}  // namespace

Task<std::vector<HandledEvent>> Intake::handle(std::span<std::string_view const> messages, Budget budget) {
    std::vector<HandledEvent> handled;
    for (auto const message : messages) {
        if (handled.size() >= events_max) {
            auto too_many =
                fail(Errc::invalid_argument,
                     fmt::format("the delivery holds more than {} events; this message was not looked at", events_max));
            handled.push_back({{std::move(too_many), {}, message}, {}});
            continue;
        }
        for (auto& decoded : formats::decode_events(message, vault_suffix_))
            handled.push_back({std::move(decoded), {}});
    }

    // Whose owner is being worked on waits in that owner's queue, not in one of the few places.
    std::map<std::string, std::vector<std::size_t>> queues;
    auto handle_one = [&](std::size_t i) -> Task<void> {
        auto outcome = co_await handle_event(handled[i].event, budget, Others::go_first);
        if (outcome.code == "owner-busy") {
            queues[rotation::ArmId::parse(outcome.resource)->key()].push_back(i);
            co_return;
        }
        handled[i].outcome = std::move(outcome);
        log_outcome(log_, handled[i].outcome);
    };
    co_await for_each(handled.size(), at_once, handle_one);

    std::vector<std::vector<std::size_t>> waiting;
    for (auto& [owner, queue] : queues) waiting.push_back(std::move(queue));
    auto handle_queue = [&](std::size_t i) -> Task<void> {
        for (auto const event : waiting[i]) {
            handled[event].outcome = co_await handle_event(handled[event].event, budget, Others::are_waited_for);
            log_outcome(log_, handled[event].outcome);
        }
    };
    co_await for_each(waiting.size(), at_once, handle_queue);
    co_return handled;
}

Task<rotation::Outcome> Intake::handle_event(formats::DecodedEvent const& decoded, Budget const& budget,
                                             Others others) {
    auto outcome = begin_outcome(decoded, clock_.now());
    if (!decoded.event) {
        outcome.kind = rotation::OutcomeKind::refused;
        outcome.code = "malformed";
        outcome.reason = decoded.event.error().message();
        co_return outcome;
    }
    auto const& event = *decoded.event;
    if (event.kind == rotation::EventKind::other) {
        outcome.kind = rotation::OutcomeKind::ignored;
        outcome.code = "other-type";
        outcome.reason = "events of type " + escape_for_display(event.type) + " start no rotation";
        co_return outcome;
    }
    if (clock_.steady_now() >= budget.begin_by) {
        outcome.kind = rotation::OutcomeKind::failed;
        outcome.code = "no-time";
        outcome.reason = "the invocation's time was used up before this event was begun; it comes again";
        outcome.vault = event.secret.vault.text;
        outcome.secret = event.secret.name;
        outcome.version = event.version;
        co_return outcome;
    }
    RotationRequest request;
    request.secret = event.secret;
    request.trigger = rotation::Trigger::event;
    request.version = event.version;
    request.event_id = event.id;
    request.vault_resource = event.vault_resource;
    request.yields_to_owner = others == Others::go_first;
    request.deadline = budget.deadline;
    auto examination = co_await rotator_.rotate(std::move(request));
    co_return std::move(examination.outcome);
}

void log_outcome(Log& log, rotation::Outcome const& outcome) {
    bool const needs_somebody =
        outcome.kind == rotation::OutcomeKind::refused || outcome.kind == rotation::OutcomeKind::failed;
    auto const date = [](std::optional<TimePoint> at) { return at ? format_rfc3339(*at) : std::string(); };
    std::initializer_list<LogField> const fields = {
        {"outcome", std::string(to_string(outcome.kind))},
        {"code", outcome.code},
        {"vault", outcome.vault},
        {"secret", outcome.secret},
        {"version", outcome.version},
        {"newVersion", outcome.new_version},
        {"resource", outcome.resource},
        {"credential", outcome.credential},
        {"expires", date(outcome.expires)},
        {"retryAfter", date(outcome.retry_after)},
        {"eventId", outcome.event_id},
        {"durationMs", fmt::format("{}", outcome.duration.count())},
        {"reason", outcome.reason},
    };
    if (needs_somebody) {
        log.warn("rotation.outcome", fields);
    } else {
        log.info("rotation.outcome", fields);
    }
}

}  // namespace kssedr::engine
