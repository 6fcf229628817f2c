#include "store/sqlite.h"

#include "base/ascii.h"
#include "base/shared_library.h"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kssedr::store {
namespace {

#define KSSEDR_SQLITE(apply)                                                                                          \
    apply(sqlite3_open_v2) apply(sqlite3_close) apply(sqlite3_prepare_v2) apply(sqlite3_finalize) apply(sqlite3_step) \
        apply(sqlite3_bind_int64) apply(sqlite3_bind_null) apply(sqlite3_bind_text64) apply(sqlite3_bind_blob64)      \
            apply(sqlite3_column_count) apply(sqlite3_column_type) apply(sqlite3_column_int64)                        \
                apply(sqlite3_column_text) apply(sqlite3_column_blob) apply(sqlite3_column_bytes)                     \
                    apply(sqlite3_errmsg) apply(sqlite3_extended_errcode) apply(sqlite3_extended_result_codes)        \
                        apply(sqlite3_busy_timeout) apply(sqlite3_progress_handler) apply(sqlite3_get_autocommit)     \
                            apply(sqlite3_system_errno)

struct Sqlite {
    KSSEDR_SQLITE(KSSEDR_LIBRARY_MEMBER)

    static Result<Sqlite> load() {
        auto library = SharedLibrary::open("libsqlite3.so.0", "libsqlite3-0");
        if (!library) return fail(std::move(library).error());
        Sqlite functions;
        KSSEDR_SQLITE(KSSEDR_LIBRARY_FIND)
        KSSEDR_TRY_VOID(library->check());
        return functions;
    }
};

LazyLibrary<Sqlite>& sqlite_library() {
    static LazyLibrary<Sqlite> library;
    return library;
}

// "kssd": says whose file it is, as `file` and SQLite's own tools show it.
constexpr std::int64_t application_id = 0x6b737364;
// Instructions between two looks at the clock.
constexpr int steps_between_looks = 100'000;

std::string folder_of(std::string const& file) {
    auto const slash = file.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : file.substr(0, slash);
}

std::string system_reason(int error) {
    return std::error_code(error, std::generic_category()).message();
}

struct FileIdentity {
    dev_t device = 0;
    ino_t number = 0;

    friend bool operator==(FileIdentity const&, FileIdentity const&) = default;
};

std::optional<FileIdentity> identify(std::string const& file) {
    struct stat seen{};
    if (::stat(file.c_str(), &seen) != 0) return std::nullopt;
    return FileIdentity{seen.st_dev, seen.st_ino};
}

// Makes an empty file, and its name durable: SQLite does that for its log only.
Result<void> make_file(std::string const& file) {
    auto const folder = folder_of(file);
    int const made = ::open(file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (made < 0 && errno == EEXIST) return {};
    if (made < 0) {
        int const why = errno;
        if (why == ENOENT)
            return fail(Errc::unavailable, "the folder " + escape_for_display(folder) +
                                               " is not there; make it, owned by kssedr's user and with mode 0700");
        return fail(Errc::unavailable, "the file can not be made: " + system_reason(why) +
                                           "; let kssedr's user write into " + escape_for_display(folder));
    }
    ::close(made);
    int const opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) return {};
    ::fsync(opened);
    ::close(opened);
    return {};
}

class SqliteDatabase final : public Database {
public:
    SqliteDatabase(Sqlite const& sqlite, std::string file, Clock const& clock)
        : sqlite_(sqlite), file_(std::move(file)), clock_(clock) {}
    SqliteDatabase(SqliteDatabase const&) = delete;
    SqliteDatabase& operator=(SqliteDatabase const&) = delete;
    ~SqliteDatabase() override { sqlite_.sqlite3_close(connection_); }

    Result<void> open(SteadyPoint deadline);

    Result<void> begin(Access access, SteadyPoint deadline) override;
    Result<Rows> run_values(std::string const& sql, std::span<Value const> values) override;
    Result<void> commit() override;
    void rollback() override;
    Result<std::int64_t> fetch_schema_version() override;
    Result<void> set_schema_version(std::int64_t version) override;
    Result<void> check_integrity() override;
    [[nodiscard]] TypeNames type_names() const override { return {"INTEGER", "BLOB"}; }

private:
    Result<void> bind(sqlite3_stmt* statement, std::span<Value const> values);
    Value column(sqlite3_stmt* statement, int at);
    Error failure();
    Result<void> configure();
    void allow_until(SteadyPoint deadline);

