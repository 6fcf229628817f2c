/// Transaction: what one job sees of the database while it runs.
///
/// Jobs of many callers share one (job_queue.h). A job that fails by its own judgement (full, not there) must not have
/// written anything before; where the database fails, the whole transaction does.

#pragma once

#include "ports/outcome_history.h"
#include "store/database.h"

#include <optional>
#include <string>
#include <vector>

namespace kssedr::store {

class Transaction {
public:
    explicit Transaction(Database& database) : database_(database) {}
    Transaction(Transaction const&) = delete;
    Transaction& operator=(Transaction const&) = delete;

    Result<Rows> run(std::string const& sql, std::initializer_list<Value> values = {}) {
        return run_values(sql, std::span(values.begin(), values.size()));
    }
    Result<Rows> run_values(std::string const& sql, std::span<Value const> values);
    /// Adds to a counter (schema.cc); its new value.
    Result<std::int64_t> count(std::string const& name, std::int64_t by);

    /// Adds lines to the chain; the hash of the last. They are written with those of other jobs, by `flush`.
    Result<std::string> append(std::vector<ports::HistoryLine> lines);
    /// Writes what was added and is not written yet: before a commit, and before history is read.
    Result<void> flush();

    /// The database's own failure, after which nothing in this transaction can last.
    [[nodiscard]] std::optional<Error> const& failure() const { return failure_; }

private:
    struct Unwritten {
        std::uint64_t number = 0;
        std::string hash;
        ports::HistoryLine line;
    };

    Result<void> write(std::span<Unwritten const> lines);

    Database& database_;
    std::optional<Error> failure_;
    bool has_head_ = false;  // and so the lock on it
    std::uint64_t head_number_ = 0;
    std::string head_hash_;
    std::vector<Unwritten> unwritten_;
};

}  // namespace kssedr::store
