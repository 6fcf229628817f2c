/// PostgreSQL, by libpq.
///
/// A password goes to the server as a SCRAM-SHA-256 verifier that is made here, so it stands in no log of the server's
/// and no statistics; it is tried by signing in with it. Source: PostgreSQL's documentation, "libpq", appendix A "Error
/// Codes".

#pragma once

#include "providers/database_client.h"

#include <string>
#include <string_view>

namespace kssedr::providers {

/// What a server said when it let nobody in, as libpq writes it at its most verbose.
struct PostgresqlRefusal {
    std::string state{};            ///< SQLSTATE; empty where the server said none
    std::string message{};          ///< one line, for people
    bool is_about_the_way = false;  ///< its rules let nobody of that name come from here, whatever the password

    friend bool operator==(PostgresqlRefusal const&, PostgresqlRefusal const&) = default;
};

[[nodiscard]] PostgresqlRefusal parse_postgresql_refusal(std::string_view text);
[[nodiscard]] ports::TrialResult judge_postgresql_refusal(PostgresqlRefusal const& refusal);
/// The Error of a statement that was answered with this SQLSTATE; `grant` is what would give the right.
[[nodiscard]] Error to_postgresql_error(std::string_view state, std::string_view message, std::string_view grant);

/// `clock` must tell the time on any thread, and outlive it.
[[nodiscard]] std::shared_ptr<BlockingDatabase> make_postgresql(Clock const& clock);

}  // namespace kssedr::providers
