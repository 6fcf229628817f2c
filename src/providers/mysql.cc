#include "providers/mysql.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/shared_library.h"

#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
#include <mariadb/mysqld_error.h>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace kssedr::providers {
namespace {

using ports::Trial;
using ports::TrialResult;

#define KSSEDR_LIBMARIADB(apply)                                                                                  \
    apply(mysql_server_init) apply(mysql_init) apply(mysql_optionsv) apply(mysql_real_connect) apply(mysql_close) \
        apply(mysql_errno) apply(mysql_error) apply(mysql_real_query) apply(mysql_real_escape_string)             \
            apply(mysql_get_server_info) apply(mysql_thread_end) apply(mysql_store_result) apply(mysql_fetch_row) \
                apply(mysql_free_result)

struct Libmariadb {
    KSSEDR_LIBMARIADB(KSSEDR_LIBRARY_MEMBER)
    std::string plugins{};  // where it finds how MySQL's accounts sign in; a package has them beside the library

    static Result<Libmariadb> load() {
        auto library = SharedLibrary::open("libmariadb.so.3", "libmariadb3");
        if (!library) return fail(std::move(library).error());
        Libmariadb functions;
        KSSEDR_LIBMARIADB(KSSEDR_LIBRARY_FIND)
        KSSEDR_TRY_VOID(library->check());
        functions.plugins = library->folder() + "/libmariadb3/plugin";
        // Not safe on two threads at once, and else done by the first connection.
        if (functions.mysql_server_init(0, nullptr, nullptr) != 0)
            return fail(Errc::unavailable, "libmariadb.so.3 could not be initialised");
        return functions;
    }
};

// A number that the libraries and servers have for it, and what it says.
struct Refusal {
    unsigned number = 0;
    std::string message;
};

class Connection {
public:
    Connection(Libmariadb const& my, Clock const& clock, SteadyPoint deadline)
        : my_(my), clock_(clock), deadline_(deadline), connection_(my.mysql_init(nullptr)) {}
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;
    ~Connection() {
        if (connection_ != nullptr) {
            // It frees its copy as it is.
            if (connection_->passwd != nullptr) wipe({connection_->passwd, std::strlen(connection_->passwd)});
            my_.mysql_close(connection_);
        }
        my_.mysql_thread_end();
    }

    std::expected<void, Refusal> open(DatabaseAddress const& at, SignIn const& who);
    /// What the server or the library says of it; number 0 where it was done.
    Refusal execute(SecretString const& statement) {
        auto const text = statement.expose();
        if (my_.mysql_real_query(connection_, text.data(), text.size()) == 0) return {};
        return refusal();
    }
    /// `'text'`, as the server's mode wants it.
    [[nodiscard]] SecretString quote(std::string_view text) const {
        SecretString room;
        for (std::size_t i = 0; i <= 2 * text.size(); ++i) room.append({"\0", 1});
        auto const length =
            my_.mysql_real_escape_string(connection_, room.expose_mutable().data(), text.data(), text.size());
        SecretString quoted = SecretString::copy_of("'");
        quoted.append(room.expose().substr(0, length));
        quoted.append("'");
        return quoted;
    }
    /// The account that this is signed in as, `'kssedr'@'%'`.
    [[nodiscard]] std::string account() {
        auto const asked = execute(SecretString::copy_of("SELECT CURRENT_USER()"));
        MYSQL_RES* const result = asked.number == 0 ? my_.mysql_store_result(connection_) : nullptr;
        if (result == nullptr) return {};
        MYSQL_ROW const row = my_.mysql_fetch_row(result);
        std::string const text = row == nullptr || row[0] == nullptr ? std::string() : escape_for_display(row[0], 300);
        my_.mysql_free_result(result);
        auto const at = std::min(text.rfind('@'), text.size());
        return std::string(quote(text.substr(0, at)).expose()) + '@' +
               std::string(quote(text.substr(std::min(at + 1, text.size()))).expose());
    }
    [[nodiscard]] bool is_mariadb() const {
        char const* const version = my_.mysql_get_server_info(connection_);
        return version != nullptr && std::string_view(version).contains("MariaDB");
    }
    [[nodiscard]] Duration left() const { return std::max(Duration{}, deadline_ - clock_.steady_now()); }

private:
    Refusal refusal() { return {my_.mysql_errno(connection_), escape_for_display(my_.mysql_error(connection_), 300)}; }

