#include "config/database.h"

#include "base/ascii.h"
#include "config/table_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <utility>

namespace kssedr::config {
namespace {

using rotation::DatabaseKind;
using rotation::LoginDatabase;

constexpr std::array<std::string_view, 13> members = {"owner",
                                                      "alternate",
                                                      "single_login",
                                                      "tls",
                                                      "ca_file",
                                                      "database",
                                                      "admin_user",
                                                      "admin_identity",
                                                      "admin_password_secret",
                                                      "account_host",
                                                      "password_length",
                                                      "password_classes",
                                                      "password_excludes"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> classes = {
    std::pair{"lower", "abcdefghijklmnopqrstuvwxyz"},
    {"upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
    {"digit", "0123456789"},
    {"mark", "-_.~"},
};

// Fewer are guessed by whoever has the server's hash of it and patience.
constexpr double least_bits = 80;

class DatabaseReader : public TableReader {
public:
    using TableReader::TableReader;

    // A name that is handed to libraries, and quoted in what people are told to run.
    std::string plain(std::string_view name, std::string_view also) {
        auto given = text(name);
        bool const is_plain = given.size() <= 128 && std::ranges::all_of(given, [&](char c) {
                                  return is_ascii_letter(c) || is_ascii_digit(c) || also.contains(c);
                              });
        if (!is_plain) problem(name, std::string(name) + " is made of letters, digits and " + std::string(also));
        return given;
    }
};

std::optional<rotation::OwnerId> read_owner(DatabaseReader& reader) {
    auto owner = rotation::OwnerId::parse(reader.text("owner"));
    if (owner && owner->kind() == rotation::OwnerId::Kind::login) return *std::move(owner);
    reader.problem("owner",
                   "owner is to be the login, as in owner = \"postgresql://db.example.com/app\" (or mysql, "
                   "sqlserver, redis), with :port behind the host where it is not the usual one" +
                       (owner || reader.text("owner").empty() ? "" : ": " + owner.error().message()));
    return std::nullopt;
}

void read_logins(DatabaseReader& reader, LoginDatabase& database) {
    database.alternate = reader.text("alternate");
    bool const is_single = reader.flag("single_login");
    if (database.alternate.empty()) {
        if (!is_single)
            reader.problem("single_login",
                           "name the login that takes turns with " + std::string(database.owner.name()) +
                               " in alternate; or write single_login = true, and know that whoever uses it is cut off "
                               "from the rotation until it reads the new version");
        return;
    }
    if (is_single) reader.problem("single_login", "single_login = true and an alternate contradict each other");
    auto const other = rotation::OwnerId::parse(database.owner.service_key() + database.alternate);
    if (!other || other->name() != database.alternate)
        reader.problem("alternate", "alternate is the other login's name, of letters, digits and - . _ @ $ +");
    else if (database.alternate == database.owner.name())
        reader.problem("alternate", "alternate is the login of owner itself; name another one");
}

void read_way(DatabaseReader& reader, LoginDatabase& database) {
    if (auto const tls = reader.text("tls"); tls == "off")
        database.tls = rotation::DatabaseTls::off;
    else if (!tls.empty() && tls != "verify-full")
        reader.problem("tls", "tls is verify-full, which is the default, or off");
    database.ca_file = reader.text("ca_file");
    bool const is_off = database.tls == rotation::DatabaseTls::off;
    std::error_code unreadable;
    if (!database.ca_file.empty() && is_off)
        reader.problem("ca_file", "ca_file says nothing where tls is off");
    else if (!database.ca_file.empty() && !std::filesystem::is_regular_file(database.ca_file, unreadable))
        reader.problem("ca_file", "the file " + escape_for_display(database.ca_file) +
                                      " can not be read; name a bundle of CA certificates in PEM form");
    database.database = reader.plain("database", "-._@$+");
    if (database.kind() == DatabaseKind::redis && !database.database.empty())
        reader.problem("database", "logins of Redis belong to the server; leave database out");
    if (reader.has("account_host")) {
        database.account_host = reader.plain("account_host", "-._:%/");
        if (database.kind() != DatabaseKind::mysql)
            reader.problem("account_host", "account_host is for mysql, whose accounts are 'login'@'host'");
    }
}

void read_admin(DatabaseReader& reader, LoginDatabase& database, std::string_view vault_suffix) {
    database.admin_user = reader.plain("admin_user", "-._@$+# ");
    if (database.admin_user.empty()) reader.problem("admin_user", "admin_user is missing: who sets the passwords");
    bool const is_identity = reader.flag("admin_identity");
    bool const has_secret = reader.has("admin_password_secret");
    if (is_identity == has_secret)
        reader.problem("admin_password_secret",
                       "write one of admin_password_secret = \"https://vault/secrets/name\", which holds the password "
                       "of admin_user, and admin_identity = true, where admin_user is kssedr's own identity in Entra");
    if (has_secret) {
        auto secret = rotation::parse_secret_url(reader.text("admin_password_secret"), vault_suffix);
        if (!secret)
            reader.problem("admin_password_secret", secret.error().message());
        else if (!secret->version.empty())
            reader.problem("admin_password_secret", "leave the version out: the current one is read");
        else
            database.admin_password_secret = std::move(secret->secret);
    }
    auto const kind = database.kind();
    bool const knows_tokens = kind == DatabaseKind::postgresql || kind == DatabaseKind::mysql;
    if (is_identity && !knows_tokens)
        reader.problem("admin_identity",
                       "kssedr signs in by Entra to Azure Database for PostgreSQL and for MySQL only");
    if (is_identity && database.tls == rotation::DatabaseTls::off)
        reader.problem("admin_identity", "a token of Entra's is not sent where tls is off");
    bool const is_own = database.admin_user == database.owner.name() || database.admin_user == database.alternate;
    if (is_own && !database.admin_user.empty())
        reader.problem("admin_user", "admin_user is a login that is rotated here: its password would change under it");
}

void read_password(DatabaseReader& reader, rotation::PasswordPolicy& policy) {
    if (auto const given = reader.text("password_length"); !given.empty()) {
        auto const [end, error] = std::from_chars(given.data(), given.data() + given.size(), policy.length);
        if (error != std::errc{} || end != given.data() + given.size() || policy.length < 12 || policy.length > 128)
            return reader.problem("password_length", "password_length is a number from 12 to 128");
    }
    if (auto const given = reader.text("password_classes"); !given.empty()) {
        policy.classes.clear();
        for (auto const word : split(given, ',')) {
            auto const found = std::ranges::find(classes, trim(word), [](auto const& each) { return each.first; });
            if (found == classes.end())
                return reader.problem("password_classes", "the classes are lower, upper, digit and mark (-_.~)");
            policy.classes.emplace_back(found->second);
        }
    }
    auto const excluded = reader.text("password_excludes");
    std::size_t characters = 0;
    for (auto& each : policy.classes) {
        std::erase_if(each, [&](char c) { return excluded.contains(c); });
        characters += each.size();
        if (each.empty())
            return reader.problem("password_excludes", "password_excludes leaves a class without characters");
    }
    auto const bits = static_cast<double>(policy.length) * std::log2(static_cast<double>(characters));
    if (bits < least_bits)
        reader.problem("password_length", "such passwords could be guessed; make them longer, or of more characters");
}

}  // namespace

std::optional<LoginDatabase> read_database(GivenTable const& given, std::string_view vault_suffix, Problems& problems) {
    DatabaseReader reader(given, problems);
    reader.check_names("a database", members);
    auto owner = read_owner(reader);
    if (!owner) return std::nullopt;
    LoginDatabase database{.owner = *std::move(owner)};
    database.where = given.where;
    read_logins(reader, database);
    read_way(reader, database);
    read_admin(reader, database, vault_suffix);
    read_password(reader, database.password);
    if (!reader.is_usable()) return std::nullopt;
    return database;
}

}  // namespace kssedr::config
