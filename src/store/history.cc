#include "store/history.h"

#include "base/ascii.h"
#include "store/chain.h"

#include <algorithm>

namespace kssedr::store {
namespace {

using ports::HistoryEntry;
using ports::HistoryProof;
using ports::HistoryQuery;

constexpr std::size_t found_max = 1'000;
// Lines a transaction, so that whoever appends need not wait long.
constexpr std::int64_t walked_at_once = 500;
constexpr std::int64_t forgotten_at_once = 1'000;

constexpr auto entry_columns = "number, at_ms, outcome, code, vault, secret, text, hash";

HistoryEntry take_entry(Row const& row) {
    HistoryEntry entry;
    entry.number = static_cast<std::uint64_t>(number_at(row, 0));
    entry.line = {TimePoint(Duration(number_at(row, 1))),
                  text_at(row, 2),
                  text_at(row, 3),
                  text_at(row, 4),
                  text_at(row, 5),
                  text_at(row, 6)};
    entry.hash = text_at(row, 7);
    return entry;
}

std::int64_t milliseconds(TimePoint at) {
    return at.time_since_epoch().count();
}

// A statement that grows by conditions.
struct Selection {
    std::string sql;
    std::vector<Value> values;

    void where(std::string const& condition, Value value) {
        values.push_back(std::move(value));
        sql += (values.size() == 1 ? " WHERE " : " AND ") + condition + std::to_string(values.size());
    }
};

Selection select(HistoryQuery const& query) {
    Selection wanted{std::string("SELECT ") + entry_columns + " FROM history", {}};
    if (!query.vault.empty()) wanted.where("vault = $", fit_name(query.vault));
    if (!query.secret.empty()) wanted.where("secret = $", fit_name(query.secret));
    if (!query.outcome.empty()) wanted.where("outcome = $", fit_name(query.outcome));
    if (query.before) wanted.where("number < $", static_cast<std::int64_t>(*query.before));
    if (query.until) wanted.where("at_ms < $", milliseconds(*query.until));
    if (query.since) {
        // The first number says where to stop: clocks jump, but not far, and an index has both.
        wanted.where("at_ms >= $", milliseconds(*query.since));
        auto const parameter = std::to_string(wanted.values.size());
        wanted.sql += " AND number >= (SELECT COALESCE(min(number), 0) FROM history WHERE at_ms >= $" + parameter + ')';
    }
    wanted.values.emplace_back(static_cast<std::int64_t>(std::min(query.limit, found_max)));
    wanted.sql += " ORDER BY number DESC LIMIT $" + std::to_string(wanted.values.size());
    return wanted;
}

// How far a walk along the chain has come.
struct Walk {
    HistoryProof proof;
    std::uint64_t number = 0;
    std::string hash = std::string(chain_begin);
    bool has_found = false;  // the hash that was asked for
    bool is_over = false;
};

Result<void> begin_at_start(Transaction& transaction, std::string const& head, Walk& walk) {
    KSSEDR_TRY(auto const starts,
               transaction.run("SELECT number, hash, at_ms FROM chain_starts ORDER BY number DESC LIMIT 1"));
    if (starts.empty()) return {};
    auto const number = static_cast<std::uint64_t>(number_at(starts[0], 0));
    if (number <= walk.number) return {};
    walk.number = number;
    walk.hash = text_at(starts[0], 1);
    walk.proof.forgotten_until = TimePoint(Duration(number_at(starts[0], 2)));
    KSSEDR_TRY(auto const known, transaction.run("SELECT number FROM chain_starts WHERE hash = $1 LIMIT 1", {head}));
    walk.has_found = walk.has_found || !known.empty();
    return {};
}

// The head that is written down must be where the walk ended.
Result<void> end_at_head(Transaction& transaction, Walk& walk) {
    walk.is_over = true;
    walk.proof.head = walk.hash;
    KSSEDR_TRY(auto const head, transaction.run("SELECT number, hash FROM chain_head"));
    bool const is_same = head.size() == 1 && static_cast<std::uint64_t>(number_at(head[0], 0)) == walk.number &&
                         text_at(head[0], 1) == walk.hash;
    if (!is_same && !walk.proof.broken) walk.proof.broken = walk.number + 1;
    return {};
}

// Walks over a page of lines.
Result<Walk> go_on(Transaction& transaction, std::string const& head, Walk walk) {
    KSSEDR_TRY_VOID(begin_at_start(transaction, head, walk));
    KSSEDR_TRY(auto const rows, transaction.run(std::string("SELECT ") + entry_columns +
                                                    " FROM history WHERE number > $1 ORDER BY number LIMIT $2",
                                                {static_cast<std::int64_t>(walk.number), walked_at_once}));
    for (auto const& row : rows) {
        auto const entry = take_entry(row);
        bool const fits =
            entry.number == walk.number + 1 && entry.hash == hash_line(walk.hash, entry.number, entry.line);
        if (!fits && !walk.proof.broken) walk.proof.broken = walk.number + 1;
        ++walk.proof.lines;
        walk.number = entry.number;
        walk.hash = entry.hash;
        // Behind a break anybody may have written it.
        if (entry.hash == head && !walk.proof.broken) walk.has_found = true;
    }
    if (rows.size() < static_cast<std::size_t>(walked_at_once)) {
        KSSEDR_TRY_VOID(end_at_head(transaction, walk));
    }
    return walk;
}

struct Forgotten {
    std::uint64_t lines = 0;            // in all
    std::optional<std::int64_t> start;  // the number of the entry this call has left
    bool is_over = false;
};

Result<Forgotten> forget_some(Transaction& transaction, TimePoint when, Forgotten before) {
    // Lines go from the oldest on, until one that stays: the chain has no gaps.
    KSSEDR_TRY(auto const rows, transaction.run("SELECT number, hash, at_ms FROM history ORDER BY number LIMIT $1",
                                                {forgotten_at_once}));
    auto const stays = [&](Row const& row) { return number_at(row, 2) >= milliseconds(when); };
    auto const going = std::distance(rows.begin(), std::ranges::find_if(rows, stays));
    before.is_over = going < forgotten_at_once;
    if (going == 0) return before;
    auto const& last = rows[static_cast<std::size_t>(going) - 1];
    auto const number = number_at(last, 0);
    before.lines += static_cast<std::uint64_t>(going);
    if (before.start) {
        KSSEDR_TRY_VOID(transaction.run("DELETE FROM chain_starts WHERE number = $1", {*before.start}));
    }
    KSSEDR_TRY_VOID(transaction.run("DELETE FROM history WHERE number <= $1", {number}));
    KSSEDR_TRY_VOID(
        transaction.run("INSERT INTO chain_starts (number, hash, at_ms, forgotten) VALUES ($1, $2, $3, $4)",
                        {number, text_at(last, 1), number_at(last, 2), static_cast<std::int64_t>(before.lines)}));
    before.start = number;
    return before;
}

}  // namespace

Async<std::string> StoredHistory::append(std::vector<ports::HistoryLine> lines, SteadyPoint deadline) {
    std::move_only_function<Result<std::string>(Transaction&)> job = [lines = std::move(lines)](Transaction& in) {
        return in.append(lines);
    };
    co_return co_await jobs_.write<std::string>(std::move(job), deadline);
}

Async<std::vector<HistoryEntry>> StoredHistory::find(HistoryQuery query, SteadyPoint deadline) {
    using Entries = std::vector<HistoryEntry>;
    std::move_only_function<Result<Entries>(Transaction&)> job = [query](Transaction& in) -> Result<Entries> {
        auto const wanted = select(query);
        KSSEDR_TRY(auto const rows, in.run_values(wanted.sql, wanted.values));
        Entries entries;
        for (auto const& row : rows) entries.push_back(take_entry(row));
        return entries;
    };
    co_return co_await jobs_.read<Entries>(std::move(job), deadline);
}

Async<HistoryProof> StoredHistory::verify(std::string head, SteadyPoint deadline) {
    head = to_ascii_lower(trim(head));
    Walk walk;
    while (!walk.is_over) {
        std::move_only_function<Result<Walk>(Transaction&)> job = [head, walk](Transaction& in) {
            return go_on(in, head, walk);
        };
        KSSEDR_CO_TRY(walk, co_await jobs_.read<Walk>(std::move(job), deadline));
    }
    walk.proof.has_head = head.empty() || walk.has_found;
    co_return walk.proof;
}

Async<std::uint64_t> StoredHistory::forget_before(TimePoint when, SteadyPoint deadline) {
    Forgotten forgotten;
    while (!forgotten.is_over) {
        std::move_only_function<Result<Forgotten>(Transaction&)> job = [when, forgotten](Transaction& in) {
            return forget_some(in, when, forgotten);
        };
        KSSEDR_CO_TRY(forgotten, co_await jobs_.write<Forgotten>(std::move(job), deadline));
    }
    co_return forgotten.lines;
}

}  // namespace kssedr::store
