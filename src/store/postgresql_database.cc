#include "store/postgresql_database.h"

#include "base/ascii.h"
#include "store/libpq.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <poll.h>

namespace kssedr::store {
namespace {

LazyLibrary<Libpq>& libpq_library() {
    static LazyLibrary<Libpq> library;
    return library;
}

// The numbers of built-in types in pg_type, which never change.
constexpr Oid bytes_type = 17;
constexpr Oid number_type = 20;
constexpr Oid text_type = 25;

// Whoever writes holds this lock, so that there is one at a time. Any number, the same in every kssedr.
constexpr std::string_view writers_lock = "7743116500";

std::string milliseconds(Duration span) {
    return std::to_string(std::clamp<std::int64_t>(span.count(), 1, 3'600'000));
}

// Parameters as libpq wants them: pointers into the values, which outlive it.
class Parameters {
public:
    explicit Parameters(std::span<Value const> values) : texts_(values.size()) {
        for (std::size_t i = 0; i < values.size(); ++i) add(values[i], texts_[i]);
    }
    [[nodiscard]] int count() const { return static_cast<int>(types.size()); }

    std::vector<Oid> types;
    std::vector<char const*> pointers;
    std::vector<int> lengths;
    std::vector<int> formats;  // 0 text, 1 binary

private:
    void add(Value const& value, std::string& keep) {
        if (auto const* number = std::get_if<std::int64_t>(&value)) {
            keep = std::to_string(*number);
            add(number_type, keep.c_str(), keep.size(), 0);
        } else if (auto const* text = std::get_if<std::string>(&value)) {
            add(text_type, text->c_str(), text->size(), 0);
        } else if (auto const* blob = std::get_if<Blob>(&value)) {
            add(bytes_type, blob->bytes.data(), blob->bytes.size(), 1);
        } else {
            add(number_type, nullptr, 0, 0);
        }
    }
    void add(Oid type, char const* pointer, std::size_t length, int format) {
        types.push_back(type);
        pointers.push_back(pointer);
        lengths.push_back(static_cast<int>(length));
        formats.push_back(format);
    }

    std::vector<std::string> texts_;
};

// What a server or the library said.
struct Said {
    std::string state;  // SQLSTATE; empty where there was none
    std::string message;
};

class PostgresqlDatabase final : public Database {
public:
    PostgresqlDatabase(Libpq const& pq, ServerLocation at, Clock const& clock)
        : pq_(pq), at_(std::move(at)), clock_(clock) {}
    PostgresqlDatabase(PostgresqlDatabase const&) = delete;
    PostgresqlDatabase& operator=(PostgresqlDatabase const&) = delete;
    ~PostgresqlDatabase() override { pq_.PQfinish(connection_); }

    Result<void> connect(SteadyPoint deadline);

    Result<void> begin(Access access, SteadyPoint deadline) override;
    Result<Rows> run_values(std::string const& sql, std::span<Value const> values) override;
    Result<void> commit() override;
    void rollback() override;
    Result<std::int64_t> fetch_schema_version() override;
    Result<void> set_schema_version(std::int64_t version) override;
    /// The server looks after its own files.
    Result<void> check_integrity() override { return {}; }
    [[nodiscard]] TypeNames type_names() const override { return {"BIGINT", "BYTEA"}; }

private:
    [[nodiscard]] Duration left() const { return std::max(Duration{}, deadline_ - clock_.steady_now()); }
    bool wait_for(short events);
    bool send_all();
    bool receive();
    Result<void> await_connection();
    Result<Rows> answer();
    Result<Rows> say(std::string const& statements);
    Rows take_rows(PGresult* result);
    Value take_value(PGresult* result, int row, int column);
    Said last_words();
    Error explain(Said const& said) const;
    Result<void> find_out(std::string transaction, Error lost);
    [[nodiscard]] std::string where() const { return Location{{}, at_}.text(); }

