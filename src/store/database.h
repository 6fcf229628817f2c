/// Database: the seam between what is kept and where.
///
/// One connection to a database, in SQL that SQLite and PostgreSQL both speak: parameters are `$1`, `$2`, …, numbers
/// are 64 bits, texts are UTF-8 without NUL, bytes are Blobs. It blocks, and belongs to one thread at a time.
/// Everything happens within a transaction; there is one that writes at a time, whoever else is connected.

#pragma once

#include "base/error.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace kssedr::store {

struct Blob {
    std::string bytes;

    friend bool operator==(Blob const&, Blob const&) = default;
};

using Value = std::variant<std::monostate, std::int64_t, std::string, Blob>;
using Row = std::vector<Value>;
using Rows = std::vector<Row>;

/// What stands in a column; 0 or empty where it holds something else, as in a file that somebody changed.
[[nodiscard]] std::int64_t number_at(Row const& row, std::size_t column);
[[nodiscard]] std::string text_at(Row const& row, std::size_t column);
[[nodiscard]] std::string bytes_at(Row const& row, std::size_t column);

enum class Access : std::uint8_t {
    reads,   ///< sees one state of everything, whoever writes meanwhile
    writes,  ///< waits until nobody else writes
};

/// Names of types that the two spell differently.
struct TypeNames {
    std::string_view number;
    std::string_view blob;
};

class Database {
public:
    virtual ~Database() = default;

    /// `unavailable` where it can not be had by `deadline`, which holds for all of the transaction.
    virtual Result<void> begin(Access access, SteadyPoint deadline) = 0;
    /// One statement. After a failure only `rollback` is left.
    virtual Result<Rows> run_values(std::string const& sql, std::span<Value const> values) = 0;
    /// Durable when it is done. `outcome_unknown` where no answer came.
    virtual Result<void> commit() = 0;
    /// Never fails: what was not committed does not last.
    virtual void rollback() = 0;

    /// The version of the schema; 0: nothing is here. Within a transaction. `invalid_argument` where another program's
    /// tables are here.
    virtual Result<std::int64_t> fetch_schema_version() = 0;
    virtual Result<void> set_schema_version(std::int64_t version) = 0;
    /// Looks through what is kept for damage; outside of transactions. May take seconds for each GB.
    virtual Result<void> check_integrity() = 0;
    [[nodiscard]] virtual TypeNames type_names() const = 0;

    Result<Rows> run(std::string const& sql, std::initializer_list<Value> values = {}) {
        return run_values(sql, std::span(values.begin(), values.size()));
    }
};

}  // namespace kssedr::store
