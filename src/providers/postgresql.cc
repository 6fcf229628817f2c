#include "providers/postgresql.h"

#include "base/ascii.h"
#include "base/shared_library.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <poll.h>

namespace kssedr::providers {
namespace {

using ports::Trial;
using ports::TrialResult;

#define KSSEDR_LIBPQ(apply)                                                                                       \
    apply(PQconnectStartParams) apply(PQconnectPoll) apply(PQfinish) apply(PQstatus) apply(PQsocket)              \
        apply(PQerrorMessage) apply(PQsetErrorVerbosity) apply(PQsendQuery) apply(PQisBusy) apply(PQconsumeInput) \
            apply(PQgetResult) apply(PQclear) apply(PQresultStatus) apply(PQresultErrorField)                     \
                apply(PQescapeIdentifier) apply(PQescapeLiteral) apply(PQencryptPasswordConn) apply(PQfreemem)    \
                    apply(PQserverVersion) apply(PQsetNoticeProcessor)

struct Libpq {
    KSSEDR_LIBPQ(KSSEDR_LIBRARY_MEMBER)

    static Result<Libpq> load() {
        auto library = SharedLibrary::open("libpq.so.5", "libpq5");
        if (!library) return fail(std::move(library).error());
        Libpq functions;
        KSSEDR_LIBPQ(KSSEDR_LIBRARY_FIND)
        KSSEDR_TRY_VOID(library->check());
        return functions;
    }
};

struct Answer {
    std::string state;  // SQLSTATE; empty where it was done
    std::string message;
};

class Connection {
public:
    Connection(Libpq const& pq, Clock const& clock, SteadyPoint deadline)
        : pq_(pq), clock_(clock), deadline_(deadline) {}
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;
    ~Connection() { pq_.PQfinish(connection_); }

    std::expected<void, PostgresqlRefusal> open(DatabaseAddress const& at, SignIn const& who);
    /// `outcome_unknown` where no answer came.
    Result<Answer> execute(SecretString const& statement);

    [[nodiscard]] PGconn* raw() const { return connection_; }
    [[nodiscard]] Duration left() const { return std::max(Duration{}, deadline_ - clock_.steady_now()); }

private:
    // False once the time is over.
    bool wait_for(short events) {
        pollfd watched{pq_.PQsocket(connection_), events, 0};
        auto const left_now = left();
        return left_now.count() > 0 && ::poll(&watched, 1, static_cast<int>(left_now.count())) > 0;
    }
    PostgresqlRefusal refusal() { return parse_postgresql_refusal(pq_.PQerrorMessage(connection_)); }
    bool receive();

