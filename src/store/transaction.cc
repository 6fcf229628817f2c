#include "store/transaction.h"

#include "store/chain.h"

namespace kssedr::store {
namespace {

// Of each line of history, in the order of the table.
constexpr std::size_t columns = 8;
// Lines a statement: a network's way there and back is shared by so many.
constexpr std::size_t lines_a_statement = 100;

std::string insert_statement(std::size_t lines) {
    std::string sql = "INSERT INTO history (number, at_ms, outcome, code, vault, secret, text, hash) VALUES ";
    for (std::size_t line = 0, parameter = 1; line < lines; ++line) {
        sql += line == 0 ? "(" : ", (";
        for (std::size_t column = 0; column < columns; ++column, ++parameter)
            sql += (column == 0 ? "$" : ", $") + std::to_string(parameter);
        sql += ')';
    }
    return sql;
}

}  // namespace

Result<Rows> Transaction::run_values(std::string const& sql, std::span<Value const> values) {
    if (failure_) return fail(*failure_);
    auto rows = database_.run_values(sql, values);
    if (!rows) failure_ = rows.error();
    return rows;
}

Result<std::int64_t> Transaction::count(std::string const& name, std::int64_t by) {
    KSSEDR_TRY(auto const rows,
               run("UPDATE counters SET value = value + $1 WHERE name = $2 RETURNING value", {by, name}));
    if (rows.size() == 1) return number_at(rows[0], 0);
    failure_ = Error(Errc::corrupt, "the store's table of counters has no " + name + "; restore the store from a copy");
    return fail(*failure_);
}

Result<std::string> Transaction::append(std::vector<ports::HistoryLine> lines) {
    if (!has_head_) {
        // The update takes the row's lock, whoever else appends.
        KSSEDR_TRY(auto const head, run("UPDATE chain_head SET number = number WHERE id = 1 RETURNING number, hash"));
        if (head.size() != 1) {
            failure_ = Error(Errc::corrupt, "the store has no head of its chain; restore the store from a copy");
            return fail(*failure_);
        }
        head_number_ = static_cast<std::uint64_t>(number_at(head[0], 0));
        head_hash_ = text_at(head[0], 1);
        has_head_ = true;
    }
    for (auto& line : lines) {
        auto fit = fit_line(std::move(line));
        head_hash_ = hash_line(head_hash_, ++head_number_, fit);
        unwritten_.push_back({head_number_, head_hash_, std::move(fit)});
    }
    return head_hash_;
}

Result<void> Transaction::flush() {
    if (failure_) return fail(*failure_);
    if (unwritten_.empty()) return {};
    std::span<Unwritten const> rest(unwritten_);
    while (!rest.empty()) {
        auto const some = std::min(rest.size(), lines_a_statement);
        KSSEDR_TRY_VOID(write(rest.first(some)));
        rest = rest.subspan(some);
    }
    KSSEDR_TRY_VOID(run("UPDATE chain_head SET number = $1, hash = $2 WHERE id = 1",
                        {static_cast<std::int64_t>(head_number_), head_hash_}));
    unwritten_.clear();
    return {};
}

Result<void> Transaction::write(std::span<Unwritten const> lines) {
    std::vector<Value> values;
    values.reserve(lines.size() * columns);
    for (auto const& [number, hash, line] : lines) {
        values.emplace_back(static_cast<std::int64_t>(number));
        values.emplace_back(std::int64_t{line.at.time_since_epoch().count()});
        for (auto const* const text : {&line.outcome, &line.code, &line.vault, &line.secret, &line.text})
            values.emplace_back(*text);
        values.emplace_back(hash);
    }
    KSSEDR_TRY_VOID(run_values(insert_statement(lines.size()), values));
    return {};
}

}  // namespace kssedr::store
