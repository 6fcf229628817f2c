#include "engine/ledger.h"

#include "async/retry.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "engine/intake.h"
#include "formats/outcome_json.h"

#include <fmt/format.h>

namespace kssedr::engine {
namespace {

using rotation::OutcomeKind;

constexpr Duration longest_call = std::chrono::seconds{30};
constexpr Duration first_pause{500};
constexpr Duration longest_pause{15'000};
// What fits a message of a queue fits here (CONTRACT 4).
constexpr std::size_t event_max = std::size_t{32} * 1024;
constexpr std::size_t malformed_max = std::size_t{4} * 1024;

bool needs_a_person(Settled const& settled) {
    return settled.outcome.kind == OutcomeKind::refused ||
           (settled.outcome.kind == OutcomeKind::failed && settled.is_last);
}

ports::ParkedEvent parked_of(Settled const& settled, TimePoint now) {
    auto const& outcome = settled.outcome;
    ports::ParkedEvent parked;
    parked.vault = outcome.vault;
    parked.secret = outcome.secret;
    parked.code = outcome.code;
    parked.outcome = std::string(to_string(outcome.kind));
    parked.reason = outcome.reason;
    parked.first_at = parked.last_at = now;
    parked.source = settled.source;
    if (settled.event.empty()) return parked;
    bool const is_named = !outcome.secret.empty();
    if (is_named && settled.event.size() <= event_max) parked.event = settled.event;
    if (!is_named) parked.event = settled.event.substr(0, malformed_max);
    parked.sha256 = format_hex(sha256(settled.event));
    return parked;
}

}  // namespace

Task<void> Ledger::open() {
    auto learning = [this] { return learn(); };
    co_await until_it_works(learning);
}

Async<void> Ledger::learn() {
    constexpr std::size_t page = 1000;
    with_entries_.clear();
    for (std::int64_t after = 0;;) {
        auto const entries = co_await parked_.list(after, page, clock_.steady_now() + longest_call);
        if (!entries) co_return std::unexpected(entries.error());
        for (auto const& entry : *entries) {
            with_entries_.emplace(entry.vault, entry.secret);
            after = entry.id;
        }
        if (entries->size() < page) co_return Result<void>();
    }
}

Task<void> Ledger::keep(std::vector<Settled> settled) {
    if (settled.empty()) co_return;
    auto appending = [&] { return append(settled); };
    co_await until_it_works(appending);
    for (auto const& each : settled) {
        log_outcome(log_, each.outcome, head_);
        if (metrics_ != nullptr) metrics_->outcome_kept(each.source, each.outcome);
    }
    auto parking = [&] { return park(settled); };
    co_await until_it_works(parking);
}

Async<void> Ledger::append(std::vector<Settled> const& settled) {
    std::vector<ports::HistoryLine> lines;
    for (auto const& each : settled) {
        auto const& outcome = each.outcome;
        lines.push_back({clock_.now(), std::string(to_string(outcome.kind)), outcome.code, outcome.vault,
                         outcome.secret, formats::format_outcome(outcome)});
    }
    auto head = co_await history_.append(std::move(lines), clock_.steady_now() + longest_call);
    if (!head) co_return std::unexpected(head.error());
    head_ = *std::move(head);
    co_return Result<void>();
}

Async<void> Ledger::park(std::vector<Settled> const& settled) {
    auto const deadline = clock_.steady_now() + longest_call;
    std::vector<ports::ParkedEvent> entries;
    for (auto const& each : settled) {
        auto const& outcome = each.outcome;
        bool const is_parked = needs_a_person(each);
        if (is_parked) entries.push_back(parked_of(each, clock_.now()));
        if (outcome.kind == OutcomeKind::failed && !each.is_last) continue;
        if (outcome.secret.empty() || !with_entries_.contains({outcome.vault, outcome.secret})) continue;
        auto const closed =
            co_await parked_.close(outcome.vault, outcome.secret, is_parked ? outcome.code : std::string(), deadline);
        if (!closed) co_return std::unexpected(closed.error());
        if (!is_parked) with_entries_.erase({outcome.vault, outcome.secret});
    }
    if (entries.empty()) co_return Result<void>();
    for (auto const& entry : entries)
        if (!entry.secret.empty()) with_entries_.emplace(entry.vault, entry.secret);
    co_return co_await parked_.park(std::move(entries), deadline);
}

template <class Work>
Task<void> Ledger::until_it_works(Work& work) {
    for (int attempt = 1;; ++attempt) {
        auto const done = co_await work();
        if (done) {
            if (!trouble_.empty()) log_.info("store.keeps_again", {});
            trouble_.clear();
            co_return;
        }
        if (trouble_.empty()) log_.error("store.keeps_nothing", {{"why", done.error().message()}});
        trouble_ = done.error().message();
        co_await clock_.sleep_for(backoff(first_pause, longest_pause, attempt, random_));
    }
}

}  // namespace kssedr::engine
