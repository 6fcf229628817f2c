#include "store/schema.h"

#include <array>

namespace kssedr::store {
namespace {

// What is for people in it, and the formula of the chain, stands in docs/operations/store.md. `NUMBER` and `BLOB` are
// replaced. Texts from outside whose bytes may be anything are blobs; times are milliseconds since 1970.
constexpr std::array first_version = {
    "CREATE TABLE history (number NUMBER PRIMARY KEY, at_ms NUMBER NOT NULL, outcome TEXT NOT NULL, code TEXT NOT "
    "NULL, "
    "vault TEXT NOT NULL, secret TEXT NOT NULL, text TEXT NOT NULL, hash TEXT NOT NULL)",
    "CREATE INDEX history_by_secret ON history (vault, secret, number)",
    "CREATE INDEX history_by_name ON history (secret, number)",
    "CREATE INDEX history_by_outcome ON history (outcome, number)",
    "CREATE INDEX history_by_time ON history (at_ms, number)",
    // One row, which whoever appends holds until he is done.
    "CREATE TABLE chain_head (id NUMBER PRIMARY KEY CHECK (id = 1), number NUMBER NOT NULL, hash TEXT NOT NULL)",
    "INSERT INTO chain_head VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000')",
    // Where the chain begins once lines were forgotten: the last of them, and how many went with it.
    "CREATE TABLE chain_starts (number NUMBER PRIMARY KEY, hash TEXT NOT NULL, at_ms NUMBER NOT NULL, forgotten NUMBER "
    "NOT NULL)",
    "CREATE TABLE parked (id NUMBER PRIMARY KEY, vault TEXT NOT NULL, secret TEXT NOT NULL, code TEXT NOT NULL, "
    "malformed TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, first_ms NUMBER NOT NULL, last_ms NUMBER "
    "NOT "
    "NULL, count NUMBER NOT NULL, source TEXT NOT NULL, event BLOB NOT NULL, sha256 TEXT NOT NULL, "
    "UNIQUE (vault, secret, code, malformed))",
    "CREATE INDEX parked_malformed ON parked (malformed, id)",
    "CREATE TABLE inbox (id NUMBER PRIMARY KEY, source TEXT NOT NULL, message BLOB NOT NULL)",
    "CREATE TABLE ownerships (host TEXT NOT NULL, hub TEXT NOT NULL, consumers TEXT NOT NULL, part TEXT NOT NULL, "
    "owner "
    "TEXT NOT NULL, tag TEXT NOT NULL, changed_ms NUMBER NOT NULL, PRIMARY KEY (host, hub, consumers, part))",
    "CREATE TABLE checkpoints (host TEXT NOT NULL, hub TEXT NOT NULL, consumers TEXT NOT NULL, part TEXT NOT NULL, "
    "position TEXT NOT NULL, sequence NUMBER, PRIMARY KEY (host, hub, consumers, part))",
    // Numbers that rise with each commit, unlike a database's own sequences, and sums that would be dear to count.
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value NUMBER NOT NULL)",
    "INSERT INTO counters VALUES ('parked_id', 0), ('inbox_id', 0), ('inbox_messages', 0), ('inbox_bytes', 0), "
    "('ownership_tag', 0)",
};
constexpr std::int64_t newest_version = 1;

std::string spell(std::string_view statement, TypeNames names) {
    std::string text(statement);
    auto const replace = [&](std::string_view what, std::string_view with) {
        for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
            text.replace(at, what.size(), with);
    };
    replace("NUMBER", names.number);
    replace("BLOB", names.blob);
    return text;
}

Result<void> change(Database& database) {
    KSSEDR_TRY(auto const version, database.fetch_schema_version());
    if (version == newest_version) return {};
    if (version > newest_version)
        return fail(Errc::invalid_argument, "it has version " + std::to_string(version) +
                                                " of the schema, made by a newer kssedr; this one knows version " +
                                                std::to_string(newest_version) + " at most: run the newer one");
    for (auto const* const statement : first_version) {
        KSSEDR_TRY_VOID(database.run(spell(statement, database.type_names())));
    }
    return database.set_schema_version(newest_version);
}

}  // namespace

Result<void> migrate(Database& database, SteadyPoint deadline) {
    // As a rule it is right, and nobody who writes need be waited for.
    KSSEDR_TRY_VOID(database.begin(Access::reads, deadline));
    auto const version = database.fetch_schema_version();
    database.rollback();
    if (!version) return fail(version.error());
    if (*version == newest_version) return {};
    KSSEDR_TRY_VOID(database.begin(Access::writes, deadline));
    auto changed = change(database);
    if (changed) changed = database.commit();
    if (!changed) database.rollback();
    return changed;
}

}  // namespace kssedr::store