    Libpq const& pq_;
    Clock const& clock_;
    SteadyPoint deadline_;
    PGconn* connection_ = nullptr;
};

std::expected<void, PostgresqlRefusal> Connection::open(DatabaseAddress const& at, SignIn const& who) {
    auto const port = std::to_string(at.port);
    auto const password = terminated(who.password);
    std::array<char const*, 13> const names = {
        "host",        "port",   "user",       "password",        "dbname",  "sslmode",
        "sslrootcert", "sslcrl", "gssencmode", "client_encoding", "options", "application_name",
        nullptr};
    std::array<char const*, 13> const values = {at.host.c_str(),
                                                port.c_str(),
                                                who.login.c_str(),
                                                password.expose().data(),
                                                at.database.empty() ? "postgres" : at.database.c_str(),
                                                at.uses_tls() ? "verify-full" : "disable",
                                                at.uses_tls() ? at.ca_file.c_str() : "",
                                                "",
                                                "disable",
                                                "UTF8",
                                                "",
                                                "kssedr",
                                                nullptr};
    connection_ = pq_.PQconnectStartParams(names.data(), values.data(), 0);
    if (connection_ == nullptr) return std::unexpected(PostgresqlRefusal{.message = "no memory for a connection"});
    // Else they go to standard error, whatever they say.
    pq_.PQsetNoticeProcessor(connection_, [](void*, char const*) {}, nullptr);
    // The only way to the SQLSTATE of a connection that does not come about.
    pq_.PQsetErrorVerbosity(connection_, PQERRORS_VERBOSE);
    if (pq_.PQstatus(connection_) == CONNECTION_BAD) return std::unexpected(refusal());
    short events = POLLOUT;
    while (wait_for(events)) {
        switch (pq_.PQconnectPoll(connection_)) {
        case PGRES_POLLING_OK: return {};
        case PGRES_POLLING_FAILED: return std::unexpected(refusal());
        case PGRES_POLLING_READING: events = POLLIN; break;
        default: events = POLLOUT; break;
        }
    }
    return std::unexpected(PostgresqlRefusal{.message = "it did not answer in time"});
}

bool Connection::receive() {
    while (pq_.PQisBusy(connection_) != 0)
        if (!wait_for(POLLIN) || pq_.PQconsumeInput(connection_) == 0) return false;
    return true;
}

Result<Answer> Connection::execute(SecretString const& statement) {
    auto const ended = terminated(statement);
    auto const unknown = [](std::string_view why) {
        return fail(Errc::outcome_unknown, "the statement was sent and no answer came: " + std::string(why));
    };
    if (pq_.PQsendQuery(connection_, ended.expose().data()) == 0) return unknown(refusal().message);
    Answer answer;
    for (;;) {
        if (!receive()) return unknown(left().count() == 0 ? "the time was over" : refusal().message);
        auto* const result = pq_.PQgetResult(connection_);
        if (result == nullptr) break;
        auto const status = pq_.PQresultStatus(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            auto const field = [&](int name) {
                char const* const text = pq_.PQresultErrorField(result, name);
                return text == nullptr ? std::string() : escape_for_display(text, 300);
            };
            answer = {field(PG_DIAG_SQLSTATE), field(PG_DIAG_MESSAGE_PRIMARY)};
        }
        pq_.PQclear(result);
        // Who is told that the server goes down is not told whether it was done before.
        if (pq_.PQstatus(connection_) == CONNECTION_BAD) return unknown(answer.message);
    }
    return answer;
}

Error to_admin_error(PostgresqlRefusal const& refusal, DatabaseAddress const& at, SignIn const& admin, Duration left) {
    auto const where = at.text() + ", signing in as " + admin.login + ": " + refusal.message;
    bool const is_refused = refusal.state == "28P01" || refusal.state == "28000";
    if (is_refused) return Error(Errc::permission_denied, where);
    if (refusal.state.empty() && left.count() == 0) return Error(Errc::deadline_exceeded, where);
    return Error(Errc::unavailable, where);
}

class Postgresql final : public BlockingDatabase {
public:
    explicit Postgresql(Clock const& clock) : clock_(clock) {}