    Libmariadb const& my_;
    Clock const& clock_;
    SteadyPoint deadline_;
    MYSQL* connection_;
};

std::expected<void, Refusal> Connection::open(DatabaseAddress const& at, SignIn const& who) {
    if (connection_ == nullptr) return std::unexpected(Refusal{CR_OUT_OF_MEMORY, "no memory for a connection"});
    // Whole seconds are all it knows; a call that has less is given up before it is sent.
    auto const seconds = static_cast<unsigned>(std::chrono::floor<std::chrono::seconds>(left()).count());
    if (seconds == 0) return std::unexpected(Refusal{CR_SERVER_LOST, "the time was over"});
    my_.mysql_optionsv(connection_, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    my_.mysql_optionsv(connection_, MYSQL_OPT_READ_TIMEOUT, &seconds);
    my_.mysql_optionsv(connection_, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
    unsigned const protocol = MYSQL_PROTOCOL_TCP;  // `localhost` is else a socket
    my_.mysql_optionsv(connection_, MYSQL_OPT_PROTOCOL, &protocol);
    unsigned const no_files = 0;  // a server may else ask for any file of this machine
    my_.mysql_optionsv(connection_, MYSQL_OPT_LOCAL_INFILE, &no_files);
    my_.mysql_optionsv(connection_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    my_.mysql_optionsv(connection_, MYSQL_PLUGIN_DIR, my_.plugins.c_str());
    if (at.uses_tls()) {
        my_bool const yes = 1;
        my_.mysql_optionsv(connection_, MYSQL_OPT_SSL_ENFORCE, &yes);
        my_.mysql_optionsv(connection_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
        my_.mysql_optionsv(connection_, MYSQL_OPT_SSL_CA, at.ca_file.c_str());
    }
    auto const password = terminated(who.password);
    auto const* const database = at.database.empty() ? nullptr : at.database.c_str();
    if (my_.mysql_real_connect(connection_, at.host.c_str(), who.login.c_str(), password.expose().data(), database,
                               at.port, nullptr, 0) == nullptr)
        return std::unexpected(refusal());
    return {};
}

bool is_refused(unsigned number) {
    return number == ER_ACCESS_DENIED_ERROR || number == ER_ACCESS_DENIED_NO_PASSWORD_ERROR;
}

bool has_lost_connection(unsigned number) {
    return number == CR_SERVER_LOST || number == CR_SERVER_GONE_ERROR || number == CR_SERVER_LOST_EXTENDED ||
           number == ER_SERVER_SHUTDOWN || number == ER_CONNECTION_KILLED;
}

class Mysql final : public BlockingDatabase {
public:
    explicit Mysql(Clock const& clock) : clock_(clock) {}

    Result<void> set_password(DatabaseAddress const& at, SignIn const& admin, NewPassword const& wanted,
                              SteadyPoint deadline) override;
    TrialResult try_login(DatabaseAddress const& at, SignIn const& who, SteadyPoint deadline) override;

private:
    Clock const& clock_;
    LazyLibrary<Libmariadb> library_;
};

// ALTER USER 'app'@'%' IDENTIFIED …
SecretString statement_for(Connection const& connection, DatabaseAddress const& at, NewPassword const& wanted) {
    auto statement = SecretString::copy_of("ALTER USER ");
    statement.append(connection.quote(wanted.login).expose());
    statement.append("@");
    statement.append(connection.quote(at.account_host).expose());
    if (connection.is_mariadb()) {
        statement.append(" IDENTIFIED VIA mysql_native_password USING ");
        statement.append(connection.quote(hash_for_mariadb(wanted.password).expose()).expose());
    } else {
        statement.append(" IDENTIFIED BY ");
        statement.append(connection.quote(wanted.password.expose()).expose());
    }
    return statement;
}

Result<void> Mysql::set_password(DatabaseAddress const& at, SignIn const& admin, NewPassword const& wanted,
                                 SteadyPoint deadline) {
    KSSEDR_TRY(auto const* my, library_.get());
    Connection connection(*my, clock_, deadline);
    if (auto const opened = connection.open(at, admin); !opened) {
        auto const where = at.text() + ", signing in as " + admin.login + ": " + opened.error().message;
        if (is_refused(opened.error().number)) return fail(Errc::permission_denied, where);
        return fail(connection.left().count() == 0 ? Errc::deadline_exceeded : Errc::unavailable, where);
    }
    auto const doing = at.text() + ", setting the password of " + wanted.login;
    // What waits for a lock must not be done when nobody waits for it any more: the server is the first to give up.
    auto const seconds = std::to_string(std::max<long long>(1, connection.left().count() * 3 / 4 / 1000));
    auto waits = SecretString::copy_of("SET SESSION lock_wait_timeout = " + seconds);
    if (connection.is_mariadb()) waits.append(", max_statement_time = " + seconds);
    if (auto const limited = connection.execute(waits); limited.number != 0)
        return fail(Error(Errc::unavailable, limited.message).during(doing));
    auto const answer = connection.execute(statement_for(connection, at, wanted));
    if (answer.number == 0) return {};
    auto error = to_mysql_error(answer.number, answer.message, {});
    if (error.code() == Errc::permission_denied)
        error =
            to_mysql_error(answer.number, answer.message, "GRANT CREATE USER ON *.* TO " + connection.account() + ';');
    return fail(std::move(error).during(doing));
}

TrialResult Mysql::try_login(DatabaseAddress const& at, SignIn const& who, SteadyPoint deadline) {
    auto const my = library_.get();
    if (!my) return {Trial::inconclusive, my.error().message()};
    Connection connection(**my, clock_, deadline);
    auto const opened = connection.open(at, who);
    if (opened) return {Trial::accepted, {}};
    return judge_mysql_refusal(opened.error().number, opened.error().message);
}

SecretString sha1(std::string_view bytes) {
    auto digest = SecretString::copy_of(std::string(20, '\0'));
    EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.expose_mutable().data()), nullptr,
               EVP_sha1(), nullptr);
    return digest;
}

}  // namespace

SecretString hash_for_mariadb(SecretString const& password) {
    auto hash = SecretString::copy_of("*");
    auto hex = format_hex(sha1(sha1(password.expose()).expose()).expose());
    std::ranges::transform(hex, hex.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    hash.append(hex);
    wipe(hex);
    return hash;
}

TrialResult judge_mysql_refusal(unsigned number, std::string message) {
    if (is_refused(number)) return {Trial::rejected, std::move(message)};
    // Both are found out after the password was weighed.
    if (number == ER_BAD_DB_ERROR || number == ER_DBACCESS_DENIED_ERROR) return {Trial::accepted, {}};
    return {Trial::inconclusive, std::move(message)};
}

Error to_mysql_error(unsigned number, std::string_view message, std::string_view grant) {
    auto const said = std::string(message) + " (" + std::to_string(number) + ')';
    auto const service_code = std::to_string(number);
    switch (number) {
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_ERROR:
        return Error(Errc::permission_denied, said + "; let somebody who may run: " + std::string(grant))
            .with_service_code(service_code);
    case ER_CANNOT_USER: return Error(Errc::not_found, said).with_service_code(service_code);
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_QUERY_INTERRUPTED:
    case ER_STATEMENT_TIMEOUT:
    case ER_OPTION_PREVENTS_STATEMENT:  // a replica that is read only
    case ER_LOCK_DEADLOCK: return Error(Errc::unavailable, said).with_service_code(service_code);
    default: break;
    }
    if (has_lost_connection(number)) return Error(Errc::outcome_unknown, said + ": the statement was sent");
    // The library's own numbers are no answer of the server's.
    bool const is_no_answer = number >= CR_MIN_ERROR && number <= CR_MYSQL_LAST_ERROR;
    return Error(is_no_answer ? Errc::outcome_unknown : Errc::invalid_argument, said).with_service_code(service_code);
}

std::shared_ptr<BlockingDatabase> make_mysql(Clock const& clock) {
    return std::make_shared<Mysql>(clock);
}

}  // namespace kssedr::providers