    Sqlite const& sqlite_;
    std::string file_;
    Clock const& clock_;
    SteadyPoint deadline_{};
    sqlite3* connection_ = nullptr;
    std::optional<FileIdentity> identity_;
};

Error explain(int code, std::string const& said, std::string const& file) {
    auto const shown = escape_for_display(file, 300);
    auto const error = [&](Errc errc, std::string const& why) {
        return Error(errc, shown + ": " + why + " (" + said + ')');
    };
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error(Errc::unavailable, "another process holds a lock on it; `fuser " + shown +
                                            "` tells which; end what it does there, such as a copy or a query");
    case SQLITE_FULL:
        return error(Errc::unavailable, "no space is left where it lies; make room, and kssedr goes on by itself");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error(
            Errc::corrupt,
            "it is damaged, or no database; stop kssedr, move it and its -wal and -shm files away, save what can "
            "be read by `sqlite3 DAMAGED .recover`, put a copy back if there is one, start kssedr again");
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
        return error(Errc::unavailable,
                     "it can not be opened for writing; give the file and its folder to kssedr's user");
    case SQLITE_IOERR:
        // A quota, or a limit on files' sizes, ends so, and not as SQLITE_FULL.
        return error(
            Errc::unavailable,
            "reading or writing it failed; see whether there is room for it, quotas and limits on files' sizes "
            "included, then what the kernel says of the disk");
    case SQLITE_INTERRUPT: return error(Errc::deadline_exceeded, "the time was over");
    case SQLITE_NOMEM: return error(Errc::unavailable, "no memory was left");
    case SQLITE_TOOBIG: return error(Errc::invalid_argument, "what was to be kept is too large");
    default: return error(Errc::internal, "the database refused a statement");
    }
}

Error SqliteDatabase::failure() {
    int const code = sqlite_.sqlite3_extended_errcode(connection_);
    return explain(code, escape_for_display(sqlite_.sqlite3_errmsg(connection_), 200), file_);
}

void SqliteDatabase::allow_until(SteadyPoint deadline) {
    deadline_ = deadline;
    auto const left = std::clamp<std::int64_t>((deadline - clock_.steady_now()).count(), 1, 3'600'000);
    sqlite_.sqlite3_busy_timeout(connection_, static_cast<int>(left));
    auto const is_over = [](void* self) {
        auto const& database = *static_cast<SqliteDatabase const*>(self);
        return database.clock_.steady_now() >= database.deadline_ ? 1 : 0;
    };
    sqlite_.sqlite3_progress_handler(connection_, steps_between_looks, is_over, this);
}

Result<void> SqliteDatabase::open(SteadyPoint deadline) {
    int const flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    // A path that begins with "file:" is a path all the same: nobody asked for SQLite's URIs.
    if (sqlite_.sqlite3_open_v2(file_.c_str(), &connection_, flags, nullptr) != SQLITE_OK) {
        if (connection_ == nullptr) return fail(Errc::unavailable, "no memory for a database");
        return fail(failure());
    }
    sqlite_.sqlite3_extended_result_codes(connection_, 1);
    allow_until(deadline);
    identity_ = identify(file_);
    return configure();
}

Result<void> SqliteDatabase::configure() {
    KSSEDR_TRY(auto const mode, run("PRAGMA journal_mode = WAL"));
    if (mode.empty() || text_at(mode[0], 0) != "wal")
        return fail(Errc::unavailable,
                    escape_for_display(file_, 300) +
                        ": the file system it lies on has no shared memory, which SQLite's log needs; "
                        "put it on a local disk");
    for (auto const* const pragma :
         {"PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON", "PRAGMA trusted_schema = OFF",
          "PRAGMA cell_size_check = ON", "PRAGMA journal_size_limit = 67108864", "PRAGMA temp_store = MEMORY"}) {
        KSSEDR_TRY_VOID(run(pragma));
    }
    return {};
}

Result<void> SqliteDatabase::begin(Access access, SteadyPoint deadline) {
    // What was written into a file without a name would be lost with the process.
    if (identify(file_) != identity_)
        return fail(Errc::corrupt, escape_for_display(file_, 300) +
                                       ": the file was removed or replaced under kssedr; put the right one there, and "
                                       "start kssedr again");
    allow_until(deadline);
    KSSEDR_TRY_VOID(run(access == Access::reads ? "BEGIN" : "BEGIN IMMEDIATE"));
    return {};
}

Result<void> SqliteDatabase::commit() {
    KSSEDR_TRY_VOID(run("COMMIT"));
    return {};
}

void SqliteDatabase::rollback() {
    // Some failures have rolled back already.
    if (sqlite_.sqlite3_get_autocommit(connection_) == 0) (void)run("ROLLBACK");
}