    Result<void> set_password(DatabaseAddress const& at, SignIn const& admin, NewPassword const& wanted,
                              SteadyPoint deadline) override;
    TrialResult try_login(DatabaseAddress const& at, SignIn const& who, SteadyPoint deadline) override;

private:
    Clock const& clock_;
    LazyLibrary<Libpq> library_;
};

// What libpq allocated, wiped when it is freed.
class Text {
public:
    Text(Libpq const& pq, char* text) : pq_(pq), text_(text) {}
    Text(Text const&) = delete;
    Text& operator=(Text const&) = delete;
    ~Text() {
        if (text_ == nullptr) return;
        wipe({text_, std::strlen(text_)});
        pq_.PQfreemem(text_);
    }
    [[nodiscard]] bool has_failed() const { return text_ == nullptr; }
    [[nodiscard]] std::string_view view() const { return text_; }
    [[nodiscard]] char const* c_str() const { return text_; }

private:
    Libpq const& pq_;
    char* text_;
};

std::string grant_for(Libpq const& pq, PGconn* connection, SignIn const& admin, NewPassword const& wanted) {
    Text const who(pq, pq.PQescapeIdentifier(connection, admin.login.data(), admin.login.size()));
    Text const login(pq, pq.PQescapeIdentifier(connection, wanted.login.data(), wanted.login.size()));
    if (who.has_failed() || login.has_failed()) return {};
    auto grant = "ALTER ROLE " + std::string(who.view()) + " CREATEROLE;";
    if (pq.PQserverVersion(connection) >= 160000)
        grant += " GRANT " + std::string(login.view()) + " TO " + std::string(who.view()) + " WITH ADMIN OPTION;";
    return grant;
}

Result<void> Postgresql::set_password(DatabaseAddress const& at, SignIn const& admin, NewPassword const& wanted,
                                      SteadyPoint deadline) {
    KSSEDR_TRY(auto const* pq, library_.get());
    Connection connection(*pq, clock_, deadline);
    if (auto const opened = connection.open(at, admin); !opened)
        return fail(to_admin_error(opened.error(), at, admin, connection.left()));
    auto const ended = terminated(wanted.password);
    auto* const raw = connection.raw();
    Text const verifier(*pq,
                        pq->PQencryptPasswordConn(raw, ended.expose().data(), wanted.login.c_str(), "scram-sha-256"));
    Text const login(*pq, pq->PQescapeIdentifier(raw, wanted.login.data(), wanted.login.size()));
    if (verifier.has_failed() || login.has_failed())
        return fail(Errc::internal, "libpq made no verifier: " + escape_for_display(pq->PQerrorMessage(raw)));
    Text const quoted(*pq, pq->PQescapeLiteral(raw, verifier.view().data(), verifier.view().size()));
    if (quoted.has_failed()) return fail(Errc::internal, "libpq did not quote a verifier");

    // What waits for a lock must not be done when nobody waits for it any more: the server is the first to give up.
    auto const limit = SecretString::copy_of("SET statement_timeout = " +
                                             std::to_string(std::max<long long>(1, connection.left().count() * 3 / 4)));
    auto const limited = connection.execute(limit);
    if (!limited || !limited->state.empty())
        return fail(Errc::unavailable, at.text() + ": " + (limited ? limited->message : limited.error().message()));
    SecretString statement = SecretString::copy_of("ALTER ROLE ");
    statement.append(login.view());
    statement.append(" PASSWORD ");
    statement.append(quoted.view());
    auto const doing = at.text() + ", setting the password of " + wanted.login;
    auto answer = connection.execute(statement);
    if (!answer) return fail(std::move(answer).error().during(doing));
    if (answer->state.empty()) return {};
    return fail(to_postgresql_error(answer->state, answer->message, grant_for(*pq, raw, admin, wanted)).during(doing));
}

TrialResult Postgresql::try_login(DatabaseAddress const& at, SignIn const& who, SteadyPoint deadline) {
    auto const pq = library_.get();
    if (!pq) return {Trial::inconclusive, pq.error().message()};
    Connection connection(**pq, clock_, deadline);
    auto const opened = connection.open(at, who);
    return opened ? TrialResult{Trial::accepted, {}} : judge_postgresql_refusal(opened.error());
}

bool is_state(std::string_view text) {
    return text.size() == 5 &&
           std::ranges::all_of(text, [](char c) { return is_ascii_digit(c) || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

PostgresqlRefusal parse_postgresql_refusal(std::string_view text) {
    PostgresqlRefusal refusal;
    // The words before and after may be in any language; the state stands between `:  ` and `: `.
    for (auto at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 1)) {
        auto const state = text.substr(at + 3, 5);
        if (!is_state(state) || text.substr(at + 8, 2) != ": ") continue;
        refusal.state = state;
        auto const message = text.substr(at + 10);
        refusal.message = escape_for_display(message.substr(0, message.find('\n')), 300);
        // The function that looks at pg_hba.conf.
        refusal.is_about_the_way = text.find(" ClientAuthentication,", at) != std::string_view::npos;
        return refusal;
    }
    auto const line = trim(text);
    refusal.message = escape_for_display(line.substr(0, line.find('\n')), 300);
    return refusal;
}

TrialResult judge_postgresql_refusal(PostgresqlRefusal const& refusal) {
    auto const& state = refusal.state;
    if (state == "28P01" || (state == "28000" && !refusal.is_about_the_way)) return {Trial::rejected, refusal.message};
    // Both are found out after the password was weighed: no such database, no right to connect to it.
    if (state == "3D000" || state == "42501") return {Trial::accepted, {}};
    return {Trial::inconclusive, refusal.message};
}

Error to_postgresql_error(std::string_view state, std::string_view message, std::string_view grant) {
    auto const said = std::string(message) + " (" + std::string(state) + ')';
    auto const code = [&] {
        if (state == "42501") return Errc::permission_denied;
        if (state == "42704") return Errc::not_found;
        // Of resources, of what an operator does, a lock that did not come, a server that is a copy of another.
        bool const passes = state.starts_with("53") || state.starts_with("57") || state.starts_with("55") ||
                            state.starts_with("40") || state == "25006";
        return passes ? Errc::unavailable : Errc::invalid_argument;
    }();
    auto const cure = code == Errc::permission_denied && !grant.empty()
                          ? "; let somebody who may run: " + std::string(grant)
                          : std::string();
    return Error(code, said + cure).with_service_code(std::string(state));
}

std::shared_ptr<BlockingDatabase> make_postgresql(Clock const& clock) {
    return std::make_shared<Postgresql>(clock);
}

}  // namespace kssedr::providers
