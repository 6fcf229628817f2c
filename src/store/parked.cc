#include "store/parked.h"

#include "base/ascii.h"
#include "store/chain.h"

#include <algorithm>

namespace kssedr::store {
namespace {

using ports::ParkedEvent;

constexpr std::size_t listed_max = 1'000;
constexpr std::size_t reason_max = 4 * 1024;
constexpr std::size_t event_max = 32 * 1024;
constexpr std::size_t head_max = 4 * 1024;

constexpr auto columns = "id, vault, secret, code, outcome, reason, first_ms, last_ms, count, source, event, sha256";

ParkedEvent take_event(Row const& row) {
    ParkedEvent event;
    event.id = number_at(row, 0);
    event.vault = text_at(row, 1);
    event.secret = text_at(row, 2);
    event.code = text_at(row, 3);
    event.outcome = text_at(row, 4);
    event.reason = text_at(row, 5);
    event.first_at = TimePoint(Duration(number_at(row, 6)));
    event.last_at = TimePoint(Duration(number_at(row, 7)));
    event.count = static_cast<std::uint64_t>(number_at(row, 8));
    event.source = text_at(row, 9);
    event.event = bytes_at(row, 10);
    event.sha256 = text_at(row, 11);
    return event;
}

bool is_malformed(ParkedEvent const& event) {
    return event.vault.empty() && event.secret.empty();
}

Result<void> park_one(Transaction& in, ParkedEvent const& event) {
    auto const vault = fit_name(event.vault);
    auto const secret = fit_name(event.secret);
    auto const code = fit_name(event.code);
    auto const sha256 = fit_name(event.sha256);
    auto const malformed = is_malformed(event) ? sha256 : std::string();
    auto const outcome = fit_name(event.outcome);
    auto const reason = escape_for_display(event.reason, reason_max);
    auto const last = std::int64_t{event.last_at.time_since_epoch().count()};
    auto const source = fit_name(event.source);
    auto const kept =
        event.event.substr(0, event.event.size() <= event_max && !is_malformed(event) ? event_max : head_max);
    // Looked for first, so that only a new entry takes a number: numbers rise, and there is one that writes.
    KSSEDR_TRY(auto const known,
               in.run("UPDATE parked SET outcome = $1, reason = $2, last_ms = $3, count = count + 1, source = $4, "
                      "event = $5, sha256 = $6 WHERE vault = $7 AND secret = $8 AND code = $9 AND malformed = $10 "
                      "RETURNING id",
                      {outcome, reason, last, source, Blob{kept}, sha256, vault, secret, code, malformed}));
    if (!known.empty()) return {};
    KSSEDR_TRY(auto const id, in.count("parked_id", 1));
    KSSEDR_TRY_VOID(
        in.run("INSERT INTO parked (id, vault, secret, code, malformed, outcome, reason, first_ms, last_ms, "
               "count, source, event, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $12)",
               {id, vault, secret, code, malformed, outcome, reason, last, last, source, Blob{kept}, sha256}));
    return {};
}

Result<void> keep_within(Transaction& in, ParkedLimits const& limits) {
    KSSEDR_TRY_VOID(
        in.run("DELETE FROM parked WHERE malformed <> '' AND id <= (SELECT id FROM parked WHERE malformed <> "
               "'' ORDER BY id DESC LIMIT 1 OFFSET $1)",
               {limits.malformed}));
    KSSEDR_TRY_VOID(in.run("DELETE FROM parked WHERE id <= (SELECT id FROM parked ORDER BY id DESC LIMIT 1 OFFSET $1)",
                           {limits.all}));
    return {};
}

struct Done {};

}  // namespace

Async<void> StoredParked::park(std::vector<ParkedEvent> events, SteadyPoint deadline) {
    std::move_only_function<Result<Done>(Transaction&)> job = [events = std::move(events),
                                                               limits = limits_](Transaction& in) -> Result<Done> {
        for (auto const& event : events) {
            KSSEDR_TRY_VOID(park_one(in, event));
        }
        KSSEDR_TRY_VOID(keep_within(in, limits));
        return Done{};
    };
    KSSEDR_CO_TRY_VOID(co_await jobs_.write<Done>(std::move(job), deadline));
    co_return Result<void>{};
}

Async<void> StoredParked::close(std::string vault, std::string secret, std::string except_code, SteadyPoint deadline) {
    std::move_only_function<Result<Done>(Transaction&)> job =
        [vault = fit_name(vault), secret = fit_name(secret),
         except_code = fit_name(except_code)](Transaction& in) -> Result<Done> {
        // Malformed events have no secret that could come to another outcome.
        if (vault.empty() && secret.empty()) return Done{};
        KSSEDR_TRY_VOID(
            in.run("DELETE FROM parked WHERE vault = $1 AND secret = $2 AND code <> $3", {vault, secret, except_code}));
        return Done{};
    };
    KSSEDR_CO_TRY_VOID(co_await jobs_.write<Done>(std::move(job), deadline));
    co_return Result<void>{};
}

Async<std::vector<ParkedEvent>> StoredParked::list(std::int64_t after, std::size_t limit, SteadyPoint deadline) {
    using Events = std::vector<ParkedEvent>;
    auto const most = static_cast<std::int64_t>(std::min(limit, listed_max));
    std::move_only_function<Result<Events>(Transaction&)> job = [after, most](Transaction& in) -> Result<Events> {
        KSSEDR_TRY(auto const rows,
                   in.run(std::string("SELECT ") + columns + " FROM parked WHERE id > $1 ORDER BY id LIMIT $2",
                          {after, most}));
        Events events;
        for (auto const& row : rows) events.push_back(take_event(row));
        return events;
    };
    co_return co_await jobs_.read<Events>(std::move(job), deadline);
}

Async<std::uint64_t> StoredParked::count(SteadyPoint deadline) {
    std::move_only_function<Result<std::uint64_t>(Transaction&)> job = [](Transaction& in) -> Result<std::uint64_t> {
        KSSEDR_TRY(auto const rows, in.run("SELECT count(*) FROM parked"));
        return rows.empty() ? std::uint64_t{0} : static_cast<std::uint64_t>(number_at(rows[0], 0));
    };
    co_return co_await jobs_.read<std::uint64_t>(std::move(job), deadline);
}

Async<std::optional<ParkedEvent>> StoredParked::find(std::int64_t id, SteadyPoint deadline) {
    using Found = std::optional<ParkedEvent>;
    std::move_only_function<Result<Found>(Transaction&)> job = [id](Transaction& in) -> Result<Found> {
        KSSEDR_TRY(auto const rows, in.run(std::string("SELECT ") + columns + " FROM parked WHERE id = $1", {id}));
        return rows.empty() ? Found() : Found(take_event(rows[0]));
    };
    co_return co_await jobs_.read<Found>(std::move(job), deadline);
}

Async<bool> StoredParked::drop(std::int64_t id, SteadyPoint deadline) {
    std::move_only_function<Result<bool>(Transaction&)> job = [id](Transaction& in) -> Result<bool> {
        KSSEDR_TRY(auto const gone, in.run("DELETE FROM parked WHERE id = $1 RETURNING id", {id}));
        return !gone.empty();
    };
    co_return co_await jobs_.write<bool>(std::move(job), deadline);
}

}  // namespace kssedr::store