Result<void> SqliteDatabase::bind(sqlite3_stmt* statement, std::span<Value const> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        int const at = static_cast<int>(i) + 1;
        int bound = SQLITE_OK;
        if (auto const* number = std::get_if<std::int64_t>(&values[i]))
            bound = sqlite_.sqlite3_bind_int64(statement, at, *number);
        else if (auto const* text = std::get_if<std::string>(&values[i]))
            bound = sqlite_.sqlite3_bind_text64(statement, at, text->data(), text->size(), nullptr, SQLITE_UTF8);
        else if (auto const* blob = std::get_if<Blob>(&values[i]))
            bound = sqlite_.sqlite3_bind_blob64(statement, at, blob->bytes.data(), blob->bytes.size(), nullptr);
        else
            bound = sqlite_.sqlite3_bind_null(statement, at);
        if (bound != SQLITE_OK) return fail(failure());
    }
    return {};
}

Value SqliteDatabase::column(sqlite3_stmt* statement, int at) {
    auto const bytes = [&](void const* from) {
        auto const size = static_cast<std::size_t>(sqlite_.sqlite3_column_bytes(statement, at));
        return from == nullptr ? std::string() : std::string(static_cast<char const*>(from), size);
    };
    switch (sqlite_.sqlite3_column_type(statement, at)) {
    case SQLITE_INTEGER: return std::int64_t{sqlite_.sqlite3_column_int64(statement, at)};
    case SQLITE_TEXT: return bytes(sqlite_.sqlite3_column_text(statement, at));
    case SQLITE_BLOB: return Blob{bytes(sqlite_.sqlite3_column_blob(statement, at))};
    default: return std::monostate{};
    }
}

Result<Rows> SqliteDatabase::run_values(std::string const& sql, std::span<Value const> values) {
    // `$1` is a name to SQLite, which it looks for among all others; `?1` is a number. No statement of ours has another
    // $.
    std::string numbered = sql;
    std::ranges::replace(numbered, '$', '?');
    sqlite3_stmt* prepared = nullptr;
    int const size = static_cast<int>(numbered.size()) + 1;
    if (sqlite_.sqlite3_prepare_v2(connection_, numbered.c_str(), size, &prepared, nullptr) != SQLITE_OK)
        return fail(failure());
    std::unique_ptr<sqlite3_stmt, decltype(&::sqlite3_finalize)> const statement(prepared, sqlite_.sqlite3_finalize);
    KSSEDR_TRY_VOID(bind(statement.get(), values));
    Rows rows;
    for (;;) {
        int const step = sqlite_.sqlite3_step(statement.get());
        if (step == SQLITE_DONE) return rows;
        if (step != SQLITE_ROW) return fail(failure());
        Row row;
        int const columns = sqlite_.sqlite3_column_count(statement.get());
        for (int at = 0; at < columns; ++at) row.push_back(column(statement.get(), at));
        rows.push_back(std::move(row));
    }
}

Result<std::int64_t> SqliteDatabase::fetch_schema_version() {
    KSSEDR_TRY(auto const version, run("PRAGMA user_version"));
    KSSEDR_TRY(auto const owner, run("PRAGMA application_id"));
    KSSEDR_TRY(auto const tables, run("SELECT count(*) FROM sqlite_master"));
    if (version.empty() || owner.empty() || tables.empty()) return fail(Errc::internal, "SQLite gave no version");
    bool const is_new = number_at(tables[0], 0) == 0 && number_at(version[0], 0) == 0;
    if (!is_new && number_at(owner[0], 0) != application_id)
        return fail(Errc::invalid_argument,
                    escape_for_display(file_, 300) + ": it is another program's database; name a file of kssedr's own");
    return number_at(version[0], 0);
}

Result<void> SqliteDatabase::set_schema_version(std::int64_t version) {
    KSSEDR_TRY_VOID(run("PRAGMA application_id = " + std::to_string(application_id)));
    KSSEDR_TRY_VOID(run("PRAGMA user_version = " + std::to_string(version)));
    return {};
}

Result<void> SqliteDatabase::check_integrity() {
    allow_until(SteadyPoint::max());
    KSSEDR_TRY(auto const found, run("PRAGMA quick_check(1)"));
    auto const said = found.empty() ? std::string("no answer") : text_at(found[0], 0);
    if (said == "ok") return {};
    return fail(explain(SQLITE_CORRUPT, escape_for_display(said, 200), file_));
}

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(std::string const& file, Missing missing, Clock const& clock,
                                              SteadyPoint deadline) {
    KSSEDR_TRY(auto const* sqlite, sqlite_library().get());
    if (missing == Missing::is_made) {
        auto const made = make_file(file);
        if (!made) return fail(Error(made.error()).during(escape_for_display(file, 300)));
    } else if (!identify(file)) {
        return fail(Errc::not_found, escape_for_display(file, 300) +
                                         ": nothing is kept there; name in KSSEDR_STORE what `kssedr serve` keeps, and "
                                         "run this as a user who may read it");
    }
    auto database = std::make_unique<SqliteDatabase>(*sqlite, file, clock);
    KSSEDR_TRY_VOID(database->open(deadline));
    return database;
}

}  // namespace kssedr::store