    Libpq const& pq_;
    ServerLocation at_;
    Clock const& clock_;
    SteadyPoint deadline_{};
    PGconn* connection_ = nullptr;
    std::string transaction_;  // its number, where it writes
};

bool PostgresqlDatabase::wait_for(short events) {
    pollfd watched{pq_.PQsocket(connection_), events, 0};
    auto const left_now = std::min<std::int64_t>(left().count(), 3'600'000);
    return left_now > 0 && ::poll(&watched, 1, static_cast<int>(left_now)) > 0;
}

Said PostgresqlDatabase::last_words() {
    auto const text = trim(pq_.PQerrorMessage(connection_));
    return {{}, escape_for_display(text.substr(0, text.find('\n')), 300)};
}

// What may be done about it, by its SQLSTATE.
Error PostgresqlDatabase::explain(Said const& said) const {
    auto const& state = said.state;
    auto const error = [&](Errc code, std::string const& cure) {
        auto const told = state.empty() ? said.message : said.message + " (" + state + ')';
        return Error(code, where() + ": " + told + (cure.empty() ? "" : "; " + cure));
    };
    if (state == "42501" || state == "28P01" || state == "28000")
        return error(Errc::permission_denied,
                     "kssedr's role needs a password (PGPASSWORD, PGPASSFILE), and the rights "
                     "of the database's owner: CREATE DATABASE … OWNER …");
    if (state == "57014" || state == "55P03")
        return error(Errc::unavailable, "another session holds it; see pg_stat_activity and pg_locks");
    if (state == "53100") return error(Errc::unavailable, "make room on the server, and kssedr goes on by itself");
    if (state == "3D000") return error(Errc::unavailable, "make it: CREATE DATABASE … OWNER …");
    if (state.starts_with("XX001") || state.starts_with("XX002"))
        return error(Errc::corrupt, "the server says that it is damaged; restore it from a copy");
    // Of connections, of resources, of what an operator does, of transactions that met.
    for (std::string_view const passing : {"08", "53", "57", "55", "40", "25"})
        if (state.starts_with(passing)) return error(Errc::unavailable, "");
    if (state.empty()) return error(Errc::unavailable, "see that the server runs and can be reached");
    return error(Errc::internal, "");
}

Result<void> PostgresqlDatabase::await_connection() {
    short events = POLLOUT;
    while (wait_for(events)) {
        switch (pq_.PQconnectPoll(connection_)) {
        case PGRES_POLLING_OK: return {};
        case PGRES_POLLING_FAILED: return fail(explain(last_words()));
        case PGRES_POLLING_READING: events = POLLIN; break;
        default: events = POLLOUT; break;
        }
    }
    return fail(explain({{}, "it did not answer in time"}));
}

Result<void> PostgresqlDatabase::connect(SteadyPoint deadline) {
    deadline_ = deadline;
    pq_.PQfinish(connection_);
    auto const port = std::to_string(at_.port);
    bool const is_socket = at_.host.starts_with('/');
    std::array<char const*, 12> const names = {"host",
                                               "port",
                                               "user",
                                               "dbname",
                                               "sslmode",
                                               "sslrootcert",
                                               "sslcrl",
                                               "gssencmode",
                                               "client_encoding",
                                               "options",
                                               "application_name",
                                               nullptr};
    std::array<char const*, 12> const values = {at_.host.c_str(),
                                                port.c_str(),
                                                at_.user.c_str(),
                                                at_.database.c_str(),
                                                is_socket ? "disable" : at_.ssl_mode.c_str(),
                                                at_.ssl_root_certificate.c_str(),
                                                "",
                                                "disable",
                                                "UTF8",
                                                "-c synchronous_commit=on",
                                                "kssedr",
                                                nullptr};
    connection_ = pq_.PQconnectStartParams(names.data(), values.data(), 0);
    if (connection_ == nullptr) return fail(Errc::unavailable, "no memory for a connection");
    // Else they go to standard error, whatever they say.
    pq_.PQsetNoticeProcessor(connection_, [](void*, char const*) {}, nullptr);
    if (pq_.PQstatus(connection_) == CONNECTION_BAD) return fail(explain(last_words()));
    KSSEDR_TRY_VOID(await_connection());
    char const* const encoding = pq_.PQparameterStatus(connection_, "server_encoding");
    if (encoding == nullptr || std::string_view(encoding) != "UTF8")
        return fail(Errc::unavailable,
                    where() + ": the database's encoding is not UTF8; make one with ENCODING 'UTF8'");
    pq_.PQsetnonblocking(connection_, 1);
    return {};
}

bool PostgresqlDatabase::send_all() {
    for (;;) {
        int const rest = pq_.PQflush(connection_);
        if (rest <= 0) return rest == 0;
        if (!wait_for(POLLIN | POLLOUT) || pq_.PQconsumeInput(connection_) == 0) return false;
    }
}

bool PostgresqlDatabase::receive() {
    while (pq_.PQisBusy(connection_) != 0)
        if (!wait_for(POLLIN) || pq_.PQconsumeInput(connection_) == 0) return false;
    return true;
}

Value PostgresqlDatabase::take_value(PGresult* result, int row, int column) {
    if (pq_.PQgetisnull(result, row, column) != 0) return std::monostate{};
    char const* const text = pq_.PQgetvalue(result, row, column);
    std::string_view const view(text, static_cast<std::size_t>(pq_.PQgetlength(result, row, column)));
    auto const type = pq_.PQftype(result, column);
    if (type == bytes_type) {
        std::size_t size = 0;
        auto* const bytes = pq_.PQunescapeBytea(reinterpret_cast<unsigned char const*>(text), &size);
        if (bytes == nullptr) return std::monostate{};
        Blob blob{std::string(reinterpret_cast<char const*>(bytes), size)};
        pq_.PQfreemem(bytes);
        return blob;
    }
    bool const is_number = type == number_type || type == 23 || type == 21;
    if (!is_number) return std::string(view);
    std::int64_t number = 0;
    std::from_chars(view.data(), view.data() + view.size(), number);
    return number;
}

Rows PostgresqlDatabase::take_rows(PGresult* result) {
    Rows rows;
    int const count = pq_.PQntuples(result);
    int const columns = pq_.PQnfields(result);
    for (int row = 0; row < count; ++row) {
        auto& into = rows.emplace_back();
        for (int column = 0; column < columns; ++column) into.push_back(take_value(result, row, column));
    }
    return rows;
}

// The rows of the last statement that was sent; the first failure.
Result<Rows> PostgresqlDatabase::answer() {
    auto const lost = [&](Said said) {
        if (left().count() == 0 && said.state.empty()) said.message = "it did not answer in time";
        return fail(Error(explain(said)).with_service_code("lost"));
    };
    if (!send_all()) return lost(last_words());
    Result<Rows> rows;
    for (;;) {
        if (!receive()) return lost(last_words());
        std::unique_ptr<PGresult, decltype(&::PQclear)> const result(pq_.PQgetResult(connection_), pq_.PQclear);
        if (result == nullptr) return rows;
        auto const status = pq_.PQresultStatus(result.get());
        if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
            if (rows) rows = take_rows(result.get());
            continue;
        }
        auto const field = [&](int name) {
            char const* const text = pq_.PQresultErrorField(result.get(), name);
            return text == nullptr ? std::string() : escape_for_display(text, 300);
        };
        Said const said{field(PG_DIAG_SQLSTATE), field(PG_DIAG_MESSAGE_PRIMARY)};
        if (pq_.PQstatus(connection_) == CONNECTION_BAD) return lost(said.message.empty() ? last_words() : said);
        if (rows) rows = fail(explain(said));
    }
}

Result<Rows> PostgresqlDatabase::say(std::string const& statements) {
    if (pq_.PQsendQuery(connection_, statements.c_str()) == 0)
        return fail(Error(explain(last_words())).with_service_code("lost"));
    return answer();
}

Result<Rows> PostgresqlDatabase::run_values(std::string const& sql, std::span<Value const> values) {
    Parameters const parameters(values);
    int const sent =
        pq_.PQsendQueryParams(connection_, sql.c_str(), parameters.count(), parameters.types.data(),
                              parameters.pointers.data(), parameters.lengths.data(), parameters.formats.data(), 0);
    if (sent == 0) return fail(Error(explain(last_words())).with_service_code("lost"));
    return answer();
}

Result<void> PostgresqlDatabase::begin(Access access, SteadyPoint deadline) {
    deadline_ = deadline;
    transaction_.clear();
    // The server is the first to give up, so that it says why, and nothing goes on when nobody waits for it.
    auto const limit = milliseconds(left() * 3 / 4);
    auto const limits = "; SET LOCAL statement_timeout = " + limit + "; SET LOCAL lock_timeout = " + limit +
                        "; SET LOCAL idle_in_transaction_session_timeout = " + milliseconds(left() + left());
    if (access == Access::reads) {
        KSSEDR_TRY_VOID(say("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" + limits));
        return {};
    }
    KSSEDR_TRY(auto const begun, say("BEGIN" + limits + "; SELECT pg_advisory_xact_lock(" + std::string(writers_lock) +
                                     "); SELECT pg_current_xact_id()::text"));
    transaction_ = begun.empty() ? std::string() : text_at(begun[0], 0);
    return {};
}

Result<void> PostgresqlDatabase::commit() {
    auto const done = say("COMMIT");
    if (done) return {};
    if (done.error().service_code() != "lost") return fail(done.error());
    return find_out(transaction_, done.error());
}

// The server remembers of each transaction whether it was committed.
Result<void> PostgresqlDatabase::find_out(std::string transaction, Error lost) {
    auto const unknown = [&] {
        return fail(Errc::outcome_unknown,
                    "the connection was lost at the commit, and whether it was done is not known: " + lost.message());
    };
    bool const is_number = !transaction.empty() && std::ranges::all_of(transaction, is_ascii_digit);
    if (!is_number) return fail(std::move(lost));
    if (!connect(deadline_)) return unknown();
    // Who has the writers' lock knows that the lost session's transaction has ended, this way or that.
    if (!begin(Access::writes, deadline_)) return unknown();
    auto const status = say("SELECT pg_xact_status('" + transaction + "'::xid8)");
    rollback();
    if (!status || status->empty()) return unknown();
    auto const word = text_at((*status)[0], 0);
    if (word == "committed") return {};
    if (word == "aborted") return fail(std::move(lost));
    return unknown();
}

void PostgresqlDatabase::rollback() {
    (void)say("ROLLBACK");
}

Result<std::int64_t> PostgresqlDatabase::fetch_schema_version() {
    KSSEDR_TRY(auto const table, run("SELECT to_regclass('schema_version')::text"));
    if (table.empty() || text_at(table[0], 0).empty()) return std::int64_t{0};
    KSSEDR_TRY(auto const version, run("SELECT version FROM schema_version"));
    if (version.empty()) return std::int64_t{0};
    return number_at(version[0], 0);
}

Result<void> PostgresqlDatabase::set_schema_version(std::int64_t version) {
    KSSEDR_TRY_VOID(run("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)"));
    KSSEDR_TRY_VOID(run("DELETE FROM schema_version"));
    KSSEDR_TRY_VOID(run("INSERT INTO schema_version VALUES ($1)", {version}));
    return {};
}

}  // namespace

Result<std::unique_ptr<Database>> open_postgresql(ServerLocation const& at, Clock const& clock, SteadyPoint deadline) {
    KSSEDR_TRY(auto const* pq, libpq_library().get());
    auto database = std::make_unique<PostgresqlDatabase>(*pq, at, clock);
    KSSEDR_TRY_VOID(database->connect(deadline));
    return database;
}

}  // namespace kssedr::store
