#include "providers/sqlserver.h"

#include "base/ascii.h"
#include "base/shared_library.h"

#include <sybdb.h>

#include <algorithm>
#include <mutex>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

namespace kssedr::providers {
namespace {

using ports::Trial;
using ports::TrialResult;

#define KSSEDR_LIBSYBDB(apply)                                                                              \
    apply(dbinit) apply(dblogin) apply(dbloginfree) apply(dbsetlname) apply(dbsetlversion) apply(tdsdbopen) \
        apply(dbclose) apply(dbcmd) apply(dbsqlexec) apply(dbresults) apply(dbdead) apply(dbsafestr)        \
            apply(dberrhandle) apply(dbmsghandle) apply(dbsetifile) apply(dbcancel)

struct Libsybdb {
    KSSEDR_LIBSYBDB(KSSEDR_LIBRARY_MEMBER)

    static Result<Libsybdb> load();
};

// What was said while this thread was in the library; its handlers are told no more than the connection, and of one
// that does not come about not even that.
struct Heard {
    int number = 0;  // the server's
    std::string message;
    std::string library;  // what DB-Library itself says
};
thread_local Heard heard;

int hear_server(DBPROCESS*, DBINT number, int, int severity, char* text, char*, char*, int) {
    // Up to ten they are news; of several errors the first is the cause.
    if (severity > 10 && heard.number == 0) {
        heard.number = number;
        heard.message = escape_for_display(text == nullptr ? "" : text, 300);
    }
    return 0;
}

int hear_library(DBPROCESS*, int, int, int, char* text, char*) {
    if (heard.library.empty() && text != nullptr) heard.library = escape_for_display(text, 300);
    return INT_CANCEL;
}

Result<Libsybdb> Libsybdb::load() {
    auto library = SharedLibrary::open("libsybdb.so.5", "libsybdb5");
    if (!library) return fail(std::move(library).error());
    Libsybdb functions;
    KSSEDR_LIBSYBDB(KSSEDR_LIBRARY_FIND)
    KSSEDR_TRY_VOID(library->check());
    if (functions.dbinit() == FAIL) return fail(Errc::unavailable, "libsybdb.so.5 could not be initialised");
    functions.dberrhandle(hear_library);
    functions.dbmsghandle(hear_server);
    return functions;
}

// A file without a name, for a library that takes its settings from files only. Nothing secret stands in it.
class NamelessFile {
public:
    explicit NamelessFile(std::string_view text) : descriptor_(::memfd_create("freetds.conf", MFD_CLOEXEC)) {
        is_written_ = descriptor_ >= 0 && ::write(descriptor_, text.data(), text.size()) == std::ssize(text);
    }
    NamelessFile(NamelessFile const&) = delete;
    NamelessFile& operator=(NamelessFile const&) = delete;
    ~NamelessFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    [[nodiscard]] bool is_written() const { return is_written_; }
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
    bool is_written_ = false;
};

class Connection {
public:
    explicit Connection(Libsybdb const& db) : db_(db) { heard = {}; }
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;
    ~Connection() {
        if (process_ != nullptr) db_.dbclose(process_);
    }

    /// False where it did not come about; `heard` says why.
    bool open(DatabaseAddress const& at, SignIn const& who, Duration time_left);
    /// False where it was not done.
    bool execute(SecretString const& statement);
    [[nodiscard]] bool is_dead() const { return db_.dbdead(process_) != 0; }
    /// `N'text'`, quoted by the library.
    [[nodiscard]] SecretString quote(std::string_view text) const;

private:
    Libsybdb const& db_;
    DBPROCESS* process_ = nullptr;
};

bool Connection::open(DatabaseAddress const& at, SignIn const& who, Duration time_left) {
    NamelessFile const settings(format_freetds_section(at, time_left));
    auto path = settings.path();
    auto* const login = db_.dblogin();
    if (!settings.is_written() || login == nullptr) return false;
    auto const password = terminated(who.password);
    db_.dbsetlname(login, who.login.c_str(), DBSETUSER);
    db_.dbsetlname(login, password.expose().data(), DBSETPWD);
    db_.dbsetlname(login, "kssedr", DBSETAPP);
    if (!at.database.empty()) db_.dbsetlname(login, at.database.c_str(), DBSETDBNAME);
    db_.dbsetlversion(login, DBVERSION_74);
    static std::mutex one_at_a_time;  // the file's name is the library's, not the login's
    {
        std::lock_guard const guard(one_at_a_time);
        db_.dbsetifile(path.data());
        process_ = db_.tdsdbopen(login, "kssedr", 1);
    }
    db_.dbloginfree(login);
    return process_ != nullptr;
}

bool Connection::execute(SecretString const& statement) {
    auto const text = terminated(statement);
    if (db_.dbcmd(process_, text.expose().data()) == FAIL || db_.dbsqlexec(process_) == FAIL) return false;
    for (;;) {
        auto const more = db_.dbresults(process_);
        if (more == NO_MORE_RESULTS) return heard.number == 0;
        if (more != SUCCEED) return false;
        db_.dbcancel(process_);
    }
}

SecretString Connection::quote(std::string_view text) const {
    auto const plain = terminated(SecretString::copy_of(text));
    SecretString room;
    for (std::size_t i = 0; i <= 2 * text.size(); ++i) room.append({"\0", 1});
    db_.dbsafestr(process_, plain.expose().data(), static_cast<DBINT>(text.size()), room.expose_mutable().data(),
                  static_cast<DBINT>(room.size()), DBSINGLE);
    auto quoted = SecretString::copy_of("N'");
    quoted.append(room.expose().substr(0, room.expose().find('\0')));
    quoted.append("'");
    return quoted;
}

class Sqlserver final : public BlockingDatabase {
public:
    explicit Sqlserver(Clock const& clock) : clock_(clock) {}

