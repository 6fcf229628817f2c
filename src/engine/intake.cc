#include "engine/intake.h"

#include "async/for_each.h"
#include "async/trace.h"
#include "base/ascii.h"

#include <fmt/format.h>

#include <deque>
#include <map>
#include <numeric>
#include <utility>

namespace kssedr::engine {
namespace {

constexpr std::size_t at_once = 16;
// One vault that does not answer, or answers 403 to everything, leaves the other places to others.
constexpr std::size_t at_once_of_vault = 4;
// Of events that start no rotation: a limit on what one delivery can make of memory, logs and answers. Those that start
// one are as many as the messages' size allows.
constexpr std::size_t idle_events_max = 10'000;

bool starts_rotation(formats::DecodedEvent const& decoded) {
    return decoded.event && decoded.event->kind == rotation::EventKind::starts_rotation;
}

// Whether the vault itself could not be asked: the secret was never read, so that its owner is not known.
bool is_vault_unanswered(rotation::Outcome const& outcome) {
    return outcome.kind == rotation::OutcomeKind::failed && outcome.code == "unavailable" && outcome.resource.empty();
}

// Hands out work by vault in turn, each vault's in its order, and no more of one at once than its share.
class Shares {
public:
    using Work = std::vector<std::size_t>;
    struct Taken {
        std::string vault;
        Work work;
    };

    void add(std::string const& vault, Work work) {
        vaults_[vault].waiting.push_back(std::move(work));
        ++waiting_;
    }
    /// How many pieces of work were added and not taken.
    [[nodiscard]] std::size_t waiting() const { return waiting_; }
    /// Nothing: all is done, or is left to those who work on it.
    std::optional<Taken> take() {
        auto turn = vaults_.upper_bound(last_);
        for (std::size_t i = 0; i < vaults_.size(); ++i, ++turn) {
            if (turn == vaults_.end()) turn = vaults_.begin();
            auto& [vault, share] = *turn;
            if (share.waiting.empty() || share.taken >= at_once_of_vault) continue;
            ++share.taken;
            --waiting_;
            last_ = vault;
            Taken taken{vault, std::move(share.waiting.front())};
            share.waiting.pop_front();
            return taken;
        }
        return std::nullopt;
    }
    void give_back(std::string const& vault) {
        auto const place = vaults_.find(vault);
        if (--place->second.taken == 0 && place->second.waiting.empty()) vaults_.erase(place);
    }

private:
    struct Share {
        std::deque<Work> waiting;
        std::size_t taken = 0;
    };
    std::map<std::string, Share> vaults_;
    std::size_t waiting_ = 0;
    std::string last_;  // whose turn it was
};

rotation::Outcome begin_outcome(formats::DecodedEvent const& decoded, TimePoint now) {
    rotation::Outcome outcome;
    outcome.trigger = rotation::Trigger::event;
    outcome.event_id = decoded.id;
    outcome.started_at = now;
    return outcome;
}

void tell_secret(rotation::Event const& event, rotation::Outcome& outcome) {
    outcome.vault = event.secret.vault.text;
    outcome.secret = event.secret.name;
    outcome.version = event.version;
}

}  // namespace

Intake::Intake(Rotator& rotator, Clock& clock, Log& log, std::string vault_suffix, OnOutcome on_outcome)
    : rotator_(rotator),
      clock_(clock),
      log_(log),
      vault_suffix_(std::move(vault_suffix)),
      on_outcome_(std::move(on_outcome)) {
    if (!on_outcome_) on_outcome_ = [this](rotation::Outcome const& outcome) { log_outcome(log_, outcome); };
}

std::vector<HandledEvent> Intake::take_apart(std::span<std::string_view const> messages) const {
    std::vector<HandledEvent> taken;
    std::size_t idle = 0, left_out = 0;
    for (auto const message : messages) {
        bool is_told = false;
        for (auto& decoded : formats::decode_events(message, vault_suffix_)) {
            // Where there are too many of them the first of a message stands for the others.
            if (!starts_rotation(decoded) && ++idle > idle_events_max && std::exchange(is_told, true)) {
                ++left_out;
                continue;
            }
            taken.push_back({std::move(decoded), {}});
        }
    }
    if (left_out > 0) log_.warn("intake.events_not_told", {{"count", fmt::format("{}", left_out)}});
    return taken;
}

Task<std::vector<HandledEvent>> Intake::handle(std::span<std::string_view const> messages, Budget budget) {
    auto handled = take_apart(messages);
    std::vector<std::size_t> places(handled.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    co_await handle_each(handled, std::move(places), budget);
    co_return handled;
}

Task<void> Intake::handle_failed_again(std::vector<HandledEvent>& handled, Budget budget) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < handled.size(); ++i)
        if (handled[i].outcome.kind == rotation::OutcomeKind::failed) places.push_back(i);
    co_await handle_each(handled, std::move(places), budget);
}

Task<void> Intake::handle_each(std::vector<HandledEvent>& handled, std::vector<std::size_t> places, Budget budget) {
    std::map<std::string, rotation::Outcome> unanswered;  // by vault: what became of the first who asked it
    // Whose owner is being worked on waits in that owner's queue, not in one of the few places.
    std::map<std::string, Shares::Work> queues;
    auto handle_one = [&](std::size_t i, Others others) -> Task<void> {
        auto const& decoded = handled[i].event;
        rotation::Outcome outcome;
        auto const known =
            starts_rotation(decoded) ? unanswered.find(decoded.event->secret.vault.text) : unanswered.end();
        if (known != unanswered.end()) {
            outcome = begin_outcome(decoded, clock_.now());
            outcome.kind = known->second.kind;
            outcome.code = known->second.code;
            outcome.reason = known->second.reason;
            outcome.retry_after = known->second.retry_after;
            tell_secret(*decoded.event, outcome);
        } else {
            outcome = co_await handle_event(decoded, budget, others);
        }
        if (outcome.code == "owner-busy") {
            queues[to_ascii_lower(outcome.resource)].push_back(i);
            co_return;
        }
        if (is_vault_unanswered(outcome)) unanswered.try_emplace(outcome.vault, outcome);
        handled[i].outcome = std::move(outcome);
        on_outcome_(handled[i].outcome);
    };

    Shares shares;
    auto others = Others::go_first;
    auto work = [&](std::size_t) -> Task<void> {
        while (auto const taken = shares.take()) {
            for (auto const event : taken->work) co_await handle_one(event, others);
            shares.give_back(taken->vault);
        }
    };
    for (auto const i : places) {
        auto const& decoded = handled[i].event;
        if (starts_rotation(decoded)) {
            shares.add(decoded.event->secret.vault.text, {i});
        } else {
            co_await handle_one(i, others);
        }
    }
    co_await for_each(shares.waiting(), at_once, work);

    others = Others::are_waited_for;
    for (auto& [owner, queue] : queues) {
        auto const& vault = handled[queue.front()].event.event->secret.vault.text;
        shares.add(vault, std::move(queue));
    }
    co_await for_each(shares.waiting(), at_once, work);
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
        tell_secret(event, outcome);
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
    auto examination = co_await traced(event.trace_parent, rotator_.rotate(std::move(request)));
    co_return std::move(examination.outcome);
}

void log_outcome(Log& log, rotation::Outcome const& outcome, std::string const& history_head) {
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
        {"historyHead", history_head},
    };
    if (needs_somebody) {
        log.warn("rotation.outcome", fields);
    } else {
        log.info("rotation.outcome", fields);
    }
}

}  // namespace kssedr::engine