    Result<void> set_password(DatabaseAddress const& at, SignIn const& admin, NewPassword const& wanted,
                              SteadyPoint deadline) override;
    TrialResult try_login(DatabaseAddress const& at, SignIn const& who, SteadyPoint deadline) override;

private:
    Clock const& clock_;
    LazyLibrary<Libsybdb> library_;
};

Result<void> Sqlserver::set_password(DatabaseAddress const& at, SignIn const& admin, NewPassword const& wanted,
                                     SteadyPoint deadline) {
    KSSEDR_TRY(auto const* db, library_.get());
    Connection connection(*db);
    if (!connection.open(at, admin, deadline - clock_.steady_now())) {
        auto const told = judge_sqlserver_refusal(heard.number, heard.message.empty() ? heard.library : heard.message);
        auto const where = at.text() + ", signing in as " + admin.login + ": " + told.why;
        if (told.trial == Trial::rejected) return fail(Errc::permission_denied, where);
        return fail(clock_.steady_now() >= deadline ? Errc::deadline_exceeded : Errc::unavailable, where);
    }
    auto const doing = at.text() + ", setting the password of " + wanted.login;
    // Names and passwords are quoted by the server where the statement is put together. QUOTENAME takes 128 characters.
    auto statement =
        SecretString::copy_of("SET LOCK_TIMEOUT 5000; DECLARE @s nvarchar(max) = N'ALTER LOGIN ' + QUOTENAME(");
    statement.append(connection.quote(wanted.login).expose());
    statement.append(") + N' WITH PASSWORD = N' + QUOTENAME(");
    statement.append(connection.quote(wanted.password.expose()).expose());
    statement.append(", N''''); EXEC (@s);");
    if (connection.execute(statement)) return {};
    if (heard.number == 0 || connection.is_dead())
        return fail(Errc::outcome_unknown, doing + ": the statement was sent and no answer came: " +
                                               (heard.library.empty() ? heard.message : heard.library));
    auto const grant = "GRANT ALTER ON LOGIN::[" + wanted.login + "] TO [" + admin.login + "];";
    return fail(to_sqlserver_error(heard.number, heard.message, grant).during(doing));
}

TrialResult Sqlserver::try_login(DatabaseAddress const& at, SignIn const& who, SteadyPoint deadline) {
    auto const db = library_.get();
    if (!db) return {Trial::inconclusive, db.error().message()};
    Connection connection(**db);
    if (connection.open(at, who, deadline - clock_.steady_now())) return {Trial::accepted, {}};
    return judge_sqlserver_refusal(heard.number, heard.message.empty() ? heard.library : heard.message);
}

}  // namespace

std::string format_freetds_section(DatabaseAddress const& at, Duration time_left) {
    auto const seconds = std::max<long long>(1, std::chrono::floor<std::chrono::seconds>(time_left).count());
    auto text = "[kssedr]\nhost = " + at.host + "\nport = " + std::to_string(at.port) +
                "\ntds version = 7.4\nclient charset = UTF-8\nconnect timeout = " + std::to_string(seconds) +
                "\ntimeout = " + std::to_string(seconds) + '\n';
    if (!at.uses_tls()) return text + "encryption = off\n";
    return text + "encryption = require\ncheck certificate hostname = yes\nca file = " + at.ca_file + '\n';
}

TrialResult judge_sqlserver_refusal(int number, std::string message) {
    constexpr int login_failed = 18456;
    constexpr int no_such_database = 4060;  // found out after the password was weighed
    if (number == login_failed) return {Trial::rejected, std::move(message)};
    if (number == no_such_database) return {Trial::accepted, {}};
    return {Trial::inconclusive, std::move(message)};
}

Error to_sqlserver_error(int number, std::string_view message, std::string_view grant) {
    auto const said = std::string(message) + " (" + std::to_string(number) + ')';
    auto const service_code = std::to_string(number);
    switch (number) {
    case 15151:  // is not there, or may not be altered: the server does not tell which
    case 15247:
    case 229:
    case 300:
        return Error(Errc::permission_denied,
                     said + "; let somebody who may run: " + std::string(grant) + " (if there is such a login)")
            .with_service_code(service_code);
    case 1222:   // a lock
    case 1205:   // a deadlock
    case 3906:   // read only
    case 40197:  // these and the next, of Azure SQL: being moved, busy, not there now
    case 40501:
    case 40613: return Error(Errc::unavailable, said).with_service_code(service_code);
    default: return Error(Errc::invalid_argument, said).with_service_code(service_code);
    }
}

std::shared_ptr<BlockingDatabase> make_sqlserver(Clock const& clock) {
    return std::make_shared<Sqlserver>(clock);
}

}  // namespace kssedr::providers
